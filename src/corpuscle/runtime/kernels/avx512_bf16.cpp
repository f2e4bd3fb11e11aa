// Compiled with -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16.
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

// x in bf16: rows of up_to(n_in, 32), so that rows are whole cache lines.

std::size_t bf16_stride(std::size_t n_in) {
  return up_to(n_in, 32);
}

std::size_t dense_bf16_scratch(std::size_t rows, std::size_t n_in) {
  return rows * bf16_stride(n_in) * sizeof(std::uint16_t);
}

void round_to_bf16(DenseCall const& call, std::uint16_t* to) {
  std::size_t const n_in = call.layer->n_in;
  std::size_t const stride = bf16_stride(n_in);
  for (std::size_t row = 0; row < call.rows; ++row) {
    float const* const x = call.x + row * call.x_stride;
    for (std::size_t k = 0; k < stride; k += 2 * lanes) {
      Vec const low = k < n_in ? load_part(x + k, n_in - k) : all(0.F);
      Vec const high = k + lanes < n_in ? load_part(x + k + lanes, n_in - k - lanes) : all(0.F);
      __m512bh const both = _mm512_cvtne2ps_pbh(high, low);
      __builtin_memcpy(to + row * stride + k, &both, sizeof(both));
    }
  }
}

template <std::size_t rows, std::size_t vectors>
inline void add_product_bf16(std::uint16_t const* x, std::size_t x_stride, std::uint16_t const* w,
                             std::size_t w_stride, std::size_t n, Vec (&sums)[rows][vectors]) {
  for (; n > 0; --n, x += 2, w += 2 * w_stride) {
    __m512bh right[vectors];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < vectors; ++j)
      __builtin_memcpy(&right[j], w + 2 * j * lanes, sizeof(__m512bh));
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i) {
      int pair = 0;
      __builtin_memcpy(&pair, x + i * x_stride, sizeof(pair));
      auto const left = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 16
      for (std::size_t j = 0; j < vectors; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], left, right[j]);
    }
  }
}

void dense_bf16(DenseCall const& call) {
  PackedDense const& layer = *call.layer;
  auto* const x = reinterpret_cast<std::uint16_t*>(call.scratch);
  round_to_bf16(call, x);
  std::size_t const x_stride = bf16_stride(layer.n_in);
  std::size_t const n_pairs = (layer.n_in + 1) / 2;
  with_function(call.function, [&]<graph::Function function>() {
    for_each_tile(
        call.rows, layer.stride,
        [&]<std::size_t rows, std::size_t vectors>(std::size_t row, std::size_t column, std::size_t columns) {
          std::size_t const first = column / panel * panel;
          Vec sums[rows][vectors];
#pragma GCC unroll 16
          for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 16
            for (std::size_t j = 0; j < vectors; ++j) sums[i][j] = load(layer.bias + column + j * lanes);
          }
          add_product_bf16(x + row * x_stride, x_stride,
                           layer.pairs + first * 2 * n_pairs + 2 * (column - first), columns, n_pairs, sums);
          finish<function>(call, row, column, sums);
        });
  });
}

}  // namespace

Kernels const& avx512_bf16_kernels() {
  static constexpr Kernels kernels{
      panel, true,        dense,    dense_bf16,         attention,         layer_norm,  map,
      turn,  pair_kernel, pair_sum, dense_bf16_scratch, attention_scratch, pair_scratch};
  return kernels;
}

}  // namespace corpuscle::runtime
