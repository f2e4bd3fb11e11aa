#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/calorimeter.hpp"
#include "corpuscle/pf/shower_energy.hpp"

namespace corpuscle::pf {

/// A calorimeter hit as particle flow looks at it.
struct ShowerHit {
  core::Vector3 position;   ///< [mm]
  core::Vector3 direction;  ///< unit vector from the origin
  double depth = 0;         ///< behind the surface of the ECAL along that [mm]
  double energy = 0;        ///< [GeV]
  event::Subdetector subdetector = event::Subdetector::ecal;
  std::uint32_t row = 0;  ///< in CaloHits
  ShowerSums sums;
};

/// Distance from the origin to the surface of a calorimeter.
class Surface {
 public:
  explicit Surface(detector::CalorimeterShell const& shell);
  /// @param direction  a unit vector
  [[nodiscard]] double distance(core::Vector3 direction) const;  ///< [mm]

 private:
  std::vector<core::Vector3> normals_;  ///< of the faces of the barrel
  double barrel_r_min_, endcap_z_min_;
};

/// The hits of ECAL, HCAL and muon system above the thresholds of the clustering, by falling energy, in an
/// order that follows from the hits and not from their rows.
std::vector<ShowerHit> select_hits(event::CaloHits const& hits, detector::Detector const& detector,
                                   Surface const& surface, ShowerEnergy const& energy);

}  // namespace corpuscle::pf
