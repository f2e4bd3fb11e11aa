// Reading EDM4hep files through the ROOT plug-in, in every layout that ../shared/data has.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/source.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::data_file;
using testing::everything;
using testing::nothing;
using testing::read_all;

/// Opens a file of ../shared/data in `source`; skips the test where it is not there.
#define OPEN_OR_SKIP(source, name)                                                                   \
  if (!std::filesystem::exists(data_file(name))) GTEST_SKIP() << data_file(name) << " is not there"; \
  auto const source = open_source(data_file(name))

double sum(Collection const& collection, std::string_view member) {
  std::vector<double> values;
  if (Column const* column = collection.member(member)) column->append_to(values);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// --- Counts of ../shared/data/README.md: objects summed over all events -------------------------------

struct Counts {
  char const* file;
  std::map<std::string, std::size_t> objects;
};

void PrintTo(Counts const& counts, std::ostream* out) {
  *out << counts.file;
}

class RootFile : public ::testing::TestWithParam<Counts> {};

TEST_P(RootFile, HoldsWhatTheReadmeCounts) {
  OPEN_OR_SKIP(source, GetParam().file);
  std::map<std::string, std::size_t> objects;
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    for (Collection const& collection : frame.collections) objects[collection.name] += collection.size;
  }
  for (auto const& [name, expected] : GetParam().objects) {
    ASSERT_TRUE(objects.contains(name)) << name;
    EXPECT_EQ(objects[name], expected) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    SharedData, RootFile,
    ::testing::Values(Counts{"cld_nunuHbb240_rec.edm4hep.root",
                             {{"MCParticles", 206},
                              {"SiTracks_Refitted", 24},
                              {"PandoraClusters", 48},
                              {"PandoraPFOs", 52},
                              {"ECALBarrel", 3168},
                              {"ECALEndcap", 98},
                              {"HCALBarrel", 501},
                              {"ECalBarrelCollection", 4366},
                              {"ECalBarrelCollectionContributions", 21791},
                              {"CalohitMCTruthLink", 3787},
                              {"ClusterMCTruthLink", 82},
                              {"SiTracksMCTruthLink", 28},
                              {"RecoMCTruthLink", 90},
                              {"RelationCaloHit", 3767},
                              {"RefinedVertexJets", 2},
                              {"RefinedJetTag_B", 2}}},
                      Counts{"clic_ttbar365_sim.edm4hep.root",
                             {{"MCParticles", 467},
                              {"ECalBarrelCollection", 5833},
                              {"ECalEndcapCollection", 3539},
                              {"ECalPlugCollection", 68},
                              {"HCalBarrelCollection", 4442},
                              {"HCalEndcapCollection", 3380},
                              {"HCalRingCollection", 264},
                              {"ECalBarrelCollectionContributions", 40975},
                              {"VertexBarrelCollection", 223},
                              {"VertexEndcapCollection", 62},
                              {"InnerTrackerBarrelCollection", 149},
                              {"InnerTrackerEndcapCollection", 122},
                              {"OuterTrackerBarrelCollection", 65},
                              {"OuterTrackerEndcapCollection", 126}}},
                      Counts{"clic_gamma_rec.edm4hep.root",
                             {{"PandoraClusters", 3},
                              {"PandoraPFOs", 3},
                              {"SelectedPandoraPFOs", 3},
                              {"ECALBarrel", 347},
                              {"ECALEndcap", 330}}},
                      Counts{"clic_gamma_barrel.edm4hep.root",
                             {{"EB_CaloHits_EDM4hep", 2386},
                              {"EB_SimCaloHits_EDM4hep", 2567},
                              {"PandoraClusters_EDM4hep", 11},
                              {"MCParticlesSkimmed_EDM4hep", 13}}},
                      Counts{"ild_pfos.edm4hep.root",
                             {{"PandoraPFOs", 436}, {"PandoraPFOs_particleIDs", 2483}, {"EventHeader", 10}}},
                      Counts{"odd_piongun_sim.edm4hep.root",
                             {{"MCParticles", 2083},
                              {"ECalBarrelCollection", 3179},
                              {"ECalBarrelCollectionContributions", 15703},
                              {"HCalBarrelCollection", 2014},
                              {"HCalBarrelCollectionContributions", 4056}}},
                      Counts{"cms_pfnano.root", {{"PFCands", 18197}, {"JetPFCands", 1801}}}),
    [](auto const& test) {
      std::string const name = test.param.file;
      return name.substr(0, name.find('.'));
    });

// --- Values ------------------------------------------------------------------------------------------

TEST(Root, CldEnergiesOfParticleFlowObjectsAddUp) {
  OPEN_OR_SKIP(source, "cld_nunuHbb240_rec.edm4hep.root");
  Frame frame;
  source->read(0, frame, everything);
  EXPECT_NEAR(sum(*frame.find("PandoraPFOs"), "energy"), 114.143, 0.0005);
}

TEST(Root, IldEnergiesAreThoseThatUprootReads) {
  // python3 -c "import uproot; e =
  // uproot.open('ild_pfos.edm4hep.root:events/PandoraPFOs/PandoraPFOs.energy');
  //             print([float(sum(x)) for x in e.array()], [float(x) for x in e.array()[:, 0]])"
  constexpr double sums[] = {222.667175, 240.117142, 246.304443, 224.906372, 212.265854,
                             193.700165, 214.911499, 256.538757, 238.555222, 235.207108};
  constexpr float first[] = {6.711087703704834F, 5.191675662994385F, 12.552092552185059F};
  OPEN_OR_SKIP(source, "ild_pfos.edm4hep.root");
  ASSERT_EQ(source->info().entries, std::size(sums));
  Frame frame;
  for (std::size_t entry = 0; entry < std::size(sums); ++entry) {
    source->read(entry, frame, everything);
    Collection const& particles = *frame.find("PandoraPFOs");
    // Up to 80 floats of a sum below 512, added by uproot in float: 80 * 2^-16.
    EXPECT_NEAR(sum(particles, "energy"), sums[entry], 80.0 / 65536) << entry;
    if (entry < std::size(first)) {
      EXPECT_EQ(particles.member("energy")->at<float>(0), first[entry]);
    }
  }
}

TEST(Root, RelationsOfClustersLeadToHits) {
  OPEN_OR_SKIP(source, "cld_nunuHbb240_rec.edm4hep.root");
  Frame frame;
  source->read(0, frame, everything);
  Collection const& clusters = *frame.find("PandoraClusters");
  Relation const* const hits = clusters.relation("hits");
  ASSERT_NE(hits, nullptr);
  EXPECT_EQ(clusters.member("hits_end")->at<std::size_t>(clusters.size - 1), hits->targets.size());
  std::set<std::string> targets;
  for (ObjectRef const target : hits->targets) {
    Collection const* const collection = frame.find(target.collection);
    ASSERT_NE(collection, nullptr);
    ASSERT_EQ(collection->type, "edm4hep::CalorimeterHit");
    ASSERT_LT(static_cast<std::size_t>(target.index), collection->size);
    targets.insert(collection->name);
  }
  EXPECT_TRUE(targets.contains("ECALBarrel"));
  EXPECT_TRUE(targets.contains("HCALBarrel"));
}

TEST(Root, LegacyRelationsOfClustersLeadToHits) {
  OPEN_OR_SKIP(source, "clic_gamma_rec.edm4hep.root");
  std::size_t hits = 0;
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Relation const* const relation = frame.find("PandoraClusters")->relation("hits");
    ASSERT_NE(relation, nullptr);
    for (ObjectRef const target : relation->targets) {
      Collection const* const collection = frame.find(target.collection);
      ASSERT_NE(collection, nullptr);
      ASSERT_EQ(collection->type, "edm4hep::CalorimeterHit");
      ASSERT_LT(static_cast<std::size_t>(target.index), collection->size);
      ++hits;
    }
  }
  EXPECT_EQ(hits, 581U);
}

