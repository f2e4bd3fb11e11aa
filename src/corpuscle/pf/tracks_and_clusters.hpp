#pragma once

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::pf {

/// What one has without particle flow: every track and every cluster is a particle, so that charged particles
/// count twice. The floor below which no reconstruction should be.
///
/// Tracks with a state at the interaction point and a finite momentum become charged hadrons with the mass of
/// a pion; nothing else is asked of them. Clusters fly from the origin to their centroid and are massless:
/// photons if more than half of the energy of their hits is in the ECAL, else neutral hadrons. Tracks come
/// first, rows keep their order. Linear.
event::Particles tracks_and_clusters(event::Observed const& observed, detector::Detector const& detector);

}  // namespace corpuscle::pf
