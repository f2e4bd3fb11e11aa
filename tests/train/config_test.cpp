#include "corpuscle/train/config.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

using dataset::message_of;

TrainConfig parse(std::string const& text, std::vector<std::string> const& overrides = {}) {
  return parse_config(text, "c.yaml", overrides);
}
std::string complaint(std::string const& text, std::vector<std::string> const& overrides = {}) {
  return message_of<core::ConfigError>([&] { parse(text, overrides); });
}

TEST(TrainConfig, WhatIsNotSaidHasItsDefault) {
  TrainConfig const config = parse("data: {directories: [a, b]}\nsteps: 7\n");
  EXPECT_EQ(config.data.directories, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.steps, 7);
  EXPECT_EQ(config.elements_per_batch, TrainConfig{}.elements_per_batch);
}

TEST(TrainConfig, AMisspeltKeyIsNamedWithItsPlaceAndTheNearest) {
  EXPECT_EQ(complaint("data: {directories: [a]}\noptimiser:\n  learning_rat: 1\n"),
            "c.yaml:3:3: unknown key 'learning_rat'; did you mean 'learning_rate'?");
  EXPECT_NE(complaint("data: {directories: [a]}\nmodel: {widht: 8}\n")
                .find("c.yaml:2:9: unknown key 'widht'; did you mean 'width'?"),
            std::string::npos);
}

TEST(TrainConfig, ValuesOutOfRangeAreRefused) {
  EXPECT_NE(complaint("data: {directories: [a]}\nsteps: 0\n").find("'steps' = 0 is out of range"),
            std::string::npos);
  EXPECT_NE(complaint("data: {directories: [a]}\nprecision: fp8\n").find("it is one of: float32, bfloat16"),
            std::string::npos);
}

TEST(TrainConfig, OverridesWinAndTheLastOfThemMost) {
  TrainConfig const config = parse(
      "data: {directories: [a]}\nsteps: 7\n",
      {"steps=8", "optimiser.learning_rate=1e-4", "model.width=64", "data.directories=[x, y]", "steps=9"});
  EXPECT_EQ(config.steps, 9);
  EXPECT_EQ(config.optimiser.learning_rate, 1e-4);
  EXPECT_EQ(std::get<artifact::WindowTransformerConfig>(config.model.architecture).width, 64);
  EXPECT_EQ(config.data.directories, (std::vector<std::string>{"x", "y"}));
}

TEST(TrainConfig, AWrongOverrideIsNamed) {
  EXPECT_NE(complaint("data: {directories: [a]}\n", {"optimiser.learning=1"})
                .find("override 'optimiser.learning=1':1:16: unknown key 'learning'"),
            std::string::npos)
      << complaint("data: {directories: [a]}\n", {"optimiser.learning=1"});
  EXPECT_EQ(complaint("data: {directories: [a]}\n", {"steps"}),
            "'steps': an override is written dotted.key=value");
}

TEST(TrainConfig, WhatIsWrittenIsReadBack) {
  TrainConfig const config = parse(
      "data: {source: simulate, process: zh, pileup: 0.1}\nmodel: {architecture: kernel-transformer, kernel: "
      "positive}\n"
      "optimiser: {learning_rate: 0.00031415926535897931}\nprecision: bfloat16\n");
  std::string const text = to_yaml(config);
  EXPECT_EQ(to_yaml(parse(text)), text);
  EXPECT_EQ(parse(text).optimiser.learning_rate, 0.00031415926535897931);
  EXPECT_EQ(artifact::to_json(parse(text).model), artifact::to_json(config.model));
}

TEST(TrainConfig, AnotherArchitectureBeginsWithItsOwnDefaults) {
  TrainConfig const config =
      parse("data: {directories: [a]}\nmodel: {width: 64}\n", {"model.architecture=gnn-lsh"});
  EXPECT_EQ(std::get<artifact::GnnLshConfig>(config.model.architecture).width,
            artifact::GnnLshConfig{}.width);
}

TEST(TrainConfig, WhatFilesDoNotNeedIsRefused) {
  auto const message = message_of<core::ConfigError>(
      [] { parse_config("data: {directories: [a], schema: corpuscle-hits-1}\n", "c.yaml"); });
  EXPECT_NE(message.find("only directories, seed and threads"), std::string::npos) << message;
}

TEST(TrainConfig, NoDataIsAnError) {
  EXPECT_NE(complaint("steps: 3\n").find("'data.directories' is empty"), std::string::npos);
  EXPECT_NE(complaint("data: {source: simulate, directories: [a]}\n").find("leave one of them out"),
            std::string::npos);
  EXPECT_NE(complaint("data: {source: simulate, schema: corpuscle-cluster-1}\n").find("corpuscle-clusters-1"),
            std::string::npos);
}

TEST(Fit, NetworksGetTheInputsOfTheSchemaAndTheOutputsOfTheLayout) {
  TrainConfig const config = fitted(small_config({"a"}));
  EXPECT_EQ(config.model.features, static_cast<std::int64_t>(dataset::toy_schema().width()));
  EXPECT_EQ(config.model.types, 2);
  EXPECT_EQ(artifact::n_outputs(config.model), 9);
  EXPECT_EQ(artifact::n_outputs(fitted(small_config({"a"}, {"loss.layout=mlpf-2023"})).model), 14);
}

TEST(Fit, WhatDoesNotGoTogetherIsRefused) {
  auto const complaint_of = [](std::vector<std::string> const& overrides, char const* schema) {
    return message_of<core::ConfigError>([&] {
      TrainConfig config = parse_config("data: {directories: [a]}\n", "c.yaml", overrides);
      fit(config, encoding::find_schema(schema));
    });
  };
  EXPECT_NE(complaint_of({"model.architecture=gnn-lsh"}, "corpuscle-clusters-1").find("'mlpf-2023-' schemas"),
            std::string::npos);
  EXPECT_NE(complaint_of({"model.architecture=gnn-lsh"}, "mlpf-2023-clusters")
                .find("set loss.layout to 'mlpf-2023'"),
            std::string::npos);
  EXPECT_NE(complaint_of({"model.heads=7"}, "corpuscle-clusters-1").find("7 heads"), std::string::npos);
}

TEST(Fit, TheExamplesInTheRepositoryAreValid) {
  std::size_t n = 0;
  for (auto const& entry : std::filesystem::directory_iterator(CORPUSCLE_SOURCE_DIR "/training")) {
    TrainConfig config = load_config(entry.path().string());
    EXPECT_NO_THROW(fit(config, encoding::find_schema(config.loss.layout == encoding::Layout::standard
                                                          ? "corpuscle-clusters-1"
                                                          : "mlpf-2023-clusters")))
        << entry.path();
    ++n;
  }
  EXPECT_GE(n, 4U);
}

}  // namespace
}  // namespace corpuscle::train
