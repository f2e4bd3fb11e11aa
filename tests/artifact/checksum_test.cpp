#include "corpuscle/artifact/checksum.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "corpuscle/core/random.hpp"

namespace corpuscle::artifact {
namespace {

std::vector<std::byte> noise(std::size_t n) {
  core::Random random({1, n});
  std::vector<std::byte> bytes(n);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.bits() & 255);
  return bytes;
}

std::uint64_t checksum(std::span<std::byte const> bytes) {
  Checksum result;
  result.add(bytes);
  return result.value();
}

TEST(Checksum, IsTheDocumentedFormula) {
  // Five words and three bytes, computed word by word.
  auto const bytes = noise(43);
  std::uint64_t lanes[4] = {};
  for (std::size_t word = 0; word < 6; ++word) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < 8 && 8 * word + k < bytes.size(); ++k)
      value |= static_cast<std::uint64_t>(bytes[8 * word + k]) << (8 * k);
    lanes[word % 4] = core::scatter(lanes[word % 4] ^ value);
  }
  EXPECT_EQ(checksum(bytes), core::key_of({lanes[0], lanes[1], lanes[2], lanes[3], 43}));
}

TEST(Checksum, DoesNotDependOnThePieces) {
  core::Random random({2});
  for (std::size_t n : {0, 1, 7, 8, 31, 32, 33, 64, 1000}) {
    auto const bytes = noise(n);
    for (int trial = 0; trial < 20; ++trial) {
      Checksum in_pieces;
      for (std::size_t at = 0; at < n;) {
        std::size_t const piece = std::min<std::size_t>(random.bits() % 50, n - at);
        in_pieces.add(std::span(bytes).subspan(at, piece));
        at += piece;
      }
      EXPECT_EQ(in_pieces.value(), checksum(bytes)) << n;
    }
  }
}

TEST(Checksum, SeesEveryFlippedBitAndEveryCut) {
  auto bytes = noise(77);
  std::uint64_t const whole = checksum(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_NE(checksum(bytes), whole) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(checksum(std::span(bytes).first(n)), whole) << n;
}

TEST(Checksum, TellsZerosOfDifferentLengthApart) {
  EXPECT_NE(checksum(std::vector<std::byte>(8)), checksum(std::vector<std::byte>(16)));
  EXPECT_NE(checksum(std::vector<std::byte>(1)), checksum({}));
}

TEST(Checksum, IsWrittenWithAllItsDigits) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0x0123456789abcdef), "0123456789abcdef");
}

}  // namespace
}  // namespace corpuscle::artifact
