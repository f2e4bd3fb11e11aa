#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "corpuscle/io/frame.hpp"

namespace corpuscle::io::root {

/// The ids of collections in a file that does not tell them, from the references in some of its events.
///
/// A relation says of which type its targets are ("hits" of a cluster are calorimeter hits), and no index
/// may lie beyond its collection. An id that leaves one candidate belongs to it; this is repeated until
/// nothing changes. Two collections of one type that are always large enough stay undecided (absent).
std::map<std::string, std::uint32_t> deduce_ids(std::span<Frame const> events);

}  // namespace corpuscle::io::root
