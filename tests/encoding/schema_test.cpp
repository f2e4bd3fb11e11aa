#include "corpuscle/encoding/schema.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::encoding {
namespace {

std::vector<std::string> names(Schema const& schema, ElementType type) {
  std::vector<std::string> result;
  for (Column const& column : *schema.columns(type)) result.push_back(column.name);
  return result;
}

/// What an action throws; empty if nothing.
template <class Error, class Action>
std::string message(Action const& action) {
  try {
    action();
  } catch (Error const& error) {
    return error.what();
  }
  return {};
}

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  std::size_t const at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Schema, PublishedOnesHaveThePublishedWidths) {
  // mlpf.md 1.4 to 1.7.
  struct Expected {
    char const* name;
    std::size_t width;
    std::vector<std::pair<ElementType, std::size_t>> columns;
  };
  using enum ElementType;
  for (Expected const& expected : {Expected{"mlpf-2023-clusters", 17, {{track, 16}, {cluster, 17}}},
                                   Expected{"mlpf-2023-hits", 15, {{track, 15}, {hit, 12}}},
                                   Expected{"mlpf-2026-clusters", 17, {{track, 16}, {cluster, 17}}},
                                   Expected{"mlpf-2026-hits", 12, {{tracker_hit, 12}, {hit, 12}}}}) {
    Schema const& schema = find_schema(expected.name);
    EXPECT_EQ(schema.width(), expected.width);
    ASSERT_EQ(schema.elements.size(), expected.columns.size());
    for (std::size_t k = 0; k < expected.columns.size(); ++k) {
      EXPECT_EQ(schema.elements[k].type, expected.columns[k].first);
      EXPECT_EQ(schema.elements[k].columns.size(), expected.columns[k].second);
    }
  }
}

TEST(Schema, PublishedOnesHaveThePublishedOrder) {
  EXPECT_EQ(names(find_schema("mlpf-2023-clusters"), ElementType::track),
            (std::vector<std::string>{"elemtype", "pt", "eta", "sin_phi", "cos_phi", "p", "chi2", "ndf",
                                      "dEdx", "dEdxError", "radiusOfInnermostHit", "tanLambda", "D0", "omega",
                                      "Z0", "time"}));
  EXPECT_EQ(names(find_schema("mlpf-2026-clusters"), ElementType::cluster),
            (std::vector<std::string>{"elemtype", "et", "eta", "sin_phi", "cos_phi", "energy", "position.x",
                                      "position.y", "position.z", "iTheta", "energy_ecal", "energy_hcal",
                                      "energy_other", "num_hits", "sigma_x", "sigma_y", "sigma_z"}));
  EXPECT_EQ(
      names(find_schema("mlpf-2023-hits"), ElementType::track),
      (std::vector<std::string>{"elemtype", "pt", "eta", "sin_phi", "cos_phi", "p", "chi2", "ndf",
                                "radiusOfInnermostHit", "tanLambda", "D0", "omega", "Z0", "time", "type"}));
  EXPECT_EQ(names(find_schema("mlpf-2023-hits"), ElementType::hit),
            (std::vector<std::string>{"elemtype", "et", "eta", "sin_phi", "cos_phi", "energy", "position.x",
                                      "position.y", "position.z", "time", "subdetector", "type"}));
}

TEST(Schema, TracksAndClustersOfOursCanBeComparedColumnByColumn) {
  Schema const& schema = find_schema("corpuscle-clusters-1");
  auto const& tracks = *schema.columns(ElementType::track);
  auto const& clusters = *schema.columns(ElementType::cluster);
  auto const& hits = *find_schema("corpuscle-hits-1").columns(ElementType::hit);
  for (std::size_t k = 0; k < 12; ++k) {
    EXPECT_EQ(tracks[k].name, clusters[k].name);
    EXPECT_EQ(tracks[k].transform, clusters[k].transform);
    EXPECT_EQ(tracks[k].scale, clusters[k].scale);
    EXPECT_TRUE(k >= 5 || tracks[k].name == hits[k].name);
  }
  EXPECT_EQ(tracks, *find_schema("corpuscle-hits-1").columns(ElementType::track));
}

TEST(Schema, EachComesBackFromItsJson) {
  for (Schema const& schema : built_in_schemas()) {
    std::string const text = to_json(schema);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    // Reading is strict: what passes here has no name twice, no empty range, no logarithm of 0.
    EXPECT_EQ(schema_from_json(text, "model"), schema);
    EXPECT_EQ(to_json(schema_from_json(text, "model")), text);
  }
}

TEST(Schema, DamagedTextIsRefusedWhereverItIsCut) {
  std::string const text = to_json(find_schema("mlpf-2023-hits"));
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_THROW(schema_from_json(text.substr(0, n), "x"), core::DataError) << n;
  EXPECT_THROW(schema_from_json(text + text, "x"), core::DataError);
  EXPECT_THROW(schema_from_json(replaced(text, "\"unit\"", "\"name\""), "x"), core::DataError);  // twice
}

