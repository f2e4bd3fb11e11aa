#include "corpuscle/io/event_frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/schema.hpp"
#include "support/events.hpp"
#include "support/expect_same_event.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::calo_cell;
using testing::CollectionMaker;
using testing::complaint;
using testing::detector_for_events;
using testing::random_event;
using testing::ref;
using testing::tracker_cell;

event::Event build(Frame const& frame, Parameters const& metadata) {
  FileInfo info;
  info.path = "memory";
  info.metadata = metadata;
  return EventBuilder(info, detector_for_events())(frame, 0);
}

template <class T>
std::vector<T> values(Frame const& frame, char const* collection, char const* member) {
  std::vector<T> all;
  frame.find(collection)->member(member)->append_to(all);
  return all;
}

// --- Laws ----------------------------------------------------------------------------------------------

TEST(EventFramer, WhatIsReadBackIsTheEventThatWentIn) {
  EventFramer const make_frame(detector_for_events());
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    event::Event const event = random_event(12 * seed, seed);
    testing::expect_same_event(build(make_frame(event), make_frame.metadata()), event);
  }
}

TEST(EventFramer, AnEmptyEventIsAnEvent) {
  EventFramer const make_frame(detector_for_events());
  event::Event event;
  event.number = 1234567890123;
  testing::expect_same_event(build(make_frame(event), make_frame.metadata()), event);
}

TEST(EventFramer, EveryFrameHasTheCollectionsOfTheSchema) {
  EventFramer const make_frame(detector_for_events());
  auto const schema = make_frame.schema();
  EXPECT_EQ(testing::schema_of(make_frame(random_event(10, 1))), schema);
  EXPECT_TRUE(std::is_sorted(schema.begin(), schema.end(),
                             [](Collection const& a, Collection const& b) { return a.name < b.name; }));
  for (Collection const& collection : schema)
    EXPECT_TRUE(find_current_schema(collection.type)) << collection.type << " is not of EDM4hep 1.x";
}

TEST(EventFramer, HitsOfAnyOrderKeepTheirOwners) {
  event::Event const sorted = random_event(20, 1);
  event::Event shuffled = sorted;
  std::size_t const n = sorted.observed.calo_hits.size();
  auto const moved = [n](std::size_t row) { return (7 * row + 3) % n; };  // n = 200: 7 has no common factor
  for (std::size_t row = 0; row < n; ++row) {
    auto const& from = sorted.observed.calo_hits;
    auto& to = shuffled.observed.calo_hits;
    to.cell_id[moved(row)] = from.cell_id[row];
    to.energy[moved(row)] = from.energy[row];
    to.layer[moved(row)] = from.layer[row];
  }
  for (event::CaloHitId& hit : shuffled.observed.clusters.hits.values)
    hit = event::CaloHitId(moved(hit.row()));
  for (auto& link : shuffled.truth.calo_hit_links) link.from = event::CaloHitId(moved(link.from.row()));

  EventFramer const make_frame(detector_for_events());
  event::Event const read = build(make_frame(shuffled), make_frame.metadata());
  for (std::size_t cluster = 0; cluster < read.observed.clusters.size(); ++cluster) {
    auto const before = sorted.observed.clusters.hits[cluster];
    auto const after = read.observed.clusters.hits[cluster];
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t k = 0; k < before.size(); ++k) {
      EXPECT_EQ(read.observed.calo_hits.cell_id[after[k].row()],
                sorted.observed.calo_hits.cell_id[before[k].row()]);
      EXPECT_EQ(read.observed.calo_hits.energy[after[k].row()],
                sorted.observed.calo_hits.energy[before[k].row()]);
    }
  }
  for (std::size_t k = 0; k < sorted.truth.calo_hit_links.size(); ++k)
    EXPECT_EQ(read.observed.calo_hits.cell_id[read.truth.calo_hit_links[k].from.row()],
              sorted.observed.calo_hits.cell_id[sorted.truth.calo_hit_links[k].from.row()]);
}

// --- What other people's software looks at ----------------------------------------------------------------

