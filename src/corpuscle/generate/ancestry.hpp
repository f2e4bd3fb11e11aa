#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/event/particles.hpp"

/// From "who made whom" as generators record it to what GenParticles promises.
namespace corpuscle::generate {

/// Rows of parents, in an order of rows that may be any.
using Parents = core::Ragged<event::GenParticleId>;

/// The rows such that each comes after its parents, otherwise as they were. Rows that are their own
/// ancestors, and their descendants, are left out: the result is then shorter than `parents`. O(n log n).
std::vector<std::uint32_t> parents_first(Parents const& parents);

/// The inverse relation, daughters in ascending order. O(n).
Parents daughters_of(Parents const& parents);

}  // namespace corpuscle::generate
