#include "corpuscle/io/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace corpuscle::io {
namespace {

std::vector<std::string> names(std::span<std::string_view const> list) {
  return {list.begin(), list.end()};
}

std::vector<std::string> names(std::span<VectorMemberSchema const> list) {
  std::vector<std::string> result;
  for (VectorMemberSchema const& vector : list) result.emplace_back(vector.name);
  return result;
}

template <class Items>
bool is_part_in_order(Items const& part, Items const& whole) {
  auto at = whole.begin();
  for (auto const& item : part) {
    at = std::find(at, whole.end(), item);
    if (at == whole.end()) return false;
  }
  return true;
}

constexpr std::string_view current_types[] = {"edm4hep::CaloHitContribution",
                                              "edm4hep::CalorimeterHit",
                                              "edm4hep::Cluster",
                                              "edm4hep::EventHeader",
                                              "edm4hep::GeneratorEventParameters",
                                              "edm4hep::GeneratorPdfInfo",
                                              "edm4hep::MCParticle",
                                              "edm4hep::ParticleID",
                                              "edm4hep::RawCalorimeterHit",
                                              "edm4hep::RawTimeSeries",
                                              "edm4hep::RecDqdx",
                                              "edm4hep::ReconstructedParticle",
                                              "edm4hep::SenseWireHit",
                                              "edm4hep::SimCalorimeterHit",
                                              "edm4hep::SimTrackerHit",
                                              "edm4hep::TimeSeries",
                                              "edm4hep::Track",
                                              "edm4hep::TrackerHit3D",
                                              "edm4hep::TrackerHitPlane",
                                              "edm4hep::Vertex"};

TEST(FindSchema, CurrentMembersArePartOfThoseOfAllVersionsInTheSameOrder) {
  for (std::string_view type : current_types) {
    TypeSchema const* const now = find_current_schema(type);
    TypeSchema const* const ever = find_schema(type);
    ASSERT_NE(now, nullptr) << type;
    ASSERT_NE(ever, nullptr) << type;
    EXPECT_EQ(now->type, type);
    EXPECT_EQ(ever->type, type);
    EXPECT_TRUE(is_part_in_order(names(now->one_to_many), names(ever->one_to_many))) << type;
    EXPECT_TRUE(is_part_in_order(names(now->one_to_one), names(ever->one_to_one))) << type;
    // Vectors since dropped (rawHits, hitData) leave nothing to keep an order with.
    EXPECT_TRUE(is_part_in_order(names(now->vectors), names(ever->vectors))) << type;
  }
}

// The numbers of the relation branches `PandoraPFOs#k` in a file of 2021.
TEST(FindSchema, RelationsOfAParticleComeInTheOrderOfTheLegacyBranches) {
  TypeSchema const* const schema = find_schema("edm4hep::ReconstructedParticle");
  EXPECT_EQ(names(schema->one_to_many),
            (std::vector<std::string>{"clusters", "tracks", "particles", "particleIDs"}));
  EXPECT_EQ(names(schema->one_to_one),
            (std::vector<std::string>{"startVertex", "particleIDUsed", "decayVertex"}));
}

TEST(FindSchema, VectorsOfATrackAndAClusterComeInTheOrderOfTheLegacyBranches) {
  std::vector<std::string> const track_of_2021{"subDetectorHitNumbers", "trackStates", "dxQuantities"};
  std::vector<std::string> const cluster_of_2021{"shapeParameters", "hitContributions",
                                                 "subdetectorEnergies"};
  EXPECT_TRUE(is_part_in_order(track_of_2021, names(find_schema("edm4hep::Track")->vectors)));
  EXPECT_TRUE(is_part_in_order(cluster_of_2021, names(find_schema("edm4hep::Cluster")->vectors)));
}

TEST(FindSchema, EveryLinkHasTwoEnds) {
  for (std::string_view type :
       {"podio::Link<edm4hep::Track,edm4hep::MCParticle>", "podio::LinkCollection<edm4hep::A, edm4hep::B>",
        "edm4hep::RecoMCParticleLink", "edm4hep::CaloHitMCParticleLink"}) {
    TypeSchema const* const schema = find_schema(type);
    ASSERT_NE(schema, nullptr) << type;
    EXPECT_EQ(names(schema->one_to_one), (std::vector<std::string>{"from", "to"})) << type;
  }
  EXPECT_EQ(names(find_schema("edm4hep::MCRecoCaloAssociation")->one_to_one),
            (std::vector<std::string>{"rec", "sim"}));
}

TEST(FindSchema, DoesNotKnowForeignTypes) {
  EXPECT_EQ(find_schema("edm4hep::Jet"), nullptr);
  EXPECT_EQ(find_schema("float"), nullptr);
  EXPECT_EQ(find_current_schema("edm4hep::TPCHit"), nullptr);
  EXPECT_EQ(find_current_schema("edm4hep::MCRecoParticleAssociation"), nullptr);
}

Collection collection_of(std::string type, std::vector<std::string> const& members) {
  Collection result;
  result.type = std::move(type);
  result.size = 1;
  for (std::string const& name : members) result.members.emplace_back(name, Scalar::f32).push_back(1.0);
  return result;
}

TEST(Upgrade, RenamesMembers) {
  Collection cluster = collection_of("edm4hep::Cluster", {"energy", "phi"});
  upgrade(cluster);
  EXPECT_NE(cluster.member("iPhi"), nullptr);
  EXPECT_EQ(cluster.member("phi"), nullptr);
  EXPECT_NE(cluster.member("energy"), nullptr);

  Collection particle = collection_of("edm4hep::ReconstructedParticle", {"type"});
  upgrade(particle);
  EXPECT_NE(particle.member("PDG"), nullptr);

  Collection hit = collection_of("edm4hep::SimTrackerHit", {"EDep"});
  hit.relations.push_back({"MCParticle", {{3, 1}}});
  upgrade(hit);
  EXPECT_NE(hit.member("eDep"), nullptr);
  ASSERT_NE(hit.relation("particle"), nullptr);
  EXPECT_EQ(hit.relation("particle")->targets[0], (ObjectRef{3, 1}));
}

TEST(Upgrade, TheTypeOfAClusterOrATrackIsNotAPdgCode) {
  Collection track = collection_of("edm4hep::Track", {"type"});
  upgrade(track);
  EXPECT_NE(track.member("type"), nullptr);
  EXPECT_EQ(track.member("PDG"), nullptr);
}

TEST(Upgrade, RenamesAVectorTogetherWithItsRanges) {
  Collection track = collection_of(
      "edm4hep::Track", {"subDetectorHitNumbers_begin", "subDetectorHitNumbers_end", "trackStates_begin"});
  track.vectors.push_back({"subDetectorHitNumbers", "int32_t", {}});
  upgrade(track);
  EXPECT_NE(track.vector("subdetectorHitNumbers"), nullptr);
  EXPECT_NE(track.member("subdetectorHitNumbers_begin"), nullptr);
  EXPECT_NE(track.member("subdetectorHitNumbers_end"), nullptr);
  EXPECT_NE(track.member("trackStates_begin"), nullptr);
}

TEST(Upgrade, CovariancesBecomeComponents) {
  std::vector<float> const values(21, 0.5F);
  Collection track = collection_of("edm4hep::Track", {});
  track.vectors.push_back(
      {"trackStates", "edm4hep::TrackState", {Column::of<float>("covMatrix", values, 21)}});
  upgrade(track);
  EXPECT_EQ(track.vectors[0].columns[0].name(), "covMatrix.values");

  Collection cluster = collection_of("edm4hep::Cluster", {});
  cluster.members.push_back(Column::of<float>("positionError", std::span(values).first(6), 6));
  upgrade(cluster);
  EXPECT_NE(cluster.member("positionError.values"), nullptr);
}

TEST(Upgrade, ThePrimaryVertexGetsItsBit) {
  Collection vertex = collection_of("edm4hep::Vertex", {"chi2"});
  std::vector<std::int32_t> const primary{0, 1};
  vertex.members.push_back(Column::of<std::int32_t>("primary", primary));
  upgrade(vertex);
  ASSERT_NE(vertex.member("type"), nullptr);
  EXPECT_EQ(vertex.member("type")->at<int>(0), 0);
  EXPECT_EQ(vertex.member("type")->at<int>(1), 2);
}

TEST(Upgrade, AssociationsBecomeLinks) {
  struct {
    char const* old_type;
    char const* type;
  } const cases[] = {
      {"MCRecoParticleAssociation", "edm4hep::ReconstructedParticle,edm4hep::MCParticle"},
      {"MCRecoCaloAssociation", "edm4hep::CalorimeterHit,edm4hep::SimCalorimeterHit"},
      {"MCRecoTrackerAssociation", "edm4hep::TrackerHit,edm4hep::SimTrackerHit"},
      {"MCRecoTrackerHitPlaneAssociation", "edm4hep::TrackerHit,edm4hep::SimTrackerHit"},
      {"MCRecoCaloParticleAssociation", "edm4hep::CalorimeterHit,edm4hep::MCParticle"},
      {"MCRecoClusterParticleAssociation", "edm4hep::Cluster,edm4hep::MCParticle"},
      {"MCRecoTrackParticleAssociation", "edm4hep::Track,edm4hep::MCParticle"},
  };
  for (auto const& [old_type, type] : cases) {
    Collection link = collection_of(std::string("edm4hep::") + old_type, {"weight"});
    link.relations = {{"rec", {{1, 10}}}, {"sim", {{2, 20}}}};
    upgrade(link);
    EXPECT_EQ(link.type, std::string("podio::Link<") + type + ">");
    ASSERT_EQ(link.relations.size(), 2U);
    EXPECT_EQ(link.relations[0], (Relation{"from", {{1, 10}}}));
    EXPECT_EQ(link.relations[1], (Relation{"to", {{2, 20}}}));
  }
}

TEST(Upgrade, AVertexAssociationTurnsRound) {
  Collection link = collection_of("edm4hep::RecoParticleVertexAssociation", {"weight"});
  link.relations = {{"rec", {{1, 10}}}, {"vertex", {{2, 20}}}};
  upgrade(link);
  EXPECT_EQ(link.type, "podio::Link<edm4hep::Vertex,edm4hep::ReconstructedParticle>");
  EXPECT_EQ(link.relations[0], (Relation{"from", {{2, 20}}}));
  EXPECT_EQ(link.relations[1], (Relation{"to", {{1, 10}}}));
}

TEST(Upgrade, LinksHaveOneSpelling) {
  for (std::string type :
       {"edm4hep::TrackMCParticleLink", "podio::LinkCollection<edm4hep::Track, edm4hep::MCParticle>",
        "podio::Link<edm4hep::Track,edm4hep::MCParticle>"}) {
    Collection link = collection_of(type, {"weight"});
    upgrade(link);
    EXPECT_EQ(link.type, "podio::Link<edm4hep::Track,edm4hep::MCParticle>") << type;
  }
}

TEST(Upgrade, DoesNothingTheSecondTime) {
  Collection hit = collection_of("edm4hep::SimTrackerHit", {"EDep", "time"});
  hit.relations.push_back({"MCParticle", {{0, 1}}});
  upgrade(hit);
  Collection const once = hit;
  upgrade(hit);
  EXPECT_EQ(hit, once);
}

TEST(Upgrade, LeavesWhatIsCurrentAndWhatIsForeign) {
  for (std::string type : {"edm4hep::MCParticle", "edm4hep::SimTrackerHit", "float", "edm4eic::Jet"}) {
    Collection collection = collection_of(type, {"eDep", "type", "phi"});
    Collection const before = collection;
    upgrade(collection);
    EXPECT_EQ(collection, before) << type;
  }
}

}  // namespace
}  // namespace corpuscle::io
