#pragma once

#include <cstddef>
#include <cstdint>

/// Softmax attention of one head within one block of rows, and its derivative, on a CPU and in float.
///
/// The scores are never stored: a tile of 16 queries goes over the keys, with the sum of exponentials as it
/// goes (arXiv:2112.05682, arXiv:2205.14135), and the derivative makes them again. No row of another block
/// takes part, and every sum has one order: the same bits whatever else is in a batch, and for any number of
/// threads. The code is compiled for several CPUs, of which the best is taken; the bits are the same on all.
///
/// Needs no LibTorch, whose own attention takes twice as long and more here (docs/benchmarks.md): it
/// multiplies small matrices by calls made for large ones. O(length^2 d), memory O(length d). Thread-safe.
namespace corpuscle::model {

/// True for sizes of a head that these can do: multiples of 16.
constexpr bool has_packed_attention(std::int64_t d) noexcept {
  return d > 0 && d % 16 == 0;
}

/// Where the rows of one head are: row i of q begins at q + i stride, those of k and v likewise; each has d
/// numbers.
struct AttentionInput {
  float const* q;
  float const* k;
  float const* v;
  std::ptrdiff_t stride;
  std::int64_t length;
  std::int64_t d;
};

/// out_i = sum_j softmax_j(q_i k_j / sqrt(d)) v_j
/// @param out      row i begins at out + i out_stride
/// @param log_sum  [length] log2 of the sum of exponentials, for the derivative
void attend(AttentionInput const& in, float* out, std::ptrdiff_t out_stride, float* log_sum);

/// The derivatives by q, k and v.
/// @param out, out_gradient  rows at out_stride
/// @param dq, dk, dv         out: rows at in.stride
void derive_attention(AttentionInput const& in, float const* out, float const* out_gradient,
                      std::ptrdiff_t out_stride, float const* log_sum, float* dq, float* dk, float* dv);

}  // namespace corpuscle::model
