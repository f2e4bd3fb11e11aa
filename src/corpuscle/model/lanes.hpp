#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

/// What loops over rows that are written for vector units share. One compiled body for each CPU, of which the
/// best is taken at run time; the bits are the same on all, since products and sums stay apart
/// (-ffp-contract=off).
namespace corpuscle::model {

#define CORPUSCLE_INLINE [[gnu::always_inline]] inline

constexpr std::int64_t lanes = 16;
using Lanes [[gnu::vector_size(64)]] = float;
using Bits [[gnu::vector_size(64)]] = std::int32_t;
using UnsignedBits [[gnu::vector_size(64)]] = std::uint32_t;
using Halves [[gnu::vector_size(32)]] = std::uint16_t;

CORPUSCLE_INLINE void load(float const* from, Lanes& x) {
  std::memcpy(&x, from, sizeof x);
}
CORPUSCLE_INLINE void store(Lanes const& x, float* to) {
  std::memcpy(to, &x, sizeof x);
}

/// The first n numbers only; the others are 0.
CORPUSCLE_INLINE void load(float const* from, std::int64_t n, Lanes& x) {
  x = Lanes{};
  std::memcpy(&x, from, static_cast<std::size_t>(n) * sizeof *from);
}
CORPUSCLE_INLINE void store(Lanes const& x, std::int64_t n, float* to) {
  std::memcpy(to, &x, static_cast<std::size_t>(n) * sizeof *to);
}

// The same of numbers in bfloat16.

CORPUSCLE_INLINE void load(std::uint16_t const* from, std::int64_t n, Lanes& x) {
  Halves halves = {};
  std::memcpy(&halves, from, static_cast<std::size_t>(n) * sizeof *from);
  x = reinterpret_cast<Lanes>(__builtin_convertvector(halves, UnsignedBits) << 16);
}
/// Rounds to the nearest, and to even.
CORPUSCLE_INLINE void store(Lanes const& x, std::int64_t n, std::uint16_t* to) {
  auto const bits = reinterpret_cast<UnsignedBits>(x);
  UnsignedBits const rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  UnsignedBits const not_a_number = UnsignedBits{} + 0x7fc0;
  Halves const halves = __builtin_convertvector(x == x ? rounded : not_a_number, Halves);
  std::memcpy(to, &halves, static_cast<std::size_t>(n) * sizeof *to);
}

/// f(first column, how many), sixteen at a time.
template <class Function>
CORPUSCLE_INLINE void for_columns(std::int64_t width, Function const& f) {
  std::int64_t c = 0;
  for (; c + lanes <= width; c += lanes) f(c, lanes);
  if (c < width) f(c, width - c);
}

/// 2^x = power (1 + rest) for x <= 0, to 2e-7, with a power of two; x below -126 counts as -126, so that
/// nothing is subnormal. NaN stays NaN, in `rest`.
CORPUSCLE_INLINE void split_exp2(Lanes const& exact, Lanes& power, Lanes& rest) {
  Lanes const x = exact < -126.F ? Lanes{} - 126.F : exact;
  constexpr float round = 0x1.8p23F;  // adding it leaves no bits for fractions
  Lanes const shifted = x + round;
  Lanes const f = x - (shifted - round);  // in [-1/2, 1/2]
  // The Taylor series of exp(f ln 2); the next term is 1.2e-7 at 1/2.
  rest = f * 1.5403530e-4F + 1.3333558e-3F;
  rest = rest * f + 9.6181291e-3F;
  rest = rest * f + 5.5504109e-2F;
  rest = rest * f + 2.4022651e-1F;
  rest = rest * f + 6.9314718e-1F;
  rest *= f;
  power = reinterpret_cast<Lanes>((reinterpret_cast<Bits>(shifted) << 23) + 0x3f800000);
}

/// y = 2^x for x <= 0, as split_exp2.
CORPUSCLE_INLINE void exp2(Lanes const& x, Lanes& y) {
  Lanes power, rest;
  split_exp2(x, power, rest);
  y = (rest + 1.F) * power;
}

#ifdef __x86_64__
/// Whether the CPU is of the level x86-64-v4, or v3.
inline bool const has_v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
inline bool const has_v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
#endif

}  // namespace corpuscle::model
