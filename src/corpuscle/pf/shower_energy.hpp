#pragma once

#include <array>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::pf {

/// What the energy of a shower is computed from: sums over its hits, which add up when showers are merged.
///
/// Hadronic showers have electromagnetic parts, whose hits are dense in energy, and others, whose hits are
/// those of single particles and which the calorimeter sees less of. So the sum is split into components,
/// smoothly in the energy density rho of a hit [GeV/dm^3]: all of the ECAL and that times exp(-rho / 200),
/// all of the HCAL and that times exp(-rho / 3) and exp(-rho / 12). A minimum ionising particle has 42 in
/// CLICdet's ECAL and 1 in its HCAL (detector.md 2.6, 3.7).
struct ShowerSums {
  static constexpr std::size_t n = detector::HitParticleFlow::Calibration::n_components;
  std::array<double, n> components{};   ///< [GeV]
  double ecal = 0, hcal = 0, muon = 0;  ///< sums of hit energies [GeV]
  core::Vector3 moment;                 ///< sum of energy times position [GeV mm]

  ShowerSums& operator+=(ShowerSums const& other);
  friend ShowerSums operator*(double part, ShowerSums sums);
  [[nodiscard]] double sum() const noexcept { return ecal + hcal + muon; }  ///< [GeV]
  [[nodiscard]] core::Vector3 centroid() const { return (1 / sum()) * moment; }
};

/// Energies of showers [GeV]. Immutable, thread-safe.
class ShowerEnergy {
 public:
  /// Logarithms of energies [GeV] are cut off here, so that polynomials are not used where nothing was
  /// fitted.
  static constexpr double lowest = 0.3, highest = 150;

  explicit ShowerEnergy(detector::Detector const& detector);

  /// What a hit adds to the shower that it is part of.
  [[nodiscard]] ShowerSums of_hit(event::Subdetector subdetector, double energy,
                                  core::Vector3 position) const;

  [[nodiscard]] double photon(ShowerSums const& sums) const;
  [[nodiscard]] double hadron(ShowerSums const& sums) const;

  /// The energies before calibration, of which the calibration takes the logarithm.
  [[nodiscard]] double photon_sum(ShowerSums const& sums) const;
  [[nodiscard]] double hadron_sum(ShowerSums const& sums) const;

 private:
  detector::Clustering::Cone ecal_, hcal_, muon_;
  detector::HitParticleFlow::Calibration calibration_;
  double ecal_cell_, hcal_cell_;  ///< volume [dm^3]
};

}  // namespace corpuscle::pf
