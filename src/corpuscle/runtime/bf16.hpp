#pragma once

#include <bit>
#include <cstdint>

namespace corpuscle::runtime {

/// The upper half of a float, rounded to nearest, ties to even; NaN stays NaN.
constexpr std::uint16_t to_bf16(float x) noexcept {
  auto const bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

constexpr float from_bf16(std::uint16_t x) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16);
}

}  // namespace corpuscle::runtime
