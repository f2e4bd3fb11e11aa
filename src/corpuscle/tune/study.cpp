#include "corpuscle/tune/study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;

constexpr int most_losses_of_worker = 10;

bool is_closed(TrialState state) {
  return state == TrialState::complete || state == TrialState::stopped || state == TrialState::failed;
}

[[noreturn]] void refuse(std::string const& what) {
  throw core::DataError(cat(what, "; the journal was changed by hand, or by another version of Corpuscle"));
}

}  // namespace

double mean_of_last(std::span<double const> losses, int n) {
  std::span<double const> const last = losses.last(std::min(losses.size(), static_cast<std::size_t>(n)));
  return std::accumulate(last.begin(), last.end(), 0.) / static_cast<double>(last.size());
}

Study::Study(StudyConfig config)
    : config_(std::move(config)), scheduler_(make_scheduler(config_)), searcher_(make_searcher(config_)) {
  spent_.epochs = spent_.hours = spent_.device_hours = 0;
}

void Study::apply(Event const& event) {
  bool const is_new = event.kind == Event::Kind::foreign || event.kind == Event::Kind::start;
  if (is_new ? event.trial != trials_.size() : event.trial >= trials_.size())
    refuse(
        cat("trial ", event.trial, " of ", trials_.size(), is_new ? " cannot begin here" : " is not there"));
  switch (event.kind) {
    case Event::Kind::foreign: return add_foreign(event);
    case Event::Kind::start:
    case Event::Kind::take: return hand_out(event);
    case Event::Kind::report: return hear(event);
    case Event::Kind::leave: return give_back(event);
    case Event::Kind::close: return close(event);
    case Event::Kind::renew: ++trials_[event.trial].events; return;
  }
}

void Study::add_foreign(Event const& event) {
  if (n_foreign_ != trials_.size()) refuse("a trial of another study comes after the first of this one");
  if (std::string const wrong = config_.space.complaint(event.configuration); !wrong.empty())
    refuse(cat("trial ", event.trial, " does not fit the space: ", wrong));
  Trial trial;
  trial.record.configuration = event.configuration;
  trial.record.state = event.state;
  trial.record.losses = event.losses;
  std::vector<double> scores;
  for (std::size_t n = 1; n <= event.losses.size(); ++n)
    scores.push_back(score_of(std::span(event.losses).first(n)));
  if (!scores.empty()) trial.record.score = scores.back();
  trial.record.is_imported = true;
  trial.record.begin = event.time;
  trial.record.end = event.time;
  trials_.push_back(std::move(trial));
  ++n_foreign_;
  searcher_->add({event.configuration, event.state, std::move(scores)}, true);
}

void Study::hand_out(Event const& event) {
  bool const is_new = event.kind == Event::Kind::start;
  if (is_new) {
    if (std::string const wrong = config_.space.complaint(event.configuration); !wrong.empty())
      refuse(cat("trial ", event.trial, " does not fit the space: ", wrong));
    add_own(event.configuration, event.time);
    searcher_->add({event.configuration, TrialState::running, {}}, false);
  }
  auto const left = std::lower_bound(left_.begin(), left_.end(), event.trial);
  if (left != left_.end() && *left == event.trial) {
    left_.erase(left);
  } else {
    std::optional<Job> const job = scheduler_->next_job();
    if (!job || job->is_new != is_new || number_of(job->trial) != event.trial)
      refuse(cat("trial ", event.trial, " is handed out when it is not its turn"));
    follow_decisions();
  }
  Assignment const due = lend(event.trial, event.worker);
  if (due.target != event.target || due.lease != event.lease)
    refuse(cat("trial ", event.trial, " is handed out until epoch ", event.target, " under lease ",
               event.lease, " where epoch ", due.target, " and lease ", due.lease, " are due"));
}

void Study::add_own(Configuration const& configuration, double begin) {
  TrialRecord& record = trials_.emplace_back().record;
  record.configuration = configuration;
  record.begin = begin;
}

Assignment Study::lend(std::size_t number, std::string const& worker) {
  Trial& trial = trials_[number];
  TrialRecord& record = trial.record;
  ++trial.lease;
  ++trial.events;
  trial.is_held = true;
  ++n_held_;
  record.worker = worker;
  return {number, trial.lease, static_cast<int>(record.losses.size()), record.target, record.configuration};
}

