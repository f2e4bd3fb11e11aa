#include "corpuscle/tune/scheduler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "corpuscle/core/error.hpp"
#include "corpuscle/tune/median_stopping.hpp"

namespace corpuscle::tune {
namespace {

/// Starts trials for ever and stops nobody.
class TrainAll : public Scheduler {
 public:
  using Scheduler::Scheduler;

 private:
  std::optional<TrialId> choose() override { return start(max_epochs(), "a test"); }
  void judge(TrialId) override {}
  void give_up(TrialId) override {}
  [[nodiscard]] bool exhausted() const override { return false; }
};

TEST(Scheduler, HandsOutNewTrialsWithRunningNumbers) {
  TrainAll scheduler(3);
  std::optional<Job> const first = scheduler.next_job();
  std::optional<Job> const second = scheduler.next_job();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->trial, TrialId(0));
  EXPECT_EQ(second->trial, TrialId(1));
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ(first->target, 3);
}

TEST(Scheduler, CompletesATrialThatHasHadAllItsEpochs) {
  TrainAll scheduler(2);
  scheduler.next_job();
  EXPECT_EQ(scheduler.report(TrialId(0), 1, 5), Verdict::go_on);
  EXPECT_FALSE(scheduler.best());
  EXPECT_EQ(scheduler.report(TrialId(0), 2, 4), Verdict::release);
  EXPECT_EQ(scheduler.trials()[0].state, TrialState::complete);
  EXPECT_EQ(scheduler.best(), TrialId(0));
  EXPECT_EQ(scheduler.decisions().back().action, Action::complete);
}

TEST(Scheduler, OfEqualTrialsCallsTheFirstTheBest) {
  TrainAll scheduler(1);
  for (double const loss : {3., 2., 2.}) {
    TrialId const trial = scheduler.next_job()->trial;
    scheduler.report(trial, 1, loss);
  }
  EXPECT_EQ(scheduler.best(), TrialId(1));
}

TEST(Scheduler, IgnoresAnEpochThatWasReportedBefore) {
  TrainAll scheduler(2);
  scheduler.next_job();
  scheduler.report(TrialId(0), 1, 5);
  EXPECT_EQ(scheduler.report(TrialId(0), 1, 99), Verdict::go_on);
  EXPECT_EQ(scheduler.trials()[0].losses, std::vector<double>{5});
  EXPECT_EQ(scheduler.epochs(), 1);
  scheduler.report(TrialId(0), 2, 4);
  EXPECT_EQ(scheduler.report(TrialId(0), 2, 4), Verdict::release);  // the answer was lost; it is given again
}

TEST(Scheduler, RefusesAReportThatSkipsAnEpochOrComesFromNowhere) {
  TrainAll scheduler(5);
  scheduler.next_job();
  EXPECT_THROW(scheduler.report(TrialId(0), 2, 1), core::DataError);
  EXPECT_THROW(scheduler.report(TrialId(0), 0, 1), core::DataError);
  EXPECT_THROW(scheduler.report(TrialId(1), 1, 1), core::DataError);
  scheduler.fail(TrialId(0), "out of memory");
  EXPECT_THROW(scheduler.report(TrialId(0), 1, 1), core::DataError);
}

TEST(Scheduler, FailsATrialWhoseLossIsNotFinite) {
  for (double const bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    TrainAll scheduler(10);
    scheduler.next_job();
    scheduler.report(TrialId(0), 1, 5);
    EXPECT_EQ(scheduler.report(TrialId(0), 2, bad), Verdict::release);
    EXPECT_EQ(scheduler.trials()[0].state, TrialState::failed);
    Decision const& decision = scheduler.decisions().back();
    EXPECT_EQ(decision.action, Action::fail);
    EXPECT_EQ(decision.epochs_saved, 9);
    EXPECT_NE(decision.reason.find("epoch 2"), std::string::npos) << decision.reason;
  }
}

TEST(Scheduler, FailsARunningTrialOnce) {
  TrainAll scheduler(10);
  scheduler.next_job();
  scheduler.fail(TrialId(0), "out of memory");
  scheduler.fail(TrialId(0), "again");
  scheduler.fail(TrialId(7), "never started");
  ASSERT_EQ(scheduler.decisions().size(), 2);
  EXPECT_EQ(scheduler.decisions().back().reason, "out of memory");
}

// The Vizier rule by hand (hpo.md 1.3). Mean losses at epoch 2 of the first three: 5, 6, 7; their median
// is 6.
TEST(MedianStopping, StopsATrialWhoseBestLossIsAboveTheMedianOfTheMeans) {
  MedianStopping scheduler({.trials = 5, .grace_epochs = 1, .min_trials = 3, .max_epochs = 4});
  for (double const mean : {5., 6., 7.}) {
    TrialId const trial = scheduler.next_job()->trial;
    EXPECT_EQ(scheduler.report(trial, 1, mean + 1), Verdict::go_on);
    EXPECT_EQ(scheduler.report(trial, 2, mean - 1), Verdict::go_on);
  }
  TrialId const bad = scheduler.next_job()->trial;
  EXPECT_EQ(scheduler.report(bad, 1, 6.9), Verdict::go_on);  // means at epoch 1: 6, 7, 8
  EXPECT_EQ(scheduler.report(bad, 2, 6.1), Verdict::release);
  EXPECT_EQ(scheduler.trials()[bad.row()].state, TrialState::stopped);
  EXPECT_EQ(scheduler.decisions().back().epochs_saved, 2);

  TrialId const good = scheduler.next_job()->trial;
  EXPECT_EQ(scheduler.report(good, 1, 5.9), Verdict::go_on);
  EXPECT_EQ(scheduler.report(good, 2, 9), Verdict::go_on);  // its best, 5.9, counts
  EXPECT_FALSE(scheduler.next_job());
}

TEST(MedianStopping, StopsNobodyBeforeTheGraceEpochsOrWithoutEnoughOthers) {
  MedianStopping scheduler({.trials = 9, .grace_epochs = 2, .min_trials = 2, .max_epochs = 3});
  for (double const loss : {1., 2., 3.}) {
    TrialId const trial = scheduler.next_job()->trial;
    EXPECT_EQ(scheduler.report(trial, 1, 10 * loss), Verdict::go_on);
    // The third has two others before it, with losses 1 and 2.
    EXPECT_EQ(scheduler.report(trial, 2, loss), loss < 3 ? Verdict::go_on : Verdict::release);
  }
}

}  // namespace
}  // namespace corpuscle::tune
