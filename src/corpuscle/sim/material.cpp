#include "corpuscle/sim/material.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

constexpr double electron_mass = 0.51099895 * units::MeV;

/// Bethe's formula but for a constant, with the mean excitation energy of silicon, 173 eV.
double bethe(double beta_gamma) {
  double const beta_gamma_2 = beta_gamma * beta_gamma;
  double const beta_2 = beta_gamma_2 / (1 + beta_gamma_2);
  double const logarithm = std::log(2 * electron_mass / (173e-9 * units::GeV) * beta_gamma_2);
  return (std::max(1., logarithm) - beta_2) / beta_2;  // slower than atomic electrons, Bethe fails: keep 1
}

}  // namespace

double scattering_angle(double beta_momentum, double charge, double x) {
  double const theta_0 = 13.6 * units::MeV / beta_momentum * std::abs(charge) * std::sqrt(x);
  return theta_0 * std::max(0.5, 1 + 0.038 * std::log(x));  // Highland's correction is meant for x > 1e-5
}

double relative_ionisation(double beta_gamma) {
  static double const minimum = bethe(3.5);
  constexpr double plateau = 1.1;
  if (beta_gamma > 10) return plateau;  // reached at about 8
  double const relative = std::max(1., bethe(beta_gamma) / minimum);
  return beta_gamma > 3.5 ? std::min(plateau, relative) : relative;
}

double bremsstrahlung_remainder(double x, core::Random& random) {
  return std::exp(-random.gamma(x / std::numbers::ln2));
}

double relative_pair_production(double energy) {
  constexpr double threshold = 2 * electron_mass;
  if (energy <= threshold) return 0;
  if (energy >= 1 * units::GeV) return 1;
  struct Point {
    double energy, value;
  };
  constexpr std::array points{Point{threshold, 0}, Point{10 * units::MeV, 0.4}, Point{100 * units::MeV, 0.75},
                              Point{1 * units::GeV, 1}};
  auto const above =
      std::find_if(points.begin() + 1, points.end(), [&](Point p) { return energy <= p.energy; });
  auto const below = above - 1;
  double const fraction = std::log(energy / below->energy) / std::log(above->energy / below->energy);
  return below->value + fraction * (above->value - below->value);
}

double pair_share(core::Random& random) {
  while (true) {
    double const z = random.uniform();
    if (random.uniform() < 1 - 4. / 3 * z * (1 - z)) return z;
  }
}

double nuclear_strength(std::int32_t pdg) {
  // Interaction lengths of pions and kaons in light materials are about 1.2 and 1.3 times those of nucleons
  // (PDG tables; detector.md 1.4 and 3.4).
  switch (std::abs(pdg)) {
    case 211: return 1 / 1.2;
    case 130:
    case 310:
    case 321: return 1 / 1.3;
    default: break;
  }
  bool const is_baryon = std::abs(pdg) > 1000 && std::abs(pdg) < 10000;
  return is_baryon ? 1 : 0;
}

}  // namespace corpuscle::sim
