#include "corpuscle/io/event_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "corpuscle/core/error.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using event::ClusterId;
using event::GenParticleId;
using event::TrackId;
using event::TrackPoint;
using testing::complaint;
using testing::ref;
using testing::small_event;

detector::Detector toy_detector() {
  detector::Detector detector;
  detector.name = "Toy";
  detector.calorimeter_cell_id = "system:5,layer:5";
  detector.collections.ecal_hits = {"Ecal*"};
  return detector;
}

FileInfo toy_file() {
  FileInfo info;
  info.path = "toy.root";
  return info;
}

event::Event build(Frame const& frame, std::size_t entry = 0) {
  return EventBuilder(toy_file(), toy_detector())(frame, entry);
}

Collection& find(Frame& frame, std::string_view name) {
  return *std::find_if(frame.collections.begin(), frame.collections.end(),
                       [&](Collection const& collection) { return collection.name == name; });
}

Column& column(std::vector<Column>& columns, std::string_view name) {
  return *std::find_if(columns.begin(), columns.end(), [&](Column const& c) { return c.name() == name; });
}

template <class T>
void set(Frame& frame, std::string_view collection, std::string_view member, std::vector<T> const& values) {
  Column& target = column(find(frame, collection).members, member);
  target = Column::of<T>(target.name(), values, target.width());
}

template <class Id>
std::vector<std::size_t> rows(std::span<Id const> ids) {
  std::vector<std::size_t> numbers;
  for (Id const id : ids) numbers.push_back(id.row());
  return numbers;
}

using Rows = std::vector<std::size_t>;

// --- Every table ---------------------------------------------------------------------------------------

TEST(EventBuilder, TracksHaveTheirStatesAndHits) {
  event::Event const event = build(small_event(0));
  EXPECT_EQ(event.run, 7);
  event::Tracks const& tracks = event.observed.tracks;
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks.chi2, (std::vector<float>{12.5F, 3}));
  EXPECT_EQ(tracks.ndf, (std::vector<std::int32_t>{10, 4}));
  EXPECT_EQ(tracks.at(TrackPoint::at_ip).d0, (std::vector<float>{0.1F, 0.5F}));
  EXPECT_EQ(tracks.at(TrackPoint::at_ip).tan_lambda, (std::vector<float>{0.01F, 0.2F}));
  EXPECT_EQ(tracks.at(TrackPoint::at_first_hit).is_present, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(tracks.at(TrackPoint::at_calorimeter).x, (std::vector<float>{1500, 0}));
  EXPECT_EQ(tracks.at(TrackPoint::at_last_hit).covariance[0][14], 2 * 21 + 14);
  EXPECT_EQ(tracks.innermost_hit_radius, (std::vector<float>{30, 0}));
  EXPECT_EQ(rows(tracks.hits[0]), (Rows{0, 1}));
  EXPECT_EQ(rows(tracks.hits[1]), (Rows{2}));
  EXPECT_EQ(event.observed.tracker_hits.x, (std::vector<double>{30, 60, 90}));
}

TEST(EventBuilder, ClustersHaveTheirHitsAndEnergies) {
  event::Observed const seen = build(small_event(2)).observed;
  ASSERT_EQ(seen.clusters.size(), 2U);
  EXPECT_EQ(seen.clusters.energy, (std::vector<float>{8.5F, 4}));
  EXPECT_EQ(rows(seen.clusters.hits[0]), (Rows{0}));
  EXPECT_EQ(rows(seen.clusters.hits[1]), (Rows{1, 2}));
  // The first says what it left where; for the second its hits do.
  EXPECT_EQ(seen.clusters.energy_ecal, (std::vector<float>{7, 4}));
  EXPECT_EQ(seen.clusters.energy_hcal, (std::vector<float>{1, 0}));
  EXPECT_EQ(seen.clusters.energy_other, (std::vector<float>{0.5F, 0}));
  ASSERT_EQ(seen.calo_hits.size(), 3U);
  EXPECT_EQ(seen.calo_hits.cell_id[1], 0xFFFFFFFFFFFFFFFF);
  EXPECT_EQ(seen.calo_hits.layer, (std::vector<std::int16_t>{21, 31, 0}));
  EXPECT_EQ(seen.calo_hits.subdetector[0], event::Subdetector::ecal);
}

