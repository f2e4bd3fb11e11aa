#include "corpuscle/tune/study_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "tune/made_study.hpp"

namespace corpuscle::tune {
namespace {

std::vector<std::string> lines_of(std::string const& table) {
  std::istringstream in(table);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TrialRecord trial(Configuration configuration, TrialState state, std::vector<double> losses) {
  TrialRecord record;
  record.configuration = std::move(configuration);
  record.state = state;
  record.losses = std::move(losses);
  return record;
}

StudyRecord three_trials() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  StudyRecord study;
  study.space = test::made_space();
  study.devices = 2;
  study.trials = {trial(study.space.first_guesses[0], TrialState::stopped, {0.5, 0.25}),
                  trial({2, 0.001, 2, nan, 8, 0.5}, TrialState::failed, {INFINITY, nan}),
                  trial({1, 0.01, 0, nan, 1, 0}, TrialState::complete, {0.1})};
  study.trials[0].seconds = {600, 1200};
  study.trials[0].begin = 1763700000;
  study.trials[0].score = 0.375;
  study.trials[0].worker = "node1, \"left\"";
  study.trials[1].seconds = {1, 0.5};
  study.trials[1].score = INFINITY;
  study.trials[2].is_imported = true;
  study.decisions = {{TrialId(0), Action::start, 0, 4, 0, "new"},
                     {TrialId(1), Action::fail, 2, 2, 2, "loss is nan,\nso it is given up"},
                     {TrialId(0), Action::stop, 2, 2, 2, "loss 0.25 is above 0.2"}};
  return study;
}

TEST(TrialsTable, HasOneLinePerTrialWithParametersInWords) {
  std::vector<std::string> const lines = lines_of(trials_csv(three_trials()));
  ASSERT_EQ(lines.size(), 5);  // one field has a line break in it
  EXPECT_EQ(lines[0],
            "trial,state,network,lr,width,bins,layers,dropout,score,epochs,seconds,device_hours,begin,worker,"
            "reason");
  EXPECT_EQ(lines[1],
            "0,stopped,gnn,1e-04,128,64,3,0.1,0.375,2,1800,1,2025-11-21T04:40:00Z,\"node1, \"\"left\"\"\","
            "loss 0.25 is above 0.2");
  EXPECT_EQ(lines[4], "2,complete,transformer,0.01,64,,1,0,,1,0,0,,,imported");
}

TEST(TrialsTable, SpellsInfinityAndQuotesWhatNeedsIt) {
  std::vector<std::string> const lines = lines_of(trials_csv(three_trials()));
  // 1.5 s on two devices are 1 / 1200 h; its shortest digits are those of the division.
  std::string const hours = "0.0008333333333333334";
  EXPECT_EQ(lines[2], "1,failed,windows,0.001,256,,8,0.5,inf,2,1.5," + hours + ",,,\"loss is nan,");
  EXPECT_EQ(lines[3], "so it is given up\"");
}

TEST(CurvesTable, HasOneLinePerEpochAndLeavesEmptyWhatIsNotKnown) {
  EXPECT_EQ(curves_csv(three_trials()),
            "trial,epoch,loss,seconds,device_seconds\n"
            "0,1,0.5,600,1200\n"
            "0,2,0.25,1200,2400\n"
            "1,1,inf,1,2\n"
            "1,2,nan,0.5,1\n"
            "2,1,0.1,,\n");
}

}  // namespace
}  // namespace corpuscle::tune
