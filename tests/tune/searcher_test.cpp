#include "corpuscle/tune/searcher.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "corpuscle/tune/bohb.hpp"
#include "corpuscle/tune/gp_search.hpp"
#include "corpuscle/tune/random_search.hpp"
#include "corpuscle/tune/tpe.hpp"

namespace corpuscle::tune {
namespace {

Space mixed_space() {
  return Space::parse(
      "parameters:\n"
      "  - {name: network, kind: categorical, values: gnn transformer attention}\n"
      "  - {name: lr, kind: real, low: 1e-5, high: 1e-1, scale: log}\n"
      "  - {name: width, kind: ordered, values: 64 128 256}\n"
      "  - {name: bins, kind: integer, low: 16, high: 64, step: 16, when: network is gnn attention}\n"
      "first_guesses:\n"
      "  - {network: gnn, lr: 1e-3, width: 128, bins: 32}\n",
      "space.yaml");
}

double loss_of(Configuration const& c) {
  return std::abs(std::log10(c[1]) + 3) + (c[0] == 1 ? 0 : 1) - c[2];
}

std::vector<std::unique_ptr<Searcher>> all_searchers(std::uint64_t seed) {
  std::vector<std::unique_ptr<Searcher>> searchers;
  searchers.push_back(std::make_unique<RandomSearch>(mixed_space(), seed));
  searchers.push_back(std::make_unique<QuasiRandomSearch>(mixed_space(), seed));
  searchers.push_back(std::make_unique<Tpe>(mixed_space(), seed));
  searchers.push_back(std::make_unique<GpSearch>(mixed_space(), seed));
  searchers.push_back(std::make_unique<Bohb>(mixed_space(), seed));
  return searchers;
}

/// Thirty trials: every fourth fails, every third stops early, the last two of four still run.
std::vector<std::string> suggestions(Searcher& searcher) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < 30; ++i) {
    Configuration const c = searcher.suggest();
    EXPECT_EQ(searcher.space().complaint(c), "");
    result.push_back(searcher.space().text(c));
    TrialId const trial(i);
    searcher.report(trial, 1, loss_of(c) + 1);
    if (i % 4 == 3) {
      searcher.enter(trial, TrialState::failed);
    } else if (i % 3 == 2) {
      searcher.enter(trial, TrialState::stopped);
    } else if (i < 28) {
      searcher.report(trial, 2, loss_of(c));
      searcher.enter(trial, TrialState::complete);
    }
  }
  return result;
}

TEST(Searcher, SuggestsTheSameForTheSameSeedAndEventsAndOtherwiseForAnother) {
  auto first = all_searchers(1);
  auto again = all_searchers(1);
  auto other = all_searchers(2);
  for (std::size_t k = 0; k < first.size(); ++k) {
    SCOPED_TRACE(k);
    std::vector<std::string> const expected = suggestions(*first[k]);
    EXPECT_EQ(suggestions(*again[k]), expected);
    EXPECT_NE(suggestions(*other[k]), expected);
  }
}

TEST(Searcher, TriesTheFirstGuessesFirst) {
  for (auto const& searcher : all_searchers(1))
    EXPECT_EQ(searcher->space().text(searcher->suggest()), "network=gnn lr=0.001 width=128 bins=32");
}

TEST(Searcher, IgnoresWhatWasReportedBefore) {
  RandomSearch searcher(mixed_space(), 1);
  searcher.suggest();
  searcher.report(TrialId(0), 1, 5);
  searcher.report(TrialId(0), 1, 6);
  searcher.report(TrialId(0), 2, std::nan(""));
  EXPECT_EQ(searcher.trials()[0].losses, std::vector<double>{5});
}

/// Opens `deepest_losses` for a test.
class Deepest : public RandomSearch {
 public:
  using RandomSearch::RandomSearch;
  using Searcher::deepest_losses;
};

// Epochs reached: 3, 1, failed, 2, 3.
TEST(Searcher, ComparesTrialsAtTheDeepestEpochThatEnoughReached) {
  Deepest searcher(mixed_space(), 1);
  std::vector<int> const epochs{3, 1, 0, 2, 3};
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    searcher.suggest();
    for (int e = 1; e <= epochs[i]; ++e) searcher.report(TrialId(i), e, 10. * static_cast<double>(i) + e);
  }
  searcher.enter(TrialId(2), TrialState::failed);
  auto const losses = [&](std::size_t n) {
    std::vector<double> result;
    for (auto const& scored : searcher.deepest_losses(n)) result.push_back(scored.loss);
    return result;
  };
  double const inf = HUGE_VAL;
  EXPECT_EQ(losses(3), (std::vector<double>{3, inf, 43}));
  EXPECT_EQ(losses(4), (std::vector<double>{2, inf, 32, 42}));
  EXPECT_EQ(losses(5), (std::vector<double>{1, 11, inf, 31, 41}));
  EXPECT_TRUE(losses(6).empty());
}

}  // namespace
}  // namespace corpuscle::tune
