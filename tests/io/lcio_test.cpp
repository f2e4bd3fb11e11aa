#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/io/sio.hpp"
#include "corpuscle/io/source.hpp"
#include "support/sio_writer.hpp"

namespace corpuscle::io {
namespace {

using core::DataError;
using testing::LcioEvent;
using testing::Packing;
using testing::sio_record;
using testing::sio_version;
using testing::SioBytes;

constexpr std::uint32_t top_bit = 0x80000000;
constexpr std::uint32_t subset_bit = 1U << 18;

bool everything(std::string_view, std::string_view) {
  return true;
}

/// A file that is gone after the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes)
      : path_((std::filesystem::temp_directory_path() /
               ("corpuscle_lcio_" + std::to_string(getpid()) + ".slcio"))
                  .string()) {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(TemporaryFile const&) = delete;
  TemporaryFile& operator=(TemporaryFile const&) = delete;

  [[nodiscard]] std::string const& path() const { return path_; }
  void write(std::size_t at, std::string_view bytes) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::string path_;
};

Frame read_event(std::string_view bytes, std::size_t entry = 0, Wanted const& wanted = everything) {
  TemporaryFile const file(bytes);
  Frame frame;
  open_lcio(file.path())->read(entry, frame, wanted);
  return frame;
}

std::string error_of(std::string_view bytes, std::size_t entry = 0) {
  try {
    read_event(bytes, entry);
  } catch (DataError const& error) {
    return error.what();
  }
  return "no error";
}

template <class T>
std::vector<T> values(Column const& column) {
  std::vector<T> all;
  column.append_to(all);
  return all;
}
template <class T>
std::vector<T> values(Frame const& frame, std::string_view collection, std::string_view member) {
  return values<T>(*frame.find(collection)->member(member));
}

/// What `check` in convert relies on: columns and ranges fit, references lie within their collections.
::testing::AssertionResult is_consistent(Frame const& frame) {
  std::map<std::uint32_t, std::size_t> sizes;
  for (Collection const& collection : frame.collections) sizes[collection.id] = collection.size;
  for (Collection const& collection : frame.collections) {
    auto const broken = [&](auto const& what) {
      return ::testing::AssertionFailure() << collection.name << ": " << what;
    };
    for (Column const& member : collection.members) {
      if (member.rows() != collection.size) return broken(member.name());
    }
    auto const is_range = [&](std::string const& name, std::size_t total) {
      Column const* begin = collection.member(name + "_begin");
      Column const* end = collection.member(name + "_end");
      if (begin == nullptr) return true;  // one to one
      std::uint32_t last = 0;
      for (std::size_t row = 0; row < collection.size; ++row) {
        if (begin->at<std::uint32_t>(row) != last || end->at<std::uint32_t>(row) < last) return false;
        last = end->at<std::uint32_t>(row);
      }
      return last == total;
    };
    for (VectorMember const& vector : collection.vectors) {
      for (Column const& column : vector.columns) {
        if (!is_range(vector.name, column.rows())) return broken(vector.name);
      }
    }
    for (Relation const& relation : collection.relations) {
      if (!is_range(relation.name, relation.targets.size())) return broken(relation.name);
      for (ObjectRef target : relation.targets) {
        if (target.index < 0 && target.collection == 0) continue;
        if (target.index < 0 || sizes.count(target.collection) == 0 ||
            static_cast<std::size_t>(target.index) >= sizes[target.collection]) {
          return broken(relation.name + " points out of its collection");
        }
      }
    }
  }
  return ::testing::AssertionSuccess();
}

// ---- files made here -------------------------------------------------------------------------------

SioBytes& mc_particle(SioBytes& out, std::uint32_t tag, std::vector<std::uint32_t> const& parents, int pdg,
                      double vertex_x, std::uint32_t status = 0) {
  out.u32(tag).u32(static_cast<std::uint32_t>(parents.size()));
  for (auto parent : parents) out.u32(parent);
  out.i32(pdg).i32(1).u32(status).f64(vertex_x).f64(0).f64(0).f32(0.5F);
  out.f32(1).f32(2).f32(3).f32(0.25F).f32(-1);
  if (status & top_bit) out.f64(7).f64(8).f64(9);
  return out;
}

SioBytes& particle(SioBytes& out, int type, std::uint32_t used, std::vector<std::uint32_t> const& parts,
                   std::uint32_t tag) {
  out.i32(type).f32(1).f32(2).f32(3).f32(4).zeros(10).f32(0.5F).f32(-1).zeros(3);
  out.u32(2).f32(0.9F).i32(1).i32(211).i32(8).u32(1).f32(0.7F).u32(90);
  out.f32(0.1F).i32(1).i32(13).i32(8).u32(0).u32(91);
  out.u32(used).f32(0.9F).u32(static_cast<std::uint32_t>(parts.size()));
  for (auto part : parts) out.u32(part);
  return out.u32(0).u32(0).u32(0).u32(tag);
}

/// A grandmother, two daughters of hers, and a child of both.
LcioEvent family() {
  SioBytes particles;
  particles.u32(4);
  mc_particle(particles, 1, {}, 25, 0);
  mc_particle(particles, 2, {1}, 5, 10);
  mc_particle(particles, 3, {1}, -5, 11, top_bit);
  mc_particle(particles, 0xffffffff, {2, 3}, 22, 20);
  LcioEvent event(sio_version(1, 11));
  event.number(7, 42).add("Family", "MCParticle", 0, particles.str());
  return event;
}

TEST(Lcio, AnEventWithoutCollectionsIsAnEvent) {
  for (Packing packing : {Packing::none, Packing::zlib}) {
    TemporaryFile const file(LcioEvent(sio_version(2, 15)).number(7, 42).str(packing));
    auto const source = open_lcio(file.path());
    EXPECT_EQ(source->info().format, "LCIO");
    EXPECT_EQ(source->info().layout, "SIO");
    EXPECT_EQ(source->info().schema, "LCIO 2.15");
    EXPECT_EQ(source->info().detector, "toy");
    ASSERT_EQ(source->info().entries, 1U);
    Frame frame;
    source->read(0, frame, everything);
    ASSERT_EQ(frame.collections.size(), 1U);
    Collection const& header = frame.collections[0];
    EXPECT_EQ(header.type, "edm4hep::EventHeader");
    EXPECT_EQ(header.member("runNumber")->at<int>(0), 7);
    EXPECT_EQ(header.member("eventNumber")->at<int>(0), 42);
    EXPECT_EQ(header.member("timeStamp")->at<std::int64_t>(0), 1'000'000'007);
    EXPECT_EQ(header.member("weight")->at<double>(0), 1);
    EXPECT_TRUE(is_consistent(frame));
  }
}

TEST(Lcio, ParentsAreToldOfTheirDaughters) {
  Frame const frame = read_event(family().str());
  ASSERT_TRUE(is_consistent(frame));
  Collection const& particles = *frame.find("Family");
  std::uint32_t const id = collection_id("Family");
  EXPECT_EQ(particles.id, id);
  EXPECT_EQ(particles.relation("parents")->targets,
            (std::vector<ObjectRef>{{0, id}, {0, id}, {1, id}, {2, id}}));
  EXPECT_EQ(particles.relation("daughters")->targets,
            (std::vector<ObjectRef>{{1, id}, {2, id}, {3, id}, {3, id}}));
  EXPECT_EQ(values<int>(frame, "Family", "daughters_begin"), (std::vector{0, 2, 3, 4}));
  EXPECT_EQ(values<int>(frame, "Family", "daughters_end"), (std::vector{2, 3, 4, 4}));
}

TEST(Lcio, ADecayingParticleEndsAtTheVertexOfItsDaughterUnlessItSaysOtherwise) {
  Frame const frame = read_event(family().str());
  EXPECT_EQ(values<double>(frame, "Family", "endpoint.x"), (std::vector<double>{10, 20, 7, 0}));
  EXPECT_EQ(values<double>(frame, "Family", "momentum.z"), (std::vector<double>{3, 3, 3, 3}));
  EXPECT_EQ(values<int>(frame, "Family", "helicity"), (std::vector<int>{9, 9, 9, 9}));
}

TEST(Lcio, SpinAndMomentumAtTheEndpointAreReadFromNewerFiles) {
  SioBytes body;
  mc_particle(body.u32(1), 1, {}, 11, 0, top_bit).f32(4).f32(5).f32(6).f32(0).f32(0).f32(-1).zeros(2);
  Frame const frame = read_event(LcioEvent(sio_version(2, 7)).add("M", "MCParticle", 0, body.str()).str());
  EXPECT_EQ(values<double>(frame, "M", "momentumAtEndpoint.y"), std::vector<double>{5});
  EXPECT_EQ(values<int>(frame, "M", "helicity"), std::vector<int>{-1});
}

TEST(Lcio, SubsetsReferToTheCollectionsThatOwnTheirObjects) {
  auto event = family();
  event.add("Chosen", "MCParticle_References", subset_bit, SioBytes().u32(3).u32(3).u32(2).u32(99).str());
  Frame const frame = read_event(event.str());
  Collection const& chosen = *frame.find("Chosen");
  EXPECT_TRUE(chosen.is_subset);
  EXPECT_EQ(chosen.type, "edm4hep::MCParticle");
  EXPECT_EQ(chosen.size, 3U);
  std::uint32_t const id = collection_id("Family");
  EXPECT_EQ(chosen.relations.at(0).targets, (std::vector<ObjectRef>{{2, id}, {1, id}, {-1, 0}}));
}

TEST(Lcio, RefusedCollectionsKeepTheirSizeAndReferencesIntoThemPointNowhere) {
  auto event = family();
  event.add("Chosen", "MCParticle", subset_bit, SioBytes().u32(1).u32(2).str());
  Frame const frame = read_event(event.str(), 0, [](std::string_view name, std::string_view type) {
    return !(name == "Family" && type == "edm4hep::MCParticle");
  });
  EXPECT_EQ(frame.find("Family")->size, 4U);
  EXPECT_TRUE(frame.find("Family")->members.empty());
  EXPECT_EQ(frame.find("Chosen")->relations.at(0).targets, (std::vector<ObjectRef>{{-1, 0}}));
}

TEST(Lcio, TheSameCollectionsAreListedWhateverIsRefused) {
  SioBytes body;
  particle(body.u32(1), 22, 0, {}, 1);
  LcioEvent event(sio_version(2, 4));
  event.add("P", "ReconstructedParticle", 0, body.str()).announce("Q", "Cluster");
  event.add("S", "SimCalorimeterHit", 0, SioBytes().u32(0).str());
  Frame const all = read_event(event.str());
  Frame const none = read_event(event.str(), 0, [](std::string_view, std::string_view) { return false; });
  ASSERT_EQ(all.collections.size(), 6U);
  ASSERT_EQ(none.collections.size(), 6U);
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_EQ(all.collections[k].name, none.collections[k].name);
    EXPECT_EQ(all.collections[k].type, none.collections[k].type);
    EXPECT_TRUE(none.collections[k].members.empty());
  }
}

TEST(Lcio, TagsNeedNotBeConsecutive) {
  SioBytes particles;
  mc_particle(particles.u32(2), 0x7f000010, {0x12}, 1, 0);
  mc_particle(particles, 0x12, {}, 2, 0);
  Frame const frame =
      read_event(LcioEvent(sio_version(1, 11)).add("M", "MCParticle", 0, particles.str()).str());
  EXPECT_EQ(frame.find("M")->relation("parents")->targets, (std::vector<ObjectRef>{{1, collection_id("M")}}));
  EXPECT_EQ(frame.find("M")->relation("daughters")->targets,
            (std::vector<ObjectRef>{{0, collection_id("M")}}));
}

std::string link_parameters(std::string_view from, std::string_view to) {
  return SioBytes().zeros(2).u32(2).text("FromType").u32(1).text(from).text("ToType").u32(1).text(to).str();
}

TEST(Lcio, LinksRunFromTheReconstructedToTheSimulatedObject) {
  SioBytes cluster;
  cluster.u32(1).i32(0).f32(5).zeros(14).zeros(1).zeros(1).zeros(1).zeros(1).u32(50);
  auto event = family();
  event.add("Clusters", "Cluster", 0, cluster.str());
  event.add("There", "LCRelation", top_bit, SioBytes().u32(1).u32(50).u32(2).f32(0.75F).str(),
            link_parameters("Cluster", "MCParticle"));
  event.add("Back", "LCRelation", 0, SioBytes().u32(1).u32(2).u32(50).str(),
            link_parameters("MCParticle", "Cluster"));
  event.add("Untold", "LCRelation", 0, SioBytes().u32(1).u32(2).u32(50).str());
  Frame const frame = read_event(event.str());
  for (auto name : {"There", "Back", "Untold"}) {
    Collection const& link = *frame.find(name);
    EXPECT_EQ(link.type, "podio::Link<edm4hep::Cluster,edm4hep::MCParticle>") << name;
    EXPECT_EQ(link.relation("from")->targets, (std::vector<ObjectRef>{{0, collection_id("Clusters")}}))
        << name;
    EXPECT_EQ(link.relation("to")->targets, (std::vector<ObjectRef>{{1, collection_id("Family")}})) << name;
  }
  EXPECT_EQ(values<float>(frame, "There", "weight"), std::vector<float>{0.75F});
  EXPECT_EQ(values<float>(frame, "Back", "weight"), std::vector<float>{1});
}

SioBytes& track(SioBytes& out, std::uint32_t version, std::uint32_t tag) {
  out.i32(3);
  int const states = version >= sio_version(2, 0) ? 2 : 1;
  if (version >= sio_version(2, 0)) out.i32(states);
  for (int state = 0; state < states; ++state) {
    if (version >= sio_version(2, 0)) out.i32(state + 2);
    for (int p = 0; p < 5; ++p) out.f32(static_cast<float>(10 * state + p));
    for (int c = 0; c < 15; ++c) out.f32(static_cast<float>(100 + c));
    out.f32(0.1F).f32(0.2F).f32(0.3F);
  }
  out.f32(12.5F).i32(8).f32(1e-6F).f32(1e-7F);
  if (version > sio_version(2, 21)) out.i32(4);
  out.f32(16).u32(2).i32(5).i32(6);
  if (version > sio_version(2, 21)) out.u32(1).i32(1);
  return out.u32(1).u32(tag).u32(2).u32(77).u32(78).u32(tag);
}

TEST(Lcio, TracksHaveOneStateAtTheInteractionPointBeforeVersion2AndAsManyAsTheySayAfterwards) {
  for (auto version : {sio_version(1, 11), sio_version(2, 0), sio_version(2, 22)}) {
    SioBytes body;
    track(track(body.u32(2), version, 1), version, 2);
    Frame const frame = read_event(LcioEvent(version).add("T", "Track", top_bit, body.str()).str());
    ASSERT_TRUE(is_consistent(frame));
    Collection const& tracks = *frame.find("T");
    VectorMember const& states = *tracks.vector("trackStates");
    std::size_t const per_track = version < sio_version(2, 0) ? 1 : 2;
    EXPECT_EQ(values<int>(*tracks.member("trackStates_end")).back(), static_cast<int>(2 * per_track));
    auto const column = [&](std::string_view name) {
      for (Column const& candidate : states.columns) {
        if (candidate.name() == name) return values<float>(candidate);
      }
      return std::vector<float>{};
    };
    EXPECT_EQ(column("location"),
              per_track == 1 ? (std::vector<float>{1, 1}) : (std::vector<float>{2, 3, 2, 3}));
    EXPECT_EQ(column("omega").at(0), 2);
    EXPECT_EQ(column("tanLambda").back(), per_track == 1 ? 4 : 14);
    EXPECT_EQ(column("referencePoint.z").at(0), 0.3F);
    auto const covariance = column("covMatrix.values");
    ASSERT_EQ(covariance.size(), 42 * per_track);
    EXPECT_EQ(covariance[0], 100);
    EXPECT_EQ(covariance[14], 114);
    EXPECT_EQ(covariance[15], 0);  // the time
    EXPECT_EQ(covariance[21], 100);
    EXPECT_EQ(values<float>(*tracks.member("chi2")), (std::vector<float>{12.5F, 12.5F}));
    EXPECT_EQ(values<float>(*tracks.member("radiusOfInnermostHit")), (std::vector<float>{16, 16}));
    EXPECT_EQ(values<int>(tracks.vector("subdetectorHitNumbers")->columns.at(0)),
              (std::vector<int>{5, 6, 5, 6}));
    EXPECT_EQ(values<int>(*tracks.member("Nholes")).at(0), version > sio_version(2, 21) ? 4 : 0);
    EXPECT_EQ(tracks.vector("subdetectorHoleNumbers")->columns.at(0).values(),
              version > sio_version(2, 21) ? 2U : 0U);
    EXPECT_EQ(tracks.relation("tracks")->targets.at(1), (ObjectRef{1, collection_id("T")}));
    EXPECT_EQ(tracks.relation("trackerHits")->targets.size(), 4U);
  }
}

TEST(Lcio, CalorimeterHitsHaveWhatTheFlagsSay) {
  struct Case {
    std::uint32_t flags;
    std::string hit;
    std::uint64_t cell;
    float time, error, x;
  };
  std::uint32_t const all = 1U << 31 | 1U << 29 | 1U << 27 | 1U << 26;
  for (Case const& c : std::vector<Case>{
           {0, SioBytes().u32(9).f32(2).i32(4).u32(0).u32(1).str(), 9, 0, 0, 0},
           {1U << 28, SioBytes().u32(9).f32(2).i32(4).u32(0).str(), 9, 0, 0, 0},
           {all,
            SioBytes().u32(9).u32(1).f32(2).f32(0.5F).f32(3).f32(5).f32(6).f32(7).i32(4).u32(0).u32(1).str(),
            (std::uint64_t{1} << 32) + 9, 3, 0.5F, 5}}) {
    std::string const body = SioBytes().u32(1).append(c.hit).str();
    Frame const frame =
        read_event(LcioEvent(sio_version(2, 4)).add("H", "CalorimeterHit", c.flags, body).str());
    EXPECT_EQ(values<std::uint64_t>(frame, "H", "cellID"), std::vector<std::uint64_t>{c.cell});
    EXPECT_EQ(values<float>(frame, "H", "energy"), std::vector<float>{2});
    EXPECT_EQ(values<float>(frame, "H", "energyError"), std::vector<float>{c.error});
    EXPECT_EQ(values<float>(frame, "H", "time"), std::vector<float>{c.time});
    EXPECT_EQ(values<float>(frame, "H", "position.x"), std::vector<float>{c.x});
    EXPECT_EQ(values<int>(frame, "H", "type"), std::vector<int>{4});
  }
}

TEST(Lcio, ContributionsToSimulatedHitsBecomeACollectionOfTheirOwn) {
  auto event = family();
  SioBytes body;
  body.u32(2).u32(9).f32(2).u32(1).u32(2).f32(2).f32(0.1F).u32(60);
  body.u32(8).f32(5).u32(2).u32(2).f32(1).f32(0.2F).u32(3).f32(4).f32(0.3F).u32(61);
  event.add("Sim", "SimCalorimeterHit", 0, body.str());
  Frame const frame = read_event(event.str());
  ASSERT_TRUE(is_consistent(frame));
  std::uint32_t const id = collection_id("SimContributions");
  EXPECT_EQ(frame.find("Sim")->relation("contributions")->targets,
            (std::vector<ObjectRef>{{0, id}, {1, id}, {2, id}}));
  Collection const& steps = *frame.find("SimContributions");
  EXPECT_EQ(steps.type, "edm4hep::CaloHitContribution");
  EXPECT_EQ(values<float>(*steps.member("energy")), (std::vector<float>{2, 1, 4}));
  std::uint32_t const mc = collection_id("Family");
  EXPECT_EQ(steps.relation("particle")->targets, (std::vector<ObjectRef>{{1, mc}, {1, mc}, {2, mc}}));
}

TEST(Lcio, TrackerHitsOfAllKindsAreRead) {
  SioBytes space;
  space.u32(1).u32(9).i32(2).f64(1).f64(2).f64(3).zeros(6).f32(1e-6F).f32(0).f32(4).i32(5).u32(1).u32(0).u32(
      70);
  SioBytes plane;
  plane.u32(1).u32(9).u32(1).i32(2).f64(1).f64(2).f64(3).f32(.1F).f32(.2F).f32(.3F).f32(.4F).f32(.5F).f32(
      .6F);
  plane.f32(1e-6F).f32(0).f32(4).i32(5).u32(0).u32(71);
  SioBytes simulated;
  simulated.u32(1)
      .u32(9)
      .f64(1)
      .f64(2)
      .f64(3)
      .f32(1e-6F)
      .f32(4)
      .u32(0)
      .f32(6)
      .f32(7)
      .f32(8)
      .f32(0.5F)
      .i32(5)
      .u32(72);
  LcioEvent event(sio_version(2, 8));
  event.add("Space", "TrackerHit", 0, space.str()).add("Plane", "TrackerHitPlane", top_bit, plane.str());
  event.add("Sim", "SimTrackerHit", 1U << 30, simulated.str());
  Frame const frame = read_event(event.str());
  ASSERT_TRUE(is_consistent(frame));
  for (auto name : {"Space", "Plane", "Sim"}) {
    EXPECT_EQ(values<double>(frame, name, "position.y"), std::vector<double>{2}) << name;
    EXPECT_EQ(values<float>(frame, name, "eDep"), std::vector<float>{1e-6F}) << name;
    EXPECT_EQ(values<float>(frame, name, "time"), std::vector<float>{4}) << name;
    EXPECT_EQ(values<int>(frame, name, "quality"), std::vector<int>{5}) << name;
  }
  EXPECT_EQ(values<std::uint64_t>(frame, "Plane", "cellID").at(0), (std::uint64_t{1} << 32) + 9);
  EXPECT_EQ(values<float>(frame, "Plane", "v.b"), std::vector<float>{.4F});
  EXPECT_EQ(values<float>(frame, "Sim", "momentum.z"), std::vector<float>{8});
  EXPECT_EQ(values<float>(frame, "Sim", "pathLength"), std::vector<float>{0.5F});
}

TEST(Lcio, AParticleIsWhatItsChosenHypothesisSays) {
  SioBytes body;
  particle(particle(body.u32(2), 22, 91, {}, 1), 22, 0, {}, 2);
  Frame const frame =
      read_event(LcioEvent(sio_version(2, 4)).add("P", "ReconstructedParticle", 0, body.str()).str());
  ASSERT_TRUE(is_consistent(frame));
  EXPECT_EQ(values<int>(frame, "P", "PDG"), (std::vector<int>{13, 22}));
  EXPECT_EQ(values<float>(frame, "P", "energy"), (std::vector<float>{4, 4}));
  EXPECT_EQ(values<float>(frame, "P", "charge"), (std::vector<float>{-1, -1}));
  Collection const& ids = *frame.find("P_PID");
  EXPECT_EQ(ids.type, "edm4hep::ParticleID");
  EXPECT_EQ(values<int>(*ids.member("PDG")), (std::vector<int>{211, 13, 211, 13}));
  EXPECT_EQ(values<float>(ids.vector("parameters")->columns.at(0)), (std::vector<float>{0.7F, 0.7F}));
  std::uint32_t const id = collection_id("P");
  EXPECT_EQ(ids.relation("particle")->targets, (std::vector<ObjectRef>{{0, id}, {0, id}, {1, id}, {1, id}}));
}

TEST(Lcio, AVertexListsTheProductsOfTheParticleThatDecaysThere) {
  SioBytes particles;
  particle(particle(particle(particles.u32(3), 310, 0, {2, 3}, 1), 211, 0, {}, 2), -211, 0, {}, 3);
  SioBytes vertices;
  vertices.u32(2).u32(0x01000000).i32(0).f32(2).f32(0.5F).zeros(9).u32(0).u32(0).u32(50);
  vertices.u32(0).i32(0).f32(2).f32(0.5F).zeros(9).u32(1).f32(3).u32(1).u32(51);
  LcioEvent event(sio_version(2, 4));
  event.add("P", "ReconstructedParticle", 0, particles.str()).add("V", "Vertex", 0, vertices.str());
  Frame const frame = read_event(event.str());
  ASSERT_TRUE(is_consistent(frame));
  std::uint32_t const p = collection_id("P");
  EXPECT_EQ(frame.find("V")->relation("particles")->targets, (std::vector<ObjectRef>{{1, p}, {2, p}}));
  EXPECT_EQ(values<int>(frame, "V", "particles_begin"), (std::vector<int>{0, 0}));
  EXPECT_EQ(values<int>(frame, "V", "type"), (std::vector<int>{2, 0}));  // bit 1 marks a primary vertex
  EXPECT_EQ(frame.find("P")->relation("decayVertex")->targets,
            (std::vector<ObjectRef>{{1, collection_id("V")}, {-1, 0}, {-1, 0}}));
}

TEST(Lcio, TypesWithoutAnEdm4hepPartnerAreListedWithTheirSize) {
  LcioEvent event(sio_version(2, 4));
  event.add("Numbers", "LCIntVec", 0, SioBytes().u32(2).u32(1).i32(7).u32(0).str());
  event.add("Objects", "LCGenericObject", top_bit, SioBytes().u32(1).u32(0).u32(0).u32(3).zeros(6).str());
  event.announce("Absent", "Cluster");
  Frame const frame = read_event(event.str());
  EXPECT_EQ(frame.find("Numbers")->type, "lcio::LCIntVec");
  EXPECT_EQ(frame.find("Numbers")->size, 2U);
  EXPECT_EQ(frame.find("Objects")->size, 3U);
  EXPECT_EQ(frame.find("Absent")->type, "edm4hep::Cluster");
  EXPECT_EQ(frame.find("Absent")->size, 0U);
}

TEST(Lcio, ParametersOfCollectionsCarryTheirName) {
  auto parameters = SioBytes().u32(1).text("n").u32(2).i32(3).i32(4).u32(1).text("y").u32(1).f32(0.5F).u32(1);
  parameters.text("d").u32(1).f64(0.25).u32(1).text("CellIDEncoding").u32(1).text("system:5,layer:9");
  LcioEvent event(sio_version(2, 17));
  event.add("H", "CalorimeterHit", 0, SioBytes().u32(0).str(), parameters.str());
  Parameters const read = read_event(event.str()).parameters;
  EXPECT_EQ(read.at("H__n"), ParameterValue(std::vector<std::int32_t>{3, 4}));
  EXPECT_EQ(read.at("H__y"), ParameterValue(std::vector<float>{0.5F}));
  EXPECT_EQ(read.at("H__d"), ParameterValue(std::vector<double>{0.25}));
  EXPECT_EQ(read.at("H__CellIDEncoding"), ParameterValue(std::vector<std::string>{"system:5,layer:9"}));
}

// ---- damage ----------------------------------------------------------------------------------------

TEST(Lcio, OtherFilesAreRefusedWithTheReason) {
  EXPECT_THROW(open_lcio("/nowhere/to.slcio"), core::EnvironmentError);
  EXPECT_THROW(open_lcio("/"), core::EnvironmentError);
  EXPECT_NE(error_of("").find("the file is empty"), std::string::npos);
  EXPECT_NE(error_of("root").find("not an LCIO file"), std::string::npos);
  EXPECT_NE(error_of(std::string(100, 'x')).find("not an LCIO file"), std::string::npos);
  EXPECT_NE(error_of(sio_record("Other", "")).find("without LCIO's records"), std::string::npos);
  EXPECT_NE(error_of(LcioEvent(sio_version(1, 2)).str()).find("LCIO 1.2 or older"), std::string::npos);
}

TEST(Lcio, ARunHeaderAloneIsAFileWithoutEvents) {
  TemporaryFile const file(sio_record("LCRunHeader", ""));
  EXPECT_EQ(open_lcio(file.path())->info().entries, 0U);
}

TEST(Lcio, AnErrorNamesFileEventByteCollectionAndObject) {
  SioBytes body;
  mc_particle(body.u32(2), 1, {}, 11, 0).u32(2).u32(1000).zeros(20);
  std::string const good = family().str();
  std::string const bad = LcioEvent(sio_version(1, 11)).add("M", "MCParticle", 0, body.str()).str();
  std::string const error = error_of(good + bad, 1);
  EXPECT_NE(error.find(".slcio: event 1 (byte "), std::string::npos) << error;
  EXPECT_NE(error.find("collection 'M': object 1: 1000 elements claimed"), std::string::npos) << error;
}

TEST(Lcio, ACollectionMustEndWhereItsBlockEnds) {
  auto event = family();
  event.add("Chosen", "MCParticle", subset_bit, SioBytes().u32(1).u32(2).u32(2).str());
  EXPECT_NE(error_of(event.str()).find("4 bytes left over"), std::string::npos);
}

TEST(Lcio, CollectionsMustBeAnnouncedOnceAndBeCalledByOneName) {
  auto twice = family();
  twice.announce("Family", "Cluster");
  EXPECT_NE(error_of(twice.str()).find("two collections named 'Family'"), std::string::npos);
  auto clash = family();
  clash.announce("EventHeader", "Cluster");
  EXPECT_NE(error_of(clash.str()).find("two collections named 'EventHeader'"), std::string::npos);
  EXPECT_NE(error_of(LcioEvent(sio_version(1, 11)).header() + family().data()).find("not announced"),
            std::string::npos);
}

TEST(Lcio, HalfAnEventIsReportedInItsPlace) {
  TemporaryFile const file(family().header() + family().str() + family().data() + family().str() +
                           family().header());
  auto const source = open_lcio(file.path());
  ASSERT_EQ(source->info().entries, 5U);
  Frame frame;
  EXPECT_THROW(source->read(0, frame, everything), DataError);
  source->read(1, frame, everything);
  EXPECT_THROW(source->read(2, frame, everything), DataError);
  source->read(3, frame, everything);
  EXPECT_THROW(source->read(4, frame, everything), DataError);
}

TEST(Lcio, ImpossibleSizesAreRefusedBeforeMemoryIsTaken) {
  std::string const bytes = family().str(Packing::zlib);
  std::size_t const event = family().header(Packing::zlib).size();
  for (std::uint32_t forged : {0x80000000U, 0x7fffffffU, 0xffffffffU, 1U << 26, 0U}) {
    for (std::size_t word = 0; word < 6; ++word) {
      if (word == 2) continue;  // options: only one bit counts
      std::string broken = bytes;
      broken.replace(event + 4 * word, 4, SioBytes().u32(forged).str());
      EXPECT_NE(error_of(broken), "no error") << "word " << word << " set to " << forged;
    }
  }
}

TEST(Lcio, WhatUnpacksToMoreThanTwiceTheFileAnd64MegabytesIsRefused) {
  std::string const bomb =
      family().header() + sio_record("LCEvent", std::string(65 << 20, '\0'), Packing::zlib);
  EXPECT_NE(error_of(bomb).find("twice the file plus 64 MB"), std::string::npos);
  // Small on disk, large in memory: four bytes of an empty string against the string object.
  SioBytes parameters;
  parameters.zeros(2).u32(1).text("k").u32(4 << 20).zeros(4 << 20);
  LcioEvent event(sio_version(1, 11));
  event.add("H", "CalorimeterHit", 0, SioBytes().u32(0).str(), parameters.str());
  EXPECT_NE(error_of(event.str(Packing::zlib)).find("twice the file plus 64 MB"), std::string::npos);
  // An empty collection still has its columns.
  LcioEvent many(sio_version(1, 11));
  for (int k = 0; k < 50'000; ++k) {
    many.add(std::to_string(k), "ReconstructedParticle", 0, SioBytes().u32(0).str());
  }
  EXPECT_NE(error_of(many.str(Packing::zlib)).find("twice the file plus 64 MB"), std::string::npos);
}

// ---- real files ------------------------------------------------------------------------------------

struct Sample {
  char const* file;
  std::size_t entries;
  char const* schema;
  char const* detector;
  std::map<std::string, std::size_t> counts;  ///< objects over all events, from the data's README
};

void PrintTo(Sample const& sample, std::ostream* out) {
  *out << sample.file;
}

class LcioSample : public ::testing::TestWithParam<Sample> {
 protected:
  void SetUp() override {
    path_ = std::string(CORPUSCLE_SOURCE_DIR "/../shared/data/") + GetParam().file;
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string path_;
};

TEST_P(LcioSample, HoldsWhatItsDescriptionSays) {
  auto const source = open_lcio(path_);
  EXPECT_EQ(source->info().entries, GetParam().entries);
  EXPECT_EQ(source->info().schema, GetParam().schema);
  EXPECT_EQ(source->info().detector, GetParam().detector);
  std::map<std::string, std::size_t> counts;
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    ASSERT_TRUE(is_consistent(frame)) << entry;
    EXPECT_TRUE(std::is_sorted(frame.collections.begin(), frame.collections.end(),
                               [](auto const& a, auto const& b) { return a.name < b.name; }));
    for (Collection const& collection : frame.collections) counts[collection.name] += collection.size;
  }
  for (auto const& [name, count] : GetParam().counts) EXPECT_EQ(counts[name], count) << name;
}

TEST_P(LcioSample, ChargedParticlesLieOnTheirMassShell) {
  auto const source = open_lcio(path_);
  Frame frame;
  std::size_t all = 0;
  std::size_t on_shell = 0;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& particles = *frame.find("PandoraPFOs");
    for (std::size_t k = 0; k < particles.size; ++k) {
      auto const get = [&](char const* name) { return particles.member(name)->at<double>(k); };
      if (get("charge") == 0) continue;
      double const momentum = std::hypot(get("momentum.x"), get("momentum.y"), get("momentum.z"));
      ++all;
      on_shell += std::abs(get("energy") / std::hypot(momentum, get("mass")) - 1) < 1e-5;
    }
  }
  EXPECT_GT(all, 100U);
  // Pandora adds up the daughters of a few kinks; the energies of neutral hadrons are calorimetric anyway.
  EXPECT_GT(static_cast<double>(on_shell), 0.99 * static_cast<double>(all));
}

TEST_P(LcioSample, StableGeneratorParticlesShareTheEnergyOfTheBeams) {
  auto const source = open_lcio(path_);
  double const sqrts = std::string(GetParam().file).find("500") != std::string::npos ? 500 : 250;
  Frame frame;
  double mean = 0;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& particles = *frame.find("MCParticlesSkimmed");
    double energy = 0;
    double charge = 0;
    for (std::size_t k = 0; k < particles.size; ++k) {
      auto const get = [&](char const* name) { return particles.member(name)->at<double>(k); };
      bool const is_overlay = (particles.member("simulatorStatus")->at<std::uint32_t>(k) >> 23 & 1) != 0;
      if (get("generatorStatus") != 1 || is_overlay) continue;
      energy += std::hypot(std::hypot(get("momentum.x"), get("momentum.y"), get("momentum.z")), get("mass"));
      charge += get("charge");
    }
    EXPECT_NEAR(charge, 0, 1e-3) << entry;
    EXPECT_LT(energy, 1.02 * sqrts)
        << entry;  // the beams have a spread, and lose some energy before they meet
    mean += energy / static_cast<double>(source->info().entries);
  }
  EXPECT_NEAR(mean, sqrts, 0.05 * sqrts);
}

