#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/scheduler.hpp"
#include "corpuscle/tune/searcher.hpp"
#include "corpuscle/tune/study_record.hpp"

/// Studies of trainings that nobody trained, for tests of tables, pages and exports.
namespace corpuscle::tune::test {

inline Space made_space() {
  return Space::parse(R"(parameters:
  - {name: network, kind: categorical, values: gnn transformer windows}
  - {name: lr, kind: real, low: 1e-5, high: 1e-2, scale: log}
  - {name: width, kind: ordered, values: 64 128 256}
  - {name: bins, kind: integer, low: 16, high: 256, step: 16, when: network is gnn}
  - {name: layers, kind: integer, low: 1, high: 8}
  - {name: dropout, kind: real, low: 0, high: 0.5}
first_guesses:
  - {network: gnn, lr: 1e-4, width: 128, bins: 64, layers: 3, dropout: 0.1}
)",
                      "space.yaml");
}

/// The loss after an epoch in the manner of hpo.md 5.4: towards a level that depends on the configuration,
/// the faster the higher the learning rate, with noise; high rates of deep networks diverge.
inline double made_loss(Configuration const& c, std::size_t trial, int epoch) {
  double const log_rate = std::log10(c[1]);
  if (log_rate > -2.5 && c[4] > 5 && epoch > 4) return std::numeric_limits<double>::quiet_NaN();
  double level = 0.35 + 0.04 * (log_rate + 3) * (log_rate + 3) + 0.03 * (2 - c[2]) +
                 0.004 * (6 - c[4]) * (6 - c[4]) + 0.5 * (c[5] - 0.05) * (c[5] - 0.05) +
                 (c[0] == 0   ? 0.03
                  : c[0] == 1 ? 0.02
                              : 0);
  if (!std::isnan(c[3])) level += 0.02 * std::abs(c[3] - 128) / 128;
  double const tau = 0.2 + 0.6 * std::pow(10, -(log_rate + 3) / 2);
  core::Random random({trial, static_cast<std::uint64_t>(epoch)});
  return level + 2.5 * std::pow(1 + epoch / tau, -1.2) + 0.004 * random.normal();
}

/// The first `n` trials of a scheduler and a searcher, by four workers with one device each: one loss per
/// worker and turn. Trials that were begun are trained on as long as the scheduler likes.
inline StudyRecord made_study(Scheduler& scheduler, Searcher& searcher, std::size_t n) {
  StudyRecord study;
  study.name = "made-up study";
  study.space = searcher.space();
  study.scheduler = "asha";
  study.searcher = "tpe";
  study.max_epochs = scheduler.max_epochs();
  study.devices = 1;

  double now = 1763700000;  // 2025-11-21 04:40 UTC
  std::vector<std::optional<TrialId>> training(4);
  bool is_busy = true;
  while (is_busy) {
    is_busy = false;
    for (std::size_t w = 0; w < training.size(); ++w) {
      std::optional<TrialId>& worker = training[w];
      if (!worker) {
        if (scheduler.trials().size() >= n) continue;
        std::optional<Job> const job = scheduler.next_job();
        if (!job) continue;
        worker = job->trial;
        if (job->is_new) {
          TrialRecord& trial = study.trials.emplace_back();
          trial.configuration = searcher.suggest();
          searcher.add({trial.configuration, TrialState::running, {}}, false);
          trial.begin = now;
        }
        study.trials[worker->row()].worker = "node" + std::to_string(w + 1);
      }
      is_busy = true;
      TrialRecord& trial = study.trials[worker->row()];
      int const epoch = static_cast<int>(trial.losses.size()) + 1;
      double const loss = made_loss(trial.configuration, worker->row(), epoch);
      trial.losses.push_back(loss);
      trial.seconds.push_back(200 + 40 * trial.configuration[4]);
      searcher.report(*worker, epoch, loss);
      Verdict const verdict = scheduler.report(*worker, epoch, loss);
      TrialId const id = *worker;
      if (verdict == Verdict::release) worker.reset();
      Progress const& progress = scheduler.trials()[id.row()];
      searcher.enter(id, progress.state);
      trial.state = progress.state;
      trial.target = progress.target;
      double const last = trial.losses[trial.losses.size() - 1];
      double const before = trial.losses[trial.losses.size() > 1 ? trial.losses.size() - 2 : 0];
      trial.score = std::isnan(last) ? HUGE_VAL : (last + before) / 2;
      if (trial.state == TrialState::stopped || trial.state == TrialState::complete ||
          trial.state == TrialState::failed)
        trial.end = now + 360;
    }
    now += 360;
  }
  study.decisions.assign(scheduler.decisions().begin(), scheduler.decisions().end());
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    TrialRecord const& trial = study.trials[i];
    if (trial.state != TrialState::complete) continue;
    if (!study.best || *trial.score < *study.trials[study.best->row()].score) study.best = TrialId(i);
  }
  study.is_finished = scheduler.finished();
  return study;
}

}  // namespace corpuscle::tune::test
