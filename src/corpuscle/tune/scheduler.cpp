#include "corpuscle/tune/scheduler.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {

Scheduler::Scheduler(int max_epochs) : max_epochs_(max_epochs) {
  CORPUSCLE_EXPECT(max_epochs >= 1);
}

std::optional<Job> Scheduler::next_job() {
  std::optional<TrialId> const chosen = choose();
  if (!chosen) return std::nullopt;
  Progress const& progress = trial(*chosen);
  CORPUSCLE_EXPECT(progress.state == TrialState::running);
  return Job{*chosen, progress.target, decisions_.back().action == Action::start};
}

Verdict Scheduler::report(TrialId id, int epoch, double loss) {
  if (id.row() >= trials_.size())
    throw core::DataError(core::cat("trial ", id.row(), ": it reports a loss but was never started"));
  Progress& progress = trials_[id.row()];
  bool const is_running = progress.state == TrialState::running;
  if (epoch >= 1 && epoch <= progress.epoch()) return is_running ? Verdict::go_on : Verdict::release;
  if (!is_running || epoch != progress.epoch() + 1)
    throw core::DataError(core::cat("trial ", id.row(), ": it reports epoch ", epoch, " but is ",
                                    trial_state_words[static_cast<std::size_t>(progress.state)],
                                    " after epoch ", progress.epoch(), "; resume it from its checkpoint"));
  if (!std::isfinite(loss)) {
    ++epochs_;
    fail_now(id, core::cat("the loss after epoch ", epoch, " is ", loss));
    return Verdict::release;
  }
  progress.losses.push_back(loss);
  ++epochs_;
  judge(id);
  // `judge` may not start trials, so the reference still stands.
  if (progress.state == TrialState::running && epoch == max_epochs_) {
    enter(id, TrialState::complete);
    if (!best_ || loss < trial(*best_).losses.back()) best_ = id;
    decide(id, Action::complete, core::cat("loss ", loss, " after all ", epoch, " epochs"));
  }
  CORPUSCLE_EXPECT(progress.state != TrialState::running || epoch < progress.target);
  return progress.state == TrialState::running ? Verdict::go_on : Verdict::release;
}

void Scheduler::fail(TrialId id, std::string_view reason) {
  if (id.row() < trials_.size() && trial(id).state == TrialState::running) fail_now(id, std::string(reason));
}

void Scheduler::retire(std::string const& reason) {
  for (std::size_t i = 0; i < trials_.size(); ++i)
    if (trials_[i].state == TrialState::paused) stop(TrialId(i), reason);
}

void Scheduler::fail_now(TrialId id, std::string reason) {
  enter(id, TrialState::failed);
  decide(id, Action::fail, std::move(reason));
  give_up(id);
}

double Scheduler::loss_at(TrialId id, int epoch) const {
  Progress const& progress = trial(id);
  if (progress.state == TrialState::failed || epoch > progress.epoch())
    return std::numeric_limits<double>::infinity();
  return progress.losses[static_cast<std::size_t>(epoch) - 1];
}

TrialId Scheduler::start(int target, std::string reason) {
  CORPUSCLE_EXPECT(target >= 1 && target <= max_epochs_);
  TrialId const id(trials_.size());
  trials_.push_back({TrialState::running, target, {}});
  ++running_;
  decide(id, Action::start, std::move(reason));
  return id;
}

void Scheduler::promote(TrialId id, int target, std::string reason) {
  CORPUSCLE_EXPECT(trial(id).state == TrialState::paused && target > trial(id).epoch());
  enter(id, TrialState::running).target = target;
  decide(id, Action::promote, std::move(reason));
}

void Scheduler::let_go_on(TrialId id, int target, std::string reason) {
  CORPUSCLE_EXPECT(trial(id).state == TrialState::running && target > trial(id).epoch());
  trials_[id.row()].target = target;
  decide(id, Action::go_on, std::move(reason));
}

void Scheduler::pause(TrialId id, std::string reason) {
  CORPUSCLE_EXPECT(trial(id).state == TrialState::running);
  enter(id, TrialState::paused);
  decide(id, Action::pause, std::move(reason));
}

void Scheduler::stop(TrialId id, std::string reason) {
  CORPUSCLE_EXPECT(trial(id).state == TrialState::running || trial(id).state == TrialState::paused);
  enter(id, TrialState::stopped);
  decide(id, Action::stop, std::move(reason));
}

Progress& Scheduler::enter(TrialId id, TrialState state) {
  Progress& progress = trials_[id.row()];
  running_ -= progress.state == TrialState::running;
  running_ += state == TrialState::running;
  progress.state = state;
  return progress;
}

void Scheduler::decide(TrialId id, Action action, std::string reason) {
  Progress const& progress = trial(id);
  bool const is_lost = action == Action::stop || action == Action::fail;
  int const target = progress.state == TrialState::running ? progress.target : progress.epoch();
  decisions_.push_back({id, action, progress.epoch(), target, is_lost ? max_epochs_ - progress.epoch() : 0,
                        std::move(reason)});
}

}  // namespace corpuscle::tune
