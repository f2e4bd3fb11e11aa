#pragma once

#include <cstddef>
#include <cstdint>

/// Attention of one head within one block of rows whose weights are products of features, and its derivative,
/// on a CPU and in float. As packed_attention.hpp: no LibTorch, the same bits whatever else is in a batch and
/// for any number of threads. LibTorch's operations are as fast on large blocks; events are small ones, of
/// many lengths. O(length features d). Thread-safe.
namespace corpuscle::model {

/// True for sizes that these can do: multiples of 16.
constexpr bool has_packed_kernel_attention(std::int64_t n_features, std::int64_t d) noexcept {
  return n_features > 0 && n_features % 16 == 0 && d > 0 && d % 16 == 0;
}

/// Where the rows of one head are: row i of a begins at a + i stride.
struct KernelAttentionInput {
  float const* q;  ///< features of queries, not negative
  float const* k;  ///< of keys
  float const* v;
  std::ptrdiff_t feature_stride;  ///< of q and k
  std::ptrdiff_t value_stride;    ///< of v, and of what comes out
  std::int64_t length;
  std::int64_t n_features;
  std::int64_t d;
};

/// out_i = q_i (sum_j k_j v_j^T) / (q_i sum_j k_j + 1e-6)
/// @param out     rows at value_stride
/// @param weight  [length] the denominators, for the derivative
void attend(KernelAttentionInput const& in, float* out, float* weight);

/// The derivatives by q, k and v: rows at feature_stride, feature_stride and value_stride.
/// @param out, out_gradient  rows at value_stride
void derive_attention(KernelAttentionInput const& in, float const* out, float const* out_gradient,
                      float const* weight, float* dq, float* dk, float* dv);

}  // namespace corpuscle::model
