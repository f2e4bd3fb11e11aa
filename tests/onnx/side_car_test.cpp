#include "corpuscle/onnx/side_car.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "graph/random_networks.hpp"

namespace corpuscle::onnx {
namespace {

artifact::ModelDescription description(char const* schema, encoding::Layout layout) {
  artifact::ModelDescription result;
  result.schema = encoding::find_schema(schema);
  result.layout = layout;
  result.model = {static_cast<std::int64_t>(result.schema.width()),
                  static_cast<std::int64_t>(result.schema.elements.size()), artifact::AttentionConfig{}};
  result.detector = "clic";
  result.rule = "standard";
  result.provenance = {{"events", "1000 \xff"}};  // no UTF-8
  return result;
}

TEST(SideCar, EveryColumnIsToldAsTheSchemaHasIt) {
  for (encoding::Schema const& schema : encoding::built_in_schemas()) {
    auto const json = nlohmann::json::parse(
        side_car(description(schema.name.c_str(), encoding::Layout::standard), "some.onnx"));
    EXPECT_EQ(json["file"], "some.onnx");
    EXPECT_EQ(json["features"]["shape"][1], schema.width());
    ASSERT_EQ(json["elements"].size(), schema.elements.size());
    for (std::size_t i = 0; i < schema.elements.size(); ++i) {
      auto const& element = json["elements"][i];
      EXPECT_EQ(element["code"], i);
      ASSERT_EQ(element["var_names"].size(), schema.elements[i].columns.size());
      for (std::size_t j = 0; j < schema.elements[i].columns.size(); ++j) {
        encoding::Column const& column = schema.elements[i].columns[j];
        EXPECT_EQ(element["var_names"][j], column.name);
        auto const& info = element["var_infos"][column.name];
        EXPECT_EQ(info["unit"], column.unit);
        EXPECT_EQ(info["range"], (nlohmann::json{column.low, column.high}));
        EXPECT_EQ(info["transform"], encoding::name(column.transform));
        EXPECT_EQ(info["scale"], column.scale);
      }
    }
  }
}

TEST(SideCar, OutputsAndDecodingAreThoseOfTheLayout) {
  for (encoding::Layout const layout :
       {encoding::Layout::standard, encoding::Layout::mlpf_2023, encoding::Layout::mlpf_2026}) {
    auto const json = nlohmann::json::parse(side_car(description("mlpf-2023-clusters", layout), "x.onnx"));
    auto const names = encoding::output_names(layout);
    ASSERT_EQ(json["outputs"]["var_names"].size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(json["outputs"]["var_names"][i], names[i]);
    EXPECT_EQ(json["decoding"]["layout"], encoding::name(layout));
    EXPECT_EQ(json["decoding"]["labels"].size(), encoding::n_labels);
    EXPECT_FALSE(json["decoding"]["steps"].empty());
  }
}

TEST(SideCar, ChargedParticlesComeOutOfTracksOnly) {
  auto const json = nlohmann::json::parse(
      side_car(description("corpuscle-clusters-1", encoding::Layout::standard), "x.onnx"));
  EXPECT_EQ(json["elements"][0]["labels"], (nlohmann::json{"none", "charged_hadron", "electron", "muon"}));
  EXPECT_EQ(json["elements"][1]["labels"], (nlohmann::json{"none", "neutral_hadron", "photon"}));
}

TEST(SideCar, TheMetadataOfTheModelSayTheSameInShort) {
  Model model;
  auto const of = description("corpuscle-clusters-1", encoding::Layout::standard);
  describe(of, model);
  EXPECT_EQ(model.metadata["corpuscle.schema"], encoding::to_json(of.schema));
  EXPECT_EQ(model.metadata["corpuscle.layout"], "standard");
  EXPECT_EQ(model.metadata["corpuscle.detector"], "clic");
}

}  // namespace
}  // namespace corpuscle::onnx