void Study::hear(Event const& event) {
  Trial& trial = trials_[event.trial];
  std::vector<double>& losses = trial.record.losses;
  if (!trial.is_held || event.epoch != static_cast<int>(losses.size()) + 1)
    refuse(cat("trial ", event.trial, " reports epoch ", event.epoch,
               trial.is_held ? "" : ", held by nobody,", " after epoch ", losses.size()));
  losses.push_back(event.loss);
  trial.record.seconds.push_back(event.seconds);
  double const score = score_of(losses);
  trial.record.score = score;
  ++trial.events;
  spent_.epochs += 1;
  spent_.hours += event.seconds / 3600;
  spent_.device_hours += event.seconds / 3600 * config_.objective.devices;
  trial.losses_of_worker = 0;
  searcher_->report(TrialId(event.trial), event.epoch, score);
  scheduler_->report(id_of(event.trial), event.epoch, score);
  follow_decisions();
  retire_if_finished();
}

void Study::give_back(Event const& event) {
  Trial& trial = trials_[event.trial];
  if (!trial.is_held || trial.lease != event.lease)
    refuse(cat("trial ", event.trial, " is given back by somebody who does not have it"));
  trial.is_held = false;
  --n_held_;
  ++trial.events;
  trial.record.attempts += event.is_fault;
  trial.losses_of_worker += !event.is_fault;
  if (trial.record.attempts > config_.objective.retries) {
    scheduler_->fail(id_of(event.trial), cat(event.reason, ", for the ", trial.record.attempts, ". time"));
    follow_decisions();
  } else {
    left_.insert(std::lower_bound(left_.begin(), left_.end(), event.trial), event.trial);
  }
  retire_if_finished();
}

void Study::close(Event const& event) {
  auto const due = std::find(ended_.begin(), ended_.end(), event.trial);
  if (due == ended_.end()) refuse(cat("trial ", event.trial, " ends where nothing ends it"));
  reasons_.erase(reasons_.begin() + (due - ended_.begin()));
  ended_.erase(due);
  trials_[event.trial].record.end = event.time;
}

void Study::follow_decisions() {
  std::span<Decision const> const decisions = scheduler_->decisions();
  for (; n_heard_ < decisions.size(); ++n_heard_) {
    Decision const& decision = decisions[n_heard_];
    std::size_t const number = number_of(decision.trial);
    Progress const& progress = scheduler_->trials()[decision.trial.row()];
    Trial& trial = trials_[number];
    trial.record.state = progress.state;
    trial.record.target = progress.target;
    if (trial.is_held && progress.state != TrialState::running) {
      trial.is_held = false;
      --n_held_;
    }
    if (progress.state != TrialState::running) std::erase(left_, number);
    searcher_->enter(TrialId(number), progress.state);
    bool const ends = decision.action == Action::stop || decision.action == Action::complete ||
                      decision.action == Action::fail;
    if (ends) {
      ended_.push_back(number);
      reasons_.push_back(decision.reason);
    }
  }
}

void Study::retire_if_finished() {
  if (!is_finished()) return;
  scheduler_->retire(scheduler_->finished() ? "the search is over" : "the budget is spent");
  follow_decisions();
}

void Study::happened(Event event) {
  double const now = event.time;
  std::string const worker = event.worker;
  apply(event);
  unsaved_.push_back(std::move(event));
  close_what_ended(now, worker);
}

void Study::close_what_ended(double now, std::string const& worker) {
  while (!ended_.empty()) {
    Event event;
    event.kind = Event::Kind::close;
    event.time = now;
    event.worker = worker;
    event.trial = ended_.front();
    event.state = trials_[event.trial].record.state;
    event.score = trials_[event.trial].record.score;
    event.reason = reasons_.front();
    apply(event);
    unsaved_.push_back(std::move(event));
  }
}

std::optional<Assignment> Study::take(std::string const& worker, double now) {
  close_what_ended(now, worker);  // what its worker had no time to write
  Event event;
  event.kind = Event::Kind::take;
  event.time = now;
  event.worker = worker;
  if (!left_.empty()) {
    event.trial = left_.front();
    left_.erase(left_.begin());
  } else {
    if (is_spent()) return std::nullopt;
    std::optional<Job> const job = scheduler_->next_job();
    if (!job) return std::nullopt;
    event.trial = number_of(job->trial);
    if (job->is_new) {
      event.kind = Event::Kind::start;
      event.configuration = searcher_->suggest();
      add_own(event.configuration, now);
    }
    follow_decisions();
  }
  Assignment assignment = lend(event.trial, worker);
  event.target = assignment.target;
  event.lease = assignment.lease;
  unsaved_.push_back(std::move(event));
  return assignment;
}

Event Study::said(Event::Kind kind, Assignment const& assignment, double now) const {
  Event event;
  event.kind = kind;
  event.time = now;
  event.worker = trials_[assignment.trial].record.worker;
  event.trial = assignment.trial;
  return event;
}

