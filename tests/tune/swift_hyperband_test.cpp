#include "corpuscle/tune/swift_hyperband.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <optional>

#include "corpuscle/tune/replay.hpp"
#include "tune/falling_curves.hpp"

namespace corpuscle::tune {
namespace {

TEST(SwiftHyperband, IsHyperbandWhereThePredictorNeedsEveryCurve) {
  CurveTable const table = falling_curves(293, 100);
  SwiftHyperband swift({.hyperband = {100, 2, 1}, .training_curves = 1000}, last_value());
  EXPECT_EQ(replay(table, swift, in_order(293)).epochs, 3213);
}

TEST(SwiftHyperband, FindsTheSameTrialForFewerEpochs) {
  CurveTable const table = falling_curves(293, 100);
  Hyperband plain({100, 2, 1});
  SwiftHyperband swift({}, last_value());
  ReplayResult const expected = replay(table, plain, in_order(293));
  ReplayResult const result = replay(table, swift, in_order(293));
  EXPECT_EQ(result.row, expected.row);
  EXPECT_LT(result.epochs, 3213 * 0.95);
}

/// Reports one loss from where the trial stands up to its target.
void train(Scheduler& scheduler, TrialId trial, double loss) {
  Progress const& progress = scheduler.trials()[trial.row()];
  while (progress.state == TrialState::running && progress.epoch() < progress.target)
    scheduler.report(trial, progress.epoch() + 1, loss);
}

// R = 8, eta = 8: a bracket of 8 trials, (8, 1) then (1, 8), and one of 2 trials, (2, 8). With d = 1 the
// second trains one trial in full and parks the other at epoch ceil(8 / 2) = 4.
TEST(SwiftHyperband, ParksATrialHalfWayAndDropsItIfThePredictionIsBad) {
  SwiftHyperband swift({.hyperband = {8, 8, 1}, .training_curves = 1}, last_value());
  for (int loss = 1; loss <= 8; ++loss) train(swift, swift.next_job()->trial, loss);
  train(swift, swift.next_job()->trial, 1);  // the best of them, to epoch 8
  TrialId const full = swift.next_job()->trial;
  TrialId const partial = swift.next_job()->trial;
  train(swift, full, 5);
  train(swift, partial, 6);
  EXPECT_EQ(swift.trials()[full.row()].state, TrialState::complete);
  EXPECT_EQ(swift.trials()[partial.row()].state, TrialState::stopped);
  EXPECT_EQ(swift.trials()[partial.row()].epoch(), 4);
  Decision const& decision = swift.decisions().back();
  EXPECT_EQ(decision.epochs_saved, 4);
  EXPECT_EQ(decision.reason,
            "predicted loss 6 +- 0 at epoch 8 is not below 5: spares 4 epochs of this round");
  EXPECT_TRUE(swift.finished());
}

TEST(SwiftHyperband, TrainsAParkedTrialOnIfThePredictionIsGood) {
  SwiftHyperband swift({.hyperband = {8, 8, 1}, .training_curves = 1}, last_value());
  for (int loss = 1; loss <= 8; ++loss) train(swift, swift.next_job()->trial, loss);
  train(swift, swift.next_job()->trial, 3);
  TrialId const full = swift.next_job()->trial;
  TrialId const partial = swift.next_job()->trial;
  train(swift, partial, 2);  // it arrives first and is sent on: now the other one is parked
  EXPECT_EQ(swift.trials()[partial.row()].state, TrialState::complete);
  train(swift, full, 1);
  EXPECT_EQ(swift.trials()[full.row()].state, TrialState::paused);
  EXPECT_EQ(swift.decisions().back().reason.substr(0, 14), "waits at epoch");
  std::optional<Job> const job = swift.next_job();
  ASSERT_TRUE(job);
  EXPECT_EQ(job->trial, full);
  EXPECT_EQ(job->target, 8);
  train(swift, full, 1);
  EXPECT_EQ(swift.best(), full);
}

// Every fifth trial fails at epoch 3: rounds still end, and no predictor is asked before it has its curves.
TEST(SwiftHyperband, EndsThoughTrialsFail) {
  CurveTable table = falling_curves(293, 100);
  for (std::size_t row = 0; row < 293; row += 5) table.losses[row][2] = std::nan("");
  for (std::size_t const workers : {1, 7}) {
    SwiftHyperband swift({}, last_value());
    ReplayResult const result = replay(table, swift, in_order(293), workers);
    EXPECT_TRUE(swift.finished());
    EXPECT_GT(result.complete, 7);
    EXPECT_LT(result.epochs, 3213);
    for (Progress const& trial : swift.trials()) EXPECT_NE(trial.state, TrialState::paused);
  }
}

}  // namespace
}  // namespace corpuscle::tune