TEST_P(LcioSample, ParentsAndDaughtersAgree) {
  auto const source = open_lcio(path_);
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& particles = *frame.find("MCParticlesSkimmed");
    std::vector<std::pair<int, int>> up;
    std::vector<std::pair<int, int>> down;
    for (std::size_t row = 0; row < particles.size; ++row) {
      auto const each = [&](std::string const& name, auto take) {
        auto const end = particles.member(name + "_end")->at<std::size_t>(row);
        for (auto k = particles.member(name + "_begin")->at<std::size_t>(row); k < end; ++k) {
          take(particles.relation(name)->targets[k].index);
        }
      };
      each("parents", [&](int parent) { up.emplace_back(parent, static_cast<int>(row)); });
      each("daughters", [&](int daughter) { down.emplace_back(static_cast<int>(row), daughter); });
    }
    std::sort(up.begin(), up.end());
    std::sort(down.begin(), down.end());
    EXPECT_FALSE(up.empty());
    EXPECT_EQ(up, down) << entry;
  }
}

TEST_P(LcioSample, LinksPointFromReconstructedToGeneratorParticles) {
  auto const source = open_lcio(path_);
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& link = *frame.find("RecoMCTruthLink");
    EXPECT_EQ(link.type, "podio::Link<edm4hep::ReconstructedParticle,edm4hep::MCParticle>");
    for (ObjectRef from : link.relation("from")->targets)
      EXPECT_EQ(from.collection, collection_id("PandoraPFOs"));
    for (ObjectRef to : link.relation("to")->targets)
      EXPECT_EQ(to.collection, collection_id("MCParticlesSkimmed"));
  }
}

