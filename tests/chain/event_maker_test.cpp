#include "corpuscle/chain/event_maker.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/generate/gun.hpp"
#include "support/fingerprint.hpp"

#ifdef CORPUSCLE_TEST_PYTHIA
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"
#endif

namespace corpuscle::chain {
namespace {

using testing::Fingerprint;

EventMaker gun(int n) {
  generate::GunConfig config;
  config.pdg = -211;
  config.energy_min = 1;
  config.energy_max = 50;
  config.multiplicity_min = config.multiplicity_max = n;
  return {generate::make_gun(config, 1), config::find_detector("clic"), 1};
}

TEST(EventMaker, EventsComeInAnyOrder) {
  EventMaker forward = gun(10);
  std::vector<Fingerprint> events;
  for (std::int64_t i = 0; i < 6; ++i) events.emplace_back(forward(i));
  EventMaker backward = gun(10);
  for (std::int64_t i = 5; i >= 0; --i)
    EXPECT_EQ(events[static_cast<std::size_t>(i)], Fingerprint(backward(i)));
}

TEST(EventMaker, ClustersHoldHitsOnceAndTheirEnergy) {
  EventMaker make = gun(20);
  for (std::int64_t i = 0; i < 5; ++i) {
    event::Event const event = make(i);
    event::Clusters const& clusters = event.observed.clusters;
    event::CaloHits const& hits = event.observed.calo_hits;
    ASSERT_GT(clusters.size(), 0U);
    std::vector<int> used(hits.size());
    for (std::size_t c = 0; c < clusters.size(); ++c) {
      double sum = 0;
      for (event::CaloHitId hit : clusters.hits[c]) {
        ++used[hit.row()];
        sum += hits.energy[hit.row()];
      }
      EXPECT_NEAR(clusters.energy_ecal[c] + clusters.energy_hcal[c] + clusters.energy_other[c], sum,
                  1e-4 * sum);
    }
    for (int count : used) EXPECT_LE(count, 1);
  }
}

TEST(EventMaker, LinksOfAClusterSumToOne) {
  EventMaker make = gun(5);
  event::Event const event = make(0);
  std::vector<double> sums(event.observed.clusters.size());
  for (auto const& link : event.truth.cluster_links) sums[link.from.row()] += link.weight;
  for (double sum : sums) EXPECT_NEAR(sum, 1, 1e-5);
}

#ifdef CORPUSCLE_TEST_PYTHIA
TEST(EventMaker, ACollisionIsTheSameAloneOrAmongOthers) {
  auto const make = [] {
    return EventMaker(generate::make_pythia(generate::find_process("ttbar"), 5),
                      config::find_detector("clic"), 5);
  };
  EventMaker among = make();
  for (std::int64_t i = 0; i < 5; ++i) among(i);
  EXPECT_EQ(Fingerprint(among(5)), Fingerprint(make()(5)));
  EXPECT_FALSE(Fingerprint(among(6)) == Fingerprint(among(5)));
}

TEST(EventMaker, EnergyOfCollisionsIsAccountedFor) {
  EventMaker make(generate::make_pythia(generate::find_process("ttbar"), 5), config::find_detector("clic"),
                  5);
  for (std::int64_t i = 0; i < 20; ++i) {
    event::Event const event = make(i);
    EXPECT_NEAR(make.account().out(), make.account().in, 1e-6 * make.account().in);
    // 380 GeV in the frame of the beams, boosted by the crossing angle.
    EXPECT_NEAR(make.account().in, 380 / std::cos(0.010), 0.1);
  }
}
#endif

}  // namespace
}  // namespace corpuscle::chain
