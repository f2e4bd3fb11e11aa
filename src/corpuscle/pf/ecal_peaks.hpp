#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/pf/shower_hit.hpp"

namespace corpuscle::pf {

/// Hits of the ECAL around a maximum of the energy seen from the origin: a photon, or a part of another
/// shower.
struct EcalPeak {
  std::vector<std::uint32_t> hits;  ///< positions in the list that was searched, ascending
  ShowerSums sums;
  double energy = 0;                             ///< as of a photon [GeV]
  core::Vector3 direction;                       ///< from the origin to the centroid, a unit vector
  core::Vector3 maximum;                         ///< on the surface of the ECAL [mm]
  double depth10 = 0, depth50 = 0, depth90 = 0;  ///< in front of which this percentage of the energy is [mm]
  double width = 0;                              ///< rms distance from the axis [mm]
  double core_fraction = 0;                      ///< of the energy within 15 mm of the axis
};

/// Finds the maxima of the energy in the ECAL as seen from the origin, where photons come from.
///
/// Hits are projected to the surface and summed in pixels of the size of a cell; pixels are grouped around
/// maxima of the density as CLUE does (detector.md 5.2; Rovere et al., Front. Big Data 3 (2020) 591315): each
/// follows the nearest pixel of higher density, and begins a group of its own if there is none within 10 mm.
/// A small maximum in the skirts of a large one is a fluctuation of it and joins it. Linear in hits.
class EcalPeakFinder {
 public:
  EcalPeakFinder(detector::Detector const& detector, ShowerEnergy const& energy)
      : shell_(detector.ecal), energy_(energy) {}

  /// By falling energy. The order of `hits` matters only where pixels are equal in everything.
  [[nodiscard]] std::vector<EcalPeak> operator()(std::span<ShowerHit const> hits) const;

 private:
  detector::CalorimeterShell shell_;
  ShowerEnergy energy_;
};

}  // namespace corpuscle::pf