TEST(EventBuilder, CellIdEncodingOfTheFileBeatsThatOfTheDetector) {
  FileInfo info = toy_file();
  info.metadata["EcalHits__CellIDEncoding"] = std::vector<std::string>{"layer:3"};
  event::Event const event = EventBuilder(info, toy_detector())(small_event(0), 0);
  EXPECT_EQ(event.observed.calo_hits.layer, (std::vector<std::int16_t>{5, 7, 3}));
}

TEST(EventBuilder, StoredParticlesHaveTheirTracksAndClusters) {
  event::Particles const stored = build(small_event(0)).stored;
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored.pdg, (std::vector<std::int32_t>{211, 22}));
  EXPECT_EQ(stored.particle_class[0], event::ParticleClass::charged_hadron);
  EXPECT_EQ(stored.particle_class[1], event::ParticleClass::photon);
  EXPECT_EQ(rows(stored.tracks[0]), (Rows{0, 1}));
  EXPECT_EQ(rows(stored.tracks[1]), Rows{});
  EXPECT_EQ(rows(stored.clusters[1]), (Rows{1}));
}

TEST(EventBuilder, TruthHasItsAncestryAndLinks) {
  event::Truth const truth = build(small_event(0)).truth;
  ASSERT_EQ(truth.particles.size(), 3U);
  EXPECT_EQ(rows(truth.particles.parents[2]), (Rows{1}));
  EXPECT_EQ(rows(truth.particles.daughters[1]), (Rows{2}));
  EXPECT_EQ(truth.particles.pdg[0], 211);
  ASSERT_EQ(truth.cluster_links.size(), 2U);
  EXPECT_EQ(truth.cluster_links[1], (event::Link<ClusterId>{ClusterId(1), GenParticleId(2), 0.5F}));
  ASSERT_EQ(truth.track_links.size(), 1U);
  EXPECT_EQ(truth.track_links[0], (event::Link<TrackId>{TrackId(1), GenParticleId(0), 0.75F}));
}

TEST(EventBuilder, LinksMayPointEitherWay) {
  Frame turned = small_event(0);
  for (Relation& relation : find(turned, "ClusterLinks").relations)
    relation.name = relation.name == "from" ? "to" : "from";
  EXPECT_EQ(build(turned).truth.cluster_links, build(small_event(0)).truth.cluster_links);
}

TEST(EventBuilder, EmptyFrameIsAnEmptyEvent) {
  event::Event const event = build({});
  EXPECT_EQ(event.observed.n_elements(), 0U);
  EXPECT_EQ(event.truth.particles.size(), 0U);
  EXPECT_EQ(event.stored.size(), 0U);
}

TEST(EventBuilder, NamesOfTheDetectorFileComeFirst) {
  Frame frame = small_event(0);
  frame.collections.insert(
      frame.collections.begin(),
      testing::CollectionMaker("ATracks", "edm4hep::Track", 1).member<float>("chi2", {1}));
  detector::Detector detector = toy_detector();
  EXPECT_EQ(EventBuilder(toy_file(), detector)(frame, 0).observed.tracks.size(), 3U);  // all of them
  detector.collections.tracks = {"NotThere", "Tracks"};
  EXPECT_EQ(EventBuilder(toy_file(), detector)(frame, 0).observed.tracks.size(), 2U);
}

TEST(EventBuilder, WantsWhatItLooksAt) {
  Wanted const wanted = EventBuilder(toy_file(), toy_detector()).wanted();
  Frame const all = small_event(0);
  Frame some = all;
  for (Collection& collection : some.collections)
    if (!wanted(collection.name, collection.type)) {
      collection.members.clear();
      collection.vectors.clear();
      collection.relations.clear();
    }
  EXPECT_TRUE(wanted("Tracks", "edm4hep::Track"));
  EXPECT_FALSE(wanted("SeriesOfAdc", "edm4hep::RawTimeSeries"));
  event::Event const from_all = build(all), from_some = build(some);
  EXPECT_EQ(from_all.number, from_some.number);
  EXPECT_EQ(from_all.observed.clusters.hits, from_some.observed.clusters.hits);
  EXPECT_EQ(from_all.observed.tracks.chi2, from_some.observed.tracks.chi2);
  EXPECT_EQ(from_all.truth.cluster_links, from_some.truth.cluster_links);
  EXPECT_EQ(from_all.stored.energy, from_some.stored.energy);
}

// --- Track states without codes ------------------------------------------------------------------------

