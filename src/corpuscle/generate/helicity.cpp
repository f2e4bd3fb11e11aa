#include "corpuscle/generate/helicity.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

namespace corpuscle::generate {
namespace {

// Particle Data Group, Phys. Rev. D 110 (2024) 030001; the angle is the effective one at the Z pole.
constexpr double z_mass = 91.188;  // [GeV]
constexpr double z_width = 2.4955;
constexpr double sin2_theta = 0.2315;

struct Couplings {
  double charge;
  double left, right;  ///< to the Z, in units of e
};

/// Of a positive PDG code: quarks 1 to 6, leptons 11 to 16; even codes have weak isospin up.
Couplings couplings(std::int32_t pdg) {
  bool const is_up = pdg % 2 == 0;
  bool const is_quark = pdg <= 6;
  double const charge = (is_quark ? 2. / 3 : 0) - (is_up ? 0 : 1);
  double const unit = std::sqrt(sin2_theta * (1 - sin2_theta));
  return {charge, ((is_up ? 0.5 : -0.5) - charge * sin2_theta) / unit, -charge * sin2_theta / unit};
}

/// Cross section for one helicity of the electron, of coupling g, up to a common factor.
double rate(double g, Couplings f, double beta, double cos_theta, std::complex<double> propagator) {
  constexpr double electron_charge = -1;
  std::complex<double> const left = electron_charge * f.charge + g * f.left * propagator;
  std::complex<double> const right = electron_charge * f.charge + g * f.right * propagator;
  double const forward = 1 + beta * cos_theta;
  double const backward = 1 - beta * cos_theta;
  return std::norm(left) * forward * forward + std::norm(right) * backward * backward +
         2 * (1 - beta * beta) * std::real(left * std::conj(right));
}

double left_fraction(BeamPolarisation beams) {
  return (1 - beams.electron) * (1 + beams.positron);
}

double right_fraction(BeamPolarisation beams) {
  return (1 + beams.electron) * (1 - beams.positron);
}

}  // namespace

double polarisation_weight(BeamPolarisation beams, std::int32_t pdg, double mass, double energy,
                           double cos_theta) {
  double const s = energy * energy;
  double const beta = std::sqrt(std::max(0., 1 - 4 * mass * mass / s));
  auto const propagator = s / std::complex<double>(s - z_mass * z_mass, z_mass * z_width);
  Couplings const electron = couplings(11);
  Couplings const fermion = couplings(pdg);
  // The helicities of the forward direction: left-handed electrons like left-handed fermions ahead.
  double const left = rate(electron.left, fermion, beta, cos_theta, propagator);
  Couplings const mirrored{fermion.charge, fermion.right, fermion.left};
  double const right = rate(electron.right, mirrored, beta, cos_theta, propagator);
  return (left_fraction(beams) * left + right_fraction(beams) * right) / (left + right);
}

double max_polarisation_weight(BeamPolarisation beams) {
  return std::max(left_fraction(beams), right_fraction(beams));
}

}  // namespace corpuscle::generate
