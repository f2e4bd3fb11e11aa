#include "corpuscle/io/edm4hep_json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "corpuscle/core/error.hpp"

namespace corpuscle::io {
namespace {

std::string const real_file = CORPUSCLE_SOURCE_DIR "/../shared/data/cld_ttbar_rec.edm4hep.json";

// As edm4hep2json of EDM4hep 0.7 writes: plain covariance arrays, -2 for no reference.
constexpr std::string_view old_sample = R"({
  "Event 0": {
    "Hits": {"collID": 3, "collType": "edm4hep::SimTrackerHitCollection", "collection": [
      {"EDep": 0.5, "MCParticle": {"collectionID": 7, "index": 1}, "cellID": 18364758544493064720,
       "position": {"x": 1.0, "y": -2.0, "z": 3.0}, "quality": 0},
      {"EDep": null, "MCParticle": {"collectionID": -2, "index": -2}, "cellID": 5,
       "position": {"x": 4.0, "y": 5.0, "z": 6.0}, "quality": -1}]},
    "Links": {"collID": 4, "collType": "edm4hep::MCRecoTrackParticleAssociationCollection", "collection": [
      {"rec": {"collectionID": 5, "index": 0}, "sim": {"collectionID": 7, "index": 2}, "weight": 0.25}]},
    "Tracks": {"collID": 5, "collType": "edm4hep::TrackCollection", "collection": [
      {"chi2": 1.5, "subDetectorHitNumbers": [4, 5], "trackStates": [
         {"D0": 0.5, "covMatrix": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21],
          "location": 1, "referencePoint": {"x": 0.0, "y": 0.0, "z": 0.0}},
         {"D0": -0.5, "location": 2, "referencePoint": {"x": 0.0, "y": 0.0, "z": 9.0}}],
       "trackerHits": [{"collectionID": 3, "index": 0}, {"collectionID": 3, "index": 1}], "tracks": []},
      {"chi2": 2.5, "subDetectorHitNumbers": [], "trackStates": [],
       "trackerHits": [{"collectionID": 3, "index": 1}], "tracks": []}]},
    "edm4hepVersion": "0.7.0"},
  "Event 1": {"edm4hepVersion": "0.7.0"}
})";

// As edm4hep2json of EDM4hep 1.x writes: hashed ids, components for covariances, links.
constexpr std::string_view new_sample = R"({
  "Event 0": {
    "MCLink": {"collID": 4000000001, "collType": "podio::LinkCollection<edm4hep::Cluster,edm4hep::MCParticle>",
      "collection": [{"from": {"collectionID": 4000000002, "index": 0},
                      "to": {"collectionID": 4294967294, "index": -2}, "weight": 1.0}]},
    "Clusters": {"collID": 4000000002, "collType": "edm4hep::ClusterCollection", "collection": [
      {"clusters": [], "energy": 10.0, "hits": [{"collectionID": 9, "index": 3}], "iPhi": 0.1, "iTheta": 0.2,
       "position": {"x": 1.0, "y": 2.0, "z": 3.0}, "positionError": {"values": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]},
       "shapeParameters": [1, 2], "subdetectorEnergies": [], "type": 3}]},
    "Selected": {"collID": 4000000003, "collType": "edm4hep::ClusterCollection", "collection": [
      {"collectionID": 4000000002, "index": 0}]},
    "Generator": {"collID": 11, "collType": "edm4hep::GeneratorEventParametersCollection", "collection": [
      {"beamsPz": [120.0, -120.0], "crossSections": [1.0], "signalVertexParticles": [], "sqrts": 240.0}]},
    "Scores": {"collID": 12, "collType": "podio::UserDataCollection<float>", "collection": [0.5, 1, 0.25]},
    "edm4hepVersion": "1.0.0", "podioVersion": "1.7.0"}
})";

std::unique_ptr<Source> open_text(std::string_view text) {
  return open_edm4hep_json_bytes("sample.json", text);
}

Frame read_first(std::string_view text) {
  Frame frame;
  open_text(text)->read(0, frame, {});
  return frame;
}

