#pragma once

#include <span>
#include <string_view>

namespace corpuscle::config {

/// A file that was compiled in.
struct EmbeddedFile {
  std::string_view name;  ///< "clic.yaml"
  std::string_view text;
};

/// detectors/*.yaml, by name. Defined in a source that cmake/CorpuscleEmbed.cmake writes.
std::span<EmbeddedFile const> embedded_detectors();

}  // namespace corpuscle::config
