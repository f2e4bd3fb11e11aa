#include "corpuscle/eval/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "corpuscle/core/random.hpp"

namespace corpuscle::eval {
namespace {

std::vector<EventId> ids(std::size_t n, std::int64_t first = 0) {
  std::vector<EventId> result;
  for (std::size_t k = 0; k < n; ++k) result.push_back({0, 0, first + static_cast<std::int64_t>(k)});
  return result;
}

/// One normal deviate for each of n events.
Sample normal(std::size_t n, std::uint64_t seed) {
  core::Random random{seed};
  Sample sample;
  for (std::size_t k = 0; k < n; ++k) sample.add(k, random.normal());
  return sample;
}

TEST(Bootstrap, TheErrorOfAMeanIsSigmaOverTheRootOfN) {
  std::size_t const n = 2000;
  std::size_t const replicas = 1000;
  Bootstrap const bootstrap(ids(n), replicas, 1);
  Estimate const mean = bootstrap.estimate(bootstrap.mean(normal(n, 5)), n);
  // A standard deviation of 1000 replicas is known to 1 / sqrt(2000) = 2.2 %, that of 2000 values to 1.6 %;
  // together 2.8 %, of which we allow four.
  EXPECT_NEAR(mean.error * std::sqrt(static_cast<double>(n)), 1, 4 * 0.028);
  EXPECT_NEAR(mean.value, 0, 4 / std::sqrt(static_cast<double>(n)));
}

TEST(Bootstrap, TheErrorOfAMedianIsThatOfTheory) {
  std::size_t const n = 2000;
  Bootstrap const bootstrap(ids(n), 1000, 1);
  auto const q = bootstrap.quantiles(normal(n, 6), std::array{0.5});
  // sqrt(pi / 2) sigma / sqrt(n), where the density at the median, estimated from some n^(2/3) neighbours =
  // 160 values, is good to 8 %; replicas add 2.2 %.
  EXPECT_NEAR(bootstrap.estimate(q[0], n).error * std::sqrt(static_cast<double>(n)), 1.2533,
              4 * 0.083 * 1.2533);
}

TEST(Bootstrap, EntriesOfOneEventFluctuateTogether) {
  std::size_t const n = 1000;
  Sample const single = normal(n, 7);
  Sample fourfold;
  for (std::size_t k = 0; k < n; ++k)
    for (int copy = 0; copy < 4; ++copy) fourfold.add(k, single.values[k]);
  Bootstrap const bootstrap(ids(n), 100, 1);
  // Four copies of each value say no more than one.
  EXPECT_NEAR(bootstrap.estimate(bootstrap.mean(fourfold), n).error,
              bootstrap.estimate(bootstrap.mean(single), n).error, 1e-12);
}

TEST(Bootstrap, TheWeightsOfAnEventDependOnItsIdAlone) {
  Bootstrap const many(ids(10, 10), 50, 1);
  Bootstrap const few(ids(1, 13), 50, 1);
  Sample in_many, in_few;  // event 13, with as many entries as it counts
  in_many.add(3, 1);
  in_few.add(0, 1);
  auto const count = [](std::span<double const> values) { return static_cast<double>(values.size()); };
  Replicas const counts = many.of_sorted(in_many, count);
  EXPECT_EQ(counts, few.of_sorted(in_few, count));
  EXPECT_EQ(counts[0], 1);
  // Poisson deviates of mean 1: their mean over 50 replicas is known to 1 / sqrt(50).
  EXPECT_NEAR(std::accumulate(counts.begin() + 1, counts.end(), 0.0) / 50, 1, 4 / std::sqrt(50.0));
}

TEST(Bootstrap, QuantilesAreThoseOfNumpy) {
  Sample sample;
  for (double value : {7., 1., 4., 2.}) sample.add(0, value);
  Bootstrap const bootstrap(ids(1), 2, 1);
  auto const q = bootstrap.quantiles(sample, std::array{0., 0.25, 0.5, 0.75, 1.});
  // numpy.percentile([7, 1, 4, 2], [0, 25, 50, 75, 100])
  EXPECT_EQ(q[0][0], 1);
  EXPECT_EQ(q[1][0], 1.75);
  EXPECT_EQ(q[2][0], 3);
  EXPECT_EQ(q[3][0], 4.75);
  EXPECT_EQ(q[4][0], 7);
}

TEST(Bootstrap, WeightedQuantilesAreThoseOfRepeatedEntries) {
  std::size_t const n = 57;
  Bootstrap const bootstrap(ids(n), 200, 9);
  Sample const sample = normal(n, 8);
  std::array const levels{0.1, 0.25, 0.5, 0.75, 0.9};
  auto const fast = bootstrap.quantiles(sample, levels);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    auto const plain = bootstrap.of_sorted(sample, [&](std::span<double const> sorted) {
      double const position = levels[level] * static_cast<double>(sorted.size() - 1);
      auto const k = static_cast<std::size_t>(position);
      double const high = sorted[std::min(k + 1, sorted.size() - 1)];
      return sorted[k] + (position - static_cast<double>(k)) * (high - sorted[k]);
    });
    EXPECT_EQ(fast[level], plain);
  }
}

TEST(Bootstrap, NothingHasNoValueAndOneEventNoError) {
  Bootstrap const none(ids(3), 10, 1);
  Estimate const empty = none.estimate(none.mean({}), 0);
  EXPECT_TRUE(std::isnan(empty.value));
  EXPECT_TRUE(std::isnan(empty.error));
  EXPECT_TRUE(std::isnan(none.quantiles({}, std::array{0.5})[0][0]));
  Bootstrap const single(ids(1), 10, 1);
  Sample one;
  one.add(0, 2);
  Estimate const estimate = single.estimate(single.mean(one), 1);
  EXPECT_EQ(estimate.value, 2);
  EXPECT_TRUE(std::isnan(estimate.error));
}

TEST(Rms90, OfANormalDistributionIsWhatTheoryGives) {
  std::vector<double> values;
  core::Random random{4};
  std::size_t const n = 20000;
  for (std::size_t k = 0; k < n; ++k) values.push_back(100 + 10 * random.normal());
  std::sort(values.begin(), values.end());
  MeanRms const inside = rms90(values);
  // Cut at +-1.6449 sigma: variance 1 - 2 * 1.6449 * 0.10314 / 0.9 = 0.6230. Errors about 1 / sqrt(2 n) = 0.5
  // % of the width, and the same for the place of the interval, times 4.
  EXPECT_NEAR(inside.rms, 7.893, 4 * 0.05);
  EXPECT_NEAR(inside.mean, 100, 4 * 10 * 0.01);
}

TEST(Rms90, LeavesOutTheTail) {
  std::vector<double> values(90, 1.0);
  values.resize(100, 50.0);
  EXPECT_EQ(rms90(values).mean, 1);
  EXPECT_EQ(rms90(values).rms, 0);
  EXPECT_TRUE(std::isnan(rms90({}).mean));
}

}  // namespace
}  // namespace corpuscle::eval