/// What the error says; empty if there is none.
std::string error_of(auto&& action) {
  try {
    action();
  } catch (core::DataError const& error) {
    return error.what();
  }
  return {};
}

std::string first_event_error(std::string_view text) {
  return error_of([&] { read_first(text); });
}

std::string event_with(std::string_view collection) {
  return std::string(R"({"Event 0": {"X": )").append(collection).append("}}");
}

std::string hits_with(std::string_view objects) {
  return event_with(
      std::string(R"({"collID": 1, "collType": "edm4hep::CalorimeterHitCollection", "collection": )")
          .append(objects)
          .append("}"));
}

std::string clusters_with(std::string_view objects) {
  return event_with(std::string(R"({"collID": 1, "collType": "edm4hep::ClusterCollection", "collection": )")
                        .append(objects)
                        .append("}"));
}

std::string text_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What the frame promises: every column has the rows that belong to it, every range lies in its vector.
void expect_consistent(Frame const& frame) {
  for (Collection const& c : frame.collections) {
    for (Column const& member : c.members)
      ASSERT_EQ(member.values(), c.size * member.width()) << member.name();
    auto const last = [&](std::string const& name) -> std::size_t {
      Column const* const end = c.member(name + "_end");
      return end && c.size > 0 ? end->at<std::size_t>(c.size - 1) : 0;
    };
    for (VectorMember const& vector : c.vectors)
      for (Column const& column : vector.columns) ASSERT_EQ(column.rows(), last(vector.name)) << vector.name;
    for (Relation const& relation : c.relations) {
      if (c.member(relation.name + "_end")) {
        ASSERT_EQ(relation.targets.size(), last(relation.name)) << relation.name;
      } else {
        ASSERT_EQ(relation.targets.size(), c.size) << relation.name;
      }
    }
  }
}

// --- The two schemas ---------------------------------------------------------------------------------

TEST(Edm4hepJson, SaysWhatTheFileIs) {
  FileInfo const info = open_text(old_sample)->info();
  EXPECT_EQ(info.path, "sample.json");
  EXPECT_EQ(info.format, "EDM4hep JSON");
  EXPECT_EQ(info.layout, "edm4hep2json");
  EXPECT_EQ(info.schema, "EDM4hep 0.7.0");
  EXPECT_EQ(info.entries, 2U);
  EXPECT_EQ(open_text(new_sample)->info().schema, "EDM4hep 1.0.0");
}

TEST(Edm4hepJson, OldNamesBecomeThoseOfToday) {
  Frame const frame = read_first(old_sample);
  expect_consistent(frame);
  ASSERT_EQ(frame.collections.size(), 3U);
  Collection const& hits = *frame.find("Hits");
  EXPECT_EQ(hits.type, "edm4hep::SimTrackerHit");
  EXPECT_EQ(hits.id, 3U);
  ASSERT_NE(hits.member("eDep"), nullptr);
  EXPECT_EQ(hits.member("eDep")->at<double>(0), 0.5);
  ASSERT_NE(hits.relation("particle"), nullptr);
  EXPECT_EQ(hits.relation("particle")->targets, (std::vector<ObjectRef>{{1, 7}, {-1, 0}}));
  EXPECT_EQ(hits.member("position.y")->at<double>(0), -2.0);

  Collection const& links = *frame.find("Links");
  EXPECT_EQ(links.type, "podio::Link<edm4hep::Track,edm4hep::MCParticle>");
  EXPECT_EQ(links.relation("from")->targets[0], (ObjectRef{0, 5}));
  EXPECT_EQ(links.relation("to")->targets[0], (ObjectRef{2, 7}));
  EXPECT_EQ(links.member("weight")->at<double>(0), 0.25);
}

TEST(Edm4hepJson, NullIsNotANumber) {
  Collection const hits = *read_first(old_sample).find("Hits");
  EXPECT_TRUE(std::isnan(hits.member("eDep")->at<double>(1)));
}

