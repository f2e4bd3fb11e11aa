// Exported files in ONNX Runtime against the engine: where a Python has the package onnxruntime.
#include "corpuscle/onnx/onnx_runtime.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/onnx/convert.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "graph/random_networks.hpp"

namespace corpuscle::onnx {
namespace {

constexpr std::array<std::size_t, 9> lengths = {1, 15, 16, 17, 31, 33, 100, 257, 1000};

artifact::SelfTest events_for(graph::Graph const& graph) {
  artifact::SelfTest events;
  events.offsets = {0};
  std::vector<std::uint8_t> types;
  std::vector<std::uint32_t> offsets{0};
  for (std::size_t const n : lengths) {
    test::RandomEvent const event = test::random_event(n, graph.n_features(), graph.n_types(), n);
    events.features.insert(events.features.end(), event.features.begin(), event.features.end());
    types.insert(types.end(), event.types.begin(), event.types.end());
    offsets.push_back(static_cast<std::uint32_t>(types.size()));
  }
  events.type.assign(types.begin(), types.end());
  events.offsets.assign(offsets.begin(), offsets.end());
  runtime::Engine const engine(graph, {runtime::InstructionSet::scalar, runtime::Precision::fp32});
  events.outputs.resize(types.size() * engine.n_outputs());
  runtime::Arena arena;
  engine({events.features, types, offsets}, events.outputs, arena);
  return events;
}

/// A Python that has ONNX Runtime: tools/setup puts it into build/rivals, users anywhere.
std::string find_python() {
  std::string const root = CORPUSCLE_SOURCE_DIR;
  for (std::string const& python :
       {root + "/.env/bin/python", root + "/build/rivals/bin/python", std::string("python3")}) {
    if (python.front() == '/' && !std::filesystem::exists(python)) continue;
    graph::Graph graph(5, 1);
    graph::NodeId const features = graph.add(graph::Features{}, {}, "features");
    graph.set_output(graph.add(graph::Map{graph::Function::elu}, {features}, "elu"));
    std::string const path = ::testing::TempDir() + "/corpuscle_probe.onnx";
    core::write_file(path, encode(to_onnx(graph)));
    if (run_in_onnx_runtime(python, path, {{0, 0, 0, 0, 0}, {0}, {0, 1}, {}}, "test").is_there) return python;
  }
  return {};
}

class InOnnxRuntime : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { python_ = find_python(); }
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "no Python here has the package onnxruntime";
  }

  /// Runs a graph there and here.
  static Deviation deviation(graph::Graph const& graph, std::string const& name) {
    std::string const path = ::testing::TempDir() + "/corpuscle_" + name + ".onnx";
    core::write_file(path, encode(to_onnx(graph)));
    artifact::SelfTest const events = events_for(graph);
    Answer const answer = run_in_onnx_runtime(python_, path, events, name);
    std::filesystem::remove(path);
    return compare(answer.outputs, events, name);
  }

  static inline std::string python_;
};

// Each of d products in a sum is rounded by 6e-8 of it, and sums have the size of 1: d = 24 columns or 1000
// elements, 20 layers, whose errors add in squares: sqrt(1000) * sqrt(20) * 6e-8 = 1e-5.
constexpr double tolerance = 1e-5;

TEST_F(InOnnxRuntime, EveryArchitectureAnswersAsTheEngineAtEveryLength) {
  std::vector<artifact::ModelConfig> networks = test::small_networks();
  artifact::KernelTransformerConfig positive =
      std::get<artifact::KernelTransformerConfig>(networks[2].architecture);
  positive.features = artifact::KernelFeatures::positive;
  networks.push_back({9, 2, positive});
  networks.push_back(networks[0]);
  networks.back().types = 1;
  networks.push_back(networks[3]);
  networks.back().types = 3;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    graph::Graph const graph =
        graph::build(networks[i], test::random_weights(networks[i], 1).tensors(), "test");
    EXPECT_LT(deviation(graph, core::cat("plain_", i)).worst, tolerance) << i;
    EXPECT_LT(deviation(graph::simplify(graph), core::cat("simple_", i)).worst, tolerance) << i;
  }
}

TEST_F(InOnnxRuntime, TheShippedNetworkAnswersAsTheEngine) {
  artifact::ModelFile const file(CORPUSCLE_SOURCE_DIR "/models/clic_clusters.safetensors");
  EXPECT_LT(deviation(graph::merge_equal(graph::build(file)), "shipped").worst, tolerance);
}

TEST_F(InOnnxRuntime, AFileThatItRefusesIsAnErrorWithItsWords) {
  std::string const path = ::testing::TempDir() + "/corpuscle_refused.onnx";
  core::write_file(path, "no ONNX file");
  try {
    (void)run_in_onnx_runtime(python_, path, {{0, 0, 0, 0, 0}, {0}, {0, 1}, {}}, "test");
    ADD_FAILURE() << "no error";
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string_view(error.what()).find("ONNX Runtime does not run it"), std::string_view::npos);
  }
}

TEST(OnnxRuntime, APythonWithoutItOrNoneAtAllIsSaid) {
  Answer const answer = run_in_onnx_runtime("/no/such/python", "some.onnx", {{}, {}, {0}, {}}, "test");
  EXPECT_FALSE(answer.is_there);
  EXPECT_EQ(answer.version, "no program '/no/such/python'");
}

TEST(Compare, ATenthOfAnEventMayBeOrderedOtherwiseAndNoMore) {
  artifact::SelfTest expected{{}, std::vector<std::int64_t>(20), {0, 10, 20}, std::vector<float>(20, 1)};
  std::vector<float> outputs(20, 1);
  EXPECT_EQ(compare(outputs, expected, "x").worst, 0);
  outputs[3] = 3;
  EXPECT_EQ(compare(outputs, expected, "x").worst, 1);  // |3 - 1| / (1 + 1)
  EXPECT_DOUBLE_EQ(compare(outputs, expected, "x").mean, 0.05);
  outputs[13] = outputs[14] = 1.001F;
  EXPECT_THROW((void)compare(outputs, expected, "x"), core::DataError);
  outputs[13] = outputs[14] = NAN;
  EXPECT_THROW((void)compare(outputs, expected, "x"), core::DataError);
  EXPECT_THROW((void)compare(std::span(outputs).first(19), expected, "x"), core::DataError);
}

TEST(Compare, ASingleOutputThatIsNoNumberIsAnError) {
  artifact::SelfTest const expected{{}, std::vector<std::int64_t>(20), {0, 20}, std::vector<float>(20, 1)};
  std::vector<float> outputs(20, 1);
  outputs[0] = NAN;
  EXPECT_THROW((void)compare(outputs, expected, "x"), core::DataError);
}

}  // namespace
}  // namespace corpuscle::onnx
