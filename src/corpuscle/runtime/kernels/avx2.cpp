// Compiled with -mavx2 -mfma.
#include <immintrin.h>

#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {
namespace {

using Vec = __m256;
constexpr std::size_t lanes = 8;
constexpr std::size_t tile_rows = 6;
constexpr std::size_t tile_vectors = 2;
constexpr std::size_t step = 4;

inline __m256i first_lanes(std::size_t count) {
  auto const n = static_cast<int>(count < lanes ? count : lanes);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vec load(float const* from) {
  return _mm256_loadu_ps(from);
}
inline Vec load_part(float const* from, std::size_t count) {
  return _mm256_maskload_ps(from, first_lanes(count));
}
inline void store(float* to, Vec x) {
  _mm256_storeu_ps(to, x);
}
inline void store_part(float* to, Vec x, std::size_t count) {
  _mm256_maskstore_ps(to, first_lanes(count), x);
}
inline Vec keep(Vec x, std::size_t count) {
  return _mm256_and_ps(x, _mm256_castsi256_ps(first_lanes(count)));
}
inline Vec all(float x) {
  return _mm256_set1_ps(x);
}
inline Vec broadcast(float const* from) {
  return _mm256_broadcast_ss(from);
}
inline Vec fma(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Vec minimum(Vec a, Vec b) {
  return _mm256_min_ps(a, b);
}
inline Vec maximum(Vec a, Vec b) {
  return _mm256_max_ps(a, b);
}
inline Vec nearest(Vec x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec power_of_2(Vec n) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
inline Vec above_zero(Vec x, Vec yes, Vec no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ));
}
inline Vec square_root(Vec x) {
  return _mm256_sqrt_ps(x);
}
inline float sum(Vec x) {
  __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  y = _mm_add_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_add_ss(y, _mm_movehdup_ps(y)));
}

inline Vec round_to_bf16(Vec x) {
  __m256i const bits = _mm256_castps_si256(x);
  __m256i const even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i const rounded = _mm256_and_si256(
      _mm256_add_epi32(bits, _mm256_add_epi32(even, _mm256_set1_epi32(0x7fff))), _mm256_set1_epi32(-0x10000));
  return _mm256_blendv_ps(x, _mm256_castsi256_ps(rounded), _mm256_cmp_ps(x, x, _CMP_ORD_Q));
}
inline void transpose(Vec (&x)[lanes]) {
  Vec pair[lanes];
  for (std::size_t i = 0; i < lanes; i += 2) {
    pair[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
  }
  for (std::size_t i = 0; i < lanes; i += 4) {  // columns j and 4 + j of each four are in x[i + j]
    __m256d const a = _mm256_castps_pd(pair[i]);
    __m256d const b = _mm256_castps_pd(pair[i + 1]);
    __m256d const c = _mm256_castps_pd(pair[i + 2]);
    __m256d const d = _mm256_castps_pd(pair[i + 3]);
    x[i] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    x[i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    x[i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    x[i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
  }
  for (std::size_t j = 0; j < 4; ++j) {
    Vec const low = x[j];
    x[j] = _mm256_permute2f128_ps(low, x[4 + j], 0x20);
    x[4 + j] = _mm256_permute2f128_ps(low, x[4 + j], 0x31);
  }
}

#include "corpuscle/runtime/kernels/simd.inc"

}  // namespace

Kernels const& avx2_kernels() {
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