TEST(Edm4hepJson, CellIdsKeepAll64Bits) {
  Collection const hits = *read_first(old_sample).find("Hits");
  EXPECT_EQ(hits.member("cellID")->type(), Scalar::u64);
  EXPECT_EQ(hits.member("cellID")->at<std::uint64_t>(0), 18364758544493064720U);
  EXPECT_EQ(hits.member("quality")->type(), Scalar::i64);
  EXPECT_EQ(hits.member("quality")->at<int>(1), -1);
}

TEST(Edm4hepJson, VectorsAndRelationsKnowTheirObjects) {
  Collection const tracks = *read_first(old_sample).find("Tracks");
  VectorMember const* const states = tracks.vector("trackStates");
  ASSERT_NE(states, nullptr);
  EXPECT_EQ(states->element_type, "edm4hep::TrackState");
  EXPECT_EQ(tracks.member("trackStates_begin")->at<int>(1), 2);
  EXPECT_EQ(tracks.member("trackStates_end")->at<int>(1), 2);
  EXPECT_EQ(tracks.relation("trackerHits")->targets, (std::vector<ObjectRef>{{0, 3}, {1, 3}, {1, 3}}));
  EXPECT_EQ(tracks.member("trackerHits_begin")->at<int>(1), 2);
  EXPECT_EQ(tracks.member("trackerHits_end")->at<int>(1), 3);
  VectorMember const* const numbers = tracks.vector("subdetectorHitNumbers");
  ASSERT_NE(numbers, nullptr);
  EXPECT_EQ(numbers->columns.at(0).at<int>(1), 5);
  EXPECT_EQ(tracks.member("subdetectorHitNumbers_end")->at<int>(0), 2);
}

TEST(Edm4hepJson, AMissingCovarianceIsZero) {
  Collection const tracks = *read_first(old_sample).find("Tracks");
  for (Column const& column : tracks.vector("trackStates")->columns) {
    ASSERT_EQ(column.rows(), 2U) << column.name();
    if (column.name() != "covMatrix.values") continue;
    ASSERT_EQ(column.width(), 21U);
    EXPECT_EQ(column.at<double>(20), 21.0);
    EXPECT_EQ(column.at<double>(21), 0.0);
    return;
  }
  FAIL() << "no covariance";
}

TEST(Edm4hepJson, ReadsTheCurrentSchema) {
  Frame const frame = read_first(new_sample);
  expect_consistent(frame);
  Collection const& links = *frame.find("MCLink");
  EXPECT_EQ(links.type, "podio::Link<edm4hep::Cluster,edm4hep::MCParticle>");
  EXPECT_EQ(links.id, 4000000001U);
  EXPECT_EQ(links.relation("from")->targets[0], (ObjectRef{0, 4000000002U}));
  EXPECT_EQ(links.relation("to")->targets[0], ObjectRef{});

  Collection const& clusters = *frame.find("Clusters");
  ASSERT_NE(clusters.member("positionError.values"), nullptr);
  EXPECT_EQ(clusters.member("positionError.values")->width(), 6U);
  EXPECT_EQ(clusters.vector("shapeParameters")->columns[0].type(), Scalar::f64) << "declared as float";

  Collection const& generator = *frame.find("Generator");
  ASSERT_NE(generator.member("beamsPz"), nullptr) << "a fixed array, not a vector";
  EXPECT_EQ(generator.member("beamsPz")->width(), 2U);
  EXPECT_NE(generator.vector("crossSections"), nullptr);
  EXPECT_NE(generator.relation("signalVertexParticles"), nullptr);

  Collection const& scores = *frame.find("Scores");
  EXPECT_EQ(scores.type, "float");
  EXPECT_EQ(scores.size, 3U);
  EXPECT_EQ(scores.member("value")->at<double>(1), 1.0);
}

TEST(Edm4hepJson, ACollectionOfReferencesIsASubset) {
  Collection const selected = *read_first(new_sample).find("Selected");
  EXPECT_TRUE(selected.is_subset);
  EXPECT_TRUE(selected.members.empty());
  EXPECT_EQ(selected.relations.at(0).targets, (std::vector<ObjectRef>{{0, 4000000002U}}));
}

