#include "corpuscle/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <set>
#include <vector>

namespace corpuscle::core {
namespace {

constexpr int n = 200'000;  // deviates of each test

// The streams are fixed, so a test passes always or never. Among the some 60 numbers looked at here a correct
// generator leaves five standard deviations with a probability of 4e-5.
constexpr double n_sigma = 5;

std::vector<double> draw(std::uint64_t key, std::function<double(Random&)> const& deviate) {
  Random random{key};
  std::vector<double> values(n);
  for (double& value : values) value = deviate(random);
  return values;
}

/// Mean to n_sigma sigma / sqrt(n); variance to n_sigma times its own error, sigma^2 sqrt((kurtosis - 1) /
/// n).
void expect_moments(std::vector<double> const& values, double mean, double variance, double kurtosis) {
  double sum = 0;
  for (double value : values) sum += value;
  EXPECT_NEAR(sum / n, mean, n_sigma * std::sqrt(variance / n));
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(squares / n, variance, n_sigma * variance * std::sqrt((kurtosis - 1) / n));
}

/// Pearson's test in bins of equal probability by the distribution function: its mean is bins - 1, its
/// variance 2 (bins - 1).
void expect_distribution(std::vector<double> const& values, std::function<double(double)> const& cumulative) {
  constexpr int bins = 100;
  std::vector<double> counts(bins);
  for (double value : values)
    ++counts[std::clamp(static_cast<std::size_t>(bins * cumulative(value)), std::size_t{0},
                        counts.size() - 1)];
  double chi2 = 0;
  for (double count : counts) chi2 += std::pow(count - n / bins, 2) / (n / bins);
  EXPECT_NEAR(chi2, bins - 1, n_sigma * std::sqrt(2. * (bins - 1)));
}

/// xoshiro256++ as the paper has it.
struct Xoshiro {
  std::uint64_t s[4];

  std::uint64_t operator()() {
    std::uint64_t const result = std::rotl(s[0] + s[3], 23) + s[0];
    std::uint64_t const t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
  }
};

TEST(Random, StreamIsXoshiroWithStateFromSplitMix) {
  // Pedigree: the test vector of the authors' C program for the state 1, 2, 3, 4, as in Rust's rand_xoshiro.
  Xoshiro reference{{1, 2, 3, 4}};
  for (std::uint64_t expected : {41943041UL, 58720359UL, 3588806011781223UL, 3591011842654386UL,
                                 9228616714210784205UL, 9973669472204895162UL, 14011001112246962877UL,
                                 12406186145184390807UL, 15849039046786891736UL, 10450023813501588000UL})
    EXPECT_EQ(reference(), expected);

  std::uint64_t const a = scatter(42);
  Xoshiro same{{a, scatter(a), scatter(scatter(a)), scatter(scatter(scatter(a)))}};
  Random random(std::uint64_t{42});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(random.bits(), same());
}

TEST(Random, ScatterIsSplitMix64) {
  // The first two numbers of SplitMix64 from seed 1234567, as printed by many implementations.
  EXPECT_EQ(scatter(1234567), 6457827717110365317U);
  EXPECT_EQ(scatter(1234567 + 0x9e3779b97f4a7c15U), 3203168211198807973U);
}

TEST(Random, EveryBitOfEveryPartOfAKeyChangesHalfOfTheBits) {
  std::uint64_t const parts[] = {1, 0, 123456, 7};
  std::uint64_t const key = key_of({parts[0], parts[1], parts[2], parts[3]});
  int flipped = 0;
  for (std::size_t part = 0; part < 4; ++part)
    for (int bit = 0; bit < 64; ++bit) {
      std::uint64_t p[] = {parts[0], parts[1], parts[2], parts[3]};
      p[part] ^= std::uint64_t{1} << bit;
      int const n_changed = std::popcount(key ^ key_of({p[0], p[1], p[2], p[3]}));
      EXPECT_NEAR(n_changed, 32, 24);  // binomial(64, 1/2): 6 sigma
      flipped += n_changed;
    }
  EXPECT_NEAR(flipped, 256 * 32, n_sigma * std::sqrt(256 * 64 / 4.));
}

TEST(Random, OrderAndNumberOfPartsMatter) {
  EXPECT_NE(key_of({1, 2}), key_of({2, 1}));
  EXPECT_NE(key_of({1}), key_of({1, 0}));
  EXPECT_NE(key_of({0}), key_of({0, 0}));
}

TEST(Random, KeysOfManyParticlesDiffer) {
  std::set<std::uint64_t> keys;
  for (std::uint64_t event = 0; event < 1000; ++event)
    for (std::uint64_t particle = 0; particle < 100; ++particle) keys.insert(key_of({1, 0, event, particle}));
  EXPECT_EQ(keys.size(), 100'000u);
}

TEST(Random, FirstNumbersOfNeighbouringStreamsAreUniformAndUncorrelated) {
  std::vector<double> values;
  for (std::uint64_t event = 0; event < n; ++event) values.push_back(Random{7, event}.uniform());
  expect_distribution(values, [](double x) { return x; });
  double covariance = 0;
  for (std::size_t i = 1; i < values.size(); ++i) covariance += (values[i] - 0.5) * (values[i - 1] - 0.5);
  EXPECT_NEAR(covariance / n, 0, n_sigma / 12 / std::sqrt(n));  // variance of a product: 1/144
}

TEST(Random, SameKeySameStream) {
  Random first{1, 2, 3};
  Random second{1, 2, 3};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(first.bits(), second.bits());
    ASSERT_EQ(first.normal(), second.normal());
    ASSERT_EQ(first.gamma(0.5), second.gamma(0.5));
  }
}

TEST(Random, UniformIsFlatInTheOpenInterval) {
  auto const values = draw(1, [](Random& random) { return random.uniform(); });
  expect_moments(values, 0.5, 1. / 12, 1.8);
  expect_distribution(values, [](double x) { return x; });
  EXPECT_GT(*std::min_element(values.begin(), values.end()), 0);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 1);
}

TEST(Random, UniformBetweenBounds) {
  auto const values = draw(2, [](Random& random) { return random.uniform(-3, 5); });
  expect_distribution(values, [](double x) { return (x + 3) / 8; });
}

TEST(Random, NormalHasTheMomentsAndShapeOfAGaussian) {
  auto const values = draw(3, [](Random& random) { return random.normal(); });
  expect_moments(values, 0, 1, 3);
  expect_distribution(values, [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); });
}

