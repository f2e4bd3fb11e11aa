// One event through the default network, one thread: our engine with every instruction set that the machine
// has, in fp32 and bf16, and LibTorch on the same weights and inputs where it is there. Argument of each:
// elements. Outputs are compared before the clock starts.
//
//   bench_runtime [--model=FILE]     FILE: a window-transformer; else the default with random weights
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numbers>
#include <string_view>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "graph/random_weights.hpp"

#ifdef CORPUSCLE_BENCH_TORCH
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "corpuscle/model/network.hpp"
#endif

namespace corpuscle::runtime {
namespace {

constexpr std::int64_t lengths[] = {64, 100, 128, 256, 512, 1280, 5120, 10'240, 100'000};

/// An event with directions as the network looks for them.
struct Event {
  Event(std::size_t n, std::size_t n_features, std::uint64_t seed)
      : types(n), offsets{0, static_cast<std::uint32_t>(n)} {
    core::Random random({seed});
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t const first = features.size();
      for (std::size_t j = 0; j < n_features; ++j) features.push_back(static_cast<float>(random.normal()));
      double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
      features[first + 2] = static_cast<float>(random.uniform(-3, 3));
      features[first + 3] = static_cast<float>(std::sin(phi));
      features[first + 4] = static_cast<float>(std::cos(phi));
      types[i] = i < n / 3 ? 0 : 1;  // tracks come first
    }
  }
  [[nodiscard]] Batch view() const { return {features, types, offsets}; }

  std::vector<float> features;
  std::vector<std::uint8_t> types;
  std::vector<std::uint32_t> offsets;
};

#ifdef CORPUSCLE_BENCH_TORCH
std::vector<std::pair<std::string, torch::Tensor>> state_of(model::Network const& network) {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (auto const& item : network.named_parameters()) result.emplace_back(item.key(), item.value());
  for (auto const& item : network.named_buffers()) result.emplace_back(item.key(), item.value());
  return result;
}
#endif

/// A network that all run.
struct Subject {
  explicit Subject(std::unique_ptr<artifact::ModelFile const> from)
      : file(std::move(from)), config(file->description().model), weights(file->weights()) {}

  explicit Subject(artifact::WindowTransformerConfig const& c)
      : config{30, 2, c}, random(test::random_weights(config, c, 1)), weights(random.tensors()) {}

#ifdef CORPUSCLE_BENCH_TORCH
  explicit Subject(artifact::Architecture const& architecture)
      : config{17, 2, architecture}, network(model::make_network(config, 1)) {
    for (auto const& [name, tensor] : state_of(*network))
      weights.push_back(artifact::tensor(
          name, {tensor.sizes().begin(), tensor.sizes().end()},
          std::span<float const>(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()))));
  }
#endif

  [[nodiscard]] std::size_t n_features() const {
    return static_cast<std::size_t>(config.features);
  }
  [[nodiscard]] std::string name() const {
    return std::visit([](auto const& c) { return std::string(c.name); }, config.architecture);
  }

  std::unique_ptr<artifact::ModelFile const> file;
  artifact::ModelConfig config;
#ifdef CORPUSCLE_BENCH_TORCH
  std::shared_ptr<model::Network> network;
#endif
  test::RandomWeights random{1};
  std::vector<artifact::Tensor> weights;
};

