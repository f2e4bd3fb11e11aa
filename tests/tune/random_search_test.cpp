#include "corpuscle/tune/random_search.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tune/benchmarks.hpp"

namespace corpuscle::tune {
namespace {

// The point set of a digital sequence: among any base^m points in a row that begin at a multiple of base^m,
// one lies in each of base^m equal intervals, however the digits are permuted.
TEST(QuasiRandomSearch, FillsEveryIntervalOnce) {
  for (auto const& [base, n] : {std::pair(2U, 64U), {3U, 27U}, {5U, 25U}, {7U, 49U}}) {
    for (std::uint64_t const start : {0U, 3 * n}) {
      std::set<int> filled;
      for (std::uint64_t i = 0; i < n; ++i)
        filled.insert(static_cast<int>(scrambled_radical_inverse(start + i, base, 7) * n));
      EXPECT_EQ(filled.size(), n) << "base " << base;
    }
  }
}

TEST(QuasiRandomSearch, CoversASpaceMoreEvenlyThanChance) {
  Space space;
  for (char const* name : {"a", "b"}) space.parameters.push_back(test::real(name, 0, 1));
  RandomSearch random(space, 1);
  QuasiRandomSearch even(space, 1);
  // 144 points in 6 x 6 boxes: by chance 4 +- 2 each, some with none or with more than 8.
  std::vector<int> by_chance(36);
  std::vector<int> evenly(36);
  auto const box = [](Configuration const& c) {
    return static_cast<std::size_t>(6 * static_cast<int>(6 * c[0]) + static_cast<int>(6 * c[1]));
  };
  for (int i = 0; i < 144; ++i) {
    ++by_chance[box(random.suggest())];
    ++evenly[box(even.suggest())];
  }
  auto const spread = [](std::vector<int> const& counts) {
    int sum = 0;
    for (int const count : counts) sum += (count - 4) * (count - 4);
    return sum;
  };
  EXPECT_LT(spread(evenly), spread(by_chance) / 2);
}

}  // namespace
}  // namespace corpuscle::tune
