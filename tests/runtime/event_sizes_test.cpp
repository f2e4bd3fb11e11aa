// Events around the sizes at which something begins anew (a vector, a window, a block of rows), for every
// architecture. libtorch_test.cpp and engine_test.cpp compare such events with double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "corpuscle/runtime/self_test.hpp"
#include "runtime/model_sketch.hpp"

namespace corpuscle::runtime {
namespace {

class EventSizes : public ::testing::TestWithParam<test::SketchModel> {};
INSTANTIATE_TEST_SUITE_P(Architecture, EventSizes, ::testing::ValuesIn(test::sketch_models()),
                         [](auto const& each) { return each.param.name; });

std::vector<float> run(Engine const& engine, Batch const& batch) {
  Arena arena;
  std::vector<float> outputs(batch.n_elements() * engine.n_outputs());
  engine(batch, outputs, arena);
  return outputs;
}

/// Event number `event` of a batch, by itself.
std::vector<float> run_alone(Engine const& engine, test::RandomBatch const& batch, std::size_t event) {
  std::size_t const begin = batch.offsets[event];
  std::uint32_t const n = batch.offsets[event + 1] - batch.offsets[event];
  std::uint32_t const offsets[] = {0, n};
  return run(engine, {std::span(batch.features).subspan(begin * engine.n_features(), n * engine.n_features()),
                      std::span(batch.types).subspan(begin, n), offsets});
}

bool are_bits_of(std::vector<float> const& event, std::span<float const> together) {
  return event.size() == together.size() &&
         (event.empty() || std::memcmp(event.data(), together.data(), event.size() * sizeof(float)) == 0);
}

bool are_finite(std::vector<float> const& outputs) {
  return std::all_of(outputs.begin(), outputs.end(), [](float x) { return std::isfinite(x); });
}

TEST_P(EventSizes, HaveTheSameAnswersAloneAndTogetherOnEveryInstructionSet) {
  test::WholeModel const model(GetParam());
  std::vector<std::uint32_t> const lengths{0, 1, 15, 0, 16, 17, 255, 256, 257, 128, 1, 0};
  test::RandomBatch const batch(lengths, model.about.schema.width(), 21);
  artifact::SelfTest plain{batch.features, {}, {}, {}};
  plain.type.assign(batch.types.begin(), batch.types.end());
  plain.offsets.assign(batch.offsets.begin(), batch.offsets.end());
  plain.outputs = run(Engine(model.graph(), {InstructionSet::scalar, Precision::fp32}), batch.view());
  ASSERT_TRUE(are_finite(plain.outputs));
  for (InstructionSet const set : test::instruction_sets()) {
    for (Precision const precision : {Precision::fp32, Precision::bf16}) {
      SCOPED_TRACE(core::cat(name(set), " in ", name(precision)));
      Engine const engine(model.graph(), {set, precision});
      std::vector<float> const together = run(engine, batch.view());
      EXPECT_TRUE(are_finite(together));
      for (std::size_t event = 0; event < lengths.size(); ++event)
        EXPECT_TRUE(are_bits_of(run_alone(engine, batch, event),
                                std::span(together).subspan(batch.offsets[event] * engine.n_outputs(),
                                                            lengths[event] * engine.n_outputs())))
            << lengths[event] << " elements";
      // As the self-test of a file does, of every event: scalar code in fp32 stands for training.
      if (precision == Precision::fp32) {
        EXPECT_NO_THROW(replay(plain, engine, "sizes"));
      }
    }
  }
}

TEST_P(EventSizes, AHundredThousandElementsAreAnEvent) {
  test::SketchModel sketch = GetParam();
  std::uint32_t n = 100'000;
  if (auto* const attention = std::get_if<artifact::AttentionConfig>(&sketch.architecture)) {
    // Ten thousand million pairs: one layer, two numbers for each.
    *attention = {.width = 2, .heads = 1, .layers = 1};
  }
  test::WholeModel const model(sketch);
  Engine const engine(model.graph());
  test::RandomBatch const batch({n, 3}, model.about.schema.width(), 22);
  std::vector<float> const together = run(engine, batch.view());
  EXPECT_TRUE(are_finite(together));
  EXPECT_TRUE(are_bits_of(run_alone(engine, batch, 1), std::span(together).last(3 * engine.n_outputs())));
}

}  // namespace
}  // namespace corpuscle::runtime
