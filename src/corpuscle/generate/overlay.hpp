#pragma once

#include <cstdint>
#include <memory>

#include "corpuscle/generate/generator.hpp"

namespace corpuscle::generate {

/// Bit of simulator_status that marks a particle of an overlaid event, as in EDM4hep.
inline constexpr std::int32_t overlay_bit = 1 << 23;

/// Adds soft events to each event of `signal`: as many as a Poisson deviate of this mean says, keyed by the
/// seed and the number of the event. Soft events differ between signal events; a source of soft events that
/// has an end (a file) is drawn from at random, so that an event may serve more than once.
///
/// The particles of the signal come first, with their rows as they were; those of soft events have
/// `overlay_bit` set. All share the time and the vertex of the signal: pile-up of one bunch crossing.
///
/// @throws core::ConfigError unless 0 <= mean <= 1000 and both generators use the same frame.
std::unique_ptr<Generator> make_overlay(std::unique_ptr<Generator> signal, std::unique_ptr<Generator> soft,
                                        double mean, std::uint64_t seed);

}  // namespace corpuscle::generate
