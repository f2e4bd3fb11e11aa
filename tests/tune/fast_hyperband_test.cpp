#include "corpuscle/tune/fast_hyperband.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/replay.hpp"
#include "tune/falling_curves.hpp"

namespace corpuscle::tune {
namespace {

TEST(FastHyperband, IsHyperbandUntilEnoughCurvesAreThere) {
  CurveTable const table = falling_curves(199, 27);
  FastHyperband fast({.hyperband = {27, 3, 1}, .training_curves = 1000}, last_value());
  EXPECT_EQ(replay(table, fast, in_order(199)).epochs, 357);
}

TEST(FastHyperband, FindsTheSameTrialForFewerEpochs) {
  CurveTable const table = falling_curves(199, 27);
  Hyperband plain({27, 3, 3});
  FastHyperband fast({.hyperband = {27, 3, 3}, .training_curves = 10}, last_value());
  ReplayResult const slow_result = replay(table, plain, in_order(199));
  ReplayResult const result = replay(table, fast, in_order(199));
  EXPECT_EQ(slow_result.epochs, 3 * 357);
  EXPECT_EQ(result.row, slow_result.row);
  EXPECT_LT(result.epochs, 0.95 * static_cast<double>(slow_result.epochs));
}

// A round of 7 trials to epoch 4, 3 of which survive; nothing but that round is in the second repeat's way.
TEST(FastHyperband, StopsWhoeverIsTooProbablyNotAmongTheSurvivors) {
  // R = 2, eta = 2: brackets (2 to 1, 1 to 2) and (2 to 2), twice.
  FastHyperband fast({.hyperband = {2, 2, 2}, .training_curves = 2, .confidence = 0.9}, last_value());
  auto const train = [&](double loss) {
    Job const job = *fast.next_job();
    int const first = fast.trials()[job.trial.row()].epoch() + 1;
    for (int e = first; e <= job.target; ++e)
      if (fast.report(job.trial, e, loss) == Verdict::release) break;
    return job.trial;
  };
  for (double const loss : {1., 2., 1.}) train(loss);  // the first bracket: 2 to epoch 1, the best to epoch 2
  // The second bracket begins with one curve that reached epoch 2; with its first trial there are two. One
  // survives.
  train(3);
  TrialId const worse = train(4);
  EXPECT_EQ(fast.trials()[worse.row()].state, TrialState::stopped);
  EXPECT_EQ(fast.trials()[worse.row()].epoch(), 1);
  EXPECT_EQ(fast.decisions().back().reason,
            "predicted loss 4 +- 0 at epoch 2 is above 3, number 1 of the round, with probability 1");
}

TEST(FastHyperband, TrainsTheShareInFullThatItWasAsked) {
  CurveTable const table = falling_curves(199, 27);
  FastHyperband fast({.hyperband = {27, 3, 3}, .training_curves = 10, .full_share = 1}, last_value());
  EXPECT_EQ(replay(table, fast, in_order(199)).epochs, 3 * 357);
}

}  // namespace
}  // namespace corpuscle::tune
