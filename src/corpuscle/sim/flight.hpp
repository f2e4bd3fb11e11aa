#pragma once

#include <cmath>
#include <cstdint>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/ids.hpp"

namespace corpuscle::sim {

/// A particle at one point of its way through the detector.
struct Flight {
  event::GenParticleId particle;  ///< its row in event.truth.particles
  std::int32_t pdg = 0;
  double charge = 0;       ///< [e]
  double mass = 0;         ///< [GeV]
  core::Vector3 position;  ///< [mm]
  core::Vector3 momentum;  ///< [GeV]
  double time = 0;         ///< since the collision [ns]

  [[nodiscard]] double energy() const { return std::sqrt(core::dot(momentum, momentum) + mass * mass); }
};

/// Bits of GenParticles::simulator_status, as in EDM4hep.
namespace status {
inline constexpr std::int32_t created_in_simulation = 1 << 30;
inline constexpr std::int32_t backscatter = 1 << 29;
inline constexpr std::int32_t vertex_is_not_endpoint_of_parent = 1 << 28;
inline constexpr std::int32_t decayed_in_tracker = 1 << 27;
inline constexpr std::int32_t decayed_in_calorimeter = 1 << 26;
inline constexpr std::int32_t left_detector = 1 << 25;
inline constexpr std::int32_t stopped = 1 << 24;
inline constexpr std::int32_t overlay = 1 << 23;
}  // namespace status

/// What a random stream of the simulation is for: the last part of its key, after (seed, run, event,
/// particle).
enum class Purpose : std::uint64_t { beam_spot = 1, tracker, track_fit, calorimeter, digitisation };

}  // namespace corpuscle::sim
