#include "corpuscle/runtime/engine.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <thread>

#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "runtime/reference.hpp"

namespace corpuscle::runtime {
namespace {

/// A network with random weights: its graph, simplified, and itself in double precision.
struct Network {
  explicit Network(artifact::ModelConfig const& model, std::uint64_t seed = 1)
      : config(model),
        weights(test::random_weights(config, std::get<artifact::WindowTransformerConfig>(config.architecture),
                                     seed)),
        graph(graph::simplify(graph::build(config, weights.tensors(), "test"))) {}
  Network(Network const&) = delete;
  Network& operator=(Network const&) = delete;

  [[nodiscard]] std::size_t n_features() const { return static_cast<std::size_t>(config.features); }

  artifact::ModelConfig config;
  test::RandomWeights weights;
  graph::Graph graph;
  test::Reference reference{config, weights};
};

Network const& small() {
  static Network const network(test::small_window_transformer());
  return network;
}

/// Of the size of the default, for 30 features.
Network const& full() {
  artifact::WindowTransformerConfig c;
  c.regressed = 3;
  static Network const network({30, 2, c});
  return network;
}

std::vector<float> run(Engine const& engine, Batch const& batch) {
  Arena arena;
  std::vector<float> outputs(batch.n_elements() * engine.n_outputs());
  engine(batch, outputs, arena);
  return outputs;
}

bool are_same_bits(std::vector<float> const& a, std::vector<float> const& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

/// Norms keep every layer's input at size 1, so each of the ten or so layers in a row adds the rounding of
/// its sums of about 100 products, epsilon / 2 each: some 1e-5 in all. The issue asks for 1e-4.
void expect_close(std::vector<float> const& found, std::vector<double> const& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    double const difference =
        std::abs(static_cast<double>(found[i]) - expected[i]) / (1 + std::abs(expected[i]));
    if (!(difference <= worst)) worst = difference;
  }
  EXPECT_LT(worst, 1e-4);
}

class EngineOn : public ::testing::TestWithParam<InstructionSet> {};
INSTANTIATE_TEST_SUITE_P(Machine, EngineOn, ::testing::ValuesIn(test::instruction_sets()),
                         [](auto const& each) { return test::name_of(each.param); });

TEST_P(EngineOn, AgreesWithDoublePrecisionForEventsOfAnyLength) {
  Engine const engine(small().graph, {GetParam(), Precision::fp32});
  for (std::uint32_t const n : {0, 1, 2, 15, 16, 17, 31, 33, 127, 128, 129, 255, 256, 257, 1000}) {
    SCOPED_TRACE(n);
    test::RandomBatch const batch({n}, small().n_features(), n);
    expect_close(run(engine, batch.view()), small().reference(batch));
  }
}

TEST_P(EngineOn, AgreesWithDoublePrecisionAtTheSizeOfTheDefault) {
  Engine const engine(full().graph, {GetParam(), Precision::fp32});
  test::RandomBatch const batch({100, 128, 150}, full().n_features(), 8);
  expect_close(run(engine, batch.view()), full().reference(batch));
}

TEST_P(EngineOn, AnswersForAnEventWhateverIsBesideIt) {
  std::vector<std::uint32_t> const lengths{3, 0, 16, 129, 1, 17, 0, 300, 64, 2, 128, 15};
  for (Precision const precision : {Precision::fp32, Precision::bf16}) {
    Engine const engine(small().graph, {GetParam(), precision});
    test::RandomBatch const batch(lengths, small().n_features(), 5);
    std::vector<float> const together = run(engine, batch.view());
    for (std::size_t event = 0; event < lengths.size(); ++event) {
      std::size_t const begin = batch.offsets[event];
      std::size_t const n = lengths[event];
      std::uint32_t const offsets[] = {0, lengths[event]};
      Batch const alone{
          std::span(batch.features).subspan(begin * small().n_features(), n * small().n_features()),
          std::span(batch.types).subspan(begin, n), offsets};
      auto const first = together.begin() + static_cast<std::ptrdiff_t>(begin * engine.n_outputs());
      EXPECT_TRUE(are_same_bits(run(engine, alone),
                                {first, first + static_cast<std::ptrdiff_t>(n * engine.n_outputs())}))
          << "event " << event << " in " << name(precision);
    }
  }
}

TEST_P(EngineOn, WhatIsNoNumberInOneEventDoesNotReachAnother) {
  Engine const engine(small().graph, {GetParam(), Precision::fp32});
  test::RandomBatch batch({40, 7, 40}, small().n_features(), 6);
  std::vector<float> const before = run(engine, batch.view());
  std::size_t const row = batch.offsets[1] + 3;
  for (float const bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F}) {
    std::fill_n(batch.features.begin() + static_cast<std::ptrdiff_t>(row * small().n_features()),
                small().n_features(), bad);
    std::vector<float> const after = run(engine, batch.view());
    for (std::size_t i = 0; i < after.size(); ++i) {
      std::size_t const element = i / engine.n_outputs();
      bool const is_its_event = element >= batch.offsets[1] && element < batch.offsets[2];
      ASSERT_TRUE(is_its_event || after[i] == before[i])
          << bad << " in element " << row << " reaches " << element;
    }
  }
}

TEST_P(EngineOn, ThreadsShareOneEngine) {
  Engine const engine(small().graph, {GetParam(), Precision::fp32});
  test::RandomBatch const batch({50, 300}, small().n_features(), 9);
  std::vector<float> const alone = run(engine, batch.view());
  std::vector<std::thread> threads;
  std::vector<int> is_same(16);
  for (int& same : is_same)
    threads.emplace_back([&] {
      Arena arena;
      std::vector<float> outputs(alone.size());
      same = 1;
      for (int i = 0; i < 5; ++i) {
        engine(batch.view(), outputs, arena);
        same &= static_cast<int>(are_same_bits(outputs, alone));
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int const same : is_same) EXPECT_EQ(same, 1);
}

TEST_P(EngineOn, InBf16StaysNearWithTheRoundingOfItsInputs) {
  Engine const engine(full().graph, {GetParam(), Precision::bf16});
  test::RandomBatch const batch({100}, full().n_features(), 8);
  std::vector<float> const found = run(engine, batch.view());
  std::vector<double> const expected = full().reference(batch);
  double mean = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    mean += std::abs(found[i] - expected[i]) / static_cast<double>(found.size());
  // Each product is off by 2^-8 or less, at random: a layer's sum of size 1 by about 2^-9, ten layers in a
  // row by a few times that. A weight in the wrong place would make it 1.
  EXPECT_LT(mean, 0.02);
  EXPECT_GT(mean, 1e-4) << "is this bf16 at all?";
}

TEST(Engine, AgreesWithDoublePrecisionForAHundredThousandElements) {
  Engine const engine(small().graph);
  test::RandomBatch const batch({100'000}, small().n_features(), 10);
  expect_close(run(engine, batch.view()), small().reference(batch));
}

TEST(Engine, InstructionSetsRoundDifferentlyButNotInBf16Weights) {
  // bf16 rounds the same numbers everywhere: what remains are the sums, in float, and where they tip a
  // rounding.
  test::RandomBatch const batch({100}, full().n_features(), 11);
  std::vector<float> const scalar =
      run(Engine(full().graph, {InstructionSet::scalar, Precision::bf16}), batch.view());
  for (InstructionSet const set : test::instruction_sets()) {
    std::vector<float> const other = run(Engine(full().graph, {set, Precision::bf16}), batch.view());
    double mean = 0;
    for (std::size_t i = 0; i < other.size(); ++i)
      mean += static_cast<double>(std::abs(other[i] - scalar[i])) / static_cast<double>(other.size());
    EXPECT_LT(mean, 0.01) << name(set);
  }
}

TEST(Engine, MemoryIsLinearInTheNumberOfElements) {
  Engine const engine(full().graph);
  auto const bytes = [&](std::size_t n) { return static_cast<double>(engine.scratch_bytes(n, 1, n)); };
  double const per_element = (bytes(100'000) - bytes(50'000)) / 50'000;
  EXPECT_NEAR((bytes(10'000) - bytes(5'000)) / 5'000, per_element, 1);
  EXPECT_LT(per_element, 1400);
  EXPECT_LT(bytes(5120), 10e6);
}

TEST(Engine, ABatchWithoutElementsHasNoAnswers) {
  Engine const engine(small().graph);
  Arena arena;
  std::uint32_t const no_events[] = {0};
  engine({{}, {}, no_events}, {}, arena);
  std::uint32_t const empty_events[] = {0, 0, 0};
  engine({{}, {}, empty_events}, {}, arena);
  EXPECT_EQ(arena.n_bytes(), 0U);
}

TEST(Engine, ASimplifiedGraphSaysTheSame) {
  graph::Graph const plain = graph::build(small().config, small().weights.tensors(), "test");
  test::RandomBatch const batch({5, 70}, small().n_features(), 14);
  expect_close(run(Engine(plain), batch.view()), small().reference(batch));
}

}  // namespace
}  // namespace corpuscle::runtime
