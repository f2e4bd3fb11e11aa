#pragma once

#include <cstddef>
#include <cstdint>

#include "corpuscle/graph/operation.hpp"

/// The inner loops of inference, once for each instruction set. They know pointers and sizes only: files of
/// this folder are compiled for one instruction set each and must not share code with others.
///
/// Arrays are row-major, rows `stride` floats apart; columns between width and stride may be written. Every
/// row of a result is computed by the same operations in the same order wherever it lies and whatever lies
/// beside it, so results are the same to the bit for any batch on one instruction set.
namespace corpuscle::runtime {

/// Weights of a dense layer as kernels read them: columns in panels of `panel`, the last one narrower, of
/// which each is [n_in, columns of the panel]; columns are padded with zeros to `stride`.
///
/// In bf16 they are floats of 8 bits of mantissa in the same places, or, where `Kernels::pairs` says so,
/// 16-bit numbers with two rows together: [n_in / 2, columns of the panel, 2], n_in padded with zeros to
/// even.
struct PackedDense {
  std::size_t n_in = 0, n_out = 0;
  std::size_t stride = 0;  ///< n_out, up to a multiple of 16
  float const* weight = nullptr;
  std::uint16_t const* pairs = nullptr;
  float const* bias = nullptr;  ///< [stride]
};

struct DenseCall {
  PackedDense const* layer;
  graph::Function function;
  float const* x;
  std::size_t x_stride;
  float const* added;  ///< [rows, n_out] or null: added to the function
  std::size_t added_stride;
  float* y;  ///< may be `added`
  std::size_t y_stride;
  std::size_t rows;
  std::byte* scratch;  ///< 64-byte aligned, as dense_scratch says
};

/// softmax(scale q k^T) v of one event or window, for some of its rows.
struct AttentionCall {
  float const* q;  ///< [rows, heads d]
  std::size_t q_stride;
  float const* k;          ///< [keys, heads d]
  float const* v;          ///< [keys, heads d]
  std::size_t stride;      ///< of k and v
  std::size_t rows, keys;  ///< at least 1
  std::size_t heads, d;
  float* y;  ///< [rows, heads d]
  std::size_t y_stride;
  std::byte* scratch;  ///< 64-byte aligned, as attention_scratch says
};

struct Kernels {
  std::size_t panel;  ///< columns of PackedDense
  bool pairs;         ///< whether dense_bf16 reads PackedDense::pairs
  void (*dense)(DenseCall const& call);
  void (*dense_bf16)(DenseCall const& call);  ///< inputs and weights rounded to bf16, sums in float
  void (*attention)(AttentionCall const& call);
  /// y = (x - mean of row) / sqrt(variance of row + epsilon) * weight + bias
  void (*layer_norm)(float const* x, std::size_t x_stride, float const* weight, float const* bias,
                     float epsilon, float* y, std::size_t y_stride, std::size_t rows, std::size_t width);
  /// Of n numbers in a row; x may be y.
  void (*map)(graph::Function function, float const* x, float* y, std::size_t n);
  /// Columns j and j + d / 2 of a row's `blocks` blocks of d; the table has d / 2 cosines, then sines.
  void (*turn)(float const* x, std::size_t x_stride, float const* table, std::size_t table_stride, float* y,
               std::size_t y_stride, std::size_t rows, std::size_t blocks, std::size_t d);
  /// k_ij = exp(-0.1 sqrt(max(|x_i - x_j|^2, 1e-6))) of n rows with each other; exactly so for i = j.
  void (*pair_kernel)(float const* x, std::size_t x_stride, std::size_t n, std::size_t width, float* k,
                      std::size_t k_stride, std::byte* scratch);
  /// y = k x, where k is [n, n], of `columns` columns, a multiple of 16.
  void (*pair_sum)(float const* k, std::size_t k_stride, std::size_t n, float const* x, std::size_t x_stride,
                   std::size_t columns, float* y, std::size_t y_stride);
  std::size_t (*dense_scratch)(std::size_t rows, std::size_t n_in);   ///< bytes, for dense_bf16
  std::size_t (*attention_scratch)(std::size_t keys, std::size_t d);  ///< bytes
  std::size_t (*pair_scratch)(std::size_t n, std::size_t width);      ///< bytes, for pair_kernel
};

/// Plain loops, for any machine and for the reader: what the others must agree with.
Kernels const& scalar_kernels();
/// AVX2 and FMA.
Kernels const& avx2_kernels();
/// AVX-512 F, BW, DQ and VL.
Kernels const& avx512_kernels();
/// The same with the matrix products of AVX512-BF16.
Kernels const& avx512_bf16_kernels();

}  // namespace corpuscle::runtime
