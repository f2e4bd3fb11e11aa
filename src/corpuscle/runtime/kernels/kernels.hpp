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
  float const* x;  ///< [rows, n_in], for dense_bf16 as pack_bf16 leaves it
  std::size_t x_stride;
  float const* added;  ///< [rows, n_out] or null: added to the function
  std::size_t added_stride;
  float* y;  ///< may be `added`
  std::size_t y_stride;
  std::size_t rows;
};

/// softmax(q k^T / sqrt(d)) v of one event or window, for some of its rows.
struct AttentionCall {
  float const* q;  ///< [rows, heads d]
  std::size_t q_stride;
  float const* k;          ///< [keys, heads d], for attention_pack alone
  float const* v;          ///< likewise
  std::size_t stride;      ///< of k and v
  std::size_t rows, keys;  ///< at least 1
  std::size_t heads, d;
  float* y;  ///< [rows, heads d]
  std::size_t y_stride;
  std::byte* keys_of_all;  ///< 64-byte aligned, as attention_keys says: k and v as attention reads them
  std::byte* scratch;      ///< 64-byte aligned, as attention_scratch says
};

/// y = k x, where k is [n, n].
struct PairSumCall {
  float const* k;  ///< [n, n], for pair_sum_bf16 as pack_bf16 leaves it
  std::size_t k_stride;
  std::size_t n;
  float const* x;
  std::size_t x_stride;
  std::size_t columns;  ///< a multiple of 16
  float* y;
  std::size_t y_stride;
  std::byte* scratch;  ///< 64-byte aligned, as pair_sum_scratch says
};

/// sums += f^T v and totals += the sums of the columns of f, of one head.
struct KernelSumsCall {
  float const* f;  ///< [rows, features]
  std::size_t f_stride;
  float const* v;  ///< [rows, width]
  std::size_t v_stride;
  std::size_t rows, features, width;
  float* sums;    ///< [features, width]
  float* totals;  ///< [features]
};

/// y = (f sums / F) / (f totals / F + 1e-6) of one head with F features.
struct KernelReadoutCall {
  float const* f;  ///< [rows, features]
  std::size_t f_stride;
  float const* sums;    ///< [features, width]
  float const* totals;  ///< [features]
  std::size_t rows, features, width;
  float* y;  ///< [rows, width]
  std::size_t y_stride;
};

/// "In bf16": what is multiplied is rounded to 8 bits of mantissa, and summed in float.
struct Kernels {
  std::size_t panel;  ///< columns of PackedDense
  bool pairs;         ///< whether dense_bf16 reads PackedDense::pairs
  /// Rounds rows of n numbers to bf16, in the form in which other kernels of this set take them: n floats in
  /// a row or fewer. May be done in place.
  void (*pack_bf16)(float const* x, std::size_t x_stride, std::size_t rows, std::size_t n, float* to,
                    std::size_t to_stride);
  void (*dense)(DenseCall const& call);
  void (*dense_bf16)(DenseCall const& call);
  /// Puts k and v into keys_of_all, once for all rows that ask: k and v may be gone by then.
  void (*attention_pack)(AttentionCall const& call);
  void (*attention_pack_bf16)(AttentionCall const& call);
  void (*attention)(AttentionCall const& call);
  void (*attention_bf16)(AttentionCall const& call);  ///< weights are rounded, too
  /// y = (x - mean of row) / sqrt(variance of row + epsilon) * weight + bias
  void (*layer_norm)(float const* x, std::size_t x_stride, float const* weight, float const* bias,
                     float epsilon, float* y, std::size_t y_stride, std::size_t rows, std::size_t width);
  /// Of n numbers in a row; x may be y.
  void (*map)(graph::Function function, float const* x, float* y, std::size_t n);
  /// y = a + b of n numbers in a row; y may be a or b.
  void (*add)(float const* a, float const* b, float* y, std::size_t n);
  /// y = a + (b - a) c of n numbers in a row; y may be any of them.
  void (*blend)(float const* a, float const* b, float const* c, float* y, std::size_t n);
  /// y = exp(x - less) of n numbers in a row; x may be y.
  void (*exp_less)(float const* x, float less, float* y, std::size_t n);
  /// Columns j and j + d / 2 of a row's `blocks` blocks of d; the table has d / 2 cosines, then sines.
  void (*turn)(float const* x, std::size_t x_stride, float const* table, std::size_t table_stride, float* y,
               std::size_t y_stride, std::size_t rows, std::size_t blocks, std::size_t d);
  /// k_ij = exp(-0.1 sqrt(max(|x_i - x_j|^2, 1e-6))) of n rows with each other; exactly so for i = j.
  void (*pair_kernel)(float const* x, std::size_t x_stride, std::size_t n, std::size_t width, float* k,
                      std::size_t k_stride, std::byte* scratch);
  void (*pair_sum)(PairSumCall const& call);
  void (*pair_sum_bf16)(PairSumCall const& call);
  void (*kernel_sums)(KernelSumsCall const& call);
  void (*kernel_readout)(KernelReadoutCall const& call);
  std::size_t (*attention_keys)(std::size_t keys, std::size_t heads, std::size_t d);  ///< bytes
  std::size_t (*attention_scratch)(std::size_t keys, std::size_t d);                  ///< bytes
  std::size_t (*pair_scratch)(std::size_t n, std::size_t width);        ///< bytes, for pair_kernel
  std::size_t (*pair_sum_scratch)(std::size_t n, std::size_t columns);  ///< bytes, for pair_sum_bf16
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