TEST(EventFramer, HitTypesAreThoseOfTheRealFiles) {
  // Of layer 10 of the ECAL endcap, 0 and 1 of the ECAL barrel and 3 of the HCAL barrel, read in
  // cld_nunuHbb240_rec.edm4hep.root; the others by the rule of detector.md 2.5.
  std::map<std::string, std::vector<std::int32_t>> const expected = {
      {"ECALBarrel", {1010, 11010}}, {"ECALEndcap", {102010}}, {"ECALOther", {3010}},
      {"HCALBarrel", {31021}},       {"HCALEndcap", {2021}},   {"HCALOther", {4021}},
      {"MUON", {1032, 22032}},       {"LumiCal_Hits", {40}}};
  std::pair<int, std::int16_t> const cells[] = {{20, 0}, {20, 1}, {29, 10}, {21, 0}, {10, 3},
                                                {11, 0}, {12, 0}, {13, 0},  {14, 2}, {15, 0}};
  event::Event event;
  event.observed.calo_hits.resize(std::size(cells));
  for (std::size_t row = 0; row < std::size(cells); ++row) {
    event.observed.calo_hits.cell_id[row] = calo_cell(cells[row].first, cells[row].second, 1, 1);
    event.observed.calo_hits.layer[row] = cells[row].second;
  }
  Frame const frame = EventFramer(detector_for_events())(event);
  for (auto const& [collection, types] : expected)
    EXPECT_EQ(values<std::int32_t>(frame, collection.c_str(), "type"), types) << collection;
}

TEST(EventFramer, TracksCountTheirHitsBySystem) {
  // As the first track of cld_nunuHbb240_rec.edm4hep.root: type 42, 6 + 3 + 3 hits in the barrels.
  event::Event event = random_event(1, 1);
  event.truth.tracker_hit_links.clear();
  event::TrackerHits& hits = event.observed.tracker_hits;
  hits.resize(12);
  event.observed.tracks.hits = {};
  for (std::size_t row = 0; row < 12; ++row) {
    hits.cell_id[row] = tracker_cell(row < 6 ? 1 : row < 9 ? 3 : 5, 0);
    event.observed.tracks.hits.values.emplace_back(row);
  }
  event.observed.tracks.hits.end_row();
  Frame const frame = EventFramer(detector_for_events())(event);
  EXPECT_EQ(values<std::int32_t>(frame, "SiTracks_Refitted", "type"), std::vector<std::int32_t>{42});
  std::vector<std::int32_t> numbers;
  frame.find("SiTracks_Refitted")->vector("subdetectorHitNumbers")->columns[0].append_to(numbers);
  ASSERT_EQ(numbers.size(), 40U);
  numbers.resize(14);
  EXPECT_EQ(numbers, (std::vector<std::int32_t>{6, 6, 0, 0, 3, 3, 0, 0, 3, 3, 0, 0, 0, 0}));
}

TEST(EventFramer, TrackerHitsKnowWhatTheyMeasure) {
  event::Event event;
  event::TrackerHits& hits = event.observed.tracker_hits;
  hits.resize(2);
  hits.cell_id = {tracker_cell(3, 1), tracker_cell(4, 1)};
  hits.x = {0, -500};
  hits.y = {300, 0};
  Frame const frame = EventFramer(detector_for_events())(event);
  auto const value = [&](char const* collection, char const* member) {
    return values<float>(frame, collection, member).at(0);
  };
  float const pi = std::numbers::pi_v<float>;
  // A barrel sensor above the beam measures along -x and along z ...
  EXPECT_FLOAT_EQ(value("ITrackerHits", "u.a"), pi / 2);
  EXPECT_FLOAT_EQ(value("ITrackerHits", "u.b"), -pi);
  EXPECT_FLOAT_EQ(value("ITrackerHits", "v.a"), 0);
  EXPECT_FLOAT_EQ(value("ITrackerHits", "du"), 0.007F);
  EXPECT_FLOAT_EQ(value("ITrackerHits", "dv"), 0.09F);
  // ... and one of a disc at negative x along -y and along -x.
  EXPECT_FLOAT_EQ(value("ITrackerEndcapHits", "u.b"), -pi / 2);
  EXPECT_FLOAT_EQ(value("ITrackerEndcapHits", "v.a"), pi / 2);
  EXPECT_FLOAT_EQ(std::abs(value("ITrackerEndcapHits", "v.b")), pi);
}

TEST(EventFramer, MetadataNameDetectorAndEncodings) {
  Parameters const metadata = EventFramer(detector_for_events()).metadata();
  EXPECT_EQ(detector_in(metadata), "CLIC_test");
  for (char const* collection :
       {"ECALBarrel", "MUON", "LumiCal_Hits", "OTrackerEndcapHits", "OuterTrackerEndcapCollection"})
    EXPECT_TRUE(metadata.contains(std::string(collection) + "__CellIDEncoding")) << collection;
}

// --- What cannot be framed --------------------------------------------------------------------------------

