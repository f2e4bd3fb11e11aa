// libFuzzer target of the model file: every input is written to a file in memory and loaded as a
// reconstructor; what loads reconstructs an event. Anything but that or one of our errors is a finding.
//
// Checksums find nearly all that a fuzzer can do, so each input is tried as it is, and again with checksums
// that are right.
//
//   model_fuzz -max_total_time=600 <a folder for new inputs> tests/fuzz/corpus/model

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "corpuscle/artifact/checksum.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"

namespace {

using namespace corpuscle;
using Json = nlohmann::json;

/// A file that never touches a disk; the path stays the same over all inputs.
class MemoryFile {
 public:
  MemoryFile()
      : descriptor_(memfd_create("model_fuzz", 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(MemoryFile const&) = delete;
  MemoryFile& operator=(MemoryFile const&) = delete;

  std::string const& fill(std::string const& bytes) {
    if (ftruncate(descriptor_, 0) != 0 ||
        pwrite(descriptor_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      std::abort();
    return path_;
  }

 private:
  int descriptor_;
  std::string path_;
};

void require(bool condition) {
  if (!condition) std::abort();
}

void load(std::string const& bytes) {
  static MemoryFile file;
  static detector::Detector const detector = test::simple_detector();
  static event::Observed const event = test::random_event_with_hits(detector, 20, 1);
  std::string const& path = file.fill(bytes);
  try {
    event::Particles const particles = runtime::Reconstructor::load(path, detector)(event);
    for (std::size_t i = 0; i < particles.size(); ++i) require(std::isfinite(particles.energy[i]));
  } catch (core::Error const&) {
  }
}

/// The same with the checksums that its contents need; nothing if there is no header to put them in.
std::string with_right_checksums(std::string const& bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) return {};
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length) return {};
  Json header = Json::parse(bytes.substr(sizeof length, length), nullptr, false);
  std::string const data = bytes.substr(sizeof length + length);
  if (!header.is_object() || !header["__metadata__"].is_object()) return {};
  Json& metadata = header["__metadata__"];
  metadata.erase("header_checksum");
  metadata["data_checksum"] = artifact::checksum_of(data);
  auto const text_of = [&] { return header.dump(-1, ' ', false, Json::error_handler_t::replace); };
  metadata["header_checksum"] = artifact::checksum_of(text_of());
  std::string text = text_of();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // what comes behind it lies at a multiple of 8
  length = text.size();
  return std::string(reinterpret_cast<char const*>(&length), sizeof length) + text + data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const bytes(reinterpret_cast<char const*>(data), size);
  load(bytes);
  load(with_right_checksums(bytes));
  return 0;
}
