#include "corpuscle/runtime/reconstructor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"
#include "runtime/reference.hpp"

namespace corpuscle::runtime {
namespace {

constexpr char const* schema_name = "corpuscle-clusters-1";

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

using File = test::TemporaryFile;

artifact::ModelDescription description() {
  artifact::ModelDescription d;
  d.schema = encoding::find_schema(schema_name);
  d.model = test::small_window_transformer();
  d.model.features = static_cast<std::int64_t>(d.schema.width());
  d.normalisation.schema = d.schema.name;
  for (encoding::ElementColumns const& element : d.schema.elements)
    d.normalisation.types.push_back({element.type, 1, std::vector<double>(element.columns.size(), 0),
                                     std::vector<double>(element.columns.size(), 1)});
  d.rule = "standard";
  d.detector = clic().name;
  return d;
}

/// What a training would write: random weights, and a self-test with the answers of double precision.
struct Model {
  explicit Model(artifact::ModelDescription description = runtime::description())
      : about(std::move(description)),
        weights(test::random_weights(
            about.model, std::get<artifact::WindowTransformerConfig>(about.model.architecture), 3)) {
    test::RandomBatch const batch({12, 40}, about.schema.width(), 4);
    self_test.features = batch.features;
    self_test.type.assign(batch.types.begin(), batch.types.end());
    self_test.offsets.assign(batch.offsets.begin(), batch.offsets.end());
    for (double const output : test::Reference(about.model, weights)(batch))
      self_test.outputs.push_back(static_cast<float>(output));
  }
  void write(File const& file) const { write_model(file.path(), about, weights.tensors(), self_test); }

  artifact::ModelDescription about;
  test::RandomWeights weights;
  artifact::SelfTest self_test;
};

void expect_same(event::Particles const& a, event::Particles const& b) {
  EXPECT_EQ(a.pdg, b.pdg);
  EXPECT_EQ(a.energy, b.energy);
  EXPECT_EQ(a.px, b.px);
  EXPECT_EQ(a.py, b.py);
  EXPECT_EQ(a.pz, b.pz);
}

std::string message_of(std::string const& path, detector::Detector const& detector = clic(),
                       EngineConfig config = {}) {
  try {
    (void)Reconstructor::load(path, detector, config);
  } catch (core::Error const& error) {
    return error.what();
  }
  return "no error";
}

TEST(Reconstructor, ParticlesAreWhatDoublePrecisionSaysOfTheEncodedEvent) {
  File const file("parity.safetensors");
  Model const model;
  model.write(file);
  auto const reconstruct = Reconstructor::load(file.path(), clic());
  for (std::size_t const n : {1U, 10U, 60U}) {
    event::Observed const observed = test::random_event_with_hits(clic(), n, n);
    encoding::Elements const elements = encoding::Encoder(model.about.schema, clic())(observed);
    test::RandomBatch batch({static_cast<std::uint32_t>(elements.size())}, model.about.schema.width(), 0);
    batch.features = elements.features;
    for (std::size_t i = 0; i < elements.size(); ++i)
      batch.types[i] = elements.types[i] == encoding::ElementType::track ? 0 : 1;
    std::vector<float> outputs;
    for (double const output : test::Reference(model.about.model, model.weights)(batch))
      outputs.push_back(static_cast<float>(output));
    event::Particles const expected = decode(encoding::Layout::standard, outputs, elements).particles;

    event::Particles const found = reconstruct(observed);
    ASSERT_EQ(found.pdg, expected.pdg) << n;  // no two logits of these events are nearer than their rounding
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found.energy[i], expected.energy[i], 1e-3F * expected.energy[i]);
  }
}

TEST(Reconstructor, AnEventWithNothingInItHasNoParticles) {
  File const file("empty.safetensors");
  Model().write(file);
  EXPECT_EQ(Reconstructor::load(file.path(), clic())({}).size(), 0U);
}

TEST(Reconstructor, ServesSixteenThreads) {
  File const file("threads.safetensors");
  Model().write(file);
  auto const reconstruct = Reconstructor::load(file.path(), clic());
  std::vector<event::Observed> events;
  std::vector<event::Particles> expected;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    events.push_back(test::random_event_with_hits(clic(), 5 + 5 * seed, seed));
    expected.push_back(reconstruct(events.back()));
  }
  std::vector<event::Particles> found(events.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < events.size(); ++i)
    threads.emplace_back([&, i] { found[i] = reconstruct(events[i]); });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < events.size(); ++i) expect_same(found[i], expected[i]);
}

TEST(Reconstructor, TheCallersArenaGivesTheSame) {
  File const file("arena.safetensors");
  Model().write(file);
  Reconstructor const reconstruct = Reconstructor::load(file.path(), clic());
  event::Observed const observed = test::random_event_with_hits(clic(), 30, 1);
  Arena arena;
  encoding::Decoded const decoded = reconstruct(observed, arena);
  expect_same(decoded.particles, reconstruct(observed));
  EXPECT_GT(arena.n_bytes(), 0U);
}

TEST(Reconstructor, EveryInstructionSetAndPrecisionPassesTheSelfTest) {
  File const file("sets.safetensors");
  Model().write(file);
  for (InstructionSet const set : test::instruction_sets())
    for (Precision const precision : {Precision::fp32, Precision::bf16})
      EXPECT_EQ(message_of(file.path(), clic(), {set, precision}), "no error") << name(set);
}

TEST(Reconstructor, ANetworkThatAnswersOtherwiseThanInTrainingIsRefused) {
  File const file("other.safetensors");
  Model model;
  for (float& output : model.self_test.outputs) output += 0.01F;
  model.write(file);
  std::string const message = message_of(file.path());
  EXPECT_NE(message.find("does not answer as it did in training"), std::string::npos) << message;
}

TEST(Reconstructor, WeightsThatAreNotThoseOfTheArchitectureAreRefused) {
  File const file("weights.safetensors");
  Model model;
  model.about.model.architecture = [&] {
    auto c = std::get<artifact::WindowTransformerConfig>(model.about.model.architecture);
    c.hidden = 21;
    return c;
  }();
  model.write(file);
  EXPECT_NE(message_of(file.path()).find("'layer_0.to_hidden.weight' is F32[20, 24]"), std::string::npos);
}

TEST(Reconstructor, AFileThatIsNotThereIsTheMachinesFault) {
  EXPECT_THROW((void)Reconstructor::load("/no/such/model", clic()), core::EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::runtime