TEST_P(LcioSample, CutFilesDeliverTheEventsBeforeTheCut) {
  std::string const all = bytes();
  std::vector<std::size_t> ends;  // of the events
  {
    sio::File file(path_);
    for (std::uint64_t at = 0; at < file.size();) {
      sio::Record const record = file.record(at);
      at = record.next;
      if (record.name == "LCEvent") ends.push_back(record.data + record.stored);
    }
  }
  TemporaryFile const file(all);
  std::mt19937 random(20240607);
  std::vector<std::size_t> cuts(200);
  for (std::size_t& cut : cuts) cut = random() % all.size();
  std::sort(cuts.rbegin(), cuts.rend());
  for (std::size_t cut : cuts) {
    std::filesystem::resize_file(file.path(), cut);
    auto const complete =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin());
    if (complete == 0 && cut < 2000) {
      try {
        auto const source = open_lcio(file.path());
        EXPECT_LE(source->info().entries, 1U) << cut;
      } catch (DataError const&) {
      }
      continue;
    }
    auto const source = open_lcio(file.path());
    ASSERT_GE(source->info().entries, complete) << cut;
    ASSERT_LE(source->info().entries, complete + 1) << cut;
    Frame frame;
    if (complete > 0) source->read(complete - 1, frame, everything);
    if (source->info().entries > complete) {
      EXPECT_THROW(source->read(complete, frame, everything), DataError) << cut;
    } else {
      EXPECT_EQ(complete, GetParam().entries) << "only the index behind the last event was cut";
    }
  }
}

