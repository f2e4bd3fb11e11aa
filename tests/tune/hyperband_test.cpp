#include "corpuscle/tune/hyperband.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace corpuscle::tune {
namespace {

struct Schedule {
  int max_epochs;
  int eta;
  int trials;
  int epochs;
  std::vector<int> bracket_epochs;
  std::vector<int> first_sizes;
};

int epochs_of(Bracket const& bracket) {
  int epochs = 0;
  int before = 0;
  for (Round const& round : bracket) {
    epochs += round.trials * (round.epochs - before);
    before = round.epochs;
  }
  return epochs;
}

// hpo.md 1.1, the table; the totals of the first and the fourth are those of published runs.
TEST(Hyperband, HasThePublishedSchedule) {
  std::vector<Schedule> const schedules{
      {100, 2, 163, 3213, {408, 377, 369, 384, 475, 500, 700}, {64, 38, 23, 14, 10, 7, 7}},
      {81, 3, 143, 1581, {297, 276, 279, 324, 405}, {81, 34, 15, 8, 5}},
      {27, 3, 49, 357, {81, 78, 90, 108}, {27, 12, 6, 4}},
      {300,
       2,
       608,
       15380,
       {1464, 1447, 1454, 1497, 1451, 1617, 1800, 1950, 2700},
       {256, 144, 83, 48, 29, 18, 12, 9, 9}},
      {50, 2, 84, 1245, {179, 171, 172, 198, 225, 300}, {32, 20, 12, 8, 6, 6}},
      {200, 4, 98, 2742, {638, 604, 700, 800}, {64, 22, 8, 4}},
  };
  for (Schedule const& expected : schedules) {
    SCOPED_TRACE(expected.max_epochs);
    std::vector<int> epochs;
    std::vector<int> sizes;
    for (Bracket const& bracket : hyperband_brackets({expected.max_epochs, expected.eta, 1})) {
      epochs.push_back(epochs_of(bracket));
      sizes.push_back(bracket.front().trials);
    }
    EXPECT_EQ(epochs, expected.bracket_epochs);
    EXPECT_EQ(sizes, expected.first_sizes);
    EXPECT_EQ(std::accumulate(epochs.begin(), epochs.end(), 0), expected.epochs);
    EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), 0), expected.trials);
  }
}

// hpo.md 1.1: the schedule for R = 100, eta = 2 in full; 100 / 8 is rounded to 12, the even neighbour.
TEST(Hyperband, HasThePublishedRounds) {
  std::vector<Bracket> const brackets = hyperband_brackets({100, 2, 1});
  EXPECT_EQ(brackets[0], (Bracket{{64, 2}, {32, 3}, {16, 6}, {8, 12}, {4, 25}, {2, 50}, {1, 100}}));
  EXPECT_EQ(brackets[1], (Bracket{{38, 3}, {19, 6}, {9, 12}, {4, 25}, {2, 50}, {1, 100}}));
  EXPECT_EQ(brackets[2], (Bracket{{23, 6}, {11, 12}, {5, 25}, {2, 50}, {1, 100}}));
  EXPECT_EQ(brackets[3], (Bracket{{14, 12}, {7, 25}, {3, 50}, {1, 100}}));
  EXPECT_EQ(brackets[4], (Bracket{{10, 25}, {5, 50}, {2, 100}}));
  EXPECT_EQ(brackets[5], (Bracket{{7, 50}, {3, 100}}));
  EXPECT_EQ(brackets[6], (Bracket{{7, 100}}));
}

// hpo.md 0: floor(log(243) / log(3)) is 4 in double precision, log(1000) / log(10) is below 3.
TEST(Hyperband, CountsItsBracketsInIntegers) {
  EXPECT_EQ(hyperband_brackets({243, 3, 1}).size(), 6);
  EXPECT_EQ(hyperband_brackets({1000, 10, 1}).size(), 4);
  EXPECT_EQ(hyperband_brackets({1, 2, 1}), std::vector<Bracket>{Bracket({{1, 1}})});
}

TEST(Hyperband, RepeatsItsBracketsIfAsked) {
  std::vector<Bracket> const twice = hyperband_brackets({27, 3, 2});
  ASSERT_EQ(twice.size(), 8);
  EXPECT_EQ(twice[1], twice[5]);
}

}  // namespace
}  // namespace corpuscle::tune
