#include "corpuscle/tune/successive_halving.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace corpuscle::tune {
namespace {

using Rounds = Bracket;

/// Trains a trial to its target with one loss at every epoch.
Verdict train(Scheduler& scheduler, Job const& job, double loss) {
  Verdict verdict = Verdict::go_on;
  for (int epoch = scheduler.trials()[job.trial.row()].epoch() + 1;
       epoch <= job.target && verdict == Verdict::go_on; ++epoch)
    verdict = scheduler.report(job.trial, epoch, loss);
  return verdict;
}

TEST(SuccessiveHalving, HalvesTrialsAndDoublesEpochsUpToTheEnd) {
  EXPECT_EQ(halving_rounds({.trials = 8, .min_epochs = 1, .max_epochs = 8, .eta = 2}),
            (Rounds{{8, 1}, {4, 2}, {2, 4}, {1, 8}}));
  EXPECT_EQ(halving_rounds({.trials = 20, .min_epochs = 5, .max_epochs = 50, .eta = 3}),
            (Rounds{{20, 5}, {6, 15}, {2, 45}, {1, 50}}));
  EXPECT_EQ(halving_rounds({.trials = 3, .min_epochs = 7, .max_epochs = 7, .eta = 2}), (Rounds{{3, 7}}));
}

TEST(SuccessiveHalving, PromotesTheBestInTheOrderOfTheirLossesAndStopsTheOthers) {
  SuccessiveHalving scheduler({.trials = 4, .min_epochs = 1, .max_epochs = 4, .eta = 2});
  for (double const loss : {3., 1., 4., 2.}) train(scheduler, *scheduler.next_job(), loss);
  EXPECT_EQ(scheduler.trials()[0].state, TrialState::stopped);
  EXPECT_EQ(scheduler.trials()[2].state, TrialState::stopped);

  std::optional<Job> job = scheduler.next_job();
  ASSERT_TRUE(job);
  EXPECT_EQ(job->trial, TrialId(1));
  EXPECT_EQ(job->target, 2);
  EXPECT_FALSE(job->is_new);
  train(scheduler, *job, 1);
  job = scheduler.next_job();
  EXPECT_EQ(job->trial, TrialId(3));
  train(scheduler, *job, 0.5);

  job = scheduler.next_job();
  EXPECT_EQ(job->trial, TrialId(3));  // overtook the other
  EXPECT_EQ(job->target, 4);
  train(scheduler, *job, 0.5);
  EXPECT_FALSE(scheduler.next_job());
  EXPECT_TRUE(scheduler.finished());
  EXPECT_EQ(scheduler.best(), TrialId(3));
  EXPECT_EQ(scheduler.epochs(), 4 + 2 + 2);  // epochs are trained once
}

TEST(SuccessiveHalving, ExplainsAStopWithTheNumbersThatLedToIt) {
  SuccessiveHalving scheduler({.trials = 2, .min_epochs = 1, .max_epochs = 2, .eta = 2});
  train(scheduler, *scheduler.next_job(), 7.5);
  train(scheduler, *scheduler.next_job(), 1);
  Decision const& stop = scheduler.decisions().back();
  EXPECT_EQ(stop.action, Action::stop);
  EXPECT_EQ(stop.trial, TrialId(0));
  EXPECT_EQ(stop.epochs_saved, 1);
  EXPECT_EQ(stop.reason, "loss 7.5 at epoch 1 is number 2 of 2; 1 goes on");
}

TEST(SuccessiveHalving, LetsWorkersWaitForTheLastTrialOfARound) {
  SuccessiveHalving scheduler({.trials = 2, .min_epochs = 1, .max_epochs = 2, .eta = 2});
  Job const first = *scheduler.next_job();
  Job const second = *scheduler.next_job();
  EXPECT_FALSE(scheduler.next_job());
  train(scheduler, first, 1);
  EXPECT_FALSE(scheduler.next_job());
  EXPECT_FALSE(scheduler.finished());
  train(scheduler, second, 2);
  EXPECT_EQ(scheduler.next_job()->trial, first.trial);
}

TEST(SuccessiveHalving, BeginsTheNextBracketWhileOneWaits) {
  SuccessiveHalving scheduler({{{2, 1}, {1, 2}}, {{1, 2}}}, 2);
  Job const first = *scheduler.next_job();
  Job const second = *scheduler.next_job();
  Job const other = *scheduler.next_job();
  EXPECT_TRUE(other.is_new);
  EXPECT_EQ(other.target, 2);
  train(scheduler, first, 1);
  train(scheduler, second, 2);
  EXPECT_EQ(scheduler.next_job()->trial, first.trial);
}

TEST(SuccessiveHalving, PromotesAnotherTrialWhereOneHasFailed) {
  SuccessiveHalving scheduler({.trials = 2, .min_epochs = 1, .max_epochs = 2, .eta = 2});
  Job const first = *scheduler.next_job();
  Job const second = *scheduler.next_job();
  train(scheduler, first, std::nan(""));
  train(scheduler, second, 100);
  EXPECT_EQ(scheduler.next_job()->trial, second.trial);
}

TEST(SuccessiveHalving, EndsABracketAllOfWhoseTrialsFailed) {
  SuccessiveHalving scheduler({{{2, 1}, {1, 2}}, {{1, 2}}}, 2);
  scheduler.next_job();
  scheduler.next_job();
  scheduler.fail(TrialId(0), "crash");
  scheduler.fail(TrialId(1), "crash");
  Job const next = *scheduler.next_job();
  EXPECT_TRUE(next.is_new);
  train(scheduler, next, 1);
  EXPECT_TRUE(scheduler.finished());
}

TEST(SuccessiveHalving, EndsWhenAPromotedTrialFails) {
  SuccessiveHalving scheduler({.trials = 2, .min_epochs = 1, .max_epochs = 4, .eta = 2});
  train(scheduler, *scheduler.next_job(), 1);
  train(scheduler, *scheduler.next_job(), 2);
  scheduler.fail(scheduler.next_job()->trial, "crash");
  EXPECT_FALSE(scheduler.next_job());
  EXPECT_TRUE(scheduler.finished());
  EXPECT_FALSE(scheduler.best());
}

}  // namespace
}  // namespace corpuscle::tune