TEST(EventBuilder, WithoutLocationCodesTheFirstStateIsAtTheInteractionPoint) {
  Frame frame = small_event(0);
  auto& columns = find(frame, "Tracks").vectors.back().columns;
  column(columns, "location") = Column::of<std::int32_t>("location", std::vector<std::int32_t>(5, 0));
  event::Tracks const tracks = build(frame).observed.tracks;
  EXPECT_EQ(tracks.at(TrackPoint::at_ip).d0, (std::vector<float>{0.1F, 0.5F}));
  for (TrackPoint const point :
       {TrackPoint::at_first_hit, TrackPoint::at_last_hit, TrackPoint::at_calorimeter})
    EXPECT_EQ(tracks.at(point).is_present, (std::vector<std::uint8_t>{0, 0}));
}

TEST(EventBuilder, WithoutAnyStateTrackHasNone) {
  Frame frame = small_event(0);
  std::erase_if(find(frame, "Tracks").vectors, [](VectorMember const& v) { return v.name == "trackStates"; });
  EXPECT_EQ(build(frame).observed.tracks.at(TrackPoint::at_ip).is_present, (std::vector<std::uint8_t>{0, 0}));
}

// --- Particles, there and back --------------------------------------------------------------------------

TEST(EventBuilder, AddedParticlesComeBack) {
  for (Container const container : {Container::ttree, Container::rntuple}) {
    Frame frame = small_event(3);
    EventBuilder const builder(toy_file(), toy_detector());
    event::Particles ours = builder(frame, 0).stored;
    ours.energy[1] = 4.5F;
    ours.tracks = {};
    ours.tracks.push_back({TrackId(1)});
    ours.tracks.push_back({});
    builder.add_particles(frame, ours, "OurParticles");

    testing::TemporaryDirectory const directory;
    try {
      testing::write_file(directory / "out.root", {frame}, {container, testing::schema_of(frame), {}});
    } catch (core::EnvironmentError const& error) {
      GTEST_SKIP() << error.what();  // a build without ROOT
    }
    detector::Detector detector = toy_detector();
    detector.collections.particles = {"OurParticles"};
    event::Particles const back =
        EventBuilder(toy_file(), detector)(testing::read_all(directory / "out.root").at(0), 0).stored;
    EXPECT_EQ(back.pdg, ours.pdg);
    EXPECT_EQ(back.charge, ours.charge);
    EXPECT_EQ(back.energy, ours.energy);
    EXPECT_EQ(back.px, ours.px);
    EXPECT_EQ(back.py, ours.py);
    EXPECT_EQ(back.pz, ours.pz);
    EXPECT_EQ(back.mass, ours.mass);
    EXPECT_EQ(back.particle_class, ours.particle_class);
    EXPECT_EQ(back.tracks, ours.tracks);
    EXPECT_EQ(back.clusters, ours.clusters);
  }
}

TEST(EventBuilder, AddedParticlesReplaceThoseOfTheSameName) {
  Frame frame = small_event(0);
  EventBuilder const builder(toy_file(), toy_detector());
  builder.add_particles(frame, builder(frame, 0).stored, "OurParticles");
  builder.add_particles(frame, {}, "OurParticles");
  EXPECT_EQ(frame.find("OurParticles")->size, 0U);
  EXPECT_EQ(frame.collections.size(), small_event(0).collections.size() + 1);
  EXPECT_TRUE(std::is_sorted(frame.collections.begin(), frame.collections.end(),
                             [](auto const& a, auto const& b) { return a.name < b.name; }));
}

TEST(EventBuilder, ParticleCollectionIsWhatIsAdded) {
  Frame frame;
  EventBuilder const builder(toy_file(), toy_detector());
  builder.add_particles(frame, {}, "OurParticles");
  Collection const planned = EventBuilder::particle_collection("OurParticles");
  Collection const& added = frame.collections.at(0);
  EXPECT_EQ(planned.name, added.name);
  EXPECT_EQ(planned.type, added.type);
  EXPECT_EQ(planned.id, added.id);
}

// --- Bad input -----------------------------------------------------------------------------------------

TEST(EventBuilder, DanglingReferencesAreDropped) {
  Frame frame = small_event(0);
  find(frame, "Clusters").relations[1].targets = {ref("EcalHits", 7), ref("Elsewhere", 0),
                                                  ref("EcalHits", -5)};
  find(frame, "ClusterLinks").relations[1].targets[0] = ref("MCParticles", 3);
  find(frame, "PandoraPFOs").relations[0].targets[0] = {};
  event::Event const event = build(frame);
  EXPECT_TRUE(event.observed.clusters.hits.values.empty());
  EXPECT_EQ(event.truth.cluster_links.size(), 1U);
  EXPECT_TRUE(event.stored.clusters[0].empty());
}