TEST(Edm4hepJson, AMemberThatSomeObjectsLackIsZeroThere) {
  Frame const frame = read_first(clusters_with(
      R"([{"energy": 1.0}, {}, {"type": 4, "hits": [{"index": 1, "collectionID": 2}]}, {"energy": 3.0}])"));
  expect_consistent(frame);
  Collection const& clusters = *frame.find("X");
  EXPECT_EQ(clusters.size, 4U);
  std::vector<double> energy;
  clusters.member("energy")->append_to(energy);
  EXPECT_EQ(energy, (std::vector<double>{1.0, 0.0, 0.0, 3.0}));
  EXPECT_EQ(clusters.member("type")->at<int>(2), 4);
  EXPECT_EQ(clusters.member("hits_begin")->at<int>(2), 0);
  EXPECT_EQ(clusters.member("hits_begin")->at<int>(3), 1);
}

TEST(Edm4hepJson, ARelationThatAnObjectLacksRefersToNothing) {
  Frame const frame = read_first(event_with(
      R"({"collID": 1, "collType": "edm4hep::SimTrackerHitCollection",
          "collection": [{"time": 1.0}, {"particle": {"index": 5, "collectionID": 2}}, {}]})"));
  expect_consistent(frame);
  EXPECT_EQ(frame.find("X")->relation("particle")->targets, (std::vector<ObjectRef>{{}, {5, 2}, {}}));
}

TEST(Edm4hepJson, WholeAndBrokenNumbersInOneColumnAreFloats) {
  Collection const hits =
      *read_first(hits_with(R"([{"energy": 1}, {"energy": 0.5}, {"energy": -2}])")).find("X");
  EXPECT_EQ(hits.member("energy")->type(), Scalar::f64);
  EXPECT_EQ(hits.member("energy")->at<double>(0), 1.0);
  EXPECT_EQ(hits.member("energy")->at<double>(2), -2.0);
}

TEST(Edm4hepJson, OrderOfNamesDoesNotMatter) {
  Frame const frame = read_first(event_with(
      R"({"collection": [{"energy": 1.0}], "collType": "edm4hep::CalorimeterHitCollection", "collID": 1})"));
  EXPECT_EQ(frame.find("X")->type, "edm4hep::CalorimeterHit");
  EXPECT_EQ(frame.find("X")->member("energy")->rows(), 1U);
}

TEST(Edm4hepJson, UnwantedCollectionsAreOnlyCounted) {
  auto const source = open_text(old_sample);
  Frame frame;
  std::vector<std::string> asked;
  source->read(0, frame, [&](std::string_view name, std::string_view type) {
    asked.push_back(std::string(name).append(" ").append(type));
    return name == "Tracks";
  });
  EXPECT_EQ(asked, (std::vector<std::string>{"Hits edm4hep::SimTrackerHit",
                                             "Links podio::Link<edm4hep::Track,edm4hep::MCParticle>",
                                             "Tracks edm4hep::Track"}));
  EXPECT_EQ(frame.find("Hits")->size, 2U);
  EXPECT_TRUE(frame.find("Hits")->members.empty());
  EXPECT_TRUE(frame.find("Hits")->relations.empty());
  EXPECT_FALSE(frame.find("Tracks")->members.empty());
}

