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
  static constexpr Kernels kernels{.panel = panel,
                                   .pairs = false,
                                   .pack_bf16 = pack_rounded,
                                   .dense = dense,
                                   .dense_bf16 = dense_rounded,
                                   .attention_pack = attention_pack,
                                   .attention_pack_bf16 = attention_pack_rounded,
                                   .attention = attention,
                                   .attention_bf16 = attention_rounded,
                                   .layer_norm = layer_norm,
                                   .map = map,
                                   .add = add,
                                   .blend = blend,
                                   .exp_less = exp_less,
                                   .turn = turn,
                                   .pair_kernel = pair_kernel,
                                   .pair_sum = pair_sum,
                                   .pair_sum_bf16 = pair_sum_rounded,
                                   .kernel_sums = kernel_sums,
                                   .kernel_readout = kernel_readout,
                                   .attention_keys = attention_keys,
                                   .attention_scratch = attention_scratch,
                                   .pair_scratch = pair_scratch,
                                   .pair_sum_scratch = pair_sum_scratch};
  return kernels;
}

}  // namespace corpuscle::runtime
