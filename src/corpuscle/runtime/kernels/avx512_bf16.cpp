// Compiled with -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16.
// GCC 12 takes the undefined source of unmasked intrinsics for a variable that somebody forgot (GCC bug
// 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
// What is not of bf16 is that of avx512.cpp.
#pragma GCC diagnostic ignored "-Wunused-function"

#include <immintrin.h>

#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {
namespace {

#include "corpuscle/runtime/kernels/avx512.inc"
#include "corpuscle/runtime/kernels/simd.inc"

/// Pairs of numbers in bf16.
struct Pairs {
  static constexpr std::size_t depth = 2;
  static Vec add(Vec a, Vec b, Vec c) { return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b); }
  static void pack(float const* x, std::size_t n, float* to) {
    for (std::size_t j = 0; j < n; j += 2 * lanes) {
      Vec const low = load_part(x + j, n - j);
      Vec const high = j + lanes < n ? load_part(x + j + lanes, n - j - lanes) : all(0.F);
      store_part(to + j / 2, (Vec)_mm512_cvtne2ps_pbh(high, low), (n - j + 1) / 2);
    }
  }
  static Vec join(Vec a, Vec b) {
    // All of a, then all of b, to one of each by turns.
    __m512i const turns = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                                           7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return (Vec)_mm512_permutexvar_epi16(turns, (__m512i)_mm512_cvtne2ps_pbh(b, a));
  }
  /// To 8e-5: it is rounded to 2e-3.
  static Vec exp2(Vec x) {
    Vec const n = nearest(x);
    Vec const r = x - n;
    Vec p = fma(all(5.51716691e-2F), r, all(2.42611122e-1F));
    p = fma(p, r, all(6.93260985e-1F));
    p = fma(p, r, all(9.99928074e-1F));
    return _mm512_scalef_ps(p, n);
  }
};

void pack_bf16(float const* x, std::size_t x_stride, std::size_t rows, std::size_t n, float* to,
               std::size_t to_stride) {
  pack_rows<Pairs>(x, x_stride, rows, n, to, to_stride);
}

void dense_bf16(DenseCall const& call) {
  multiply<Pairs>(call, reinterpret_cast<float const*>(call.layer->pairs));
}

void attention_pack_bf16(AttentionCall const& call) {
  pack_keys<Pairs>(call);
}

void attention_bf16(AttentionCall const& call) {
  attend_all<Pairs>(call);
}

void pair_sum_bf16(PairSumCall const& call) {
  pair_sum_packed<Pairs>(call);
}

}  // namespace

Kernels const& avx512_bf16_kernels() {
  static Kernels const kernels = [] {
    Kernels own = avx512_kernels();
    own.pairs = true;
    own.pack_bf16 = pack_bf16;
    own.dense_bf16 = dense_bf16;
    own.attention_pack_bf16 = attention_pack_bf16;
    own.attention_bf16 = attention_bf16;
    own.pair_sum_bf16 = pair_sum_bf16;
    return own;
  }();
  return kernels;
}

}  // namespace corpuscle::runtime
