#include "corpuscle/tune/study_axis.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace corpuscle::tune {
namespace {

using Ticks = std::vector<double>;

TEST(Axis, PutsNumbersBetweenItsEnds) {
  Axis axis{10, 30, false, 300, 100};
  EXPECT_DOUBLE_EQ(axis.at(10), 300);
  EXPECT_DOUBLE_EQ(axis.at(15), 250);
  EXPECT_DOUBLE_EQ(axis.at(30), 100);
  EXPECT_DOUBLE_EQ(axis.at(99), 100);  // what is beyond lies at the end
  Axis const log{1, 100, true, 0, 100};
  EXPECT_DOUBLE_EQ(log.at(10), 50);
  EXPECT_DOUBLE_EQ(log.at(-1), 0);
}

TEST(Axis, HasRoundTicks) {
  EXPECT_EQ((Axis{0, 10, false, 0, 1}).ticks(5), (Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ((Axis{-0.6, 0.6, false, 0, 1}).ticks(5),
            (Ticks{-0.6000000000000001, -0.4, -0.2, 0, 0.2, 0.4, 0.6000000000000001}));
  EXPECT_EQ((Axis{1, 100, true, 0, 1}).ticks(5), (Ticks{1, 2, 5, 10, 20, 50, 100}));
  EXPECT_EQ((Axis{1, 1e8, true, 0, 1}).ticks(4), (Ticks{1, 1e2, 1e4, 1e6, 1e8}));
}

TEST(Axis, HoldsWhatIsFinite) {
  Axis const axis = Axis::over({10, NAN, 20, INFINITY, 15});
  // A twenty-fifth of room at both ends.
  EXPECT_DOUBLE_EQ(axis.low, 10 - 0.4);
  EXPECT_DOUBLE_EQ(axis.high, 20 + 0.4);
  EXPECT_FALSE(axis.is_log);
  EXPECT_TRUE(Axis::over({1, 5}).is_log);
  EXPECT_FALSE(Axis::over({-1, 50}).is_log);
}

TEST(Axis, LeavesOutTheFewThatLieFarAway) {
  std::vector<double> values;
  for (int i = 0; i < 20; ++i) values.push_back(10 + 0.1 * i);
  values.push_back(1000);
  Axis const axis = Axis::over(values);
  EXPECT_GT(axis.high, 11.9);
  EXPECT_LT(axis.high, 13);
}

TEST(Axis, IsNeverEmpty) {
  for (std::vector<double> const& values :
       {Ticks{}, Ticks{NAN}, Ticks{3, 3}, Ticks{0}, Ticks{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5}}) {
    Axis const axis = Axis::over(values);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_FALSE(axis.ticks(5).empty());
  }
}

TEST(ShortText, KeepsTheSignificantDigits) {
  EXPECT_EQ(short_text(0.0001234567), "0.0001235");
  EXPECT_EQ(short_text(12345.678, 3), "1.23e+04");
  EXPECT_EQ(short_text(2), "2");
  EXPECT_EQ(short_text(-0.), "0");
  EXPECT_EQ(short_text(NAN), "nan");
}

}  // namespace
}  // namespace corpuscle::tune
