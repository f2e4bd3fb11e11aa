#pragma once

#include <cstdint>
#include <cstring>

/// What loops over rows that are written for vector units share. One compiled body for each CPU, of which the
/// best is taken at run time; the bits are the same on all, since products and sums stay apart
/// (-ffp-contract=off).
namespace corpuscle::model {

#define CORPUSCLE_INLINE [[gnu::always_inline]] inline

constexpr std::int64_t lanes = 16;
using Lanes [[gnu::vector_size(64)]] = float;

CORPUSCLE_INLINE void load(float const* from, Lanes& x) {
  std::memcpy(&x, from, sizeof x);
}
CORPUSCLE_INLINE void store(Lanes const& x, float* to) {
  std::memcpy(to, &x, sizeof x);
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
