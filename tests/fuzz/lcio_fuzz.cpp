// libFuzzer target of the LCIO reader. Every input is written to a file in memory, opened, and all its
// events are read; anything but success or core::DataError is a finding.
//
// Built with clang++ -std=c++20 -fsanitize=fuzzer,address,undefined and linked with corpuscle::io, built the
// same way; run on a copy of tests/fuzz/corpus/lcio with -rss_limit_mb=512 -malloc_limit_mb=80 -timeout=10.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/source.hpp"

namespace {

/// A file that never touches a disk; the path stays the same over all inputs.
class MemoryFile {
 public:
  MemoryFile()
      : descriptor_(memfd_create("lcio_fuzz", 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(MemoryFile const&) = delete;
  MemoryFile& operator=(MemoryFile const&) = delete;

  std::string const& fill(std::uint8_t const* data, std::size_t size) {
    if (ftruncate(descriptor_, 0) != 0 || pwrite(descriptor_, data, size, 0) != static_cast<ssize_t>(size)) {
      std::abort();
    }
    return path_;
  }

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static MemoryFile file;
  std::string const& path = file.fill(data, size);
  using namespace corpuscle;
  try {
    auto const source = io::open_lcio(path);
    io::Frame frame;
    for (std::size_t entry = 0; entry < std::min<std::size_t>(source->info().entries, 16); ++entry) {
      try {
        // Every other event with half of the collections refused.
        source->read(entry, frame, [&](std::string_view name, std::string_view) {
          return entry % 2 == 0 || (!name.empty() && name.back() % 2 == 0);
        });
      } catch (core::DataError const&) {
      }
    }
  } catch (core::DataError const&) {
  }
  return 0;
}
