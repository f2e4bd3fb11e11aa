// Every kernel as one would write it down: the reference for the others, and what runs on any machine.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "corpuscle/runtime/bf16.hpp"
#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {
namespace {

constexpr std::size_t panel = 16;

float apply(graph::Function function, float x) {
  switch (function) {
    case graph::Function::identity: return x;
    case graph::Function::gelu_tanh: {
      float const u = std::sqrt(2 / std::numbers::pi_v<float>) * (x + 0.044715F * x * x * x);
      return x / (1 + std::exp(-2 * u));
    }
    case graph::Function::elu: return x > 0 ? x : std::expm1(x);
    case graph::Function::sigmoid: return 1 / (1 + std::exp(-x));
  }
  return x;
}

float in_bf16(float x) {
  return from_bf16(to_bf16(x));
}

void pack_bf16(float const* x, std::size_t x_stride, std::size_t rows, std::size_t n, float* to,
               std::size_t to_stride) {
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t j = 0; j < n; ++j) to[row * to_stride + j] = in_bf16(x[row * x_stride + j]);
}

/// y = function(x W + bias) + added
void dense(DenseCall const& call) {
  PackedDense const& layer = *call.layer;
  for (std::size_t row = 0; row < call.rows; ++row) {
    float const* const x = call.x + row * call.x_stride;
    float* const y = call.y + row * call.y_stride;
    for (std::size_t first = 0; first < layer.stride; first += panel) {
      float const* const weight = layer.weight + first * layer.n_in;
      float sum[panel];
      std::copy_n(layer.bias + first, panel, sum);
      for (std::size_t k = 0; k < layer.n_in; ++k)
        for (std::size_t j = 0; j < panel; ++j) sum[j] += x[k] * weight[k * panel + j];
      for (std::size_t j = 0; j < panel; ++j) {
        y[first + j] = apply(call.function, sum[j]) +
                       (call.added == nullptr ? 0.F : call.added[row * call.added_stride + first + j]);
      }
    }
  }
}

void dense_bf16(DenseCall const& call) {
  dense(call);  // weights and x are rounded already
}

/// Keys as they are, then values.
void attention_pack(AttentionCall const& call) {
  std::size_t const width = call.heads * call.d;
  auto* to = reinterpret_cast<float*>(call.keys_of_all);
  for (float const* const from : {call.k, call.v})
    for (std::size_t key = 0; key < call.keys; ++key, to += width)
      std::copy_n(from + key * call.stride, width, to);
}

/// @param round  of what is multiplied
template <class Round>
void attend(AttentionCall const& call, Round const& round) {
  auto* const score = reinterpret_cast<float*>(call.scratch);
  std::size_t const width = call.heads * call.d;
  auto const* const keys = reinterpret_cast<float const*>(call.keys_of_all);
  float const* const values = keys + call.keys * width;
  float const scale = 1 / std::sqrt(static_cast<float>(call.d));
  for (std::size_t head = 0; head < call.heads; ++head) {
    for (std::size_t row = 0; row < call.rows; ++row) {
      float const* const q = call.q + row * call.q_stride + head * call.d;
      float highest = -INFINITY;
      for (std::size_t key = 0; key < call.keys; ++key) {
        float const* const k = keys + key * width + head * call.d;
        float product = 0;
        for (std::size_t j = 0; j < call.d; ++j) product += round(q[j]) * round(k[j]);
        score[key] = product;
        highest = std::max(highest, product);
      }
      float sum = 0;
      for (std::size_t key = 0; key < call.keys; ++key)
        sum += score[key] = std::exp((score[key] - highest) * scale);
      float* const y = call.y + row * call.y_stride + head * call.d;
      std::fill_n(y, call.d, 0.F);
      for (std::size_t key = 0; key < call.keys; ++key) {
        float const* const v = values + key * width + head * call.d;
        for (std::size_t j = 0; j < call.d; ++j) y[j] += round(score[key]) * round(v[j]);
      }
      for (std::size_t j = 0; j < call.d; ++j) y[j] /= sum;
    }
  }
}

void attention(AttentionCall const& call) {
  attend(call, [](float x) { return x; });
}

void attention_bf16(AttentionCall const& call) {
  attend(call, in_bf16);
}

void layer_norm(float const* x, std::size_t x_stride, float const* weight, float const* bias, float epsilon,
                float* y, std::size_t y_stride, std::size_t rows, std::size_t width) {
  for (; rows > 0; --rows, x += x_stride, y += y_stride) {
    float sum = 0;
    for (std::size_t j = 0; j < width; ++j) sum += x[j];
    float const mean = sum / static_cast<float>(width);
    float square = 0;
    for (std::size_t j = 0; j < width; ++j) square += (x[j] - mean) * (x[j] - mean);
    float const inverse = 1 / std::sqrt(square / static_cast<float>(width) + epsilon);
    for (std::size_t j = 0; j < width; ++j) y[j] = (x[j] - mean) * inverse * weight[j] + bias[j];
  }
}

