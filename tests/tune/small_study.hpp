#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/tune/study.hpp"

/// Small studies whose trainings are a formula, for tests of all that keeps a study going.
namespace corpuscle::tune::test {

/// A study as a user writes it.
struct StudyText {
  std::string objective = R"({command: "train {directory} {epochs} {seed} {x} {lr} {kind} {width}"})";
  std::string epochs = "9";
  std::string scheduler = "{kind: asha, trials: 12, grace: 1, eta: 3}";
  std::string searcher = "{kind: random, seed: 5}";
  std::string more;  ///< lines of the top level

  [[nodiscard]] std::string text() const {
    return "name: small\nepochs: " + epochs + "\nobjective: " + objective + "\nscheduler: " + scheduler +
           "\nsearcher: " + searcher + R"(
parameters:
  - {name: x, kind: real, low: 0, high: 1}
  - {name: lr, kind: real, low: 1e-5, high: 1e-1, scale: log}
  - {name: kind, kind: categorical, values: plain wide}
  - {name: width, kind: integer, low: 16, high: 64, step: 16, when: kind is wide}
)" + more;
  }
  [[nodiscard]] StudyConfig config() const { return parse_study(text(), "study.yaml"); }
};

/// Falls with the epochs towards a level that depends on the configuration.
inline double small_loss(Configuration const& c, int epoch) {
  return std::pow(c[0] - 0.3, 2) + 0.1 * std::pow(std::log10(c[1]) + 3, 2) + 0.05 * c[2] + 1. / epoch;
}

/// Workers that train in turn, an epoch each. A second of the clock passes with every epoch.
class Team {
 public:
  using Loss = std::function<double(Assignment const&, int epoch)>;

  explicit Team(std::size_t n_workers) : busy_(n_workers) {}

  /// One turn of every worker; false if nobody had anything to do.
  bool turn(Study& study, Loss const& loss = {}) {
    bool did_something = false;
    for (std::size_t w = 0; w < busy_.size(); ++w) {
      std::optional<Assignment>& job = busy_[w];
      now += 1;
      if (!job) {
        job = study.take("worker " + std::to_string(w), now);
        did_something = did_something || job;
        continue;
      }
      did_something = true;
      int const epoch = ++job->epoch;
      double const value = loss ? loss(*job, epoch) : small_loss(job->configuration, epoch);
      if (study.report(*job, epoch, value, 1, now) == Verdict::release) job.reset();
    }
    return did_something;
  }
  void finish(Study& study, Loss const& loss = {}) {
    while (turn(study, loss)) {
    }
  }
  std::optional<Assignment>& job(std::size_t worker) { return busy_[worker]; }

  double now = 1'700'000'000;

 private:
  std::vector<std::optional<Assignment>> busy_;
};

inline bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || a == b;
}
inline bool same(std::vector<double> const& a, std::vector<double> const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i])) return false;
  return true;
}

/// Everything in two records, to the bit.
inline void expect_same(StudyRecord const& a, StudyRecord const& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.best, b.best);
  EXPECT_EQ(a.is_finished, b.is_finished);
  ASSERT_EQ(a.trials.size(), b.trials.size());
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    SCOPED_TRACE("trial " + std::to_string(i));
    TrialRecord const &s = a.trials[i], &t = b.trials[i];
    EXPECT_TRUE(same(s.configuration, t.configuration));
    EXPECT_EQ(s.state, t.state);
    EXPECT_EQ(s.target, t.target);
    EXPECT_TRUE(same(s.losses, t.losses));
    EXPECT_EQ(s.seconds, t.seconds);
    EXPECT_EQ(s.begin, t.begin);
    EXPECT_EQ(s.end, t.end);
    EXPECT_EQ(s.worker, t.worker);
    EXPECT_EQ(s.attempts, t.attempts);
    EXPECT_EQ(s.is_imported, t.is_imported);
    ASSERT_EQ(s.score.has_value(), t.score.has_value());
    if (s.score) {
      EXPECT_TRUE(same(*s.score, *t.score));
    }
  }
  ASSERT_EQ(a.decisions.size(), b.decisions.size());
  for (std::size_t i = 0; i < a.decisions.size(); ++i) {
    Decision const &s = a.decisions[i], &t = b.decisions[i];
    EXPECT_EQ(s.trial, t.trial);
    EXPECT_EQ(s.action, t.action);
    EXPECT_EQ(s.epoch, t.epoch);
    EXPECT_EQ(s.target, t.target);
    EXPECT_EQ(s.epochs_saved, t.epochs_saved);
    EXPECT_EQ(s.reason, t.reason);
  }
}

}  // namespace corpuscle::tune::test
