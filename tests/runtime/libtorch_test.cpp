// The engine against LibTorch: every architecture as `model` has it, in double precision, on the same
// weights.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "model/support.hpp"
#include "runtime/reference.hpp"

namespace corpuscle::runtime {
namespace {

std::vector<std::pair<std::string, torch::Tensor>> state_of(model::Network const& network) {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (auto const& item : network.named_parameters()) result.emplace_back(item.key(), item.value());
  for (auto const& item : network.named_buffers()) result.emplace_back(item.key(), item.value());
  return result;
}

/// A network with first weights, of which those that begin with 0 or 1 are drawn, so that they matter.
std::shared_ptr<model::Network> random_network(artifact::ModelConfig const& config) {
  auto const network = model::make_network(config, 5);
  network->eval();
  torch::NoGradGuard const no_gradient;
  core::Random random({6});
  for (auto& [name, tensor] : state_of(*network)) {
    auto* const values = tensor.data_ptr<float>();
    bool const is_flat = tensor.min().item<float>() == tensor.max().item<float>();
    for (std::int64_t i = 0; i < tensor.numel() && is_flat; ++i)
      values[i] += static_cast<float>(random.uniform(-0.3, 0.3));
  }
  return network;
}

std::vector<artifact::Tensor> weights_of(model::Network const& network) {
  std::vector<artifact::Tensor> weights;
  for (auto const& [name, tensor] : state_of(network))
    weights.push_back(artifact::tensor(
        name, {tensor.sizes().begin(), tensor.sizes().end()},
        std::span<float const>(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()))));
  return weights;
}

std::vector<float> run(Engine const& engine, model::Batch const& batch) {
  std::vector<std::uint8_t> const types(batch.type.data_ptr<std::int64_t>(),
                                        batch.type.data_ptr<std::int64_t>() + batch.type.numel());
  std::vector<std::uint32_t> const offsets(batch.offsets.begin(), batch.offsets.end());
  std::vector<float> outputs(types.size() * engine.n_outputs());
  Arena arena;
  engine(
      {{batch.features.data_ptr<float>(), static_cast<std::size_t>(batch.features.numel())}, types, offsets},
      outputs, arena);
  return outputs;
}

class Parity : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Architecture, Parity,
                         ::testing::Range(std::size_t{0}, model::small_configs().size()));

TEST_P(Parity, TheEngineAnswersAsLibTorchInDoublePrecision) {
  artifact::ModelConfig const config = model::small_configs()[GetParam()];
  auto const network = random_network(config);
  graph::Graph const graph = graph::simplify(graph::build(config, weights_of(*network), "test"));
  auto const in_double = random_network(config);
  in_double->to(torch::kDouble);
  for (InstructionSet const set : test::instruction_sets()) {
    Engine const engine(graph, {set, Precision::fp32});
    for (std::vector<std::int64_t> const& lengths : std::vector<std::vector<std::int64_t>>{
             {1}, {5}, {15, 16, 17}, {40, 0, 3}, {100}, {257}, {500, 31}}) {
      model::Batch batch = model::make_batch(lengths, config.features, 7);
      std::vector<float> const outputs = run(engine, batch);

      batch.features = batch.features.to(torch::kDouble);
      torch::NoGradGuard const no_gradient;
      torch::Tensor const expected = in_double->forward(batch).contiguous();
      double worst = 0;
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        double const e = expected.data_ptr<double>()[i];
        double const difference = std::abs(outputs[i] - e) / (1 + std::abs(e));
        if (!(difference <= worst)) worst = difference;
      }
      EXPECT_LT(worst, 1e-4) << name(set) << ", events of " << lengths;
    }
  }
}

TEST_P(Parity, AnEventHasTheSameAnswerToTheBitWhateverIsBesideIt) {
  artifact::ModelConfig const config = model::small_configs()[GetParam()];
  graph::Graph const graph =
      graph::simplify(graph::build(config, weights_of(*random_network(config)), "test"));
  std::vector<std::int64_t> const lengths{3, 0, 129, 1, 300, 17, 40};
  model::Batch const batch = model::make_batch(lengths, config.features, 8);
  for (InstructionSet const set : test::instruction_sets()) {
    for (Precision const precision : {Precision::fp32, Precision::bf16}) {
      Engine const engine(graph, {set, precision});
      std::vector<float> const together = run(engine, batch);
      for (std::size_t event = 0; event < lengths.size(); ++event) {
        std::vector<float> const alone =
            run(engine, model::events_of(batch, {static_cast<std::int64_t>(event)}));
        auto const n_outputs = static_cast<std::int64_t>(engine.n_outputs());
        EXPECT_TRUE(
            std::equal(alone.begin(), alone.end(), together.begin() + batch.offsets[event] * n_outputs))
            << "event " << event << ", " << name(set) << " in " << name(precision);
      }
    }
  }
}

}  // namespace
}  // namespace corpuscle::runtime