TEST(EventFramer, HitOfNoSystemIsAnError) {
  EventFramer const make_frame(detector_for_events());
  event::Event event = random_event(10, 1);
  event.observed.calo_hits.cell_id[17] = calo_cell(30, 0, 0, 0);
  EXPECT_NE(complaint<core::DataError>([&] { (void)make_frame(event); }).find("row 17"), std::string::npos);
  event = random_event(10, 1);
  event.observed.tracker_hits.cell_id[3] = tracker_cell(7, 0);
  EXPECT_NE(complaint<core::DataError>([&] { (void)make_frame(event); }).find("row 3"), std::string::npos);
}

TEST(EventFramer, DetectorWithoutSimulationIsAConfigError) {
  detector::Detector detector = detector_for_events();
  detector.simulation = {};
  EXPECT_NE(complaint<core::ConfigError>([&] { EventFramer{detector}; }).find("simulation"),
            std::string::npos);
  detector = detector_for_events();
  detector.collections.tracks = {"*Tracks"};
  EXPECT_NE(complaint<core::ConfigError>([&] { EventFramer{detector}; }).find("tracks"), std::string::npos);
}

// --- Hits of a full simulation ---------------------------------------------------------------------------

Frame sim_frame() {
  Frame frame;
  auto const add = [&](Collection collection) { frame.collections.push_back(std::move(collection)); };
  add(CollectionMaker("Cells", "edm4hep::SimCalorimeterHit", 3)
          .member("cellID", std::vector<std::uint64_t>{5, 6, 7})
          .member("energy", std::vector<float>{3, 4, 5})
          .member("position.x", std::vector<float>{1, 2, 3})
          .one_to_many("contributions",
                       {{ref("Shares", 0), ref("Shares", 1)}, {ref("Elsewhere", 9)}, {ref("Shares", 2)}}));
  add(CollectionMaker("Particles", "edm4hep::MCParticle", 2));
  add(CollectionMaker("Shares", "edm4hep::CaloHitContribution", 3)
          .member("energy", std::vector<float>{1, 2, 5})
          .member("time", std::vector<float>{7, 8, 9})
          .one_to_one("particle", {ref("Particles", 1), ref("Particles", 0), {}}));
  return frame;
}

TEST(ReadSimCaloHits, HitsHaveTheSharesOfTheirParticles) {
  event::SimCaloHits const hits = read_sim_calo_hits(sim_frame());
  EXPECT_EQ(hits.cell_id, (std::vector<std::uint64_t>{5, 6, 7}));
  EXPECT_EQ(hits.x, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(hits.y, (std::vector<float>{0, 0, 0}));
  ASSERT_EQ(hits.contributions.offsets, (std::vector<std::uint32_t>{0, 2, 3, 4}));
  EXPECT_EQ(hits.contributions[0][0].particle, event::GenParticleId(1));
  EXPECT_EQ(hits.contributions[0][1].particle, event::GenParticleId(0));
  EXPECT_EQ(hits.contributions[0][1].energy, 2);
  EXPECT_EQ(hits.contributions[0][1].time, 8);
  // Its shares are not in the file: all of its energy, of nobody.
  EXPECT_FALSE(hits.contributions[1][0].particle.is_valid());
  EXPECT_EQ(hits.contributions[1][0].energy, 4);
  EXPECT_FALSE(hits.contributions[2][0].particle.is_valid());
}

TEST(ReadSimCaloHits, ReferenceBeyondItsCollectionIsNamed) {
  Frame frame = sim_frame();
  frame.collections[0].relations[0].targets[3].index = 3;
  EXPECT_NE(complaint<core::DataError>([&] { (void)read_sim_calo_hits(frame); }).find("'Cells', row 2"),
            std::string::npos);
  frame = sim_frame();
  frame.collections[2].relations[0].targets[0].index = 2;
  EXPECT_NE(complaint<core::DataError>([&] {
              (void)read_sim_calo_hits(frame);
            }).find("'Cells', row 0: a contribution in 'Shares'"),
            std::string::npos);
  frame = sim_frame();
  frame.collections[0].relations[0].targets.pop_back();
  EXPECT_NE(complaint<core::DataError>([&] { (void)read_sim_calo_hits(frame); }).find("'Cells', row 2"),
            std::string::npos);
}

TEST(ReadSimCaloHits, FrameWithoutThemHasNone) {
  EXPECT_EQ(read_sim_calo_hits({}).size(), 0U);
  EXPECT_EQ(read_sim_calo_hits(testing::small_event(0)).size(), 0U);
}

}  // namespace
}  // namespace corpuscle::io
