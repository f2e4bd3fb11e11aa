#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

namespace corpuscle::io {

/// Size of a file [bytes]; 0 if it cannot be told.
inline std::size_t size_of_file(std::string const& path) {
  std::error_code ignored;
  auto const size = std::filesystem::file_size(path, ignored);
  return ignored ? 0 : static_cast<std::size_t>(size);
}

/// What the events of a file may claim to need, at most [bytes]: twice its size and 64 MB. More is forged.
constexpr std::size_t memory_budget(std::size_t file_size) {
  return 2 * file_size + (std::size_t{64} << 20);
}

}  // namespace corpuscle::io
