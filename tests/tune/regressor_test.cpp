#include "corpuscle/tune/regressor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace corpuscle::tune {
namespace {

using Numbers = std::vector<double>;

TEST(RSquared, IsTheShareOfTheVarianceOfTheTruthThatIsExplained) {
  EXPECT_DOUBLE_EQ(r_squared(Numbers{1, 2, 4, 5}, Numbers{1, 2, 4, 5}), 1);
  EXPECT_DOUBLE_EQ(r_squared(Numbers{1, 2, 4, 5}, Numbers{3, 3, 3, 3}), 0);
  // make_svr_reference.py; by hand: 1 - 2 / 10 and, the other way round, 1 - 2 / 6.
  EXPECT_NEAR(r_squared(Numbers{1, 2, 4, 5}, Numbers{1, 3, 4, 4}), 0.8, 1e-12);
  EXPECT_NEAR(r_squared(Numbers{1, 3, 4, 4}, Numbers{1, 2, 4, 5}), 0.666667, 1e-6);
}

TEST(RSquared, DoesNotExistWhereThereIsNothingToExplain) {
  EXPECT_TRUE(std::isnan(r_squared(Numbers{2, 2}, Numbers{1, 3})));
}

TEST(Rbf, FallsFromOneWithTheSquaredDistance) {
  EXPECT_DOUBLE_EQ(rbf(Numbers{1, 2}, Numbers{1, 2}, 0.5), 1);
  EXPECT_DOUBLE_EQ(rbf(Numbers{1, 2}, Numbers{2, 0}, 0.5), std::exp(-2.5));
}

}  // namespace
}  // namespace corpuscle::tune
