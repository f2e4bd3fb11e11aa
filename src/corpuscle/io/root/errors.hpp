#pragma once

#include <string>

namespace corpuscle::io::root {

/// Silences ROOT: from now on its messages are kept for us instead of printed. Idempotent.
void capture_messages();

/// ROOT's complaints (level Error and above) since the last call, joined; empty if there were none.
std::string take_message();

/// What one event of a file may claim to need, in bytes: twice the file and 64 MB.
std::size_t memory_budget(std::string const& path);

}  // namespace corpuscle::io::root
