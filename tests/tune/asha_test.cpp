#include "corpuscle/tune/asha.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace corpuscle::tune {
namespace {

Verdict train(Scheduler& scheduler, Job const& job, double loss) {
  Verdict verdict = Verdict::go_on;
  for (int epoch = scheduler.trials()[job.trial.row()].epoch() + 1;
       epoch <= job.target && verdict == Verdict::go_on; ++epoch)
    verdict = scheduler.report(job.trial, epoch, loss);
  return verdict;
}

// hpo.md 1.2: the settings of the published MLPF models, for 200 and for 600 epochs.
TEST(Asha, HasTheRungsOfThePublishedSearches) {
  EXPECT_EQ(asha_rungs({.grace_epochs = 10, .max_epochs = 200, .eta = 4}), (std::vector<int>{10, 40, 160}));
  EXPECT_EQ(asha_rungs({.grace_epochs = 10, .max_epochs = 600, .eta = 4}), (std::vector<int>{10, 40, 160}));
  EXPECT_EQ(asha_rungs({.grace_epochs = 1, .max_epochs = 64, .eta = 4}), (std::vector<int>{1, 4, 16}));
  EXPECT_TRUE(asha_rungs({.grace_epochs = 5, .max_epochs = 5}).empty());
}

TEST(AshaStopping, LetsTheFirstPassByThePercentileRule) {
  AshaStopping scheduler({.trials = 5, .grace_epochs = 1, .max_epochs = 8, .eta = 4},
                         StoppingRule::percentile);
  auto const first_epoch = [&](double loss) {
    return scheduler.report(scheduler.next_job()->trial, 1, loss);
  };
  EXPECT_EQ(first_epoch(1e9), Verdict::go_on);  // nobody was here before
  EXPECT_EQ(first_epoch(100), Verdict::go_on);  // 25 % percentile of {1e9}
  // Of {100, 1e9} it is 100 + 0.25 (1e9 - 100) = 250000075.
  EXPECT_EQ(first_epoch(250000076), Verdict::release);
  // With that one recorded, it is their middle: 100 + 0.5 (250000076 - 100) = 125000088.
  EXPECT_EQ(first_epoch(125000087), Verdict::go_on);
}

// The loss of a stopped trial is recorded too: of {1, 2, 3, 4, 5} the 25 % percentile is 2.
TEST(AshaStopping, TakesThePercentileOfAllThatArrived) {
  AshaStopping scheduler({.trials = 9, .grace_epochs = 1, .max_epochs = 8, .eta = 4},
                         StoppingRule::percentile);
  for (double const loss : {1., 2., 3., 4., 5.}) scheduler.report(scheduler.next_job()->trial, 1, loss);
  EXPECT_EQ(scheduler.report(scheduler.next_job()->trial, 1, 2), Verdict::go_on);
  EXPECT_EQ(scheduler.report(scheduler.next_job()->trial, 1, 2.01), Verdict::release);
}

TEST(AshaStopping, LetsOnlyTheBestPassByTheRankRuleUntilEtaHaveCome) {
  AshaStopping scheduler({.trials = 9, .grace_epochs = 1, .max_epochs = 8, .eta = 4}, StoppingRule::rank);
  auto const first_epoch = [&](double loss) {
    return scheduler.report(scheduler.next_job()->trial, 1, loss);
  };
  EXPECT_EQ(first_epoch(10), Verdict::go_on);
  EXPECT_EQ(first_epoch(11), Verdict::release);
  EXPECT_EQ(first_epoch(9), Verdict::go_on);
  EXPECT_EQ(first_epoch(9.5), Verdict::release);
  for (double const loss : {8., 12., 13.}) first_epoch(loss);
  // Eight with this one: the best two, 8 and 8.5, pass.
  EXPECT_EQ(first_epoch(8.5), Verdict::go_on);
}

TEST(AshaStopping, JudgesAtRungsOnlyAndEndsWithItsTrials) {
  AshaStopping scheduler({.trials = 2, .grace_epochs = 2, .max_epochs = 5, .eta = 2},
                         StoppingRule::percentile);
  EXPECT_EQ(train(scheduler, *scheduler.next_job(), 1), Verdict::release);
  EXPECT_EQ(scheduler.trials()[0].state, TrialState::complete);
  train(scheduler, *scheduler.next_job(), 2);
  EXPECT_EQ(scheduler.trials()[1].state, TrialState::stopped);
  EXPECT_EQ(scheduler.trials()[1].epoch(), 2);
  EXPECT_FALSE(scheduler.next_job());
  EXPECT_TRUE(scheduler.finished());
}

// Li et al., algorithm 2, by hand: eta = 2, rungs 1, 2, then 4 epochs.
TEST(AshaPromotion, PromotesTheBestPausedTrialOfTheHighestRung) {
  AshaPromotion scheduler({.trials = 4, .grace_epochs = 1, .max_epochs = 4, .eta = 2});
  train(scheduler, *scheduler.next_job(), 5);
  Job job = *scheduler.next_job();
  EXPECT_TRUE(job.is_new);  // floor(1 / 2) = 0 trials may be promoted
  train(scheduler, job, 3);

  job = *scheduler.next_job();
  EXPECT_EQ(job.trial, TrialId(1));
  EXPECT_EQ(job.target, 2);
  train(scheduler, job, 3);

  train(scheduler, *scheduler.next_job(), 1);  // trial 2: the best of three, but trial 1 had the place
  job = *scheduler.next_job();
  EXPECT_EQ(job.trial, TrialId(2));
  train(scheduler, job, 1);

  job = *scheduler.next_job();  // two at rung 2: the better one goes on to the end
  EXPECT_EQ(job.trial, TrialId(2));
  EXPECT_EQ(job.target, 4);
  train(scheduler, job, 1);
  EXPECT_EQ(scheduler.best(), TrialId(2));

  job = *scheduler.next_job();
  EXPECT_EQ(job.trial, TrialId(3));
  train(scheduler, job, 9);
  EXPECT_FALSE(scheduler.next_job());  // trials 1 and 2 are the best half at rung 1 and have left it
  EXPECT_TRUE(scheduler.finished());
  EXPECT_EQ(scheduler.trials()[0].state, TrialState::paused);  // nothing is killed
}

TEST(AshaPromotion, NeverWaitsWhileNewTrialsMayStart) {
  AshaPromotion scheduler({.trials = 0, .grace_epochs = 1, .max_epochs = 9, .eta = 3});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(scheduler.next_job());
  EXPECT_FALSE(scheduler.finished());
}

}  // namespace
}  // namespace corpuscle::tune
