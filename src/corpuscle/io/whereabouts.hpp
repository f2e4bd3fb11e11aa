#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace corpuscle::io {

/// Where in a file a reader is: for the message if the library underneath crashes on damaged bytes.
struct Whereabouts {
  std::int64_t entry = -1;  ///< negative: not at an event
  std::array<char, 120> branch{};
};

/// Makes readers of this process note where they are in `place` (memory shared with a watching parent
/// process; it must outlive the readers); null, the default, notes nothing.
void note_whereabouts_in(Whereabouts* place);
/// Where readers note it now; null if nowhere.
Whereabouts* whereabouts_place();

/// An entry that says: nothing is being read, however long it takes (output is being printed, say).
inline constexpr std::int64_t not_reading = -2;

/// Called by readers before they touch a branch, so that they count as alive; a few nanoseconds.
void note_whereabouts(std::int64_t entry, std::string_view branch);

}  // namespace corpuscle::io
