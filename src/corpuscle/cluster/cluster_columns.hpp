#pragma once

#include <array>
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
class ClusterColumns {
 public:
  explicit ClusterColumns(detector::Clustering const& parameters) : c_(parameters) {}

  /// @param n_rows  of CaloHits, which the grid was filled with
  event::Clusters operator()(HitGrid const& grid, Pieces const& pieces, std::size_t n_rows);

 private:
  /// Of the hits of a piece, those that joined at last included.
  struct Sums {
    std::array<double, 3> energy{};  ///< per Part [GeV]
    core::Vector3 reference;         ///< one of the hits [mm]
    core::Vector3 moment;            ///< sum of energy times position from there [GeV mm]
    std::array<double, 6> square{};  ///< xx, xy, xz, yy, yz, zz: the same of products of two [GeV mm^2]
    double layer_moment = 0;         ///< sum of energy times layer [GeV]
    std::int32_t first_layer = 0;
    std::uint32_t n_hits = 0;
    std::uint32_t row = 0;  ///< of the cluster
  };
  /// A row of the table.
  struct Row {
    double energy = 0;
    core::Vector3 centroid;
    std::uint32_t piece = 0;
    bool is_photon = false;
  };

  detector::Clustering c_;
  std::vector<Sums> sums_;  ///< per piece
  std::vector<Row> order_;
  std::vector<std::int32_t> cluster_of_;  ///< per row of CaloHits
  std::vector<std::uint32_t> next_;
};

}  // namespace corpuscle::cluster