/// The first events of a file with their records unpacked, so that damage reaches the decoder instead of
/// failing zlib's checksum.
std::string unpacked(std::string const& path, std::size_t events) {
  sio::File file(path);
  std::string out;
  std::vector<std::byte> payload;
  for (std::uint64_t at = 0; events > 0;) {
    sio::Record const record = file.record(at);
    sio::Budget budget(64 << 20);
    file.unpack(record, payload, budget);
    out += sio_record(record.name, {reinterpret_cast<char const*>(payload.data()), payload.size()});
    at = record.next;
    if (record.name == "LCEvent") --events;
  }
  return out;
}

/// Whatever happens to the bytes: a consistent frame, or an error that names the file and the place.
void expect_frame_or_error(std::string const& path, std::size_t first, std::size_t last) {
  try {
    auto const source = open_lcio(path);
    Frame frame;
    for (std::size_t entry = first; entry < std::min(last, source->info().entries); ++entry) {
      try {
        source->read(entry, frame, everything);
        EXPECT_TRUE(is_consistent(frame));
      } catch (DataError const& error) {
        EXPECT_EQ(std::string(error.what()).rfind(path + ": event " + std::to_string(entry) + " (byte ", 0),
                  0U)
            << error.what();
      }
    }
  } catch (DataError const& error) {
    EXPECT_EQ(std::string(error.what()).rfind(path + ": ", 0), 0U) << error.what();
  }
}

