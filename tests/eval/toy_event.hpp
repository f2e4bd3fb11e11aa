#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/eval/four_vector.hpp"
#include "corpuscle/event/event.hpp"

/// Events that look like hadronic ones from afar, and what a detector of known faults makes of them.
namespace corpuscle::eval::toy {

using event::ParticleClass;
using event::Particles;

inline void add(Particles& particles, ParticleClass particle_class, FourVector const& p, float charge) {
  constexpr std::int32_t codes[] = {211, 130, 22, 11, 13};
  std::size_t const row = particles.size();
  particles.resize(row + 1);
  particles.particle_class[row] = particle_class;
  std::int32_t const code = codes[static_cast<std::size_t>(particle_class)];
  particles.pdg[row] = charge < 0 ? -code : code;
  particles.charge[row] = charge;
  particles.px[row] = static_cast<float>(p.px);
  particles.py[row] = static_cast<float>(p.py);
  particles.pz[row] = static_cast<float>(p.pz);
  particles.energy[row] = static_cast<float>(p.energy);
  particles.tracks.end_row();
  particles.clusters.end_row();
}

/// A massless four-momentum.
inline FourVector along(double energy, double theta, double phi) {
  return {energy * std::sin(theta) * std::cos(phi), energy * std::sin(theta) * std::sin(phi),
          energy * std::cos(theta), energy};
}

/// `n_jets` jets of 18 particles on average, 60 GeV each: 108 particles for the six jets of ttbar at 380 GeV.
inline Particles generate(std::uint64_t number, int n_jets = 6) {
  core::Random random({1, number});
  Particles particles;
  for (int jet = 0; jet < n_jets; ++jet) {
    double const jet_theta = std::acos(random.uniform(-0.95, 0.95));
    double const jet_phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    for (std::uint64_t k = random.poisson(18); k > 0; --k) {
      double const energy = 0.3 + 3 * random.exponential();
      double const spread = 0.3 / std::sqrt(energy);
      double const theta = std::abs(jet_theta + spread * random.normal());
      double const phi = jet_phi + spread * random.normal() / std::sin(jet_theta);
      double const kind = random.uniform();
      double const charge = random.uniform() < 0.5 ? -1 : 1;
      FourVector const p = along(energy, theta, phi);
      if (kind < 0.6)
        add(particles, ParticleClass::charged_hadron, p, static_cast<float>(charge));
      else if (kind < 0.87)
        add(particles, ParticleClass::photon, p, 0);
      else if (kind < 0.97)
        add(particles, ParticleClass::neutral_hadron, p, 0);
      else
        add(particles, kind < 0.985 ? ParticleClass::electron : ParticleClass::muon, p,
            static_cast<float>(charge));
    }
  }
  return particles;
}

/// Faults of a detector.
struct Faults {
  double scale = 1;         ///< of all energies
  double loss = 0;          ///< probability not to see a particle
  double resolution = 0.1;  ///< of the energy
  double direction = 1e-3;  ///< [rad]
};

/// Draws the same numbers for a particle whatever the faults are, as two reconstructions of one event see the
/// same fluctuations.
inline Particles reconstruct(Particles const& truth, std::uint64_t number, Faults const& faults) {
  core::Random random({2, number});
  Particles particles;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    double const energy_deviate = random.normal();
    double const theta_deviate = random.normal();
    double const phi_deviate = random.normal();
    bool const is_lost = random.uniform() < faults.loss;
    if (is_lost) continue;
    FourVector const p{truth.px[row], truth.py[row], truth.pz[row], truth.energy[row]};
    double const theta_of = theta(p);
    add(particles, truth.particle_class[row],
        along(p.energy * faults.scale * std::max(0.1, 1 + faults.resolution * energy_deviate),
              theta_of + faults.direction * theta_deviate,
              phi(p) + faults.direction * phi_deviate / std::sin(theta_of)),
        truth.charge[row]);
  }
  return particles;
}

}  // namespace corpuscle::eval::toy
