// One step of training, forward and backward, of the networks of Corpuscle, and of softmax attention with
// padding as eager PyTorch is used. Arguments: events per batch, shortest and longest event, and for steps 1
// for matrix products in bf16.
#include <ATen/autocast_mode.h>
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/network.hpp"

namespace corpuscle::model {
namespace {

Batch make_batch(std::int64_t n_events, std::int64_t shortest, std::int64_t longest, std::int64_t n_features,
                 std::uint64_t seed) {
  core::Random random({seed});
  Batch batch;
  batch.offsets.push_back(0);
  for (std::int64_t i = 0; i < n_events; ++i)
    batch.offsets.push_back(batch.offsets.back() +
                            static_cast<std::int64_t>(random.uniform(double(shortest), double(longest) + 1)));
  std::int64_t const n = batch.offsets.back();
  batch.features = torch::empty({n, n_features});
  batch.type = torch::empty({n}, torch::kInt64);
  auto* x = batch.features.data_ptr<float>();
  for (std::int64_t row = 0; row < n; ++row, x += n_features) {
    for (std::int64_t column = 0; column < n_features; ++column)
      x[column] = static_cast<float>(random.normal());
    double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    x[1] = static_cast<float>(random.exponential() + 0.1);
    x[2] = static_cast<float>(random.uniform(-2, 2));
    x[3] = static_cast<float>(std::sin(phi));
    x[4] = static_cast<float>(std::cos(phi));
    x[5] = x[1] * std::cosh(x[2]);
    batch.type.data_ptr<std::int64_t>()[row] = random.uniform() < 0.5 ? 0 : 1;
  }
  return batch;
}

/// Runs steps, which give a number, on batches that differ, and counts events.
void measure(benchmark::State& state, std::int64_t n_features,
             std::function<float(Batch const&)> const& step) {
  at::set_num_threads(1);
  flush_subnormals();
  keep_memory();
  std::vector<Batch> batches;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    batches.push_back(make_batch(state.range(0), state.range(1), state.range(2), n_features, seed));
  if (!std::isfinite(step(batches[0]))) {
    state.SkipWithError("the loss is not finite");
    return;
  }
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(step(batches[++i % batches.size()]));
  state.counters["events"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                                                benchmark::Counter::kIsRate);
}

/// One step. @param in_16_bits  whether matrix products are taken in bf16
float derive(std::function<torch::Tensor()> const& forward, bool in_16_bits) {
  at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
  at::autocast::set_autocast_enabled(torch::kCPU, in_16_bits);
  torch::Tensor const outputs = forward();
  at::autocast::set_autocast_enabled(torch::kCPU, false);
  at::autocast::clear_cache();
  torch::Tensor const loss = outputs.to(torch::kFloat).square().mean();
  loss.backward();
  return loss.item<float>();
}

float sum_of(torch::Tensor const& outputs) {
  return outputs.sum().item<float>();
}

template <class Config>
void ours(benchmark::State& state) {
  std::int64_t const n_features = std::is_same_v<Config, WindowTransformerConfig> ? 29 : 17;
  auto const network = make_network({n_features, 2, Config{}}, 1);
  measure(state, n_features, [&](Batch const& batch) {
    network->zero_grad();
    return derive([&] { return network->forward(batch); }, state.range(3) != 0);
  });
}

void short_events(benchmark::internal::Benchmark* b) {
  b->Args({64, 50, 150, 0})->Args({64, 50, 150, 1})->Unit(benchmark::kMillisecond);
}
void long_events(benchmark::internal::Benchmark* b) {
  b->Args({8, 640, 1280, 0})->Args({8, 640, 1280, 1})->Args({4, 1280, 1280, 0})->Args({4, 1280, 1280, 1});
}
BENCHMARK(ours<WindowTransformerConfig>)->Apply(short_events)->Args({4, 5000, 10'000, 0});
BENCHMARK(ours<GnnLshConfig>)->Apply(short_events);
BENCHMARK(ours<KernelTransformerConfig>)->Apply(short_events);
BENCHMARK(ours<AttentionConfig>)->Apply(short_events)->Apply(long_events);

template <class Config>
void forward_of_one_event(benchmark::State& state) {
  std::int64_t const n_features = std::is_same_v<Config, WindowTransformerConfig> ? 29 : 17;
  auto const network = make_network({n_features, 2, Config{}}, 1);
  network->eval();
  torch::InferenceMode const inference;
  measure(state, n_features, [&](Batch const& batch) { return sum_of(network->forward(batch)); });
}
BENCHMARK(forward_of_one_event<WindowTransformerConfig>)
    ->Args({1, 100, 100})
    ->Args({1, 10'000, 10'000})
    ->Args({1, 100'000, 100'000})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(forward_of_one_event<GnnLshConfig>)
    ->Args({1, 100, 100})
    ->Args({1, 10'000, 10'000})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(forward_of_one_event<KernelTransformerConfig>)->Args({1, 100, 100})->Unit(benchmark::kMillisecond);
BENCHMARK(forward_of_one_event<AttentionConfig>)->Args({1, 100, 100})->Unit(benchmark::kMillisecond);

/// The trunk of AttentionConfig as one writes it first: events padded to the longest, padding masked. Its
/// heads are one feed-forward part of as many parameters, on all rows, padding included.
class Padded : public torch::nn::Module {
 public:
  Padded() {
    for (int i = 0; i < 5; ++i) {
      norm_.push_back(register_module("n" + std::to_string(i),
                                      torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}))));
      second_norm_.push_back(register_module("m" + std::to_string(i),
                                             torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}))));
      qkv_.push_back(register_module("q" + std::to_string(i), torch::nn::Linear(width, 3 * width)));
      output_.push_back(register_module("o" + std::to_string(i), torch::nn::Linear(width, width)));
      first_.push_back(register_module("a" + std::to_string(i), torch::nn::Linear(width, width)));
      second_.push_back(register_module("b" + std::to_string(i), torch::nn::Linear(width, width)));
    }
    for (int i = 0; i < 2; ++i) {
      key_value_.push_back(register_module("k" + std::to_string(i), torch::nn::Linear(width, 2 * width)));
      query_.push_back(register_parameter("p" + std::to_string(i), torch::randn(width)));
    }
    embed_ = register_module("e", torch::nn::Linear(17, width));
    embed2_ = register_module("f", torch::nn::Linear(width, 2 * width));
    for (int i = 0; i < 9; ++i) {
      head_.push_back(register_module("h" + std::to_string(i), torch::nn::Linear(width, width)));
      head_norm_.push_back(register_module("i" + std::to_string(i),
                                           torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}))));
      last_.push_back(register_module("l" + std::to_string(i), torch::nn::Linear(width, 2)));
    }
  }

  torch::Tensor forward(torch::Tensor const& x, torch::Tensor const& mask) {
    torch::Tensor h = embed2_(torch::elu(embed_(x))).slice(-1, 0, width);
    torch::Tensor const keys = mask.view({x.size(0), 1, 1, x.size(1)});
    for (std::size_t i = 0; i < 3; ++i) {
      auto const parts = qkv_[i](norm_[i](h)).unflatten(-1, {3, heads, -1}).permute({2, 0, 3, 1, 4});
      h = h + output_[i](torch::scaled_dot_product_attention(parts[0], parts[1], parts[2], keys)
                             .transpose(1, 2)
                             .flatten(2));
      h = h + torch::elu(second_[i](torch::elu(first_[i](second_norm_[i](h)))));
    }
    std::vector<torch::Tensor> outputs;
    for (std::size_t i = 3; i < 5; ++i) {  // the readouts: one query per event
      auto const parts =
          key_value_[i - 3](norm_[i](h)).unflatten(-1, {2, heads, -1}).permute({2, 0, 3, 1, 4});
      torch::Tensor const query =
          query_[i - 3].view({1, heads, 1, width / heads}).expand({x.size(0), -1, -1, -1});
      torch::Tensor const answer =
          torch::scaled_dot_product_attention(query, parts[0], parts[1], keys).transpose(1, 2).flatten(2);
      torch::Tensor r = h + output_[i](answer);
      r = r + torch::elu(second_[i](torch::elu(first_[i](second_norm_[i](r)))));
      for (std::size_t j = i == 3 ? 0 : 2; j < (i == 3 ? 2U : 9U); ++j)
        outputs.push_back(last_[j](head_norm_[j](torch::elu(head_[j](r)))));
    }
    return torch::cat(outputs, -1) * mask.unsqueeze(-1);
  }

 private:
  static constexpr std::int64_t width = 256, heads = 16;
  std::vector<torch::nn::LayerNorm> norm_, second_norm_, head_norm_;
  std::vector<torch::nn::Linear> qkv_, key_value_, output_, first_, second_, head_, last_;
  std::vector<torch::Tensor> query_;
  torch::nn::Linear embed_{nullptr}, embed2_{nullptr};
};

void padded_attention(benchmark::State& state) {
  Padded network;
  measure(state, 17, [&](Batch const& batch) {
    std::int64_t longest = 0;
    for (std::size_t i = 1; i < batch.offsets.size(); ++i)
      longest = std::max(longest, batch.offsets[i] - batch.offsets[i - 1]);
    torch::Tensor const x = torch::zeros({batch.size(), longest, 17});
    torch::Tensor const mask = torch::zeros({batch.size(), longest}, torch::kBool);
    for (std::size_t i = 1; i < batch.offsets.size(); ++i) {
      std::int64_t const n = batch.offsets[i] - batch.offsets[i - 1];
      auto const event = static_cast<std::int64_t>(i) - 1;
      x[event].slice(0, 0, n).copy_(batch.features.slice(0, batch.offsets[i - 1], batch.offsets[i]));
      mask[event].slice(0, 0, n).fill_(true);
    }
    network.zero_grad();
    return derive([&] { return network.forward(x, mask); }, state.range(3) != 0);
  });
}
BENCHMARK(padded_attention)->Apply(short_events)->Apply(long_events);

}  // namespace
}  // namespace corpuscle::model

BENCHMARK_MAIN();