TEST(Root, TracksHaveTheirStates) {
  OPEN_OR_SKIP(source, "cld_nunuHbb240_rec.edm4hep.root");
  Frame frame;
  source->read(0, frame, everything);
  Collection const& tracks = *frame.find("SiTracks_Refitted");
  VectorMember const* const states = tracks.vector("trackStates");
  ASSERT_NE(states, nullptr);
  EXPECT_EQ(states->element_type, "edm4hep::TrackState");
  for (Column const& column : states->columns) EXPECT_EQ(column.rows(), 4 * tracks.size) << column.name();
  auto const location = std::find_if(states->columns.begin(), states->columns.end(),
                                     [](Column const& column) { return column.name() == "location"; });
  ASSERT_NE(location, states->columns.end());
  for (std::size_t k = 0; k < location->values(); ++k) EXPECT_EQ(location->at<std::size_t>(k), k % 4 + 1);
}

TEST(Root, SubsetsReferToObjectsElsewhere) {
  OPEN_OR_SKIP(source, "idea_mumuH240_delphes.edm4hep.root");
  std::size_t muons = 0;
  Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    Collection const& subset = *frame.find("Muon");
    ASSERT_TRUE(subset.is_subset);
    ASSERT_TRUE(subset.members.empty());
    ASSERT_EQ(subset.relations.size(), 1U);
    ASSERT_EQ(subset.relations[0].targets.size(), subset.size);
    for (ObjectRef const target : subset.relations[0].targets)
      EXPECT_LT(static_cast<std::size_t>(target.index), frame.find("ReconstructedParticles")->size);
    muons += subset.size;
  }
  EXPECT_EQ(muons, 226U);  // as uproot counts Muon#0
}

