#pragma once

#include <string>

namespace corpuscle::io::root {

/// Silences ROOT: from now on its messages are kept for us instead of printed. Idempotent.
void capture_messages();

/// ROOT's complaints (level Error and above) since the last call, joined; empty if there were none.
std::string take_message();

}  // namespace corpuscle::io::root