TEST(Schema, WhatIsWrongIsNamedWithItsPlace) {
  std::string const text = to_json(find_schema("corpuscle-clusters-1"));
  auto const complaint = [&](std::string const& from, std::string const& to) {
    return message<core::ConfigError>([&] { schema_from_json(replaced(text, from, to), "shard.bin"); });
  };
  EXPECT_EQ(complaint("corpuscle-schema-1", "corpuscle-schema-2"),
            "shard.bin: its format is 'corpuscle-schema-2', this version of Corpuscle reads "
            "'corpuscle-schema-1'");
  EXPECT_EQ(complaint("\"unit\"", "\"Unit\""),
            "shard.bin.elements[0].columns[0]: the member 'unit' is missing");
  EXPECT_EQ(complaint("\"scale\":1.0", "\"scale\":1.0,\"offset\":2"),
            "shard.bin.elements[0].columns[0]: unknown member 'offset'");
  EXPECT_EQ(
      complaint("\"log\"", "\"sqrt\""),
      "shard.bin.elements[0].columns[0].transform: unknown 'sqrt'; this version of Corpuscle has none, log, "
      "asinh, code");
  EXPECT_EQ(complaint("[0.001,", "[0,"),
            "shard.bin.elements[0].columns[0]: the range of 'energy' has no logarithm");
  EXPECT_EQ(complaint("[0.001,", "[1e6,"),
            "shard.bin.elements[0].columns[0]: the range of 'energy' is upside down");
  EXPECT_EQ(complaint("\"scale\":1.0", "\"scale\":0"),
            "shard.bin.elements[0].columns[0]: the scale of 'energy' is not above 0");
  EXPECT_EQ(complaint("\"pt\"", "\"energy\""),
            "shard.bin.elements[0].columns[1]: the name 'energy' comes twice");
  EXPECT_EQ(complaint("\"cluster\"", "\"track\""), "shard.bin.elements[1]: the type 'track' comes twice");
  EXPECT_EQ(complaint("\"name\":\"energy\"", "\"name\":7"),
            "shard.bin.elements[0].columns[0].name: a string is needed here");
  EXPECT_NE(message<core::ConfigError>([] { schema_from_json("[1]", "x"); }), "");
}

TEST(Schema, AnotherOneIsRefusedNamingBoth) {
  Schema const& ours = find_schema("corpuscle-clusters-1");
  EXPECT_NO_THROW(require_same(ours, ours, "model.bin"));
  EXPECT_EQ(
      message<core::ConfigError>([&] { require_same(find_schema("mlpf-2023-hits"), ours, "model.bin"); }),
      "model.bin: is encoded with the schema 'mlpf-2023-hits', needed is 'corpuscle-clusters-1'. Prepare the "
      "events again with 'corpuscle-clusters-1'?");
  Schema changed = ours;
  changed.elements[1].columns[3].scale = 2;
  EXPECT_EQ(message<core::ConfigError>([&] { require_same(changed, ours, "model.bin"); }),
            "model.bin: has a schema 'corpuscle-clusters-1' that is not the 'corpuscle-clusters-1' of this "
            "version: "
            "column 3 of the type 'cluster' is 'centre_sin_phi' [], range -1 to 1, transform none, scale 2, "
            "and here "
            "'centre_sin_phi' [], range -1 to 1, transform none, scale 1. Prepare the events again with "
            "'corpuscle-clusters-1'?");
  changed = ours;
  changed.elements[0].columns.pop_back();
  EXPECT_NE(message<core::ConfigError>([&] { require_same(changed, ours, "m"); }).find("column 25"),
            std::string::npos);
  changed = ours;
  changed.elements.pop_back();
  EXPECT_NE(message<core::ConfigError>([&] { require_same(changed, ours, "m"); }).find("'cluster'"),
            std::string::npos);
}

TEST(Schema, AnUnknownNameIsAnsweredWithTheNearest) {
  std::string const text = message<core::ConfigError>([] { find_schema("corpuscle-cluster-1"); });
  EXPECT_NE(text.find("did you mean 'corpuscle-clusters-1'?"), std::string::npos) << text;
  EXPECT_NE(text.find("mlpf-2026-hits"), std::string::npos) << text;
}

TEST(Schema, EveryColumnIsInTheDocument) {
  std::ifstream file(CORPUSCLE_SOURCE_DIR "/docs/formats/encoding.md");
  std::stringstream text;
  text << file.rdbuf();
  for (Schema const& schema : built_in_schemas()) {
    EXPECT_NE(text.str().find("`" + schema.name + "`"), std::string::npos) << schema.name;
    if (schema.name.rfind("corpuscle", 0) != 0) continue;
    for (ElementColumns const& element : schema.elements)
      for (Column const& c : element.columns) {
        std::string const line =
            core::cat("| `", c.name, "` | ", c.unit.empty() ? "" : c.unit + " ", "| ", c.low, " to ", c.high,
                      " | ", name(c.transform), c.scale == 1 ? "" : core::cat(" / ", c.scale), " |");
        EXPECT_NE(text.str().find(line), std::string::npos) << schema.name << ": " << line;
      }
  }
}

}  // namespace
}  // namespace corpuscle::encoding