void map(graph::Function function, float const* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = apply(function, x[i]);
}

void turn(float const* x, std::size_t x_stride, float const* table, std::size_t table_stride, float* y,
          std::size_t y_stride, std::size_t rows, std::size_t blocks, std::size_t d) {
  for (; rows > 0; --rows, x += x_stride, table += table_stride, y += y_stride) {
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::size_t j = 0; j < d / 2; ++j) {
        float const a = x[block * d + j];
        float const b = x[block * d + d / 2 + j];
        float const cosine = table[j];
        float const sine = table[d / 2 + j];
        y[block * d + j] = a * cosine - b * sine;
        y[block * d + d / 2 + j] = a * sine + b * cosine;
      }
    }
  }
}

void pair_kernel(float const* x, std::size_t x_stride, std::size_t n, std::size_t width, float* k,
                 std::size_t k_stride, std::byte*) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float distance2 = 0;
      for (std::size_t column = 0; column < width; ++column) {
        float const distance = x[i * x_stride + column] - x[j * x_stride + column];
        distance2 += distance * distance;
      }
      k[i * k_stride + j] = std::exp(-0.1F * std::sqrt(std::max(distance2, 1e-6F)));
    }
  }
}

template <class Round>
void sum_pairs(PairSumCall const& call, Round const& round) {
  for (std::size_t i = 0; i < call.n; ++i) {
    float* const y = call.y + i * call.y_stride;
    std::fill_n(y, call.columns, 0.F);
    for (std::size_t j = 0; j < call.n; ++j) {
      float const weight = round(call.k[i * call.k_stride + j]);
      for (std::size_t column = 0; column < call.columns; ++column)
        y[column] += weight * round(call.x[j * call.x_stride + column]);
    }
  }
}

void pair_sum(PairSumCall const& call) {
  sum_pairs(call, [](float x) { return x; });
}

void pair_sum_bf16(PairSumCall const& call) {
  sum_pairs(call, in_bf16);  // k once more, which changes nothing
}

void kernel_sums(KernelSumsCall const& call) {
  for (std::size_t row = 0; row < call.rows; ++row) {
    float const* const f = call.f + row * call.f_stride;
    float const* const v = call.v + row * call.v_stride;
    for (std::size_t k = 0; k < call.features; ++k) {
      for (std::size_t j = 0; j < call.width; ++j) call.sums[k * call.width + j] += f[k] * v[j];
      call.totals[k] += f[k];
    }
  }
}

void kernel_readout(KernelReadoutCall const& call) {
  float const scale = 1 / static_cast<float>(call.features);
  for (std::size_t row = 0; row < call.rows; ++row) {
    float const* const f = call.f + row * call.f_stride;
    float* const y = call.y + row * call.y_stride;
    std::fill_n(y, call.width, 0.F);
    float total = 0;
    for (std::size_t k = 0; k < call.features; ++k) {
      for (std::size_t j = 0; j < call.width; ++j) y[j] += f[k] * call.sums[k * call.width + j];
      total += f[k] * call.totals[k];
    }
    for (std::size_t j = 0; j < call.width; ++j) y[j] *= scale / (total * scale + 1e-6F);
  }
}

void add(float const* a, float const* b, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

void blend(float const* a, float const* b, float const* c, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + (b[i] - a[i]) * c[i];
}

void exp_less(float const* x, float less, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = std::exp(x[i] - less);
}

std::size_t pair_sum_scratch(std::size_t, std::size_t) {
  return 0;
}

std::size_t pair_scratch(std::size_t, std::size_t) {
  return 0;
}

std::size_t attention_keys(std::size_t keys, std::size_t heads, std::size_t d) {
  return 2 * keys * heads * d * sizeof(float);
}

std::size_t attention_scratch(std::size_t keys, std::size_t) {
  return keys * sizeof(float);
}

}  // namespace

Kernels const& scalar_kernels() {
  static constexpr Kernels kernels{.panel = panel,
                                   .pairs = false,
                                   .pack_bf16 = pack_bf16,
                                   .dense = dense,
                                   .dense_bf16 = dense_bf16,
                                   .attention_pack = attention_pack,
                                   .attention_pack_bf16 = attention_pack,
                                   .attention = attention,
                                   .attention_bf16 = attention_bf16,
                                   .layer_norm = layer_norm,
                                   .map = map,
                                   .add = add,
                                   .blend = blend,
                                   .exp_less = exp_less,
                                   .turn = turn,
                                   .pair_kernel = pair_kernel,
                                   .pair_sum = pair_sum,
                                   .pair_sum_bf16 = pair_sum_bf16,
                                   .kernel_sums = kernel_sums,
                                   .kernel_readout = kernel_readout,
                                   .attention_keys = attention_keys,
                                   .attention_scratch = attention_scratch,
                                   .pair_scratch = pair_scratch,
                                   .pair_sum_scratch = pair_sum_scratch};
  return kernels;
}

}  // namespace corpuscle::runtime