TEST(Edm4hepJson, EventsComeByNumberThoughTheFileSortsThemByName) {
  std::string text = "{";
  for (int number : {0, 1, 10, 11, 2})
    text +=
        "\"Event " + std::to_string(number) +
        R"(": {"E": {"collID": 1, "collType": "edm4hep::EventHeaderCollection", "collection": [{"eventNumber": )" +
        std::to_string(number) + "}]}},";
  text.back() = '}';
  auto const source = open_text(text);
  std::vector<int> numbers;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    Frame frame;
    source->read(entry, frame, {});
    numbers.push_back(frame.find("E")->member("eventNumber")->at<int>(0));
  }
  EXPECT_EQ(numbers, (std::vector<int>{0, 1, 2, 10, 11}));
}

TEST(Edm4hepJson, AnEmptyObjectHasNoEventsAndAnEmptyEventNoCollections) {
  EXPECT_EQ(open_text("{}")->info().entries, 0U);
  EXPECT_EQ(open_text(" {\n} \n")->info().entries, 0U);
  EXPECT_TRUE(read_first(R"({"Event 0": {}})").collections.empty());
  Frame frame = read_first(old_sample);
  open_text(old_sample)->read(1, frame, {});
  EXPECT_TRUE(frame.collections.empty()) << "what the frame held before must go";
}

// --- The real file -------------------------------------------------------------------------------------

TEST(Edm4hepJson, RealFileHasTheCountsOfItsReadme) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << "no " << real_file;
  auto const source = open_edm4hep_json(real_file);
  EXPECT_EQ(source->info().schema, "EDM4hep 0.7.0");
  ASSERT_EQ(source->info().entries, 3U);
  constexpr std::array<std::size_t, 3> tracks{46, 50, 37}, clusters{82, 95, 73}, vertices{4, 2, 2};
  for (std::size_t event = 0; event < 3; ++event) {
    Frame frame;
    source->read(event, frame, {});
    expect_consistent(frame);
    ASSERT_EQ(frame.collections.size(), 5U);
    Collection const& track = *frame.find("SiTracks");
    EXPECT_EQ(track.size, tracks[event]);
    for (std::size_t row = 0; row < track.size; ++row)
      EXPECT_EQ(track.member("trackStates_end")->at<std::size_t>(row), 4 * (row + 1));
    EXPECT_EQ(frame.find("PandoraClusters")->size, clusters[event]);
    EXPECT_EQ(frame.find("VertexJets")->size, 2U);
    EXPECT_EQ(frame.find("BuildUpVertices")->size, vertices[event]);
    EXPECT_EQ(frame.find("EventHeader")->member("eventNumber")->at<std::size_t>(0), event);
  }
}

TEST(Edm4hepJson, RealFileHasTheValuesOfItsText) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << "no " << real_file;
  auto const source = open_edm4hep_json(real_file);
  Frame frame;
  source->read(1, frame, {});
  Collection const& clusters = *frame.find("PandoraClusters");
  EXPECT_EQ(clusters.relation("hits")->targets.size(), 8049U);
  EXPECT_EQ(clusters.relation("hits")->targets.back(), (ObjectRef{822, 26}));
  EXPECT_EQ(clusters.member("energy")->at<double>(94), 2.3570034503936768);
  EXPECT_EQ(clusters.member("position.z")->at<double>(94), 1472.61865234375);
  EXPECT_NE(clusters.member("iPhi"), nullptr);

  source->read(2, frame, {});
  Collection const& tracks = *frame.find("SiTracks");
  EXPECT_EQ(tracks.member("chi2")->at<double>(36), 3.4898335933685303);
  auto const& states = tracks.vector("trackStates")->columns;
  auto const column = [&](std::string_view name) -> Column const& {
    return *std::find_if(states.begin(), states.end(), [&](Column const& c) { return c.name() == name; });
  };
  EXPECT_EQ(column("omega").at<double>(36 * 4), -0.0002263283240608871);
  EXPECT_EQ(column("covMatrix.values").at<double>((36 * 4 + 3) * 21 + 9), 0.5754722952842712);
  EXPECT_EQ(column("location").at<int>(36 * 4 + 3), 4);

  source->read(0, frame, {});
  Collection const& jets = *frame.find("VertexJets");
  EXPECT_EQ(jets.member("energy")->at<double>(0), 69.19962310791016);
  EXPECT_EQ(jets.member("PDG")->at<int>(0), 4);
  EXPECT_EQ(jets.relation("particles")->targets.back(), (ObjectRef{39, 56}));
  EXPECT_EQ(jets.member("particles_end")->at<int>(0), 22);
  EXPECT_EQ(frame.find("BuildUpVertices")->member("covMatrix.values")->at<double>(3 * 6 + 5),
            0.02710222452878952);
}

