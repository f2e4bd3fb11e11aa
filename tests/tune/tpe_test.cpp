#include "corpuscle/tune/tpe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/random_search.hpp"
#include "tune/benchmarks.hpp"

namespace corpuscle::tune {
namespace {

using test::branin;
using test::hartmann6;
using test::median_regrets;

std::vector<double> tpe_regrets(test::Benchmark const& benchmark, std::size_t n) {
  return median_regrets(benchmark, n, 20, [](Space space, std::uint64_t seed) { return Tpe(space, seed); });
}

std::vector<double> random_regrets(test::Benchmark const& benchmark, std::size_t n) {
  return median_regrets(benchmark, n, 20,
                        [](Space space, std::uint64_t seed) { return RandomSearch(space, seed); });
}

// hpo.md section 7: median regret over 20 seeds; random search has 0.38 and 1.06 (5.1).
TEST(Tpe, FindsTheMinimumOfBranin) {
  std::vector<double> const ours = tpe_regrets(branin(), 100);
  std::vector<double> const random = random_regrets(branin(), 100);
  EXPECT_LE(ours[99], 0.05);
  for (std::size_t n = 50; n <= 100; ++n) EXPECT_LT(ours[n - 1], random[n - 1]) << n << " trials";
}

TEST(Tpe, FindsTheMinimumOfHartmann6) {
  std::vector<double> const ours = tpe_regrets(hartmann6(), 200);
  std::vector<double> const random = random_regrets(hartmann6(), 200);
  EXPECT_LE(ours[199], 0.2);
  for (std::size_t n = 50; n <= 200; ++n) EXPECT_LT(ours[n - 1], random[n - 1]) << n << " trials";
}

TEST(Tpe, LearnsFromStoppedTrialsAndRanksThemBehindDeeperOnes) {
  // One parameter; above 0.5 trials reach epoch 2 with a loss of 9, below they stop at epoch 1 with one of 1.
  Space space;
  space.parameters.push_back(test::real("x", 0, 1));
  Tpe searcher(space, 1);
  int deep = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    bool const is_deep = searcher.suggest()[0] > 0.5;
    searcher.report(TrialId(i), 1, is_deep ? 9 : 1);
    if (is_deep) searcher.report(TrialId(i), 2, 9);
    searcher.enter(TrialId(i), is_deep ? TrialState::complete : TrialState::stopped);
    if (i >= 20) deep += is_deep;
  }
  EXPECT_GT(deep, 30);  // of 40; without what it learned, 20 +- 3
}

TEST(Tpe, AvoidsWhatFails) {
  Space space;
  space.parameters.push_back(test::real("x", 0, 1));
  Tpe searcher(space, 1);
  int failed = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    bool const fails = searcher.suggest()[0] > 0.5;
    if (!fails) searcher.report(TrialId(i), 1, 1);
    searcher.enter(TrialId(i), fails ? TrialState::failed : TrialState::complete);
    if (i >= 20) failed += fails;
  }
  EXPECT_LT(failed, 10);
}

TEST(Tpe, ChoosesTheBetterWord) {
  Space const space = Space::parse(
      "parameters:\n"
      "  - {name: network, kind: categorical, values: gnn transformer attention}\n"
      "  - {name: bins, kind: integer, low: 1, high: 9, when: network is gnn}\n",
      "space");
  Tpe searcher(space, 1);
  int best = 0;
  for (std::size_t i = 0; i < 80; ++i) {
    Configuration const c = searcher.suggest();
    bool const is_best = c[0] == 0 && c[1] >= 7;
    searcher.report(TrialId(i), 1, c[0] == 0 ? -c[1] : 0);
    searcher.enter(TrialId(i), TrialState::complete);
    if (i >= 40) best += is_best;
  }
  EXPECT_GT(best, 20);  // of 40; by chance 4.4
}

// With one kernel at m and the prior at 1/2: sigma of the kernel is the distance of the two, at least 1/3; at
// m = 1/2 it is 1/3. Weights 1/2 each; normal distributions cut off at 0 and 1.
TEST(ParzenWindow, IsTheMixtureOfItsKernels) {
  ParzenWindow const window({0.5});
  auto const part = [](double x, double sigma) {
    double const inside = std::erf(0.5 / sigma / std::sqrt(2.));
    return std::exp(-(x - 0.5) * (x - 0.5) / (2 * sigma * sigma)) / (sigma * std::sqrt(2 * M_PI) * inside);
  };
  for (double const x : {0., 0.3, 0.5, 1.})
    EXPECT_NEAR(window.density({x, x}), (part(x, 1. / 3) + part(x, 1)) / 2, 1e-12);
}

TEST(ParzenWindow, IntegratesToOneAndDrawsFromItsDensity) {
  ParzenWindow const window({0.1, 0.2, 0.22, 0.9, 1, 0});
  constexpr int n_cells = 20;
  constexpr int n_draws = 200000;
  std::vector<int> counts(n_cells);
  core::Random random({1});
  for (int i = 0; i < n_draws; ++i) ++counts[static_cast<std::size_t>(window.draw(random) * n_cells)];
  double sum = 0;
  for (int i = 0; i < n_cells; ++i) {
    double const share = window.density({i / 20., (i + 1) / 20.}) / n_cells;
    sum += share;
    // Five standard deviations of a count.
    EXPECT_NEAR(counts[static_cast<std::size_t>(i)], share * n_draws, 5 * std::sqrt(share * n_draws));
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

// hpo.md 1.4: flat for the newest 25, a ramp from 1/n before.
TEST(ForgettingWeights, FallTowardsTheOldest) {
  EXPECT_EQ(forgetting_weights(25), std::vector<double>(25, 1));
  std::vector<double> const weights = forgetting_weights(50);
  EXPECT_DOUBLE_EQ(weights[0], 0.02);
  EXPECT_DOUBLE_EQ(weights[12], 0.51);
  EXPECT_DOUBLE_EQ(weights[24], 1);
  EXPECT_DOUBLE_EQ(weights[49], 1);
}

}  // namespace
}  // namespace corpuscle::tune
