#include "corpuscle/model/packed_kernel_attention.hpp"

#include <vector>

#include "corpuscle/model/lanes.hpp"

namespace corpuscle::model {
namespace {

/// A matrix of which element (r, c) is at[r row + c column].
struct Strided {
  float const* at;
  std::ptrdiff_t row, column;
};

/// c[r][b] = sum_a x(r, a) y[a][b]; rows of y and c at their strides, n_b a multiple of 16. Each sum goes
/// from the first a to the last.
CORPUSCLE_INLINE void multiply(Strided const& x, float const* y, std::ptrdiff_t y_stride, std::int64_t n_rows,
                               std::int64_t n_a, std::int64_t n_b, float* c, std::ptrdiff_t c_stride) {
  constexpr std::int64_t height = 8;
  for (std::int64_t b = 0; b < n_b; b += lanes)
    for (std::int64_t first = 0; first < n_rows; first += height) {
      std::int64_t const n = n_rows - first < height ? n_rows - first : height;
      Lanes sum[height] = {};
      // The last tile takes its last row several times, so that the compiler keeps the sums in registers.
      float const* row[height];
      for (std::int64_t i = 0; i < height; ++i) row[i] = x.at + (first + (i < n ? i : n - 1)) * x.row;
      for (std::int64_t a = 0; a < n_a; ++a) {
        Lanes values;
        load(y + a * y_stride + b, values);
        for (std::int64_t i = 0; i < height; ++i) sum[i] += values * row[i][a * x.column];
      }
      for (std::int64_t i = 0; i < n; ++i) store(sum[i], c + (first + i) * c_stride + b);
    }
}

/// The product of rows of n numbers, a multiple of 16: sixteen sums, then one.
CORPUSCLE_INLINE float dot(float const* a, float const* b, std::int64_t n) {
  Lanes sum = {};
  for (std::int64_t c = 0; c < n; c += lanes) {
    Lanes x, y;
    load(a + c, x);
    load(b + c, y);
    sum += x * y;
  }
  float total = 0;
  for (std::int64_t i = 0; i < lanes; ++i) total += sum[i];
  return total;
}

/// sums[c] += factor row[c]
CORPUSCLE_INLINE void add(float const* row, float factor, std::int64_t n, float* sums) {
  for (std::int64_t c = 0; c < n; c += lanes) {
    Lanes x, sum;
    load(row + c, x);
    load(sums + c, sum);
    store(sum + x * factor, sums + c);
  }
}

std::vector<float> zeros(std::int64_t n) {
  return std::vector<float>(static_cast<std::size_t>(n));
}

/// What all queries share: sum_j k_j v_j^T, [features, d], and sum_j k_j.
struct Sums {
  std::vector<float> product, key;
};

CORPUSCLE_INLINE Sums sums_of(KernelAttentionInput const& in) {
  Sums sums{zeros(in.n_features * in.d), zeros(in.n_features)};
  multiply({in.k, 1, in.feature_stride}, in.v, in.value_stride, in.n_features, in.length, in.d,
           sums.product.data(), in.d);
  for (std::int64_t j = 0; j < in.length; ++j)
    add(in.k + j * in.feature_stride, 1, in.n_features, sums.key.data());
  return sums;
}

CORPUSCLE_INLINE void forward(KernelAttentionInput const& in, float* out, float* weight) {
  constexpr float epsilon = 1e-6F;
  Sums const sums = sums_of(in);
  multiply({in.q, in.feature_stride, 1}, sums.product.data(), in.d, in.length, in.n_features, in.d, out,
           in.value_stride);
  for (std::int64_t i = 0; i < in.length; ++i) {
    weight[i] = dot(in.q + i * in.feature_stride, sums.key.data(), in.n_features) + epsilon;
    float* const row = out + i * in.value_stride;
    for (std::int64_t c = 0; c < in.d; ++c) row[c] /= weight[i];
  }
}

CORPUSCLE_INLINE void backward(KernelAttentionInput const& in, float const* out, float const* out_gradient,
                               float const* weight, float* dq, float* dk, float* dv) {
  std::int64_t const n = in.length, f = in.n_features, d = in.d;
  Sums const sums = sums_of(in);
  // Derivatives by the numerators, [n, d], and by the denominators, [n].
  std::vector<float> numerator = zeros(n * d), denominator = zeros(n);
  for (std::int64_t i = 0; i < n; ++i) {
    float const* const gradient = out_gradient + i * in.value_stride;
    float* const row = numerator.data() + i * d;
    for (std::int64_t c = 0; c < d; ++c) row[c] = gradient[c] / weight[i];
    denominator[static_cast<std::size_t>(i)] = -dot(row, out + i * in.value_stride, d);
  }
  std::vector<float> transposed = zeros(d * f);
  auto const transpose = [&](std::vector<float> const& from) {  // [features, d]
    for (std::int64_t a = 0; a < f; ++a)
      for (std::int64_t c = 0; c < d; ++c)
        transposed[static_cast<std::size_t>(c * f + a)] = from[static_cast<std::size_t>(a * d + c)];
  };
  transpose(sums.product);
  multiply({numerator.data(), d, 1}, transposed.data(), f, n, d, f, dq, in.feature_stride);
  for (std::int64_t i = 0; i < n; ++i)
    add(sums.key.data(), denominator[static_cast<std::size_t>(i)], f, dq + i * in.feature_stride);

  std::vector<float> product = zeros(f * d), key = zeros(f);
  multiply({in.q, 1, in.feature_stride}, numerator.data(), d, f, n, d, product.data(), d);
  for (std::int64_t i = 0; i < n; ++i)
    add(in.q + i * in.feature_stride, denominator[static_cast<std::size_t>(i)], f, key.data());
  multiply({in.k, in.feature_stride, 1}, product.data(), d, n, f, d, dv, in.value_stride);
  transpose(product);
  multiply({in.v, in.value_stride, 1}, transposed.data(), f, n, d, f, dk, in.feature_stride);
  for (std::int64_t j = 0; j < n; ++j) add(key.data(), 1, f, dk + j * in.feature_stride);
}

// The same code for several CPUs.
#ifdef __x86_64__
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void forward_v4(KernelAttentionInput const& in, float* out,
                                                                float* weight) {
  forward(in, out, weight);
}
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void forward_v3(KernelAttentionInput const& in, float* out,
                                                                float* weight) {
  forward(in, out, weight);
}
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void backward_v4(KernelAttentionInput const& in,
                                                                 float const* out, float const* out_gradient,
                                                                 float const* weight, float* dq, float* dk,
                                                                 float* dv) {
  backward(in, out, out_gradient, weight, dq, dk, dv);
}
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void backward_v3(KernelAttentionInput const& in,
                                                                 float const* out, float const* out_gradient,
                                                                 float const* weight, float* dq, float* dk,
                                                                 float* dv) {
  backward(in, out, out_gradient, weight, dq, dk, dv);
}
#endif

}  // namespace

void attend(KernelAttentionInput const& in, float* out, float* weight) {
#ifdef __x86_64__
  if (has_v4) return forward_v4(in, out, weight);
  if (has_v3) return forward_v3(in, out, weight);
#endif
  forward(in, out, weight);
}

void derive_attention(KernelAttentionInput const& in, float const* out, float const* out_gradient,
                      float const* weight, float* dq, float* dk, float* dv) {
#ifdef __x86_64__
  if (has_v4) return backward_v4(in, out, out_gradient, weight, dq, dk, dv);
  if (has_v3) return backward_v3(in, out, out_gradient, weight, dq, dk, dv);
#endif
  backward(in, out, out_gradient, weight, dq, dk, dv);
}

}  // namespace corpuscle::model
