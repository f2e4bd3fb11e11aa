// Loops over pairs of rows: measure before changing. With products and sums in one instruction
// (-ffp-contract=fast) it would take a tenth less, and CPUs would differ in their bits.
#include "corpuscle/model/packed_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "corpuscle/model/lanes.hpp"

namespace corpuscle::model {
namespace {

// A tile has as many queries as there are lanes.
constexpr std::int64_t chunk = 128;    // keys at a time: 8 kB of scores, as much of k and v
constexpr std::int64_t at_a_time = 8;  // keys that one pass over q, in registers, goes with

/// [n, d] from rows at a stride, with rows of zeros up to a multiple of `at_a_time`.
std::vector<float> pack(float const* rows, std::ptrdiff_t stride, std::int64_t n, std::int64_t d) {
  std::vector<float> packed(static_cast<std::size_t>((n + at_a_time - 1) / at_a_time * at_a_time * d));
  for (std::int64_t i = 0; i < n; ++i) std::copy_n(rows + i * stride, d, packed.data() + i * d);
  return packed;
}

/// [d, lanes] times `factor` from up to `lanes` rows; the rest is 0.
CORPUSCLE_INLINE void transpose(float const* rows, std::ptrdiff_t stride, std::int64_t n, std::int64_t d,
                                float factor, float* out) {
  std::fill_n(out, d * lanes, 0.F);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t c = 0; c < d; ++c) out[c * lanes + i] = factor * rows[i * stride + c];
}

/// scores[j] = sum_c tile[c] rows[j][c], for n rows rounded up.
CORPUSCLE_INLINE void multiply(float const* tile, float const* rows, std::int64_t n, std::int64_t d,
                               float* scores) {
  for (std::int64_t j = 0; j < n; j += at_a_time) {
    Lanes sum[at_a_time] = {};
    float const* row = rows + j * d;
    for (std::int64_t c = 0; c < d; ++c) {
      Lanes x;
      load(tile + c * lanes, x);
      for (std::int64_t i = 0; i < at_a_time; ++i) sum[i] += x * row[i * d + c];
    }
    for (std::int64_t i = 0; i < at_a_time; ++i) store(sum[i], scores + (j + i) * lanes);
  }
}

/// sums[c] = factor sums[c] + sum_j weights[j] rows[j][c]
CORPUSCLE_INLINE void accumulate(float const* weights, float const* rows, std::int64_t n, std::int64_t d,
                                 Lanes const& factor, float* sums) {
  for (std::int64_t c = 0; c < d; c += lanes) {
    Lanes sum[lanes];
    for (std::int64_t i = 0; i < lanes; ++i) {
      load(sums + (c + i) * lanes, sum[i]);
      sum[i] *= factor;
    }
    for (std::int64_t j = 0; j < n; ++j) {
      Lanes weight;
      load(weights + j * lanes, weight);
      float const* row = rows + j * d + c;
      for (std::int64_t i = 0; i < lanes; ++i) sum[i] += weight * row[i];
    }
    for (std::int64_t i = 0; i < lanes; ++i) store(sum[i], sums + (c + i) * lanes);
  }
}

/// sums[j][c] += sum_i weights[j][i] tile[i][c], where the tile has a row per query; n rows rounded up.
CORPUSCLE_INLINE void accumulate_transposed(float const* weights, float const* tile, std::int64_t n,
                                            std::int64_t d, float* sums) {
  for (std::int64_t c = 0; c < d; c += lanes)
    for (std::int64_t j = 0; j < n; j += at_a_time) {
      Lanes sum[at_a_time];
      for (std::int64_t k = 0; k < at_a_time; ++k) load(sums + (j + k) * d + c, sum[k]);
      for (std::int64_t i = 0; i < lanes; ++i) {
        Lanes x;
        load(tile + i * d + c, x);
        for (std::int64_t k = 0; k < at_a_time; ++k) sum[k] += x * weights[(j + k) * lanes + i];
      }
      for (std::int64_t k = 0; k < at_a_time; ++k) store(sum[k], sums + (j + k) * d + c);
    }
}

float scale_of(std::int64_t d) {
  return 1 / std::sqrt(static_cast<float>(d));
}

CORPUSCLE_INLINE void forward(AttentionInput const& in, float* out, std::ptrdiff_t out_stride,
                              float* log_sum) {
  std::int64_t const d = in.d;
  std::vector<float> const k = pack(in.k, in.stride, in.length, d);
  std::vector<float> const v = pack(in.v, in.stride, in.length, d);
  std::vector<float> q(static_cast<std::size_t>(d * lanes)), sums(q.size());
  std::vector<float> scores(static_cast<std::size_t>(chunk * lanes));
  float const factor = scale_of(d) * std::numbers::log2e_v<float>;
  for (std::int64_t first = 0; first < in.length; first += lanes) {
    std::int64_t const n = std::min(lanes, in.length - first);
    transpose(in.q + first * in.stride, in.stride, n, d, factor, q.data());
    std::fill(sums.begin(), sums.end(), 0.F);
    Lanes highest = Lanes{} - std::numeric_limits<float>::max();
    Lanes total = {};
    for (std::int64_t begin = 0; begin < in.length; begin += chunk) {
      std::int64_t const n_keys = std::min(chunk, in.length - begin);
      multiply(q.data(), k.data() + begin * d, n_keys, d, scores.data());
      Lanes const before = highest;
      for (std::int64_t j = 0; j < n_keys; ++j) {
        Lanes score;
        load(scores.data() + j * lanes, score);
        highest = score > highest ? score : highest;
      }
      Lanes shrink;
      exp2(before - highest, shrink);
      total *= shrink;
      for (std::int64_t j = 0; j < n_keys; ++j) {
        Lanes weight;
        load(scores.data() + j * lanes, weight);
        exp2(weight - highest, weight);
        total += weight;
        store(weight, scores.data() + j * lanes);
      }
      accumulate(scores.data(), v.data() + begin * d, n_keys, d, shrink, sums.data());
    }
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t c = 0; c < d; ++c)
        out[(first + i) * out_stride + c] = sums[static_cast<std::size_t>(c * lanes + i)] / total[i];
      log_sum[first + i] = highest[i] + std::log2(total[i]);
    }
  }
}

