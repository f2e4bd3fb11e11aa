#include "corpuscle/eval/direction_grid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/eval/four_vector.hpp"

namespace corpuscle::eval {
namespace {

/// Isotropic, with some along the beam and some pairs in the same direction.
std::vector<core::Vector3> directions(std::size_t n) {
  core::Random random{n};
  std::vector<core::Vector3> result;
  for (std::size_t k = 0; k < n; ++k) {
    if (k % 10 == 1)
      result.push_back({0, 0, k % 20 == 1 ? 3. : -2.});
    else if (k % 10 == 2)
      result.push_back(2 * result.back());
    else
      result.push_back({random.normal(), random.normal(), random.normal()});
  }
  return result;
}

TEST(DirectionGrid, FindsWhatComparingAllPairsFinds) {
  auto const momenta = directions(300);
  DirectionGrid const grid(momenta);
  for (double reach : {0.01, 0.1, 0.5, 2.0})
    for (std::size_t row = 0; row < momenta.size(); ++row) {
      std::set<std::uint32_t> found, expected;
      grid.for_each_within(grid.unit(row), reach,
                           [&](std::uint32_t other, double) { EXPECT_TRUE(found.insert(other).second); });
      for (std::uint32_t other = 0; other < momenta.size(); ++other)
        if (core::length(grid.unit(row) - grid.unit(other)) <= reach) expected.insert(other);
      EXPECT_EQ(found, expected);
    }
}

TEST(DirectionGrid, TheNearestIsTheNearestOfAll) {
  for (std::size_t n : {2u, 3u, 10u, 300u}) {
    auto const momenta = directions(n);
    DirectionGrid const grid(momenta);
    for (std::size_t row = 0; row < n; ++row) {
      double nearest = 10;
      for (std::size_t other = 0; other < n; ++other)
        if (other != row) nearest = std::min(nearest, angle(momenta[row], momenta[other]));
      // Opposite directions lose half the digits in the chord.
      EXPECT_NEAR(grid.nearest_angle(row), nearest, 1e-7);
    }
  }
}

TEST(DirectionGrid, ALonelyDirectionIsAsFarAwayAsCanBe) {
  std::vector<core::Vector3> const one{{0, 0, 1}};
  EXPECT_EQ(DirectionGrid(one).nearest_angle(0), std::numbers::pi);
}

}  // namespace
}  // namespace corpuscle::eval
