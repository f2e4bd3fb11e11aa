#include "corpuscle/graph/build.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "corpuscle/core/error.hpp"
#include "graph/random_weights.hpp"

namespace corpuscle::graph {
namespace {

artifact::ModelConfig const config = test::small_window_transformer();

test::RandomWeights weights() {
  return test::random_weights(config, std::get<artifact::WindowTransformerConfig>(config.architecture), 1);
}

std::string message_of(std::vector<artifact::Tensor> const& tensors) {
  try {
    (void)build(config, tensors, "some.safetensors");
  } catch (core::DataError const& error) {
    return error.what();
  }
  return "no error";
}

TEST(Build, AWindowTransformerHasAnOutputForEachClassAndRegression) {
  Graph const graph = build(config, weights().tensors(), "file");
  EXPECT_EQ(graph.n_features(), 9U);
  EXPECT_EQ(graph.n_outputs(), 9U);  // 6 classes, 3 regressed
  std::size_t n_weights = 0;
  for (auto const& constant : graph.constants()) n_weights += constant->values.size();
  std::size_t n_given = 0;
  test::RandomWeights const given = weights();
  for (artifact::Tensor const& tensor : given.tensors()) n_given += tensor.bytes.size() / sizeof(float);
  EXPECT_EQ(n_weights, n_given);
}

TEST(Build, EveryArrayMustBeThere) {
  test::RandomWeights const given = weights();
  for (std::size_t i = 0; i < given.tensors().size(); ++i) {
    std::vector<artifact::Tensor> tensors = given.tensors();
    std::string const name = tensors[i].name;
    tensors.erase(tensors.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(message_of(tensors), "some.safetensors: has no weights '" + name + "'");
  }
}

TEST(Build, EveryArrayMustHaveTheShapeOfTheArchitecture) {
  test::RandomWeights const given = weights();
  for (std::size_t i = 0; i < given.tensors().size(); ++i) {
    std::vector<artifact::Tensor> tensors = given.tensors();
    tensors[i].shape.front() += 1;
    std::string const message = message_of(tensors);
    EXPECT_NE(message.find("'" + tensors[i].name + "' is F32"), std::string::npos) << message;
  }
}

TEST(Build, AnArrayOfAnotherTypeIsRefused) {
  test::RandomWeights given = weights();
  given.tensors()[3].type = artifact::Type::i32;
  EXPECT_NE(message_of(given.tensors()).find("is I32"), std::string::npos);
}

TEST(Build, AnArrayThatNobodyAsksForIsRefused) {
  test::RandomWeights given = weights();
  given.add("layer_4.norm.weight", {24}, 0, 1);
  EXPECT_EQ(message_of(given.tensors()),
            "some.safetensors: the weights 'layer_4.norm.weight' do not belong to its architecture");
}

TEST(Build, AConfigurationOutOfRangeIsRefused) {
  artifact::ModelConfig forged = config;
  std::get<artifact::WindowTransformerConfig>(forged.architecture).heads = 0;
  EXPECT_THROW((void)build(forged, weights().tensors(), "file"), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::graph
