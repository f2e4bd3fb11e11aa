#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/event/particles.hpp"
#include "corpuscle/pf/charged_track.hpp"
#include "corpuscle/pf/shower_hit.hpp"

namespace corpuscle::pf {

/// What one particle, or several that cannot be told apart, left in the calorimeters.
struct Shower {
  enum class Kind : std::uint8_t { hadronic, photon, electron, muon };

  std::vector<std::uint32_t> hits;    ///< positions in the list of hits
  std::vector<std::uint32_t> tracks;  ///< positions in the list of tracks
  ShowerSums sums;
  Kind kind = Kind::hadronic;
  double energy = 0;        ///< as of what it is [GeV]
  double track_energy = 0;  ///< sum over its tracks [GeV]
  double first_depth = 0;   ///< in front of which a tenth of the energy is [mm]
  bool is_gone = false;     ///< taken over by another one
};

/// Energies and shapes of a shower from its hits.
void describe(Shower& shower, std::span<ShowerHit const> hits, ShowerEnergy const& energy);

/// How many standard deviations more the calorimeter saw than the tracks carry.
double excess(double shower_energy, double track_energy, detector::HitParticleFlow const& parameters);

}  // namespace corpuscle::pf
