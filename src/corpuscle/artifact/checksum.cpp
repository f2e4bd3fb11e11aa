#include "corpuscle/artifact/checksum.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "corpuscle/core/random.hpp"

namespace corpuscle::artifact {

static_assert(std::endian::native == std::endian::little, "files are little-endian and used in place");

void Checksum::add_word(std::byte const* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  std::uint64_t& lane = lanes_[(n_bytes_ / 8) % 4];
  lane = core::scatter(lane ^ word);
  n_bytes_ += 8;
}

void Checksum::add(std::span<std::byte const> bytes) noexcept {
  if (std::size_t const started = n_bytes_ % 8; started != 0) {
    std::size_t const taken = std::min(8 - started, bytes.size());
    std::copy_n(bytes.begin(), taken, unfinished_.begin() + static_cast<std::ptrdiff_t>(started));
    bytes = bytes.subspan(taken);
    if (started + taken < 8) {
      n_bytes_ += taken;
      return;
    }
    n_bytes_ -= started;
    add_word(unfinished_.data());
  }
  for (; bytes.size() >= 8 && (n_bytes_ / 8) % 4 != 0; bytes = bytes.subspan(8)) add_word(bytes.data());

  // Runs over gigabytes: the lanes in registers, four independent chains.
  auto [a, b, c, d] = lanes_;
  for (; bytes.size() >= 32; bytes = bytes.subspan(32)) {
    std::uint64_t words[4];
    std::memcpy(words, bytes.data(), sizeof words);
    a = core::scatter(a ^ words[0]);
    b = core::scatter(b ^ words[1]);
    c = core::scatter(c ^ words[2]);
    d = core::scatter(d ^ words[3]);
    n_bytes_ += 32;
  }
  lanes_ = {a, b, c, d};

  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) add_word(bytes.data());
  std::copy(bytes.begin(), bytes.end(), unfinished_.begin());
  n_bytes_ += bytes.size();
}

std::uint64_t Checksum::value() const noexcept {
  Checksum last = *this;
  if (std::size_t const started = n_bytes_ % 8; started != 0) {
    std::fill(last.unfinished_.begin() + static_cast<std::ptrdiff_t>(started), last.unfinished_.end(),
              std::byte{0});
    last.n_bytes_ -= started;
    last.add_word(last.unfinished_.data());
  }
  return core::key_of({last.lanes_[0], last.lanes_[1], last.lanes_[2], last.lanes_[3], n_bytes_});
}

std::string to_hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

std::string checksum_of(std::string_view text) {
  Checksum checksum;
  checksum.add(std::as_bytes(std::span(text)));
  return to_hex(checksum.value());
}

}  // namespace corpuscle::artifact
