#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "corpuscle/io/source.hpp"

namespace corpuscle::io {

/// As open_edm4hep_json, for text in memory, which must outlive the source; `name` stands for the path in
/// messages. Tests and the fuzzer use it.
std::unique_ptr<Source> open_edm4hep_json_bytes(std::string const& name, std::string_view text);

}  // namespace corpuscle::io
