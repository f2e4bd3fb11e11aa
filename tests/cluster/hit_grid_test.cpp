#include "corpuscle/cluster/hit_grid.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cluster/synthetic_hits.hpp"

namespace corpuscle {
namespace {

using cluster::HitGrid;

/// Hits in all directions, the poles and the border of phi included.
event::Observed hits_everywhere(std::size_t n) {
  core::Random random{6};
  event::Observed event;
  for (std::size_t i = 0; i < n; ++i) {
    int const layer = static_cast<int>(random.bits() % 3);
    double const r = 1502.4 + 5.05 * layer + random.uniform(0, 20);
    double const cosine = i % 10 == 0 ? 1 - 1e-4 * random.uniform() : random.uniform(-1, 1);
    double const sine = std::sqrt(1 - cosine * cosine);
    double const phi = i % 3 == 0 ? std::numbers::pi + random.uniform(-0.1, 0.1) : random.uniform(-4, 4);
    test::add_hit(event, event::Subdetector::ecal, layer,
                  {r * sine * std::cos(phi), r * sine * std::sin(phi), r * cosine}, 0.01);
  }
  return event;
}

TEST(HitGrid, VisitsEveryHitNearAPlaceOnce) {
  auto const event = hits_everywhere(2700);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  auto const hits = grid.hits();
  ASSERT_EQ(hits.size(), 2700u);
  for (double radius : {5., 30., 250., 2000.})
    for (std::size_t i = 0; i < hits.size(); i += 7)
      for (int layer = 0; layer < 3; ++layer) {
        std::map<std::uint32_t, int> visits;
        grid.visit_near(grid.views()[i], layer, radius, [&](std::uint32_t j) {
          ++visits[j];
          EXPECT_EQ(hits[j].layer, layer);
        });
        for (auto [j, n] : visits) EXPECT_EQ(n, 1);
        for (std::uint32_t j = grid.layer_begin(layer); j < grid.layer_begin(layer + 1); ++j) {
          if (core::length(position(hits[i]) - position(hits[j])) < radius) {
            EXPECT_TRUE(visits.count(j)) << radius;
          }
        }
      }
}

TEST(HitGrid, LayersOfAllDetectorsFollowEachOther) {
  HitGrid grid(test::detector_with_muons());
  ASSERT_EQ(grid.n_layers(), 40 + 60 + 7);
  event::Observed event;
  test::add_mip(event, 0, 0);
  grid.fill(event.calo_hits);
  ASSERT_EQ(grid.hits().size(), 107u);
  for (std::size_t i = 0; i < 107; ++i) EXPECT_EQ(grid.hits()[i].layer, static_cast<int>(i));
  EXPECT_EQ(grid.layers()[39].part, cluster::Part::ecal);
  EXPECT_EQ(grid.layers()[40].part, cluster::Part::hcal);
  EXPECT_EQ(grid.layers()[40].gap_before, 1740 - 1702);
  EXPECT_EQ(grid.layers()[100].part, cluster::Part::muon);
}

/// Neighbours looked at per hit, which is what the time goes into.
double visits_per_hit(std::size_t n_hits) {
  auto const event = test::random_showers(n_hits, 7);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  double visits = 0;
  for (std::size_t i = 0; i < grid.hits().size(); ++i) {
    int const layer = grid.hits()[i].layer;
    if (layer > 0) grid.visit_near(grid.views()[i], layer - 1, 20, [&](std::uint32_t) { ++visits; });
  }
  return visits / static_cast<double>(grid.hits().size());
}

TEST(HitGrid, HitsLookedAtArePartOfTheOwnShowerHoweverManyThereAre) {
  // Showers of 150 hits: ten times the hits, ten times the showers, spread over the same barrel.
  double const few = visits_per_hit(3000), many = visits_per_hit(30000);
  EXPECT_LT(few, 40);
  EXPECT_LT(many, 2 * few);
}

TEST(HitGrid, HitsOfOneCellAreOneForWhoeverLooksForNeighbours) {
  event::Observed event;
  for (int n = 0; n < 100000; ++n)
    test::add_hit(event, event::Subdetector::ecal, 3, {test::ecal_x(3), 0, 0}, 0.1);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  ASSERT_EQ(grid.hits().size(), 1u);
  EXPECT_EQ(grid.hits()[0].count, 100000);
  EXPECT_FLOAT_EQ(grid.hits()[0].energy, 1e5F * 0.1F);
  std::set<std::uint32_t> const rows(grid.rows(0).begin(), grid.rows(0).end());
  EXPECT_EQ(rows.size(), 100000u);
}

TEST(HitGrid, WhatAHitLooksAtIsBoundedHoweverDenseTheHitsAre) {
  core::Random random{8};
  event::Observed event;
  for (int n = 0; n < 20000; ++n)
    test::add_hit(event, event::Subdetector::ecal, 3,
                  {test::ecal_x(3), random.uniform(-2, 2), random.uniform(-2, 2)}, 0.1);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  ASSERT_GT(grid.hits().size(), 19000u);
  HitGrid::Found found;
  for (std::size_t i = 0; i < grid.hits().size(); i += 100)
    for (double radius : {1., 10., 1000.})
      EXPECT_LE(grid.find_near(grid.views()[i], 3, radius, found), HitGrid::max_found);
}

}  // namespace
}  // namespace corpuscle
