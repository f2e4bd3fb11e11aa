#pragma once

#include <cstdint>

#include "corpuscle/core/random.hpp"

/// What thin layers of matter do to single particles. Thicknesses `x` are in radiation lengths. All functions
/// are pure but for the random numbers they draw.
namespace corpuscle::sim {

/// Standard deviation of the projected multiple-scattering angle [rad]: Highland's formula with the
/// constants of Lynch and Dahl (PDG review, "Passage of particles through matter"). `beta_momentum` is
/// velocity [c] times momentum [GeV], > 0.
double scattering_angle(double beta_momentum, double charge, double x);

/// Mean ionisation loss of a unit charge relative to that at minimum ionisation: Bethe's formula for silicon,
/// restricted, so that its relativistic rise ends in a plateau of 1.1. At least 1.
double relative_ionisation(double beta_gamma);

/// Fraction of its energy that an electron keeps behind `x` (Bethe and Heitler; detector.md 3.4), in (0, 1].
double bremsstrahlung_remainder(double x, core::Random& random);

/// Cross-section for e+e- pairs relative to that of a photon of high energy, whose mean free path is 9/7 of a
/// radiation length. Interpolated between the values of detector.md 3.4 in the logarithm of the energy;
/// 0 at the threshold of two electron masses, 1 above 1 GeV.
double relative_pair_production(double energy);

/// Share of the photon's energy that one of the pair takes: density 1 - 4/3 z (1 - z), detector.md 3.4.
double pair_share(core::Random& random);

/// Nuclear interaction lengths of a nucleon over those of this particle; 0 for one that has none.
double nuclear_strength(std::int32_t pdg);

}  // namespace corpuscle::sim