TEST(Root, TypedSubsetsAreMarked) {
  OPEN_OR_SKIP(source, "cld_nunuHbb240_rec.edm4hep.root");
  Frame frame;
  source->read(0, frame, everything);
  std::size_t subsets = 0;
  for (Collection const& collection : frame.collections) {
    if (!collection.is_subset) continue;
    ++subsets;
    EXPECT_TRUE(collection.type.starts_with("edm4hep::")) << collection.name;
    for (ObjectRef const target : collection.relations.at(0).targets) {
      Collection const* const owner = frame.find(target.collection);
      ASSERT_NE(owner, nullptr) << collection.name;
      EXPECT_EQ(owner->type, collection.type);
      EXPECT_LT(static_cast<std::size_t>(target.index), owner->size);
    }
  }
  EXPECT_GT(subsets, 0U);
}

TEST(Root, FilesOfDifferentVersionsMayFollowEachOther) {
  // The first two give version 1 of EventHeaderData to different layouts, and ROOT then takes one of them
  // for version 2, which the third has.
  for (char const* name :
       {"clic_gamma_barrel.edm4hep.root", "ild_pfos.edm4hep.root", "odd_piongun_sim.edm4hep.root"}) {
    OPEN_OR_SKIP(source, name);
    Frame frame;
    source->read(0, frame, everything);
    EXPECT_EQ(frame.find("EventHeader")->member("timeStamp")->type(), Scalar::u64) << name;
  }
}

// --- What is asked for -------------------------------------------------------------------------------

TEST(Root, UnwantedCollectionsHaveOnlyTheirSize) {
  for (char const* name :
       {"cld_nunuHbb240_rec.edm4hep.root", "edm4hep_example_rntuple.root", "clic_gamma_rec.edm4hep.root"}) {
    OPEN_OR_SKIP(source, name);
    Frame all, sizes, some;
    source->read(0, all, everything);
    source->read(0, sizes, nothing);
    source->read(0, some, [](auto, auto type) { return type == "edm4hep::Cluster"; });
    ASSERT_EQ(all.collections.size(), sizes.collections.size());
    for (std::size_t k = 0; k < all.collections.size(); ++k) {
      Collection const& bare = sizes.collections[k];
      EXPECT_EQ(bare.name, all.collections[k].name);
      EXPECT_EQ(bare.type, all.collections[k].type);
      EXPECT_EQ(bare.size, all.collections[k].size);
      EXPECT_TRUE(bare.members.empty() && bare.vectors.empty() && bare.relations.empty()) << bare.name;
      EXPECT_EQ(some.collections[k], bare.type == "edm4hep::Cluster" ? all.collections[k] : bare);
    }
  }
}