TEST_P(LcioSample, FlippedBitsGiveAFrameOrAnError) {
  std::mt19937 random(1);
  std::string const packed = bytes();
  for (std::string const& original : {packed, unpacked(path_, 1)}) {
    TemporaryFile const file(original);
    std::size_t const reach = std::min<std::size_t>(original.size(), 200'000);
    for (int flip = 0; flip < 1000; ++flip) {
      std::size_t const at = random() % (flip % 4 == 0 ? original.size() : reach);
      char const broken = static_cast<char>(original[at] ^ 1 << random() % 8);
      file.write(at, {&broken, 1});
      std::size_t const event = at * GetParam().entries / packed.size();  // about the one that was hit
      expect_frame_or_error(file.path(), event, event + 1);
      file.write(at, {&original[at], 1});
    }
  }
}

TEST_P(LcioSample, ForgedLengthsGiveAFrameOrAnError) {
  std::mt19937 random(2);
  std::string const original = unpacked(path_, 1);
  TemporaryFile const file(original);
  for (int forgery = 0; forgery < 1500; ++forgery) {
    std::size_t const at = random() % (original.size() / 4) * 4;
    std::uint32_t const lengths[] = {0x80000000, 0x7fffffff, 0xffffffff, 0x00ffffff, 0x3fffffff};
    file.write(at, SioBytes().u32(lengths[forgery % 5]).str());
    expect_frame_or_error(file.path(), 0, 1);
    file.write(at, std::string_view(original).substr(at, 4));
  }
}

INSTANTIATE_TEST_SUITE_P(Real, LcioSample,
                         ::testing::Values(Sample{"ild_bbcsdu500_dst.slcio",
                                                  50,
                                                  "LCIO 1.11",
                                                  "ILD_00",
                                                  {{"LDCTracks", 3498},
                                                   {"PandoraClusters", 6387},
                                                   {"PandoraPFOs", 6753},
                                                   {"MCParticlesSkimmed", 21801},
                                                   {"RecoMCTruthLink", 6747}}},
                                           Sample{"ild_nunuh250_dst.slcio",
                                                  5,
                                                  "LCIO 2.15",
                                                  "ILD_l5_v02",
                                                  {{"MarlinTrkTracks", 246},
                                                   {"PandoraClusters", 312},
                                                   {"PandoraPFOs", 356},
                                                   {"MCParticlesSkimmed", 1477},
                                                   {"ClusterMCTruthLink", 581},
                                                   {"MCTruthClusterLink", 581},
                                                   {"MarlinTrkTracksMCTruthLink", 283},
                                                   {"RecoMCTruthLink", 678}}},
                                           Sample{"ild_nunuh250_minidst.slcio",
                                                  36,
                                                  "LCIO 2.15",
                                                  "ILD_l5_v02",
                                                  {{"PandoraPFOs", 1859},
                                                   {"MCParticlesSkimmed", 8024},
                                                   {"RecoMCTruthLink", 3575}}}),
                         [](auto const& test) {
                           std::string name;
                           for (char c : std::string(test.param.file)) {
                             if (std::isalnum(static_cast<unsigned char>(c))) name += c;
                           }
                           return name;
                         });

class SixQuarks : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = CORPUSCLE_SOURCE_DIR "/../shared/data/ild_bbcsdu500_dst.slcio";
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
  }
  std::string path_;
};

