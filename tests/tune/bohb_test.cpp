#include "corpuscle/tune/bohb.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/random_search.hpp"
#include "tune/benchmarks.hpp"

namespace corpuscle::tune {
namespace {

template <class Method>
std::vector<double> regrets(test::Benchmark const& benchmark, std::size_t n) {
  return test::median_regrets(benchmark, n, 20,
                              [](Space space, std::uint64_t seed) { return Method(space, seed); });
}

// One normal width for all trials blurs the three minima of Branin; the single one of Hartmann-6 is found
// well.
TEST(Bohb, BeatsChance) {
  EXPECT_LT(regrets<Bohb>(test::branin(), 200)[199], regrets<RandomSearch>(test::branin(), 200)[199]);
  EXPECT_LT(regrets<Bohb>(test::hartmann6(), 100)[99], regrets<RandomSearch>(test::hartmann6(), 100)[99] / 2);
}

// Counting ones (hpo.md 5.1), 4 words and 4 numbers: the best is -8, by chance the mean is -4.
TEST(Bohb, LearnsWordsAndNumbersTogether) {
  Space space;
  for (char const* name : {"a", "b", "c", "d"}) {
    Parameter word;
    word.name = name;
    word.kind = Parameter::Kind::categorical;
    word.values = {"0", "1"};
    space.parameters.push_back(word);
  }
  for (char const* name : {"e", "f", "g", "h"}) space.parameters.push_back(test::real(name, 0, 1));
  test::Benchmark const ones{space,
                             [](Configuration const& c) {
                               double sum = 0;
                               for (double const x : c) sum -= x;
                               return sum;
                             },
                             -8};
  std::vector<double> const ours = regrets<Bohb>(ones, 150);
  std::vector<double> const random = regrets<RandomSearch>(ones, 150);
  EXPECT_LT(ours[149], random[149] - 0.3);
}

// At epoch 1 high values look good, at epoch 3 low ones do. With 2 (1 + 1) = 4 trials there, the third epoch
// decides.
TEST(Bohb, TrustsTheDeepestEpochThatEnoughTrialsReached) {
  Space space;
  space.parameters.push_back(test::real("x", 0, 1));
  Bohb searcher(space, 1);
  std::vector<double> late;
  for (std::size_t i = 0; i < 60; ++i) {
    double const x = searcher.suggest()[0];
    searcher.report(TrialId(i), 1, 1 - x);
    if (i % 2 == 0) {
      searcher.report(TrialId(i), 2, 0.5);
      searcher.report(TrialId(i), 3, x);
    }
    searcher.enter(TrialId(i), i % 2 == 0 ? TrialState::complete : TrialState::stopped);
    if (i >= 30) late.push_back(x);
  }
  std::sort(late.begin(), late.end());
  EXPECT_LT(late[late.size() / 2], 0.3);
}

}  // namespace
}  // namespace corpuscle::tune
