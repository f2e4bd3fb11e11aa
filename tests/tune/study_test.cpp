#include "corpuscle/tune/study.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "corpuscle/core/error.hpp"
#include "tune/small_study.hpp"

namespace corpuscle::tune {
namespace {

using test::expect_same;
using test::small_loss;
using test::StudyText;
using test::Team;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

StudyText with(std::string scheduler, std::string objective_keys = {}, std::string more = {}) {
  StudyText text;
  text.scheduler = std::move(scheduler);
  text.objective = R"({command: "t {x} {lr} {kind} {width}")" +
                   (objective_keys.empty() ? "" : ", " + objective_keys) + "}";
  text.more = std::move(more);
  return text;
}

/// A study as another process sees it that reads the same events.
Study replayed(StudyConfig const& config, std::span<Event const> events) {
  Study study(config);
  for (Event const& event : events) study.apply(event);
  return study;
}

void append(std::vector<Event>& to, std::vector<Event> const& events) {
  to.insert(to.end(), events.begin(), events.end());
}

TEST(Study, EveryKindOfSchedulerAndSearcherRunsToTheEnd) {
  for (std::string_view const scheduler : scheduler_words)
    for (std::string_view const searcher : searcher_words) {
      SCOPED_TRACE(std::string(scheduler) + " with " + std::string(searcher));
      StudyText text;
      bool const is_hyperband = scheduler.ends_with("hyperband");
      text.scheduler = "{kind: " + std::string(scheduler) + (is_hyperband ? "}" : ", trials: 14}");
      text.searcher = "{kind: " + std::string(searcher) + ", seed: 3}";
      text.more = "first_guesses: [{x: 0.5, lr: 1e-2, kind: wide, width: 32}]\n";
      Study study(text.config());
      Team(3).finish(study);
      EXPECT_TRUE(study.is_finished());
      EXPECT_TRUE(study.leases().empty());
      StudyRecord const record = study.record();
      EXPECT_EQ(record.scheduler, scheduler);
      EXPECT_EQ(record.searcher, searcher);
      // Hyperband of 9 epochs and eta 3: 9 + 5 + 3 trials (hpo.md 1.1).
      EXPECT_EQ(record.trials.size(), is_hyperband ? 17 : 14);
      EXPECT_EQ(record.trials[0].configuration, (Configuration{0.5, 1e-2, 1, 32}));
      std::size_t complete = 0;
      for (TrialRecord const& trial : record.trials) {
        EXPECT_TRUE(trial.state == TrialState::complete || trial.state == TrialState::stopped);
        EXPECT_EQ(trial.state == TrialState::complete, trial.losses.size() == 9);
        EXPECT_TRUE(trial.end);
        complete += trial.state == TrialState::complete;
      }
      ASSERT_TRUE(record.best);
      EXPECT_GE(complete, 1);
      for (TrialRecord const& trial : record.trials) {
        if (trial.state != TrialState::complete) continue;
        EXPECT_LE(*record.trials[record.best->row()].score, *trial.score);
      }
    }
}

TEST(Study, TheSameSeedAndOrderOfEventsGiveTheSameStudy) {
  for (std::string const searcher : {"tpe", "gp", "bohb"}) {
    StudyText text = with("{kind: asha, trials: 30}");
    text.searcher = "{kind: " + searcher + ", seed: 9}";
    Study one(text.config()), other(text.config());
    Team(4).finish(one);
    Team(4).finish(other);
    expect_same(one.record(), other.record());
  }
}

TEST(Study, AnotherReaderStandsWhereTheWriterStands) {
  for (std::string const scheduler :
       {"{kind: hyperband}", "{kind: swift-hyperband}", "{kind: asha, trials: 20}",
        "{kind: asha-promote, trials: 20}", "{kind: median, trials: 20}", "{kind: sha, trials: 20}"}) {
    SCOPED_TRACE(scheduler);
    StudyText text = with(scheduler, "retries: 1, average: 2");
    text.searcher = "{kind: tpe, seed: 2}";
    StudyConfig const config = text.config();
    Study study(config);
    std::vector<Event> events;
    study.import({0.9, 1e-2, 0, nan}, TrialState::complete, {3, 2, 1}, 5);
    study.import({0.8, 1e-2, 1, 64}, TrialState::failed, {}, 5);
    Team team(3);
    auto const loss = [](Assignment const& job, int epoch) {
      return job.trial % 7 == 5 && epoch == 2 ? nan : small_loss(job.configuration, epoch);
    };
    for (int turn = 0; team.turn(study, loss) && turn < 1000; ++turn) {
      if (turn % 5 == 4 && team.job(0)) {
        study.leave(*team.job(0), "it crashed", turn % 2 == 0, team.now);
        team.job(0).reset();
      }
      if (turn % 7 == 6 && team.job(1)) {
        study.renew(*team.job(1), team.now);
        for (Study::Lease const& lease : study.leases())
          if (lease.trial == team.job(1)->trial) study.expire(lease, "its worker is gone", team.now);
        team.job(1).reset();
      }
      append(events, study.unsaved());
      expect_same(replayed(config, events).record(), study.record());
      if (HasFailure()) return;
    }
    EXPECT_TRUE(study.is_finished());
    EXPECT_GT(events.size(), 60);
  }
}

// A machine that dies may write the first of the events of one deed and not the rest.
TEST(Study, GoesOnFromEveryPrefixOfItsEvents) {
  StudyConfig const config = with("{kind: sha, trials: 9, grace: 1, eta: 3}").config();
  Study study(config);
  Team(2).finish(study);
  std::vector<Event> const events = study.unsaved();
  StudyRecord const expected = study.record();
  for (std::size_t n = 0; n <= events.size(); ++n) {
    Study copy = replayed(config, std::span(events).first(n));
    for (Study::Lease const& lease : copy.leases()) copy.expire(lease, "its worker is gone", 0);
    Team(1).finish(copy);
    StudyRecord const record = copy.record();
    ASSERT_TRUE(record.is_finished) << n;
    ASSERT_EQ(record.trials.size(), expected.trials.size());
    for (std::size_t i = 0; i < record.trials.size(); ++i) {
      EXPECT_EQ(record.trials[i].state, expected.trials[i].state);
      EXPECT_TRUE(test::same(record.trials[i].losses, expected.trials[i].losses));
      EXPECT_TRUE(record.trials[i].end);
    }
  }
}

TEST(Study, ComparesTrialsByTheMeanOfTheirLastLosses) {
  Study study(with("{kind: none, trials: 2}", "average: 3").config());
  for (double const worst : {9., 12.}) {
    auto const job = study.take("w", 0);
    for (int epoch = 1; epoch <= 9; ++epoch) {
      study.report(*job, epoch, epoch == 1 ? 100 : worst - epoch, 1, 0);
      if (epoch == 2) {
        EXPECT_DOUBLE_EQ(*study.record().trials[job->trial].score, (100 + worst - 2) / 2);
      }
    }
    // Epochs 7, 8 and 9.
    EXPECT_DOUBLE_EQ(*study.record().trials[job->trial].score, worst - 8);
  }
  EXPECT_EQ(study.record().best, TrialId(0));
}

TEST(Study, ALossThatIsNoNumberFailsItsTrial) {
  for (double const loss : {nan, std::numeric_limits<double>::infinity()}) {
    Study study(with("{kind: none, trials: 2}").config());
    auto const job = study.take("w", 0);
    EXPECT_EQ(study.report(*job, 1, 3, 1, 0), Verdict::go_on);
    EXPECT_EQ(study.report(*job, 2, loss, 1, 0), Verdict::release);
    TrialRecord const trial = study.record().trials[0];
    EXPECT_EQ(trial.state, TrialState::failed);
    EXPECT_EQ(trial.losses.size(), 2);
    EXPECT_TRUE(trial.end);
    EXPECT_FALSE(study.record().best);
    Team(1).finish(study);
    EXPECT_TRUE(study.is_finished());
    EXPECT_EQ(study.record().best, TrialId(1));
  }
}

TEST(Study, ACrashIsTriedAgainSoManyTimes) {
  Study study(with("{kind: none, trials: 2}", "retries: 2").config());
  for (int attempt = 1; attempt <= 3; ++attempt) {
    auto const job = study.take("w", 0);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->trial, 0);
    EXPECT_EQ(job->lease, attempt);
    EXPECT_EQ(job->epoch, attempt == 1 ? 0 : 1);  // what was trained is kept
    if (attempt == 1) study.report(*job, 1, 3, 1, 0);
    study.leave(*job, "it crashed", true, 0);
    EXPECT_EQ(study.record().trials[0].state, attempt == 3 ? TrialState::failed : TrialState::running);
  }
  EXPECT_EQ(study.record().trials[0].attempts, 3);
  EXPECT_EQ(study.record().decisions.back().reason, "it crashed, for the 3. time");
  EXPECT_EQ(study.take("w", 0)->trial, 1);
}

TEST(Study, WhoLeavesInOrderMayDoSoForEver) {
  Study study(with("{kind: none, trials: 1}", "retries: 0").config());
  for (int i = 0; i < 50; ++i) study.leave(*study.take("w", 0), "it was asked to stop", false, 0);
  EXPECT_EQ(study.record().trials[0].state, TrialState::running);
  EXPECT_FALSE(study.is_finished());
}

// Memory of the machine, for example: without an end to it the study would never have one.
TEST(Study, ATrainingThatTakesItsWorkerWithItIsGivenUp) {
  Study study(with("{kind: none, trials: 1}", "retries: 1").config());
  int n = 0;
  for (; n < 100 && !study.is_finished(); ++n) {
    study.take("w", 0);
    study.expire(study.leases().at(0), "its worker is gone", 0);
  }
  EXPECT_EQ(n, 12);  // ten that are nobody's fault, and two crashes
  EXPECT_EQ(study.record().trials[0].state, TrialState::failed);

  Study other(with("{kind: none, trials: 1}", "retries: 0").config());
  for (int epoch = 1; epoch <= 8; ++epoch)
    for (int i = 0; i < 9; ++i) {
      auto const job = other.take("w", 0);
      if (i == 8) other.report(*job, epoch, 1, 1, 0);
      other.expire(other.leases().at(0), "its worker is gone", 0);
    }
  EXPECT_EQ(other.record().trials[0].state, TrialState::running);  // it got somewhere in between
}

TEST(Study, NobodyIsHandedWorkOnceTheBudgetIsSpent) {
  struct Case {
    std::string budget;
    int epochs;
  };
  // An epoch lasts 1/64 h and keeps four devices busy.
  for (Case const& each : {Case{"epochs: 30", 30}, Case{"hours: 0.5", 32}, Case{"device_hours: 2", 32},
                           Case{"epochs: 5, hours: 100", 5}}) {
    SCOPED_TRACE(each.budget);
    Study study(with("{kind: none, trials: 1000}", "devices: 4", "budget: {" + each.budget + "}\n").config());
    auto const first = study.take("a", 0), second = study.take("b", 0);
    int epochs = 0;
    for (; !study.is_spent(); ++epochs) {
      auto const& job = epochs % 2 == 0 ? first : second;
      if (epochs < 10) {
        study.report(*job, epochs / 2 + 1, 1, 56.25, 0);
      } else {
        auto const next = study.take("c", 0);
        ASSERT_TRUE(next);
        study.report(*next, next->epoch + 1, 1, 56.25, 0);
        study.leave(*next, "it was asked to stop", false, 0);
      }
    }
    EXPECT_EQ(epochs, each.epochs);
    EXPECT_FALSE(study.is_finished());  // two or three are in training, and are trained to the end
    Team(2).finish(study);
    study.leave(*first, "it was asked to stop", false, 0);
    study.leave(*second, "it was asked to stop", false, 0);
    std::size_t const n = study.n_trials();
    Team(2).finish(study);
    EXPECT_EQ(study.n_trials(), n);
    EXPECT_TRUE(study.is_finished());
    for (TrialRecord const& trial : study.record().trials) EXPECT_EQ(trial.state, TrialState::complete);
  }
}

TEST(Study, WhoIsPausedWhenNobodyTrainsAnyMoreIsStopped) {
  for (bool const has_budget : {false, true}) {
    StudyText const text = with("{kind: asha-promote, grace: 1, eta: 3, trials: 12}", {},
                                has_budget ? "budget: {epochs: 10}\n" : "");
    Study study(text.config());
    Team(3).finish(study);
    StudyRecord const record = study.record();
    EXPECT_TRUE(record.is_finished);
    std::size_t n_retired = 0;
    std::string const reason = has_budget ? "the budget is spent" : "the search is over";
    for (Decision const& decision : record.decisions) n_retired += decision.reason == reason;
    EXPECT_GT(n_retired, 3);
    for (TrialRecord const& trial : record.trials) {
      EXPECT_NE(trial.state, TrialState::paused);
      EXPECT_TRUE(trial.end);
    }
    expect_same(replayed(text.config(), study.unsaved()).record(), record);
  }
}

TEST(Study, WhatAnEarlierHolderSaysIsVoid) {
  Study study(with("{kind: none, trials: 1}").config());
  auto const old = study.take("a", 0);
  study.report(*old, 1, 5, 1, 0);
  EXPECT_TRUE(study.holds(*old));
  study.expire(study.leases().at(0), "its worker is gone", 0);
  EXPECT_FALSE(study.holds(*old));
  EXPECT_TRUE(study.leases().empty());

  auto const present = study.take("b", 0);
  EXPECT_EQ(present->trial, 0);
  EXPECT_EQ(present->epoch, 1);
  study.unsaved();
  EXPECT_EQ(study.report(*old, 2, 7, 1, 0), Verdict::release);
  study.renew(*old, 0);
  study.leave(*old, "it was asked to stop", true, 0);
  EXPECT_TRUE(study.unsaved().empty());
  EXPECT_TRUE(study.holds(*present));
  EXPECT_EQ(study.record().trials[0].losses, (std::vector<double>{5}));
  EXPECT_EQ(study.report(*present, 2, 4, 1, 0), Verdict::go_on);
  EXPECT_EQ(study.record().trials[0].losses, (std::vector<double>{5, 4}));
  EXPECT_EQ(study.record().trials[0].worker, "b");
}

TEST(Study, AnEpochThatIsKnownChangesNothingAndOneThatIsSkippedIsAnError) {
  Study study(with("{kind: none, trials: 1}").config());
  auto const job = study.take("a", 0);
  study.report(*job, 1, 5, 1, 0);
  study.unsaved();
  EXPECT_EQ(study.report(*job, 1, 6, 1, 0), Verdict::go_on);
  EXPECT_TRUE(study.unsaved().empty());
  EXPECT_THROW(study.report(*job, 3, 6, 1, 0), core::DataError);
  EXPECT_THROW(study.report(*job, 0, 6, 1, 0), core::DataError);
  EXPECT_TRUE(study.unsaved().empty());
  EXPECT_EQ(study.report(*job, 2, 6, 1, 0), Verdict::go_on);
}

TEST(Study, LeasesChangeWithEverySignOfLife) {
  Study study(with("{kind: none, trials: 3}").config());
  auto const job = study.take("a", 0);
  study.take("b", 0);
  auto const events = [&] { return study.leases().at(0).events; };
  long const before = events();
  study.renew(*job, 0);
  EXPECT_GT(events(), before);
  long const renewed = events();
  study.report(*job, 1, 1, 1, 0);
  EXPECT_GT(events(), renewed);
  EXPECT_EQ(study.leases().size(), 2);
  EXPECT_EQ(study.leases().at(1).worker, "b");
}

TEST(Study, ImportedTrialsComeFirstAndAreOnlyKnownToTheSearcher) {
  StudyText text =
      with("{kind: none, trials: 2}", {}, "first_guesses: [{x: 0.5, lr: 1e-2, kind: wide, width: 32}]\n");
  Study study(text.config());
  study.import({0.1, 1e-3, 0, nan}, TrialState::complete, {2, 0.01}, 7);
  study.import({0.2, 1e-3, 1, 16}, TrialState::stopped, {2}, 7);
  EXPECT_THROW(study.import({0.2, 1e-3, 1, 17}, TrialState::stopped, {2}, 7), core::DataError);
  EXPECT_EQ(study.epochs(), 0);
  Team(1).finish(study);
  EXPECT_THROW(study.import({0.1, 1e-3, 0, nan}, TrialState::complete, {2}, 7), core::DataError);

  StudyRecord const record = study.record();
  ASSERT_EQ(record.trials.size(), 4);
  EXPECT_TRUE(record.trials[0].is_imported && record.trials[1].is_imported && !record.trials[2].is_imported);
  EXPECT_EQ(record.trials[2].configuration, (Configuration{0.5, 1e-2, 1, 32}));  // the first guess
  EXPECT_EQ(study.number_of(TrialId(0)), 2);
  for (Decision const& decision : record.decisions) EXPECT_GE(decision.trial.row(), 2);
  EXPECT_EQ(study.epochs(), 18);
  EXPECT_EQ(record.best, TrialId(0));  // an imported trial may be the best
}

TEST(Study, TheSearcherLearnsFromImportedTrials) {
  StudyText text = with("{kind: none, trials: 40}");
  text.searcher = "{kind: tpe, seed: 1}";
  auto const mean_distance = [&](double good) {
    Study study(text.config());
    for (int i = 0; i < 60; ++i) {
      double const x = (i + 0.5) / 60;
      study.import({x, 1e-3, 0, nan}, TrialState::complete, std::vector<double>(9, std::abs(x - good)), 7);
    }
    double sum = 0;
    for (int i = 0; i < 20; ++i) sum += std::abs(study.take("w", 0)->configuration[0] - good);
    return sum / 20;
  };
  // Even over the range, it would be (0.3^2 + 0.7^2) / 2 = 0.29 and 0.34 on average.
  EXPECT_LT(mean_distance(0.3), 0.15);
  EXPECT_LT(mean_distance(0.8), 0.15);
}

TEST(Study, RefusesEventsThatDoNotFollow) {
  StudyConfig const config = with("{kind: asha-promote, trials: 9, grace: 1, eta: 3}").config();
  Study study(config);
  Team(2).finish(study);
  std::vector<Event> const events = study.unsaved();
  ASSERT_NO_THROW(replayed(config, events));

  using Kind = Event::Kind;
  auto const refused = [&](Kind kind, std::function<void(Event&)> const& change) {
    std::vector<Event> changed = events;
    for (std::size_t i = changed.size() / 2; i < changed.size(); ++i) {
      if (changed[i].kind != kind) continue;
      change(changed[i]);
      break;
    }
    EXPECT_THROW(replayed(config, changed), core::DataError) << static_cast<int>(kind);
  };
  refused(Kind::report, [](Event& e) { e.epoch += 1; });
  refused(Kind::report, [](Event& e) { e.trial += 1; });
  refused(Kind::report, [](Event& e) { e.trial = 1000; });
  refused(Kind::take, [](Event& e) { e.lease += 1; });
  refused(Kind::take, [](Event& e) { e.target += 1; });
  refused(Kind::take, [](Event& e) { e.trial = e.trial == 0 ? 1 : 0; });
  refused(Kind::take, [](Event& e) { e.kind = Kind::leave; });
  refused(Kind::close, [](Event& e) { e.trial = e.trial == 0 ? 1 : 0; });
  refused(Kind::start, [](Event& e) { e.trial += 1; });
  refused(Kind::start, [](Event& e) { e.configuration[0] = 2; });
  refused(Kind::start, [](Event& e) { e.configuration.pop_back(); });
  refused(Kind::start, [](Event& e) { e.kind = Kind::foreign; });
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind != Kind::start && events[i].kind != Kind::take) continue;
    std::vector<Event> fewer = events;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THROW(replayed(config, fewer), core::DataError) << i;
  }
}

TEST(Study, SeedsOfTrialsDiffer) {
  StudyText text = with("{kind: none, trials: 2}");
  StudyConfig const one = text.config();
  text.searcher = "{kind: random, seed: 6}";
  EXPECT_NE(trial_seed(one, 0), trial_seed(one, 1));
  EXPECT_NE(trial_seed(one, 0), trial_seed(text.config(), 0));
  EXPECT_EQ(trial_seed(one, 3), trial_seed(one, 3));
  EXPECT_LT(trial_seed(one, 3), std::uint64_t{1} << 31);
}

}  // namespace
}  // namespace corpuscle::tune
