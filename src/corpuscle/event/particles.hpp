#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/ids.hpp"

namespace corpuscle::event {

/// The five things particle flow tells apart. The same words name them in files, plots and options.
enum class ParticleClass : std::uint8_t { charged_hadron, neutral_hadron, photon, electron, muon };
inline constexpr std::size_t n_particle_classes = 5;

std::string_view name(ParticleClass particle_class);

/// Class of a particle with this PDG code and charge [e]: 22, 11 and 13 are what they say, the rest
/// are hadrons, charged or neutral.
ParticleClass classify(std::int32_t pdg, float charge);

/// Reconstructed particles of one event (particle-flow objects, PFOs): one row per particle.
struct Particles {
  std::vector<ParticleClass> particle_class;
  std::vector<std::int32_t> pdg;          ///< signed by the charge: 211, 130, 22, 11 or 13 in our own
  std::vector<float> charge;              ///< [e]
  std::vector<float> energy, px, py, pz;  ///< four-momentum at the reference point [GeV]
  std::vector<float> mass;                ///< [GeV]
  std::vector<float> x, y, z;             ///< reference point [mm]
  core::Ragged<TrackId> tracks;           ///< what the particle was made of
  core::Ragged<ClusterId> clusters;

  [[nodiscard]] std::size_t size() const noexcept { return energy.size(); }
  void resize(std::size_t rows);  ///< all columns but `tracks` and `clusters`
};

/// Particles of the event generator and of the detector simulation, with their ancestry.
struct GenParticles {
  std::vector<std::int32_t> pdg;
  std::vector<std::int32_t> generator_status;  ///< 1: final state of the generator
  std::vector<std::int32_t> simulator_status;  ///< bits as in EDM4hep (bit 30: made in simulation)
  std::vector<float> charge;                   ///< [e]
  std::vector<double> mass;                    ///< [GeV]
  std::vector<double> px, py, pz;              ///< momentum at the production vertex [GeV]
  std::vector<double> x, y, z;                 ///< production vertex [mm]
  std::vector<double> end_x, end_y, end_z;     ///< end point [mm]
  std::vector<float> time;                     ///< of production [ns]
  core::Ragged<GenParticleId> parents, daughters;

  [[nodiscard]] std::size_t size() const noexcept { return pdg.size(); }
  [[nodiscard]] double energy(std::size_t row) const;  ///< [GeV], from momentum and mass
  void resize(std::size_t rows);                       ///< all columns but the ancestry
};

}  // namespace corpuscle::event