TEST(Edm4hepJson, AFileAndItsTextReadAlike) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << "no " << real_file;
  std::string const text = text_of(real_file);
  auto const from_file = open_edm4hep_json(real_file);
  auto const from_text = open_text(text);
  for (std::size_t event : {2U, 0U, 1U}) {
    Frame a, b;
    from_file->read(event, a, {});
    from_text->read(event, b, {});
    EXPECT_EQ(a, b);
  }
}

// --- Bad input -----------------------------------------------------------------------------------------

TEST(Edm4hepJson, WhatIsNoEventFileIsRefusedAtOnce) {
  EXPECT_NE(error_of([] { open_text(""); }).find("is empty"), std::string::npos);
  EXPECT_NE(error_of([] { open_text("root\x01"); }).find("does not start with '{'"), std::string::npos);
  EXPECT_NE(error_of([] { open_text("[1, 2]"); }).find("does not start with '{'"), std::string::npos);
  EXPECT_NE(error_of([] { open_text(R"({"jets": [1, 2]})"); }).find("without an 'Event 0'"),
            std::string::npos);
  EXPECT_THROW(open_edm4hep_json("no/such/file.json"), core::EnvironmentError);
  EXPECT_THROW(open_edm4hep_json("."), core::EnvironmentError);
}

TEST(Edm4hepJson, ErrorsNameFileEventAndByte) {
  std::string const text = R"({"Event 0": {}, "Event 7": {"X": [1]}})";
  auto const source = open_text(text);
  Frame frame;
  source->read(0, frame, {});
  std::string const message = error_of([&] { source->read(1, frame, {}); });
  EXPECT_EQ(message, "sample.json: event 7 (byte 33): collection 'X' is a list, not an object");
  EXPECT_EQ(text[33], '[');
}

TEST(Edm4hepJson, WrongCollectionsAreErrors) {
  struct {
    std::string text;
    char const* message;
  } const cases[] = {
      {event_with(R"({"collID": 1, "collection": []})"), "no 'collType'"},
      {event_with(R"({"collType": "edm4hep::TrackCollection", "collection": []})"), "no 'collID'"},
      {event_with(R"({"collID": 1, "collType": "edm4hep::TrackCollection"})"), "no 'collection'"},
      {event_with(R"({"collID": -1, "collType": "T", "collection": []})"), "'collID' is not an integer"},
      {event_with(R"({"collID": 4294967296, "collType": "T", "collection": []})"),
       "'collID' is not an integer"},
      {event_with(R"({"collID": 1, "collID": 1, "collType": "T", "collection": []})"), "two 'collID'"},
      {event_with(R"({"collID": 1, "collType": 5, "collection": []})"), "'collType' is a number"},
      {hits_with("{}"), "'collection' is an object"},
      {hits_with("7"), "'collection' is a number"},
      {hits_with("[1, {}]"), "numbers and objects in one list"},
      {hits_with("[{}, 1]"), "numbers and objects in one list"},
      {hits_with("[[]]"), "a list directly within a list"},
      {hits_with(R"([{"energy": "much"}])"), "where a number belongs"},
      {hits_with(R"([{"energy": 1, "energy": 2}])"), "two 'energy'"},
      {hits_with(R"([{"energy": 1}, {"energy": {}}])"), "is an object here and a number before"},
      {hits_with(R"([{"energy": 1e999}])"), "not valid JSON"},
      {hits_with(R"([{"energy": 01}])"), "not valid JSON"},
      {hits_with("[{]}"), "not valid JSON"},
      {clusters_with(R"([{"hits": 3}])"), "'hits' is not a list of references"},
      {clusters_with(R"([{"hits": [3]}])"), "'hits' is not a list of references"},
      {clusters_with(R"([{"hits": [{"index": 1}]}])"), "'hits' is not a list of references"},
      {clusters_with(R"([{"hits": [{"index": 0.5, "collectionID": 1}]}])"), "no integer"},
      {clusters_with(R"([{"hits": [{"index": 2147483648, "collectionID": 1}]}])"), "beyond 32 bits"},
      {clusters_with(R"([{"hits": [{"index": 1, "collectionID": 4294967296}]}])"), "beyond 32 bits"},
      {clusters_with(R"([{"hits": [{"index": 18446744073709551615, "collectionID": 1}]}])"),
       "beyond 32 bits"},
      {clusters_with(R"([{"shapeParameters": [{}]}])"), "'shapeParameters' is not a list of numbers"},
      {clusters_with(R"([{"hits": [], "hits_end": 1000}])"), "'hits_end' is the name of a range"},
      {clusters_with(R"([{"shapeParameters": 1}])"), "'shapeParameters' is not a list of numbers"},
      {R"({"Event 0": {"X": {"collID": 1, "collType": "T", "collection": []},
                       "Y": {"collID": 1, "collType": "T", "collection": []}}})",
       "have the same collID"},
      {R"({"Event 0": {"X": {"collID": 1, "collType": "T", "collection": []},
                       "X": {"collID": 2, "collType": "T", "collection": []}}})",
       "two collections 'X'"},
  };
  for (auto const& [text, message] : cases) {
    std::string const error = first_event_error(text);
    EXPECT_NE(error.find(message), std::string::npos) << text << "\n" << error;
    EXPECT_TRUE(error.starts_with("sample.json: event 0 (byte ")) << error;
  }
}

