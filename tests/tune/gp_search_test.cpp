#include "corpuscle/tune/gp_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "tune/benchmarks.hpp"

namespace corpuscle::tune {
namespace {

std::vector<double> gp_regrets(test::Benchmark const& benchmark, std::size_t n) {
  return test::median_regrets(benchmark, n, 8,
                              [](Space space, std::uint64_t seed) { return GpSearch(space, seed); });
}

// hpo.md section 7, over 8 seeds as in 5.1.
TEST(GpSearch, FindsTheMinimumOfBranin) {
  EXPECT_LE(gp_regrets(test::branin(), 50)[49], 1e-3);
}

// After 60 trials what section 7 asks after 100; these would take four times as long.
TEST(GpSearch, FindsTheMinimumOfHartmann6) {
  EXPECT_LE(gp_regrets(test::hartmann6(), 60)[59], 1e-2);
}

TEST(GpSearch, SpreadsTrialsThatRunSideBySide) {
  test::Benchmark const benchmark = test::branin();
  GpSearch searcher(benchmark.space, 1);
  for (std::size_t i = 0; i < 20; ++i) {
    searcher.report(TrialId(i), 1, benchmark.loss(searcher.suggest()));
    searcher.enter(TrialId(i), TrialState::complete);
  }
  std::vector<Configuration> running;
  for (int i = 0; i < 4; ++i) running.push_back(searcher.suggest());
  // A searcher blind to running trials proposes the same point again and again, to within its refinement.
  for (std::size_t i = 0; i < running.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_GT(std::hypot(running[i][0] - running[j][0], running[i][1] - running[j][1]), 0.1);
}

TEST(GpSearch, TriesEveryCellOfASmallSpaceBeforeOneTwice) {
  Space const space = Space::parse(
      "parameters:\n"
      "  - {name: network, kind: categorical, values: gnn transformer}\n"
      "  - {name: width, kind: ordered, values: 64 128 256 512}\n"
      "  - {name: bins, kind: integer, low: 1, high: 3, when: network is gnn}\n",
      "space");
  GpSearch searcher(space, 1, {.random_trials = 4});
  double best = 0;
  for (std::size_t i = 0; i < 14; ++i) {
    Configuration const c = searcher.suggest();
    double const loss = c[0] == 0 ? -c[1] - c[2] : 0;
    best = std::min(best, loss);
    searcher.report(TrialId(i), 1, loss);
    searcher.enter(TrialId(i), TrialState::complete);
  }
  EXPECT_EQ(best, -6);  // width 512 and bins 3: one of 16 configurations
}

TEST(GpSearch, GoesOnWhereEveryTrialFails) {
  GpSearch searcher(test::branin().space, 1);
  for (std::size_t i = 0; i < 15; ++i) {
    searcher.suggest();
    searcher.enter(TrialId(i), TrialState::failed);
  }
  EXPECT_TRUE(searcher.space().complaint(searcher.trials().back().configuration).empty());
}

// E[max(0, -x)] for x normal: sigma / sqrt(2 pi) at mean 0. Far above, by the first terms of the asymptotic
// series sigma phi(z) / z^2 (1 - 3 / z^2 + ...), where the plain formula gives zero.
TEST(ExpectedImprovement, StaysExactWhereItIsTiny) {
  EXPECT_NEAR(log_expected_improvement(0, 2), std::log(2 / std::sqrt(2 * M_PI)), 1e-12);
  double const z = 40;
  double const series =
      -z * z / 2 - std::log(std::sqrt(2 * M_PI)) - 2 * std::log(z) + std::log1p(-3 / (z * z));
  EXPECT_NEAR(log_expected_improvement(40, 1), series, 1e-5);  // next term: 15 / z^4 = 6e-6
  // The two branches meet at z = -5: the series is cut at 105/z^6 - 945/z^8 = 2.4e-3.
  EXPECT_NEAR(log_expected_improvement(5 - 1e-9, 1), log_expected_improvement(5 + 1e-9, 1), 5e-3);
}

}  // namespace
}  // namespace corpuscle::tune
