#include "corpuscle/tune/study_config.hpp"

#include <gtest/gtest.h>

#include <string>

#include "corpuscle/core/error.hpp"
#include "tune/small_study.hpp"

namespace corpuscle::tune {
namespace {

using test::StudyText;

/// The complaint about a study; empty if there is none.
std::string complaint(StudyText const& study) {
  try {
    static_cast<void>(study.config());
    return {};
  } catch (core::ConfigError const& error) {
    return error.what();
  }
}

void expect_complaint(StudyText const& study, std::string const& place, std::string const& words) {
  std::string const message = complaint(study);
  EXPECT_TRUE(message.starts_with("study.yaml:" + place)) << message;
  EXPECT_NE(message.find(words), std::string::npos) << message;
}

StudyText with_scheduler(std::string scheduler) {
  StudyText study;
  study.scheduler = std::move(scheduler);
  return study;
}

StudyText with_objective(std::string objective) {
  StudyText study;
  study.objective = std::move(objective);
  return study;
}

TEST(StudyConfig, HasWhatTheFileSaysAndDefaultsElsewhere) {
  StudyText text;
  text.more = "budget: {epochs: 100, device_hours: 2.5}\nfirst_guesses: [{x: 0.5, lr: 1e-3, kind: plain}]\n";
  StudyConfig const study = text.config();
  EXPECT_EQ(study.name, "small");
  EXPECT_EQ(study.max_epochs, 9);
  EXPECT_EQ(study.objective.command.front(), "train");
  EXPECT_EQ(study.objective.command.size(), 8);
  EXPECT_EQ(study.objective.silence, 3600);
  EXPECT_EQ(study.objective.retries, 2);
  EXPECT_EQ(study.objective.average, 1);
  EXPECT_EQ(study.scheduler.kind, SchedulerKind::asha);
  EXPECT_EQ(study.scheduler.trials, 12);
  EXPECT_EQ(study.searcher.kind, SearcherKind::random);
  EXPECT_EQ(study.searcher.seed, 5);
  EXPECT_EQ(study.budget.epochs, 100);
  EXPECT_EQ(study.budget.device_hours, 2.5);
  EXPECT_EQ(study.budget.hours, std::numeric_limits<double>::infinity());
  EXPECT_EQ(study.space.size(), 4);
  EXPECT_EQ(study.space.first_guesses.size(), 1);
}

TEST(StudyConfig, SaysWhereAWordIsUnknown) {
  expect_complaint(with_scheduler("{kind: asho, trials: 12}"), "4:", "asha");
  expect_complaint(with_scheduler("{kind: asha, trials: 12, graze: 2}"), "4:", "grace");
  StudyText searcher;
  searcher.searcher = "{kind: quasirandom}";
  expect_complaint(searcher, "5:", "quasi-random");
  StudyText top;
  top.more = "bugdet: {epochs: 3}\n";
  expect_complaint(top, "11:1:", "budget");
}

TEST(StudyConfig, RefusesACommandThatWouldTrainTheSameAgainAndAgain) {
  expect_complaint(with_objective(R"({command: "train {x} {lr} {kind} {width} {epoch}"})"),
                   "3:", "'{epoch}' of the command is no parameter");
  expect_complaint(with_objective(R"({command: "train {x} {kind} {width}"})"),
                   "3:", "the command does not use '{lr}'");
  expect_complaint(with_objective(R"({command: " "})"), "3:", "must name a program");
  expect_complaint(with_objective("{}"), "3:", "command");
}

TEST(StudyConfig, RefusesKeysOfAnotherKindOfScheduler) {
  for (std::string const scheduler :
       {"{kind: none, trials: 3, eta: 3}", "{kind: none, trials: 3, grace: 3}",
        "{kind: hyperband, trials: 3}", "{kind: hyperband, grace: 3}", "{kind: hyperband, predictor: nu-svr}",
        "{kind: asha, trials: 3, min_trials: 3}", "{kind: asha, trials: 3, repeats: 3}",
        "{kind: median, trials: 3, eta: 3}"}) {
    SCOPED_TRACE(scheduler);
    expect_complaint(with_scheduler(scheduler), "4:", "unknown key");
  }
}

TEST(StudyConfig, RefusesASearchWithoutAnEnd) {
  for (std::string const kind : {"asha", "asha-promote", "median"}) {
    StudyText study = with_scheduler("{kind: " + kind + "}");
    expect_complaint(study, "4:", "would start trials for ever");
    study.more = "budget: {}\n";
    EXPECT_NE(complaint(study), "");
    study.more = "budget: {hours: 3}\n";
    EXPECT_EQ(complaint(study), "");
  }
  for (std::string const kind : {"none", "sha"})
    expect_complaint(with_scheduler("{kind: " + kind + "}"), "4:", "trials");
  EXPECT_EQ(complaint(with_scheduler("{kind: hyperband}")), "");  // ends by itself
}

TEST(StudyConfig, RefusesNumbersOutOfRange) {
  expect_complaint(with_scheduler("{kind: asha, trials: 12, grace: 10}"), "4:", "9 epochs");
  expect_complaint(with_scheduler("{kind: asha, trials: 12, eta: 1}"), "4:", "eta");
  expect_complaint(with_scheduler("{kind: asha, trials: 0}"), "4:", "trials");
  expect_complaint(with_objective(R"({command: "t {x} {lr} {kind} {width}", silence: 0})"), "3:", "silence");
  expect_complaint(with_objective(R"({command: "t {x} {lr} {kind} {width}", retries: -1})"), "3:", "retries");
  StudyText study;
  study.epochs = "0";
  expect_complaint(study, "2:9:", "epochs");
}

TEST(StudyConfig, RefusesAParameterWithTheNameOfAPlace) {
  std::string const text = R"(name: s
epochs: 3
objective: {command: "train {seed}"}
scheduler: {kind: none, trials: 3}
searcher: {kind: random}
parameters: [{name: seed, kind: real, low: 0, high: 1}]
)";
  try {
    parse_study(text, "s.yaml");
    FAIL();
  } catch (core::ConfigError const& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("s.yaml:6:")) << error.what();
  }
}

TEST(StudyConfig, WritesTheCommandOfATrial) {
  StudyConfig const study =
      with_objective(
          R"({command: "train {directory}/out --until={epochs} seed={seed} lr={lr} x={x} {kind} width={width} {x"})")
          .config();
  double const nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(command_for(study, {0.1, 1e-5, 1, 48}, "a b/00003", 27, 7),
            (std::vector<std::string>{"train", "a b/00003/out", "--until=27", "seed=7", "lr=1e-05", "x=0.1",
                                      "wide", "width=48", "{x"}));
  // What has no meaning is left out.
  EXPECT_EQ(command_for(study, {0.1, 1e-5, 0, nan}, "d", 27, 7),
            (std::vector<std::string>{"train", "d/out", "--until=27", "seed=7", "lr=1e-05", "x=0.1", "plain",
                                      "{x"}));
}

}  // namespace
}  // namespace corpuscle::tune
