// Compiled with -mavx2 -mfma.
#include <immintrin.h>

#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {
namespace {

using Vec = __m256;
constexpr std::size_t lanes = 8;
constexpr std::size_t tile_rows = 6;
constexpr std::size_t tile_vectors = 2;

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
inline Vec keep_or(Vec x, std::size_t count, Vec other) {
  return _mm256_blendv_ps(other, x, _mm256_castsi256_ps(first_lanes(count)));
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
inline float first_lane(Vec x) {
  return _mm256_cvtss_f32(x);
}
inline float sum(Vec x) {
  __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  y = _mm_add_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_add_ss(y, _mm_movehdup_ps(y)));
}
inline float highest(Vec x) {
  __m128 y = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  y = _mm_max_ps(y, _mm_movehl_ps(y, y));
  return _mm_cvtss_f32(_mm_max_ss(y, _mm_movehdup_ps(y)));
}

#include "corpuscle/runtime/kernels/simd.inc"

}  // namespace

Kernels const& avx2_kernels() {
  static constexpr Kernels kernels{
      panel, false,       dense,    dense_rounded, attention,         layer_norm,  map,
      turn,  pair_kernel, pair_sum, dense_scratch, attention_scratch, pair_scratch};
  return kernels;
}

}  // namespace corpuscle::runtime
