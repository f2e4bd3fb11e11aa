#pragma once

#include <array>
#include <span>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/exact_sum.hpp"
#include "corpuscle/encoding/geometry.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::encoding {

/// What the columns of a cluster are computed from. NaN: unknown, as shapes are without hits.
///
/// Shapes are about the line from the origin through the centroid; depths are behind the face of the ECAL
/// along it.
struct MeasuredCluster {
  double energy = 0, pt = 0;  ///< as calibrated by whoever made the cluster [GeV]
  Angles centre;              ///< of the centroid
  Angles entry;               ///< of the mean of the hits in front, which have a tenth of the energy
  core::Vector3 direction;    ///< intrinsic direction of the shower, a unit vector
  double pointing = 0;        ///< angle between that and the direction of the centroid [rad]
  double distance = 0;        ///< of the centroid from the origin [mm]
  double depth = 0;           ///< of the centroid [mm]
  bool has_hits = false;
  // Sums over the hits; of files without hits, what the cluster says itself.
  double raw_energy = 0;                      ///< as the hits are calibrated [GeV]
  double ecal = 0, hcal = 0, other = 0;       ///< parts of that [GeV]
  double sparse_ecal = 0;                     ///< energy of ECAL hits / (1 + rho / 200) [GeV]
  double sparse_hcal = 0, sparsest_hcal = 0;  ///< of HCAL hits, with 12 and 3 [GeV]
  double n_hits = 0, max_hit_energy = 0;      ///< [GeV]
  double begin_depth = 0, end_depth = 0;      ///< between them are 80 % of the energy [mm]
  double length = 0, width = 0;               ///< rms along the line, and distance from it [mm]
  double core_energy = 0;                     ///< within 15 mm of the line [GeV]
  double time = 0;                            ///< energy-weighted mean of the hits [ns]

  Reference reference;
  Named broken;  ///< the first input that is not a finite number; "hits": one of a hit
};

/// Measures clusters, one after the other. Not thread-safe: it keeps a histogram.
///
/// The energy density rho of a hit [GeV/dm^3] tells electromagnetic from hadronic parts of a shower, which
/// the calorimeter sees less of: software compensation, with the densities of pf::ShowerSums, where a minimum
/// ionising particle has 42 in the ECAL of CLICdet and 1 in its HCAL. In place of its exponentials is a
/// fraction that falls as they do and costs a tenth.
class ClusterMeasurer {
 public:
  ClusterMeasurer(detector::Detector const& detector, CalorimeterSurface const& surface);

  [[nodiscard]] MeasuredCluster operator()(event::Clusters const& clusters, std::size_t row,
                                           event::CaloHits const& hits);

 private:
  void measure_hits(MeasuredCluster& cluster, core::Vector3 centroid,
                    std::span<event::CaloHitId const> members, event::CaloHits const& hits);

  // Terms are cut far below the rounding of a float, and sums have room for the hardest showers.
  using EnergySum = ExactSum<36>;  // GeV, below 2^16
  using MomentSum = ExactSum<30>;  // GeV mm and GeV ns, below 2^22

  /// The hits at one depth.
  struct Slice {
    EnergySum energy;
    MomentSum x, y, z;  ///< energy times position, from the centroid
  };

  CalorimeterSurface const& surface_;
  double per_ecal_cell_, per_hcal_cell_;  ///< 1 / volume [1/dm^3]
  static constexpr int n_bins = 600;
  std::array<Slice, n_bins> profile_{};  ///< by depth; zeros between calls
};

}  // namespace corpuscle::encoding