TEST(Random, TheTwoNormalsOfAPairAreIndependent) {
  Random random{4};
  double product = 0;
  for (int i = 0; i < n; ++i) {
    double const first = random.normal();
    product += first * random.normal();
  }
  EXPECT_NEAR(product / n, 0, n_sigma / std::sqrt(n));
}

TEST(Random, ExponentialHasMeanOne) {
  auto const values = draw(5, [](Random& random) { return random.exponential(); });
  expect_moments(values, 1, 1, 9);
  expect_distribution(values, [](double x) { return -std::expm1(-x); });
}

TEST(Random, GammaHasMeanAndVarianceEqualToItsShape) {
  for (double shape : {0.1, 0.5, 1., 2.5, 50.}) {
    auto const values = draw(6, [shape](Random& random) { return random.gamma(shape); });
    expect_moments(values, shape, shape, 3 + 6 / shape);
  }
}

TEST(Random, GammaHasItsShape) {
  // Closed forms: chi2 of one degree of freedom is 2 gamma(1/2); three waiting times make gamma(3).
  expect_distribution(draw(7, [](Random& random) { return random.gamma(0.5); }),
                      [](double x) { return std::erf(std::sqrt(x)); });
  expect_distribution(draw(8, [](Random& random) { return random.gamma(3); }),
                      [](double x) { return 1 - std::exp(-x) * (1 + x + x * x / 2); });
}

TEST(Random, BetaHasItsShape) {
  auto const values = draw(9, [](Random& random) { return random.beta(2, 3); });
  expect_moments(values, 0.4, 0.04, 3 - 9. / 14);  // excess kurtosis of beta(2, 3): -9/14
  expect_distribution(values, [](double x) { return x * x * (6 - 8 * x + 3 * x * x); });
}

TEST(Random, PoissonFollowsItsProbabilities) {
  for (double mean : {0.1, 1., 10., 29.99, 30., 100., 1000.}) {
    auto const values =
        draw(10, [mean](Random& random) { return static_cast<double>(random.poisson(mean)); });
    expect_moments(values, mean, mean, 3 + 1 / mean);
    std::vector<double> counts(2000);
    for (double value : values) ++counts.at(static_cast<std::size_t>(value));
    double chi2 = 0;
    int terms = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      auto const x = static_cast<double>(k);
      double const expected = n * std::exp(x * std::log(mean) - mean - std::lgamma(x + 1));
      if (expected < 20) continue;  // far enough from zero for Pearson's test
      chi2 += std::pow(counts[k] - expected, 2) / expected;
      ++terms;
    }
    EXPECT_NEAR(chi2, terms, n_sigma * std::sqrt(2. * terms) + 1) << mean;
  }
}

TEST(Random, PoissonOfMeanZeroIsZero) {
  Random random{11};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.poisson(0), 0u);
}

}  // namespace
}  // namespace corpuscle::core