CORPUSCLE_INLINE void backward(AttentionInput const& in, float const* out, float const* out_gradient,
                               std::ptrdiff_t out_stride, float const* log_sum, float* dq, float* dk,
                               float* dv) {
  std::int64_t const d = in.d;
  std::vector<float> const k = pack(in.k, in.stride, in.length, d);
  std::vector<float> const v = pack(in.v, in.stride, in.length, d);
  std::vector<float> k_sums(k.size()), v_sums(v.size());
  auto const tile = static_cast<std::size_t>(d * lanes);
  std::vector<float> q(tile), q_rows(tile), q_sums(tile), gradient(tile), gradient_rows(tile);
  std::vector<float> weights(static_cast<std::size_t>(chunk * lanes)), scores(weights.size());
  float const scale = scale_of(d);
  for (std::int64_t first = 0; first < in.length; first += lanes) {
    std::int64_t const n = std::min(lanes, in.length - first);
    transpose(in.q + first * in.stride, in.stride, n, d, scale * std::numbers::log2e_v<float>, q.data());
    transpose(out_gradient + first * out_stride, out_stride, n, d, 1, gradient.data());
    std::fill(q_sums.begin(), q_sums.end(), 0.F);
    std::fill(q_rows.begin(), q_rows.end(), 0.F);
    std::fill(gradient_rows.begin(), gradient_rows.end(), 0.F);
    Lanes logs = {}, mean = {};  // the mean of the derivatives by the weights, over the keys
    for (std::int64_t i = 0; i < n; ++i) {
      float const* row = out + (first + i) * out_stride;
      float const* row_gradient = out_gradient + (first + i) * out_stride;
      float const* query = in.q + (first + i) * in.stride;
      for (std::int64_t c = 0; c < d; ++c) {
        mean[i] += row[c] * row_gradient[c];
        q_rows[static_cast<std::size_t>(i * d + c)] = scale * query[c];
        gradient_rows[static_cast<std::size_t>(i * d + c)] = row_gradient[c];
      }
      logs[i] = log_sum[first + i];
    }
    for (std::int64_t begin = 0; begin < in.length; begin += chunk) {
      std::int64_t const n_keys = std::min(chunk, in.length - begin);
      multiply(q.data(), k.data() + begin * d, n_keys, d, weights.data());
      multiply(gradient.data(), v.data() + begin * d, n_keys, d, scores.data());
      for (std::int64_t j = 0; j < n_keys; ++j) {
        Lanes weight;
        load(weights.data() + j * lanes, weight);
        exp2(weight - logs, weight);
        store(weight, weights.data() + j * lanes);
        Lanes gradient_of_score;
        load(scores.data() + j * lanes, gradient_of_score);
        store(weight * (gradient_of_score - mean), scores.data() + j * lanes);
      }
      accumulate(scores.data(), k.data() + begin * d, n_keys, d, Lanes{} + 1.F, q_sums.data());
      // What lies behind the last key goes into rows of sums that nobody reads.
      accumulate_transposed(scores.data(), q_rows.data(), n_keys, d, k_sums.data() + begin * d);
      accumulate_transposed(weights.data(), gradient_rows.data(), n_keys, d, v_sums.data() + begin * d);
    }
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t c = 0; c < d; ++c)
        dq[(first + i) * in.stride + c] = scale * q_sums[static_cast<std::size_t>(c * lanes + i)];
  }
  for (std::int64_t j = 0; j < in.length; ++j) {
    std::copy_n(k_sums.data() + j * d, d, dk + j * in.stride);
    std::copy_n(v_sums.data() + j * d, d, dv + j * in.stride);
  }
}

