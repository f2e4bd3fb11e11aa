#pragma once

#include <cstdint>
#include <memory>

#include "corpuscle/core/units.hpp"
#include "corpuscle/generate/generator.hpp"

namespace corpuscle::generate {

enum class EnergySpectrum {
  flat,         ///< dN/dE constant
  logarithmic,  ///< dN/dlog(E) constant
};

/// Particles of one kind from the origin, each with its own energy and direction.
struct GunConfig {
  std::int32_t pdg = 22;
  double energy_min = 10;  ///< total energy [GeV], not below the mass
  double energy_max = 10;
  EnergySpectrum spectrum = EnergySpectrum::flat;
  double theta_min = 20 * units::degree;  ///< polar angle, flat in theta: "uniform" of ddsim
  double theta_max = 160 * units::degree;
  double phi_min = -180 * units::degree;  ///< azimuth, flat
  double phi_max = 180 * units::degree;
  int multiplicity_min = 1;  ///< particles per event, each number in the range as likely as the others
  int multiplicity_max = 1;
};

/// @throws core::ConfigError for a PDG code that event::find_particle does not know, for a particle that
///         decays before it could be seen (other than pi0), and for an empty or impossible range.
std::unique_ptr<Generator> make_gun(GunConfig const& config, std::uint64_t seed);

}  // namespace corpuscle::generate