TEST_F(SixQuarks, ParticlesSumTo466GeVOnAverage) {
  auto const source = open_lcio(path_);
  double sum = 0;
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    for (double energy : values<double>(frame, "PandoraPFOs", "energy")) sum += energy;
  }
  EXPECT_NEAR(sum / static_cast<double>(source->info().entries), 466, 0.5);
}

TEST_F(SixQuarks, TracksBendLikeTheParticlesMadeOfThem) {
  auto const source = open_lcio(path_);
  constexpr double field = 3.5 * units::tesla;
  Frame frame;
  std::size_t compared = 0;
  std::size_t alike = 0;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& particles = *frame.find("PandoraPFOs");
    Collection const& tracks = *frame.find("LDCTracks");
    auto const omega = values<double>(tracks.vector("trackStates")->columns.at(3));
    for (std::size_t row = 0; row < particles.size; ++row) {
      auto const get = [&](char const* name) { return particles.member(name)->at<double>(row); };
      if (get("tracks_end") - get("tracks_begin") != 1) continue;
      ObjectRef const track =
          particles.relation("tracks")->targets[particles.member("tracks_begin")->at<std::size_t>(row)];
      ASSERT_EQ(track.collection, tracks.id);
      double const bend = omega[static_cast<std::size_t>(track.index)];
      EXPECT_GT(bend * get("charge"), 0);
      double const pt = std::hypot(get("momentum.x"), get("momentum.y"));
      ++compared;
      alike += std::abs(units::bending * field / std::abs(bend) / pt - 1) < 0.01;
    }
  }
  EXPECT_GT(compared, 2000U);
  EXPECT_GT(static_cast<double>(alike),
            0.9 * static_cast<double>(compared));  // some momenta come from elsewhere
}

TEST_F(SixQuarks, DecodingOneCollectionDoesNotChangeIt) {
  auto const source = open_lcio(path_);
  Frame all;
  Frame one;
  source->read(49, all, everything);
  source->read(49, one, [](std::string_view name, std::string_view) { return name == "MCParticlesSkimmed"; });
  EXPECT_EQ(*all.find("MCParticlesSkimmed"), *one.find("MCParticlesSkimmed"));
  EXPECT_EQ(one.find("PandoraPFOs")->size, all.find("PandoraPFOs")->size);
  EXPECT_TRUE(one.find("PandoraPFOs")->members.empty());
}

}  // namespace
}  // namespace corpuscle::io
