#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace corpuscle::artifact {

/// A 64-bit checksum of bytes: finds damage, does not resist forgery.
///
/// The bytes are taken as little-endian 64-bit words, the last one filled up with zeros. Word i goes to lane
/// i mod 4, `lane = scatter(lane xor word)` (core/random.hpp), and the result is
/// `key_of({lane0, lane1, lane2, lane3, number of bytes})`. Scatter is a bijection, so damage within one word
/// is always found, any other is missed once in 2^64. Four lanes keep the multipliers busy: 4 GB/s and more.
class Checksum {
 public:
  /// The result depends on the bytes alone, not on the pieces they come in.
  void add(std::span<std::byte const> bytes) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  void add_word(std::byte const* bytes) noexcept;

  std::array<std::uint64_t, 4> lanes_{};
  std::array<std::byte, 8> unfinished_{};
  std::uint64_t n_bytes_ = 0;
};

/// Sixteen hexadecimal digits.
std::string to_hex(std::uint64_t value);

/// to_hex of the checksum of these characters.
std::string checksum_of(std::string_view text);

}  // namespace corpuscle::artifact