TEST(Edm4hepJson, TwoEventsOfOneNumberAreAnError) {
  auto const source = open_text(R"({"Event 0": {}, "Event 0": {}, "Event 1": {}})");
  Frame frame;
  EXPECT_EQ(error_of([&] { source->read(0, frame, {}); }), "");
  EXPECT_NE(error_of([&] { source->read(1, frame, {}); }).find("second event"), std::string::npos);
  EXPECT_EQ(error_of([&] { source->read(2, frame, {}); }), "");
}

TEST(Edm4hepJson, ADamagedEventLeavesTheOthersReadable) {
  auto const source = open_text(R"({"Event 0": {"X": 1e999}, "Event 1": {}})");
  Frame frame;
  EXPECT_THROW(source->read(0, frame, {}), core::DataError);
  EXPECT_EQ(error_of([&] { source->read(1, frame, {}); }), "");
  EXPECT_THROW(source->read(2, frame, {}), core::DataError);
}

TEST(Edm4hepJson, ADamagedTailCountsAsOneEventMore) {
  auto const source = open_text(R"({"Event 0": {}, "Event 1": {"X": {"collID")");
  ASSERT_EQ(source->info().entries, 2U);
  Frame frame;
  EXPECT_EQ(error_of([&] { source->read(0, frame, {}); }), "");
  EXPECT_EQ(error_of([&] { source->read(1, frame, {}); }),
            "sample.json: event 1 (byte 42): the file ends early");
}

