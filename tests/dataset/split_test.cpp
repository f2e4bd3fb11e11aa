#include "corpuscle/dataset/split.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace corpuscle::dataset {
namespace {

TEST(Split, SharesAreAsAskedFor) {
  Fractions const fractions{0.7, 0.2};
  constexpr int n = 20000;
  for (std::int64_t run : {-1, 0, 1, 1'000'000}) {
    std::array<int, n_splits> counts{};
    for (std::int64_t i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(split_of(run, i, fractions))];
    double const wanted[] = {0.7, 0.2, 0.1};
    for (std::size_t k = 0; k < n_splits; ++k)  // 4.5 sigma of a binomial distribution; 12 trials
      EXPECT_NEAR(counts[k], n * wanted[k], 4.5 * std::sqrt(n * wanted[k] * (1 - wanted[k])))
          << run << " " << k;
  }
}

TEST(Split, NeighboursDoNotStickTogether) {
  // Of pairs of consecutive events both are for training in 0.7 * 0.7 of the cases.
  Fractions const fractions{0.7, 0.2};
  constexpr int n = 20000;
  int pairs = 0;
  for (std::int64_t i = 0; i < 2 * n; i += 2)
    pairs += split_of(0, i, fractions) == Split::train && split_of(0, i + 1, fractions) == Split::train;
  EXPECT_NEAR(pairs, n * 0.49, 4.5 * std::sqrt(n * 0.49 * 0.51));
}

TEST(Split, MoreTrainingNeverTakesAnEventOutOfTraining) {
  for (std::int64_t i = 0; i < 1000; ++i)
    EXPECT_TRUE(split_of(3, i, {0.5, 0.1}) != Split::train || split_of(3, i, {0.6, 0.1}) == Split::train);
}

// Pins the assignment: if it changes, events that others have trained with become test events.
TEST(Split, NeverChanges) {
  std::string found;
  for (std::int64_t i = 0; i < 40; ++i)
    found += std::to_string(static_cast<int>(split_of(1, i, {0.5, 0.25})));
  EXPECT_EQ(found, "0020211000120020001020012122100000021100");
}

TEST(Split, AllOrNothing) {
  for (std::int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(split_of(0, i, {1, 0}), Split::train);
    EXPECT_EQ(split_of(0, i, {0, 1}), Split::valid);
    EXPECT_EQ(split_of(0, i, {0, 0}), Split::test);
  }
}

}  // namespace
}  // namespace corpuscle::dataset