/// Runs `answer(event, outputs)` on events that differ. The first answer is compared with that of the plain
/// kernels.
template <class Answer>
void measure(benchmark::State& state, Subject const& subject, Precision precision, Answer const& answer) {
  auto const n = static_cast<std::size_t>(state.range(0));
  std::vector<Event> events;
  for (std::uint64_t seed = 0; seed < (n < 10'000 ? 4 : 1); ++seed)
    events.emplace_back(n, subject.n_features(), seed);

  Engine const plain(graph::build(subject.config, subject.weights, "bench"),
                     {InstructionSet::scalar, Precision::fp32});
  std::vector<float> expected(n * plain.n_outputs());
  std::vector<float> outputs(expected.size());
  Arena arena;
  answer(events[0], outputs);
  if (n <= 256) {
    plain(events[0].view(), expected, arena);
    double sum = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      sum += std::abs(outputs[i] - expected[i]) / (1 + std::abs(expected[i]));
    double const mean = sum / static_cast<double>(outputs.size());
    if (!(mean < (precision == Precision::fp32 ? 1e-4 : 0.05))) {
      state.SkipWithError("answers differ");
      return;
    }
    state.counters["mean_difference"] = mean;
  }
  std::size_t i = 0;
  for (auto _ : state) {
    answer(events[++i % events.size()], outputs);
    benchmark::DoNotOptimize(outputs.data());
  }
}

void engine(benchmark::State& state, Subject const& subject, EngineConfig config) {
  Engine const engine(graph::simplify(graph::build(subject.config, subject.weights, "bench")), config);
  Arena arena;
  measure(state, subject, config.precision,
          [&](Event const& event, std::vector<float>& outputs) { engine(event.view(), outputs, arena); });
  state.counters["scratch_bytes"] = static_cast<double>(arena.n_bytes());
}

#ifdef CORPUSCLE_BENCH_TORCH
void libtorch(benchmark::State& state, Subject const& subject, Precision precision) {
  at::set_num_threads(1);
  model::flush_subnormals();
  model::keep_memory();
  torch::InferenceMode const inference;
  auto const network = model::make_network(subject.config, 1);
  network->eval();
  for (auto& [name, tensor] : state_of(*network))
    for (artifact::Tensor const& weight : subject.weights)
      if (weight.name == name)
        tensor.copy_(
            torch::from_blob(const_cast<std::byte*>(weight.bytes.data()), tensor.sizes(), torch::kFloat));
  measure(state, subject, precision, [&](Event const& event, std::vector<float>& outputs) {
    auto const n = static_cast<std::int64_t>(event.types.size());
    model::Batch const batch{
        torch::from_blob(const_cast<float*>(event.features.data()), {n, subject.config.features},
                         torch::kFloat),
        torch::from_blob(const_cast<std::uint8_t*>(event.types.data()), {n}, torch::kUInt8).to(torch::kInt64),
        {0, n}};
    at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
    at::autocast::set_autocast_enabled(torch::kCPU, precision == Precision::bf16);
    torch::Tensor const answer = network->forward(batch).to(torch::kFloat).contiguous();
    at::autocast::set_autocast_enabled(torch::kCPU, false);
    std::copy_n(answer.data_ptr<float>(), outputs.size(), outputs.data());
  });
}
#endif

void add(std::string const& name, std::int64_t longest, auto const& function) {
  auto* const added = benchmark::RegisterBenchmark(name.c_str(), function);
  for (std::int64_t const n : lengths)
    if (n <= longest) added->Arg(n);
  added->Unit(benchmark::kMillisecond)->ComputeStatistics("min", [](std::vector<double> const& times) {
    return *std::min_element(times.begin(), times.end());
  });
}

}  // namespace
}  // namespace corpuscle::runtime

int main(int argc, char** argv) {
  using namespace corpuscle::runtime;
  benchmark::Initialize(&argc, argv);
  constexpr std::string_view option = "--model=";
  bool const has_model = argc > 1 && std::string_view(argv[1]).starts_with(option);
  if (argc > 1 + static_cast<int>(has_model)) {
    std::fprintf(stderr, "usage: %s [--model=FILE] [--benchmark_...]\n", argv[0]);
    return 2;
  }
  try {
    std::vector<std::unique_ptr<Subject>> subjects;
    if (has_model) {
      subjects.push_back(std::make_unique<Subject>(
          std::make_unique<corpuscle::artifact::ModelFile const>(argv[1] + option.size())));
    } else {
      subjects.push_back(std::make_unique<Subject>(corpuscle::artifact::WindowTransformerConfig{}));
#ifdef CORPUSCLE_BENCH_TORCH
      using Architecture = corpuscle::artifact::Architecture;
      for (Architecture const& architecture : {Architecture(corpuscle::artifact::GnnLshConfig{}),
                                               Architecture(corpuscle::artifact::AttentionConfig{}),
                                               Architecture(corpuscle::artifact::KernelTransformerConfig{})})
        subjects.push_back(std::make_unique<Subject>(architecture));
#endif
    }
    for (auto const& subject : subjects) {
      Subject const& s = *subject;
      for (InstructionSet const set : {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512,
                                       InstructionSet::avx512_bf16})
        for (Precision const precision : {Precision::fp32, Precision::bf16})
          if (is_available(set) && (precision == Precision::fp32 || set == InstructionSet::avx512_bf16))
            add(s.name() + "/" + std::string(name(set)) + "/" + std::string(name(precision)),
                set == InstructionSet::scalar ? 256 : 100'000, [&s, set, precision](benchmark::State& state) {
                  engine(state, s, {set, precision});
                });
#ifdef CORPUSCLE_BENCH_TORCH
      for (Precision const precision : {Precision::fp32, Precision::bf16})
        add(s.name() + "/libtorch/" + std::string(name(precision)), 100'000,
            [&s, precision](benchmark::State& state) { libtorch(state, s, precision); });
#endif
    }
    benchmark::RunSpecifiedBenchmarks();
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
