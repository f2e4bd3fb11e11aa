#include "corpuscle/tensorboard/event_file.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tensorboard/message.hpp"

namespace corpuscle::tensorboard {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = (table[i] >> 1) ^ ((table[i] & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return table;
}();

std::string masked_crc(std::string_view bytes) {
  return fixed(std::rotr(crc32c(bytes), 15) + 0xa282ead8U);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = ~0U;
  for (char const c : bytes) crc = crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xffU] ^ (crc >> 8);
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string const length = fixed(static_cast<std::uint64_t>(data.size()));
  return length + masked_crc(length) + std::string(data) + masked_crc(data);
}

std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value) {
  std::string const one = field(1, tag) + field(2, value);  // Summary.Value: tag, simple_value
  return field(1, wall_time) + field(2, step) + field(5, field(1, one));
}

EventFile::EventFile(std::string const& directory, double wall_time) {
  // A second start within a second must not write into the file of the first.
  for (int i = 0; path_.empty() || std::filesystem::exists(path_); ++i)
    path_ =
        core::cat(directory, "/events.out.tfevents.", static_cast<std::int64_t>(wall_time), ".corpuscle.", i);
  file_.reset(std::fopen(path_.c_str(), "wb"));
  if (!file_) throw core::EnvironmentError(core::cat(path_, ": cannot be written: ", std::strerror(errno)));
  write(tf_record(field(1, wall_time) + field(3, "brain.Event:2")));
}

void EventFile::add(double wall_time, std::int64_t step,
                    std::span<std::pair<std::string, double> const> scalars) {
  std::string bytes;
  for (auto const& [tag, value] : scalars)
    bytes += tf_record(scalar_event(wall_time, step, tag, static_cast<float>(value)));
  write(bytes);
}

void EventFile::write(std::string const& bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() ||
      std::fflush(file_.get()) != 0)
    throw core::EnvironmentError(core::cat(path_, ": cannot be written: ", std::strerror(errno)));
}

}  // namespace corpuscle::tensorboard
