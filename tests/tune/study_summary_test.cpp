#include "corpuscle/tune/study_summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/tpe.hpp"
#include "tune/made_study.hpp"

namespace corpuscle::tune {
namespace {

TrialRecord trial(TrialState state, std::size_t epochs, std::optional<double> score) {
  TrialRecord record;
  record.state = state;
  record.losses.assign(epochs, score.value_or(0));
  record.seconds.assign(epochs, 10);
  record.score = score;
  return record;
}

TEST(StudySummary, CountsWhatTheStudyTrainedItself) {
  StudyRecord study;
  study.devices = 4;
  study.trials = {trial(TrialState::complete, 90, 1), trial(TrialState::stopped, 30, 2),
                  trial(TrialState::complete, 90, 0)};
  study.trials[0].begin = 2000;
  study.trials[0].end = 2900;
  study.trials[1].begin = 1000;
  study.trials[2].is_imported = true;
  study.trials[2].begin = 10;
  study.decisions = {{TrialId(1), Action::stop, 30, 30, 60, ""}};
  StudySummary const summary = summarise(study);
  EXPECT_EQ(summary.trials, (std::array<std::size_t, 5>{0, 0, 1, 1, 0}));
  EXPECT_EQ(summary.imported, 1);
  EXPECT_EQ(summary.epochs, 120);
  EXPECT_EQ(summary.epochs_saved, 60);
  EXPECT_DOUBLE_EQ(summary.hours, 1200. / 3600);
  EXPECT_DOUBLE_EQ(summary.device_hours, 4 * 1200. / 3600);
  EXPECT_EQ(summary.begin, 1000);
  EXPECT_EQ(summary.end, 2900);
}

TEST(StudySummary, TrainedAndSavedEpochsAreThoseOfFullTrainings) {
  AshaStopping scheduler({40, 2, 54, 3}, StoppingRule::percentile);
  Tpe searcher(test::made_space(), 1);
  StudySummary const summary = summarise(test::made_study(scheduler, searcher, 40));
  // An epoch that ends in NaN was trained, and is of no use: it counts as spent and as saved.
  auto const failed = static_cast<long>(summary.trials[static_cast<std::size_t>(TrialState::failed)]);
  EXPECT_GT(failed, 0);
  EXPECT_EQ(summary.epochs, scheduler.epochs());
  EXPECT_EQ(summary.epochs + summary.epochs_saved, 40 * 54 + failed);
}

TEST(Occupancy, EveryArrivalIsAccountedFor) {
  AshaPromotion scheduler({60, 2, 54, 3});
  Tpe searcher(test::made_space(), 1);
  StudyRecord const study = test::made_study(scheduler, searcher, 60);
  std::vector<Rung> const rungs = occupancy(study, 10);
  ASSERT_EQ(rungs.size(), 3);
  int const epochs[] = {2, 6, 18};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rungs[i].first, epochs[i]);
    EXPECT_EQ(rungs[i].last, epochs[i]);
    EXPECT_EQ(rungs[i].arrived, rungs[i].went_on + rungs[i].waiting + rungs[i].stopped + rungs[i].failed);
  }
  EXPECT_EQ(rungs[0].arrived, 60);
  EXPECT_GT(rungs[0].waiting, 0);
  EXPECT_LE(rungs[1].arrived, rungs[0].went_on);
  EXPECT_EQ(rungs[0].stopped, 0);  // promotion never stops a trial
}

TEST(Occupancy, JoinsNeighboursWhereTrialsStopAnywhere) {
  StudyRecord study;
  for (int epoch = 1; epoch <= 20; ++epoch) {
    study.trials.push_back(trial(TrialState::stopped, static_cast<std::size_t>(epoch), 1));
    study.decisions.push_back({TrialId(study.trials.size() - 1), Action::stop, epoch, epoch, 0, ""});
  }
  std::vector<Rung> const rungs = occupancy(study, 7);
  ASSERT_EQ(rungs.size(), 7);  // six of three, one of two
  EXPECT_EQ(rungs[0].first, 1);
  EXPECT_EQ(rungs[0].last, 3);
  EXPECT_EQ(rungs[0].arrived, 20);
  EXPECT_EQ(rungs[0].stopped, 3);
  EXPECT_EQ(rungs[6].first, 19);
  EXPECT_EQ(rungs[6].last, 20);
  EXPECT_EQ(rungs[6].arrived, 2);
  EXPECT_EQ(rungs[6].went_on, 0);
}

TEST(Ranking, PutsCompleteTrialsFirstThenTheDeepest) {
  StudyRecord study;
  study.trials = {trial(TrialState::stopped, 5, 0.1), trial(TrialState::complete, 9, 0.3),
                  trial(TrialState::failed, 9, 0.05), trial(TrialState::complete, 9, 0.2),
                  trial(TrialState::paused, 7, 0.4),  trial(TrialState::running, 0, std::nullopt),
                  trial(TrialState::stopped, 5, 0.1)};
  EXPECT_EQ(ranking(study), (std::vector<std::size_t>{3, 1, 4, 0, 6, 2, 5}));
}

TEST(NumberText, ReadsBackAndSpellsWhatIsNoNumber) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(std::stod(number_text(1. / 3)), 1. / 3);
  EXPECT_EQ(number_text(INFINITY), "inf");
  EXPECT_EQ(number_text(-INFINITY), "-inf");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(UtcText, IsTheCivilTime) {
  EXPECT_EQ(utc_text(951782399.75), "2000-02-28T23:59:59Z");
  EXPECT_EQ(utc_text(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_text(0), "");
  EXPECT_EQ(utc_text(1e300), "");
  EXPECT_EQ(utc_text(std::nan("")), "");
}

}  // namespace
}  // namespace corpuscle::tune
