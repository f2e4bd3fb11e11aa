#include "corpuscle/truth/footprints.hpp"

#include <gtest/gtest.h>

#include "support/events.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

TEST(Prints, OfTheSamePlaceAddUp) {
  Prints const prints({{1, 0, 2}, {0, 3, 1}, {1, 0, 0.5}, {1, 2, 4}}, 3);
  ASSERT_EQ(prints.of(0).size(), 1U);
  ASSERT_EQ(prints.of(1).size(), 2U);
  EXPECT_EQ(prints.of(1)[0], (Print{1, 0, 2.5}));
  EXPECT_EQ(prints.of(1)[1], (Print{1, 2, 4}));
  EXPECT_TRUE(prints.of(2).empty());
  EXPECT_EQ(prints.total(1), 6.5);
  EXPECT_EQ(prints.largest(1)->element, 2U);
  EXPECT_EQ(prints.largest(2), nullptr);
}

TEST(Prints, OfFoldedParticlesAddUp) {
  Prints const prints({{0, 1, 1}, {1, 1, 2}, {2, 1, 4}, {2, 0, 8}}, 3);
  Rank const to[] = {1, 1, no_rank};
  Prints const folded = prints.folded(to, 2);
  EXPECT_TRUE(folded.of(0).empty());
  ASSERT_EQ(folded.of(1).size(), 1U);
  EXPECT_EQ(folded.of(1)[0].weight, 3);
}

TEST(Footprints, RankByDescendingEnergyAndKnowTheirRows) {
  event::Event const event = testing::random_event(15, 4);
  Footprints const f(event, HitWeights::as_shares);
  EXPECT_TRUE(std::is_sorted(f.energy.rbegin(), f.energy.rend()));
  for (Ranking const* ranking : {&f.particles, &f.tracks, &f.clusters, &f.hits})
    for (std::size_t rank = 0; rank < ranking->size(); ++rank)
      EXPECT_EQ(ranking->rank[ranking->row[rank]], rank);
}

TEST(Footprints, SharesOfAHitAddUpToItsEnergy) {
  event::Event const event = testing::random_event(15, 5);
  Footprints const f(event, HitWeights::as_shares);
  std::vector<double> sums(f.hits.size());
  for (Print const& print : f.on_hits.all()) sums[f.hits.row[print.element]] += print.weight;
  // Each hit of random_event has two links. Doubles: a few roundings.
  for (std::size_t row = 0; row < sums.size(); ++row)
    EXPECT_NEAR(sums[row], event.observed.calo_hits.energy[row], 1e-12);
}

TEST(Footprints, OfAClusterAreThoseOfItsHits) {
  event::Event const event = testing::random_event(15, 6);
  for (HitWeights const weights : {HitWeights::as_shares, HitWeights::as_stored}) {
    Footprints const f(event, weights);
    std::vector<double> on_hits(f.particles.size()), on_clusters(f.particles.size());
    std::vector<std::uint8_t> is_clustered(f.hits.size());
    for (event::CaloHitId const hit : event.observed.clusters.hits.values) is_clustered[hit.row()] = 1;
    for (Print const& print : f.on_hits.all())
      if (is_clustered[f.hits.row[print.element]]) on_hits[print.particle] += print.weight;
    for (Rank p = 0; p < f.particles.size(); ++p) EXPECT_NEAR(f.on_clusters.total(p), on_hits[p], 1e-10);
  }
}

TEST(Footprints, WeightsThatAreNotPositiveDoNotCount) {
  Sketch sketch;
  auto const p = sketch.particle({});
  sketch.track({{p, -0.5}});
  sketch.hit({{p, 0}}, 1);
  Footprints const f(sketch.event(), HitWeights::as_shares);
  EXPECT_TRUE(f.on_tracks.empty());
  EXPECT_TRUE(f.on_hits.empty());
}

}  // namespace
}  // namespace corpuscle::truth
