#pragma once

#include <cstdint>
#include <optional>

/// The particles that a detector meets, and what PDG codes tell about all others.
namespace corpuscle::event {

/// A kind of particle. Values: Particle Data Group, Phys. Rev. D 110 (2024) 030001.
struct ParticleData {
  std::int32_t pdg;
  float charge;  ///< [e]
  double mass;   ///< [GeV]
  double c_tau;  ///< mean lifetime times c [mm]; infinite if stable
};

/// Photon, leptons, the long-lived hadrons with pi0 and Sigma0, light nuclei, and their antiparticles;
/// nothing for any other code, or for minus the code of a particle that is its own antiparticle. Thread-safe.
std::optional<ParticleData> find_particle(std::int32_t pdg) noexcept;

/// Charge [e] by the PDG numbering scheme (PDG review, section 45): of elementary particles and
/// their superpartners, mesons, baryons, diquarks and nuclei. Nothing for a code that fits none of its rules.
std::optional<float> charge_of(std::int32_t pdg) noexcept;

}  // namespace corpuscle::event