Verdict Study::report(Assignment const& assignment, int epoch, double loss, double seconds, double now) {
  if (!holds(assignment)) return Verdict::release;
  std::size_t const known = trials_[assignment.trial].record.losses.size();
  if (epoch >= 1 && epoch <= static_cast<int>(known)) return Verdict::go_on;
  if (epoch != static_cast<int>(known) + 1)
    throw core::DataError(cat("it reports epoch ", epoch, ", where epoch ", known + 1, " is due",
                              epoch > 1
                                  ? "; after a restart it is to report those before its checkpoint again"
                                  : "; epochs count from 1"));
  Event event = said(Event::Kind::report, assignment, now);
  event.epoch = epoch;
  event.loss = loss;
  event.seconds = seconds;
  happened(std::move(event));
  return holds(assignment) ? Verdict::go_on : Verdict::release;
}

void Study::renew(Assignment const& assignment, double now) {
  if (!holds(assignment)) return;
  happened(said(Event::Kind::renew, assignment, now));
}

void Study::leave(Assignment const& assignment, std::string reason, bool is_fault, double now) {
  if (!holds(assignment)) return;
  Event event = said(Event::Kind::leave, assignment, now);
  event.lease = assignment.lease;
  event.is_fault = is_fault;
  event.reason = std::move(reason);
  happened(std::move(event));
}

void Study::import(Configuration configuration, TrialState state, std::vector<double> losses, double now) {
  CORPUSCLE_EXPECT(is_closed(state) && (state == TrialState::failed || !losses.empty()));
  if (trials_.size() > n_foreign_)
    throw core::DataError("the study has begun; trials of others are imported before its first trial");
  if (std::string const wrong = config_.space.complaint(configuration); !wrong.empty())
    throw core::DataError(cat("it does not fit the space: ", wrong));
  Event event;
  event.kind = Event::Kind::foreign;
  event.time = now;
  event.trial = trials_.size();
  event.configuration = std::move(configuration);
  event.state = state;
  if (!losses.empty()) event.score = score_of(losses);
  event.losses = std::move(losses);
  happened(std::move(event));
}

bool Study::holds(Assignment const& assignment) const {
  Trial const& trial = trials_[assignment.trial];
  return trial.is_held && trial.lease == assignment.lease;
}

std::vector<Study::Lease> Study::leases() const {
  std::vector<Lease> leases;
  for (std::size_t i = 0; i < trials_.size() && leases.size() < n_held_; ++i)
    if (trials_[i].is_held)
      leases.push_back({i, trials_[i].lease, trials_[i].record.worker, trials_[i].events});
  return leases;
}

void Study::expire(Lease const& lease, std::string reason, double now) {
  Assignment assignment;
  assignment.trial = lease.trial;
  assignment.lease = lease.number;
  bool const is_fault = holds(assignment) && trials_[lease.trial].losses_of_worker >= most_losses_of_worker;
  leave(assignment, std::move(reason), is_fault, now);
}

std::vector<Event> Study::unsaved() {
  return std::exchange(unsaved_, {});
}

bool Study::is_spent() const noexcept {
  Budget const& budget = config_.budget;
  return spent_.epochs >= budget.epochs || spent_.hours >= budget.hours ||
         spent_.device_hours >= budget.device_hours;
}

bool Study::is_finished() const {
  return n_held_ == 0 && left_.empty() && (is_spent() || scheduler_->finished());
}

StudyRecord Study::record() const {
  StudyRecord record;
  record.name = config_.name;
  record.space = config_.space;
  record.scheduler = scheduler_words[static_cast<std::size_t>(config_.scheduler.kind)];
  record.searcher = searcher_words[static_cast<std::size_t>(config_.searcher.kind)];
  record.max_epochs = config_.max_epochs;
  record.devices = config_.objective.devices;
  record.is_finished = is_finished();
  for (Trial const& trial : trials_) record.trials.push_back(trial.record);
  for (Decision decision : scheduler_->decisions()) {
    decision.trial = TrialId(number_of(decision.trial));
    record.decisions.push_back(std::move(decision));
  }
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    TrialRecord const& trial = trials_[i].record;
    if (trial.state != TrialState::complete || !trial.score || !(*trial.score < best)) continue;
    best = *trial.score;
    record.best = TrialId(i);
  }
  return record;
}

std::uint64_t trial_seed(StudyConfig const& config, std::size_t trial) {
  return core::key_of({config.searcher.seed, trial}) % 1'000'000'000;
}

}  // namespace corpuscle::tune
