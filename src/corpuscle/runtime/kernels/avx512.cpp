// Compiled with -mavx512f -mavx512bw -mavx512dq -mavx512vl.
// GCC 12 takes the undefined source of unmasked intrinsics for a variable that somebody forgot (GCC bug
// 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

#include <immintrin.h>

#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {
namespace {

#include "corpuscle/runtime/kernels/avx512.inc"
#include "corpuscle/runtime/kernels/simd.inc"

}  // namespace

Kernels const& avx512_kernels() {
  static constexpr Kernels kernels{
      panel, false,       dense,    dense_rounded, attention,         layer_norm,  map,
      turn,  pair_kernel, pair_sum, dense_scratch, attention_scratch, pair_scratch};
  return kernels;
}

}  // namespace corpuscle::runtime