TEST(EventBuilder, RangeBeyondTheEndIsRefused) {
  struct Case {
    char const* collection;
    char const* range;
  };
  for (auto const& [collection, range] :
       {Case{"Clusters", "hits"}, Case{"Clusters", "subdetectorEnergies"}, Case{"Tracks", "trackStates"},
        Case{"Tracks", "trackerHits"}, Case{"PandoraPFOs", "tracks"}}) {
    Frame frame = small_event(0);
    set<std::uint32_t>(frame, collection, std::string(range) + "_end", {0x7fffffff, 0xffffffff});
    std::string const message = complaint<core::DataError>([&] { build(frame, 5); });
    EXPECT_TRUE(message.starts_with(std::string("toy.root: entry 5: collection '") + collection +
                                    "', row 0: '" + range + "'"))
        << message;
  }
}

TEST(EventBuilder, RangeThatRunsBackwardsIsRefused) {
  Frame frame = small_event(0);
  set<std::uint32_t>(frame, "Clusters", "hits_begin", {0, 3});
  set<std::uint32_t>(frame, "Clusters", "hits_end", {1, 1});
  std::string const message = complaint<core::DataError>([&] { build(frame); });
  EXPECT_NE(message.find("collection 'Clusters', row 1: 'hits' runs from 3 to 1 of 3"), std::string::npos)
      << message;
}

TEST(EventBuilder, ValuesThatCannotBeAreRefusedByTableColumnAndRow) {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  float const infinity = std::numeric_limits<float>::infinity();
  struct Case {
    char const* collection;
    char const* member;
    std::vector<float> values;
    char const* where;
  };
  for (auto const& [collection, member, values, where] :
       {Case{"Clusters", "energy", {1, nan}, "table 'clusters', column 'energy', row 1"},
        Case{"Clusters", "energy", {-1, 2}, "table 'clusters', column 'energy', row 0: -1 is negative"},
        Case{"Clusters", "position.z", {1, infinity}, "table 'clusters', column 'z', row 1"},
        Case{"EcalHits",
             "energy",
             {1, 2, -0.5F},
             "table 'calorimeter hits', column 'energy', row 2: -0.5 is negative"},
        Case{"Tracks", "chi2", {nan, 1}, "table 'tracks', column 'chi2', row 0"},
        Case{"PandoraPFOs", "momentum.x", {nan, 1}, "column 'px', row 0"}}) {
    Frame frame = small_event(0);
    set<float>(frame, collection, member, values);
    std::string const message = complaint<core::DataError>([&] { build(frame, 9); });
    EXPECT_TRUE(message.starts_with("toy.root: entry 9: ")) << message;
    EXPECT_NE(message.find(where), std::string::npos) << message << " does not say " << where;
  }
}

TEST(EventBuilder, ColumnOfTheWrongLengthIsNoCrash) {
  for (char const* member : {"energy", "position.x", "iPhi"}) {
    Frame frame = small_event(0);
    set<float>(frame, "Clusters", member, {1});
    EXPECT_NO_THROW(build(frame)) << member;  // zeros where the file says nothing
  }
}

// --- Which detector ------------------------------------------------------------------------------------

TEST(Recognise, NameOfTheFileDecidesAndElseItsCollections) {
  std::vector<detector::Detector> candidates(2);
  candidates[0].name = "A";
  candidates[0].signature = {{"A_*"}, {"Tracks", "Missing"}};
  candidates[1].name = "B";
  candidates[1].signature = {{"B_*"}, {"Tracks", "Ecal*"}};
  FileInfo info = toy_file();
  EXPECT_EQ(recognise(info, small_event(0), candidates), &candidates[1]);
  info.detector = "A_v2";
  EXPECT_EQ(recognise(info, small_event(0), candidates), &candidates[0]);
  info.detector = "C_v1";  // a detector that says its name is not another one
  EXPECT_EQ(recognise(info, small_event(0), candidates), nullptr);
  EXPECT_EQ(recognise(toy_file(), {}, candidates), nullptr);
  EXPECT_EQ(recognise(toy_file(), small_event(0), {}), nullptr);
}

TEST(Recognise, CandidateWithoutRequiredCollectionsFitsNothing) {
  std::vector<detector::Detector> const candidates(1);
  EXPECT_EQ(recognise(toy_file(), small_event(0), candidates), nullptr);
}

}  // namespace
}  // namespace corpuscle::io
