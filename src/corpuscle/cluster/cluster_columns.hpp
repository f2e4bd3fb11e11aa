#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/cluster/hit_grid.hpp"
#include "corpuscle/cluster/piece.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::cluster {

/// The table of the clusters that hits were grouped to, by falling energy.
///
/// The energy is that of an electromagnetic shower for a compact cluster that begins early in the ECAL and
/// has no track, else that of a hadronic one, without software compensation; the error is that of detector.md
/// 2.6. The direction is that of the energy-weighted principal axis, pointing outwards, as in Pandora's
/// clusters (checked on clic_gamma_rec), or that of the centroid where there is no axis. O(hits).
event::Clusters cluster_columns(HitGrid const& grid, Pieces const& pieces, event::CaloHits const& hits,
                                detector::Clustering const& parameters);

}  // namespace corpuscle::cluster
