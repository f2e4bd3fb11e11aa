// Whole events in files, and what a full simulation's file gives: event_frame.hpp with ROOT.
#include <gtest/gtest.h>

#include <numeric>

#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/event_frame.hpp"
#include "support/events.hpp"
#include "support/expect_same_event.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::detector_for_events;
using testing::random_event;

class EventFile : public ::testing::TestWithParam<Container> {};

TEST_P(EventFile, ReadsBackEventByEvent) {
  testing::TemporaryDirectory const directory;
  std::string const path = directory / "events.root";
  EventFramer const make_frame(detector_for_events());
  {
    Writer writer(path, {GetParam(), make_frame.schema(), make_frame.metadata()});
    for (std::uint64_t seed = 0; seed < 3; ++seed) writer.write(make_frame(random_event(10 * seed, seed)));
    writer.finish();
  }
  auto const source = open_source(path);
  ASSERT_EQ(source->info().entries, 3U);
  EXPECT_EQ(source->info().detector, "CLIC_test");
  EXPECT_EQ(source->info().metadata, make_frame.metadata());
  EventBuilder const build(source->info(), detector_for_events());
  Frame frame;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    source->read(seed, frame, build.wanted());
    testing::expect_same_event(build(frame, seed), random_event(10 * seed, seed));
  }
}

TEST_P(EventFile, IsRecognisedByTheNameOfItsDetector) {
  testing::TemporaryDirectory const directory;
  EventFramer const make_frame(detector_for_events());
  Writer writer(directory / "events.root", {GetParam(), make_frame.schema(), make_frame.metadata()});
  writer.write(make_frame(random_event(5, 1)));
  writer.finish();
  detector::Detector other, right;
  other.signature.collections = {"ECALBarrel"};
  right.signature.names = {"CLIC_*"};
  std::vector<detector::Detector> const known = {other, right};
  auto const source = open_source(directory / "events.root");
  Frame frame;
  source->read(0, frame, nothing);
  EXPECT_EQ(recognise(source->info(), frame, known), &known[1]);
}

INSTANTIATE_TEST_SUITE_P(Containers, EventFile, ::testing::Values(Container::ttree, Container::rntuple),
                         [](auto const& test) {
                           return test.param == Container::ttree ? "TTree" : "RNTuple";
                         });

TEST(FullSimulation, HitsComeWithAllTheirContributions) {
  struct Case {
    char const* file;
    std::size_t hits;  ///< of all collections together, as the README of the files counts them
    bool has_contributions;
  };
  for (auto const& [file, n_hits, has_contributions] :
       {Case{"clic_ttbar365_sim.edm4hep.root", 5833 + 3539 + 68 + 4442 + 3380 + 264 + 4 + 6, true},
        Case{"clic_gamma_barrel.edm4hep.root", 2567, false}}) {
    std::string const path = testing::data_file(file);
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    auto const source = open_source(path);
    std::size_t n = 0, n_owned = 0, n_shares = 0;
    double energy = 0, shared = 0;
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      Frame frame;
      source->read(entry, frame, everything);
      for (Collection const& collection : frame.collections)
        if (collection.type == "edm4hep::SimCalorimeterHit") {
          std::vector<float> energies;
          collection.member("energy")->append_to(energies);
          energy = std::accumulate(energies.begin(), energies.end(), energy);
        }
      event::SimCaloHits const hits = read_sim_calo_hits(frame);
      n += hits.size();
      for (event::Contribution const& share : hits.contributions.values) {
        shared += static_cast<double>(share.energy);
        ++n_shares;
        if (share.particle.is_valid()) ++n_owned;
      }
    }
    EXPECT_EQ(n, n_hits) << file;
    // The energy of a hit is the sum of its contributions, rounded to 24 bits.
    EXPECT_NEAR(shared, energy, 1e-5 * energy) << file;
    EXPECT_EQ(n_owned, has_contributions ? n_shares : 0) << file;
  }
}

}  // namespace
}  // namespace corpuscle::io
