#include "corpuscle/cluster/hit_bins.hpp"

#include <gtest/gtest.h>

#include "cluster/synthetic_hits.hpp"

namespace corpuscle {
namespace {

using cluster::GridHit, cluster::HitBins, cluster::HitGrid;

double distance(core::Vector3 place, GridHit const& hit) {
  return core::length(place - position(hit));
}

TEST(HitBins, FindTheNearestHitAmongThoseThatAreWanted) {
  auto const event = test::random_showers(3000, 9);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  auto const hits = grid.hits();
  auto const is_wanted = [](std::uint32_t i) { return i % 5 == 0; };
  for (auto [layers, width] : {std::pair{5, 1.}, {10, 2.}}) {
    HitBins bins(grid, layers, width);
    bins.fill(grid);
    int n_found = 0;
    for (std::size_t i = 1; i < hits.size(); i += 7)
      for (double radius : {20., 100., 250.}) {
        core::Vector3 const place = position(hits[i]) + core::Vector3{0, 3, -2};
        double nearest = radius;
        for (std::uint32_t j = 0; j < hits.size(); ++j)
          if (is_wanted(j)) nearest = std::min(nearest, distance(place, hits[j]));
        auto const found = bins.nearest(place, hits[i].layer, radius, is_wanted);
        n_found += found.is_found;
        ASSERT_EQ(found.is_found, nearest < radius) << "hit " << i << ", " << radius << " mm";
        if (!found.is_found) continue;
        EXPECT_TRUE(is_wanted(found.hit));
        // Squares of differences of floats of 2000 mm: 2e-4 mm.
        EXPECT_NEAR(found.distance, nearest, 1e-3);
        EXPECT_NEAR(distance(place, hits[found.hit]), nearest, 1e-3);
      }
    EXPECT_GT(n_found, 100);
  }
}

TEST(HitBins, HitsWithoutTwoOthersNearbyStandAlone) {
  auto const event = test::random_showers(3000, 10);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  HitBins bins(grid, 5, 1);
  bins.fill(grid);
  std::vector<std::uint8_t> is_isolated;
  bins.find_isolated(grid, 2, is_isolated);
  auto const hits = grid.hits();
  int n_isolated = 0;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    double const radius = grid.layers()[hits[i].layer].cone->isolation;
    int near = -1;  // itself
    for (GridHit const& other : hits)
      if (std::abs(other.layer - hits[i].layer) <= 2 && distance(position(hits[i]), other) < radius)
        near += other.count;
    ASSERT_EQ(is_isolated[i] != 0, near < 2) << "hit " << i;
    n_isolated += is_isolated[i];
  }
  EXPECT_GT(n_isolated, 30);
}

TEST(HitBins, OneHitOfEachBinIsASample) {
  auto const event = test::random_showers(20000, 11);
  HitGrid grid(test::detector_with_muons());
  grid.fill(event.calo_hits);
  HitBins bins(grid, 5, 1), sample(grid, 10, 2);
  bins.fill(grid);
  std::vector<std::uint32_t> indices;
  bins.one_of_each_bin([](std::uint32_t i) { return i % 2 == 0; }, indices);
  ASSERT_GT(indices.size(), 100u);
  EXPECT_LT(indices.size(), grid.hits().size() / 2);
  for (std::uint32_t i : indices) EXPECT_EQ(i % 2, 0u);
  sample.fill(grid, indices);
  auto const any = [](std::uint32_t) { return true; };
  for (std::uint32_t i : indices) {
    auto const found = sample.nearest(position(grid.hits()[i]), grid.hits()[i].layer, 1, any);
    ASSERT_TRUE(found.is_found);
    EXPECT_EQ(found.hit, i);
  }
}

}  // namespace
}  // namespace corpuscle