TEST(Edm4hepJson, DeepNestingIsAnError) {
  for (char bracket : {'[', '{'}) {
    std::string const text = hits_with(std::string(100'000, bracket));
    EXPECT_NE(first_event_error(text).find("nested more than 16 deep"), std::string::npos);
  }
  std::string nested = "0.5";
  for (int k = 0; k < 12; ++k) nested = "{\"a\": " + nested + "}";
  EXPECT_EQ(first_event_error(hits_with("[" + nested + "]")), "") << "deep, but not too deep";
}

TEST(Edm4hepJson, EndlessTokensAreErrors) {
  EXPECT_NE(
      first_event_error(hits_with("[{\"" + std::string(1 << 20, 'a') + "\": 1}]")).find("a string of more"),
      std::string::npos);
  EXPECT_NE(first_event_error(hits_with("[" + std::string(1 << 20, '1') + "]")).find("a number of more"),
            std::string::npos);
}

/// Resident memory of this process at its highest, in bytes; 0 where the system does not tell.
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (std::size_t kilobytes = 0; std::sscanf(line.c_str(), "VmHWM: %zu", &kilobytes) == 1)
      return kilobytes * 1024;
  return 0;
}

// Each costs a few bytes of text per object and, done naively, kilobytes of memory.
TEST(Edm4hepJson, ForgedSizesCostNoMemory) {
  std::string const many_objects = [] {
    std::string text;
    for (int k = 0; k < 500'000; ++k) text += ",{}";
    return text;
  }();
  std::string many_members = "{";
  for (int k = 0; k < 500; ++k) many_members += "\"m" + std::to_string(k) + "\":0,";
  many_members.back() = '}';
  std::string long_array = "{\"a\":[0";
  for (int k = 0; k < 100'000; ++k) long_array += ",0";
  long_array += "]}";
  [[maybe_unused]] std::size_t const before = peak_memory();
  for (std::string const& first : {many_members, long_array}) {
    std::string const text = hits_with("[" + first + many_objects + "]");
    EXPECT_NE(first_event_error(text).find("needs far more memory"), std::string::npos);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(peak_memory() - before, 2 * text.size() + (64U << 20));
#endif
  }
  std::string many_names = "{";
  for (int k = 0; k < 600; ++k) many_names += "\"m" + std::to_string(k) + "\":0,";
  many_names.back() = '}';
  EXPECT_NE(first_event_error(hits_with("[" + many_names + "]")).find("more than 512 members"),
            std::string::npos);
}

/// Reads all events; every one must be consistent or a DataError that names the file.
std::size_t read_all(std::string_view text) {
  std::size_t good = 0;
  std::unique_ptr<Source> source;
  try {
    source = open_text(text);
  } catch (core::DataError const& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("sample.json: ")) << error.what();
    return 0;
  }
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    try {
      Frame frame;
      source->read(entry, frame, {});
      expect_consistent(frame);
      ++good;
    } catch (core::DataError const& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with("sample.json: ")) << error.what();
      EXPECT_NE(std::string_view(error.what()).find("byte "), std::string_view::npos) << error.what();
    }
  }
  return good;
}

TEST(Edm4hepJson, TruncationDeliversTheEventsBeforeIt) {
  std::string const text(old_sample);
  std::size_t const end_of_first = text.find("\"Event 1\"") - 4;
  for (std::size_t k = 0; k < 200; ++k) {
    std::size_t const size = k * text.size() / 200;
    EXPECT_EQ(read_all(std::string_view(text).substr(0, size)), size > end_of_first ? 1U : 0U) << size;
  }
}

TEST(Edm4hepJson, TruncationOfTheRealFileDeliversTheEventsBeforeIt) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << "no " << real_file;
  std::string const text = text_of(real_file);
  std::size_t const second = text.find("\"Event 1\""), third = text.find("\"Event 2\"");
  for (std::size_t k = 1; k < 16; ++k) {
    std::size_t const size = k * text.size() / 16;
    auto const source = open_text(std::string_view(text).substr(0, size));
    std::size_t const whole = (size > second ? 1U : 0U) + (size > third ? 1U : 0U);
    ASSERT_EQ(source->info().entries, whole + 1);
    Frame frame;
    EXPECT_THROW(source->read(whole, frame, {}), core::DataError);
  }
}

void flip_bits(std::string text, int rounds, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> place(0, text.size() - 1);
  std::uniform_int_distribution<int> bit(0, 7);
  for (int round = 0; round < rounds; ++round) {
    std::size_t const at = place(random);
    char const original = text[at];
    text[at] = static_cast<char>(original ^ (1 << bit(random)));
    read_all(text);
    text[at] = original;
  }
}

TEST(Edm4hepJson, FlippedBitsNeverDoMoreThanAnError) {
  flip_bits(std::string(old_sample), 1000, 1);
  flip_bits(std::string(new_sample), 1000, 2);
}

TEST(Edm4hepJson, FlippedBitsInTheRealFileNeverDoMoreThanAnError) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << "no " << real_file;
  flip_bits(text_of(real_file), 40, 3);
}

}  // namespace
}  // namespace corpuscle::io
