#include "corpuscle/train/network_file.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>

#include "corpuscle/core/error.hpp"
#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

using dataset::Folder;
using dataset::message_of;

encoding::Normalisation toy_normalisation() {
  encoding::NormalisationSums sums(dataset::toy_schema());
  for (std::uint64_t i = 0; i < 10; ++i) {
    dataset::Examples const event = learnable_example(i);
    sums.add(event.features, event.type);
  }
  return sums.result();
}

artifact::ModelDescription toy_model(std::vector<std::string> const& overrides = {}) {
  TrainConfig const config = fitted(small_config({"a"}, overrides));
  return {config.model, dataset::toy_schema(), toy_normalisation(), config.loss.layout, "standard",
          "CLIC_toy",   {{"command", "test"}}};
}

/// A folder with "model.safetensors", written once.
Folder const& written() {
  static Folder const folder("network_file");
  static bool const is_written = [] {
    std::filesystem::create_directories(folder.path());
    auto const network = model::make_network(toy_model().model, 5);
    write_network(folder / "model.safetensors", *network, toy_model(), learnable_example(0));
    return true;
  }();
  EXPECT_TRUE(is_written);
  return folder;
}

TEST(NetworkFile, TheNetworkComesBackToTheBit) {
  artifact::ModelFile const file(written() / "model.safetensors");
  EXPECT_EQ(artifact::to_json(file.description().model), artifact::to_json(toy_model().model));
  EXPECT_EQ(file.description().normalisation, toy_normalisation());
  EXPECT_EQ(file.description().provenance.at("command"), "test");
  auto const ours = model::make_network(toy_model().model, 5);
  auto const theirs = load_network(file);
  ASSERT_EQ(ours->parameters().size(), theirs->parameters().size());
  for (std::size_t i = 0; i < ours->parameters().size(); ++i)
    EXPECT_TRUE(torch::equal(ours->parameters()[i], theirs->parameters()[i]));
  EXPECT_FALSE(theirs->is_training());
}

TEST(NetworkFile, EveryFlippedByteIsFound) {
  std::string const good = written().bytes("model.safetensors");
  for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 300) {
    std::string bad = good;
    bad[at] ^= 0x20;
    written().put("bad.safetensors", bad);
    EXPECT_THROW(artifact::ModelFile(written() / "bad.safetensors"), core::Error) << at;
  }
}

TEST(NetworkFile, ACutFileIsRefused) {
  std::string const good = written().bytes("model.safetensors");
  for (std::size_t i = 0; i < 50; ++i) {
    written().put("cut.safetensors", good.substr(0, good.size() * i / 50));
    EXPECT_THROW(artifact::ModelFile(written() / "cut.safetensors"), core::Error) << i;
  }
}

TEST(NetworkFile, OtherFilesAreRefusedByName) {
  artifact::write_tensors(written() / "other.safetensors", {}, {{"format", "corpuscle-dataset"}});
  EXPECT_NE(message_of<core::DataError>([] {
              artifact::ModelFile(written() / "other.safetensors");
            }).find("is no model of Corpuscle (its 'format' is 'corpuscle-dataset')"),
            std::string::npos);
  artifact::write_tensors(written() / "newer.safetensors", {},
                          {{"format", "corpuscle-model"}, {"version", "2"}});
  EXPECT_NE(message_of<core::DataError>([] {
              artifact::ModelFile(written() / "newer.safetensors");
            }).find("a model file of version 2, this program reads version 1"),
            std::string::npos);
}

/// What loading says of a file with these weights.
std::string complaint(std::vector<artifact::Tensor> const& weights) {
  artifact::ModelFile const file(written() / "model.safetensors");
  artifact::write_model(written() / "changed.safetensors", file.description(), weights, file.self_test());
  return message_of<core::DataError>(
      [] { load_network(artifact::ModelFile(written() / "changed.safetensors")); });
}

TEST(NetworkFile, WeightsThatAreNotThoseOfTheArchitectureAreNamed) {
  artifact::ModelFile const file(written() / "model.safetensors");
  auto weights = file.weights();
  weights.pop_back();
  EXPECT_NE(complaint(weights).find(file.weights().back().name + "' are missing"), std::string::npos);
  weights = file.weights();
  weights.front().shape.push_back(1);
  EXPECT_NE(complaint(weights).find(weights.front().name + "' are ["), std::string::npos);
  weights = file.weights();
  weights.push_back(weights.front());
  weights.back().name = "extra";
  EXPECT_NE(complaint(weights).find("arrays of weights, the architecture has"), std::string::npos);
}

TEST(NetworkFile, WeightsOfAnotherNetworkFailTheSelfTest) {
  artifact::ModelFile const file(written() / "model.safetensors");
  std::vector<float> changed(file.weights().front().bytes.size() / sizeof(float), 0.5F);
  auto weights = file.weights();
  weights.front().bytes = std::as_bytes(std::span(changed));
  EXPECT_NE(complaint(weights).find("its self-test gives"), std::string::npos);
  changed.front() = NAN;
  EXPECT_NE(complaint(weights).find("has a value that is no number"), std::string::npos);
}

}  // namespace
}  // namespace corpuscle::train