TEST(Root, CollectionsAreListedWithoutReadingThem) {
  OPEN_OR_SKIP(source, "cld_nunuHbb240_rec.edm4hep.root");
  Frame frame;
  source->read(0, frame, nothing);
  auto const listed = source->collections();
  ASSERT_EQ(listed.size(), frame.collections.size());
  for (std::size_t k = 0; k < listed.size(); ++k) {
    EXPECT_EQ(listed[k].name, frame.collections[k].name);
    EXPECT_EQ(listed[k].type, frame.collections[k].type);
    EXPECT_EQ(listed[k].id, frame.collections[k].id);
    EXPECT_EQ(listed[k].is_subset, frame.collections[k].is_subset);
  }
}

TEST(Root, EventsMayBeReadInAnyOrder) {
  OPEN_OR_SKIP(source, "idea_mumuH240_delphes.edm4hep.root");
  Frame forwards, backwards;
  source->read(3, forwards, everything);
  source->read(99, backwards, everything);
  source->read(3, backwards, everything);
  EXPECT_EQ(forwards, backwards);
}

TEST(Root, EntryBeyondTheLastIsRefused) {
  for (char const* name : {"edm4hep_example_ttree.root", "edm4hep_example_rntuple.root"}) {
    OPEN_OR_SKIP(source, name);
    Frame frame;
    std::string const message =
        testing::complaint<core::DataError>([&] { source->read(3, frame, everything); });
    EXPECT_TRUE(message.starts_with(data_file(name) + ": entry 3 ")) << message;
  }
}

// --- Parameters --------------------------------------------------------------------------------------

TEST(Root, ParametersOfEventsStoredAsAnObjectAreRead) {
  OPEN_OR_SKIP(source, "ild_pfos.edm4hep.root");
  Frame frame;
  source->read(0, frame, nothing);
  EXPECT_EQ(frame.parameters.size(), 38U);
}

TEST(Root, CellIdEncodingsAreInTheMetadata) {
  for (auto const& [name, collection] :
       {std::pair("cld_nunuHbb240_rec.edm4hep.root", "ECALBarrel"),
        std::pair("clic_gamma_rec.edm4hep.root", "ECALBarrel"),
        std::pair("clic_ttbar365_sim.edm4hep.root", "ECalBarrelCollection")}) {
    OPEN_OR_SKIP(source, name);
    auto const& metadata = source->info().metadata;
    auto const found = metadata.find(std::string(collection) + "__CellIDEncoding");
    ASSERT_NE(found, metadata.end()) << name;
    auto const* const texts = std::get_if<std::vector<std::string>>(&found->second);
    ASSERT_TRUE(texts && texts->size() == 1) << name;
    EXPECT_NE(texts->front().find("layer:"), std::string::npos) << texts->front();
  }
}

// --- One content, two containers -----------------------------------------------------------------------

TEST(Root, TreeAndNtupleOfTheExampleHoldTheSame) {
  for (char const* name : {"edm4hep_example_ttree.root", "edm4hep_example_rntuple.root"})
    if (!std::filesystem::exists(data_file(name))) GTEST_SKIP() << data_file(name) << " is not there";
  auto const tree = read_all(data_file("edm4hep_example_ttree.root"));
  auto const ntuple = read_all(data_file("edm4hep_example_rntuple.root"));
  ASSERT_EQ(tree.size(), 3U);
  ASSERT_EQ(ntuple.size(), 3U);
  for (std::size_t entry = 0; entry < 3; ++entry) {
    ASSERT_EQ(tree[entry].collections.size(), ntuple[entry].collections.size());
    for (std::size_t k = 0; k < tree[entry].collections.size(); ++k)
      EXPECT_EQ(tree[entry].collections[k], ntuple[entry].collections[k]) << tree[entry].collections[k].name;
    EXPECT_EQ(tree[entry].parameters, ntuple[entry].parameters);
  }
}

}  // namespace
}  // namespace corpuscle::io