// The same code for several CPUs.
#ifdef __x86_64__
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void forward_v4(AttentionInput const& in, float* out,
                                                                std::ptrdiff_t out_stride, float* log_sum) {
  forward(in, out, out_stride, log_sum);
}
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void forward_v3(AttentionInput const& in, float* out,
                                                                std::ptrdiff_t out_stride, float* log_sum) {
  forward(in, out, out_stride, log_sum);
}
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void backward_v4(AttentionInput const& in, float const* out,
                                                                 float const* out_gradient,
                                                                 std::ptrdiff_t out_stride,
                                                                 float const* log_sum, float* dq, float* dk,
                                                                 float* dv) {
  backward(in, out, out_gradient, out_stride, log_sum, dq, dk, dv);
}
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void backward_v3(AttentionInput const& in, float const* out,
                                                                 float const* out_gradient,
                                                                 std::ptrdiff_t out_stride,
                                                                 float const* log_sum, float* dq, float* dk,
                                                                 float* dv) {
  backward(in, out, out_gradient, out_stride, log_sum, dq, dk, dv);
}
#endif

}  // namespace

void attend(AttentionInput const& in, float* out, std::ptrdiff_t out_stride, float* log_sum) {
#ifdef __x86_64__
  if (has_v4) return forward_v4(in, out, out_stride, log_sum);
  if (has_v3) return forward_v3(in, out, out_stride, log_sum);
#endif
  forward(in, out, out_stride, log_sum);
}

void derive_attention(AttentionInput const& in, float const* out, float const* out_gradient,
                      std::ptrdiff_t out_stride, float const* log_sum, float* dq, float* dk, float* dv) {
#ifdef __x86_64__
  if (has_v4) return backward_v4(in, out, out_gradient, out_stride, log_sum, dq, dk, dv);
  if (has_v3) return backward_v3(in, out, out_gradient, out_stride, log_sum, dq, dk, dv);
#endif
  backward(in, out, out_gradient, out_stride, log_sum, dq, dk, dv);
}

}  // namespace corpuscle::model
