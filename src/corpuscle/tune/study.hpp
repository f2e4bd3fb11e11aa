#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/tune/study_config.hpp"
#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// By what trials are compared: the mean of the last `n` losses, or of all if there are fewer; one or more.
double mean_of_last(std::span<double const> losses, int n);

/// Something that happened in a study; a line of its journal (journal.hpp).
struct Event {
  enum class Kind {
    foreign,  ///< a trial of another study is made known, with all its losses
    start,    ///< a new trial, handed to a worker
    take,     ///< a trial of before, handed to a worker: promoted, or left by its last one
    report,   ///< a loss
    renew,    ///< the worker is still there
    leave,    ///< the worker gives the trial back before its target
    close,    ///< the trial is complete, stopped or failed: follows from what was before
  };
  Kind kind = Kind::start;
  double time = 0;  ///< seconds since 1970
  std::string worker;
  std::size_t trial = 0;
  int lease = 0;                ///< counts who held this trial, from 1: what an earlier holder says is void
  Configuration configuration;  ///< of `foreign` and `start`
  int target = 0;               ///< of `start` and `take`
  int epoch = 0;                ///< of `report`
  double loss = 0;              ///< of `report`
  double seconds = 0;           ///< of `report`: wall clock of this epoch
  std::vector<double> losses;   ///< of `foreign`
  TrialState state = TrialState::complete;  ///< of `foreign` and `close`
  std::optional<double> score;              ///< of `foreign` and `close`
  bool is_fault = false;                    ///< of `leave`: the job crashed or hung, and that counts
  std::string reason;                       ///< of `leave` and `close`
};

/// Work for one worker.
struct Assignment {
  std::size_t trial = 0;
  int lease = 0;
  int epoch = 0;   ///< that the trial has reached
  int target = 0;  ///< train until this one
  Configuration configuration;
};

/// A search over one objective, with any number of workers: hands out trials, hears losses, and keeps the
/// account.
///
/// A state machine fed with events, without clock, file or thread: whoever applies the events of a journal in
/// their order stands where the writer stood. So nobody is the head; each worker, holding the lock of the
/// journal, applies what is new, does its own deed, and appends the events of that (`unsaved`).
///
/// A trial is lent to one worker at a time. If the worker is gone, `expire` gives the trial back with all its
/// epochs, and another one takes it up from its checkpoint.
class Study {
 public:
  explicit Study(StudyConfig config);

  [[nodiscard]] StudyConfig const& config() const noexcept { return config_; }

  /// Replays an event from the journal.
  /// @throws core::DataError, without a place, if it does not follow from what was before.
  void apply(Event const& event);

  // The deeds of a worker. `now` is in seconds since 1970 and decides nothing.

  /// Work, if there is any now: none while the others hold all of it, or when the study `is_finished`.
  std::optional<Assignment> take(std::string const& worker, double now);
  /// The trial has trained one more epoch. An epoch that is known already changes nothing.
  /// @throws core::DataError if it skips one.
  Verdict report(Assignment const& assignment, int epoch, double loss, double seconds, double now);
  /// The worker is still at it.
  void renew(Assignment const& assignment, double now);
  /// The worker gives the trial back. A fault more than the study allows fails the trial.
  void leave(Assignment const& assignment, std::string reason, bool is_fault, double now);
  /// Makes a trial of another study known to the searcher, before the first of this one.
  /// @param losses  after epochs 1, 2, ...; one or more, unless it failed
  /// @throws core::DataError if the space does not hold it, or the study has begun.
  void import(Configuration configuration, TrialState state, std::vector<double> losses, double now);

  /// Whether the worker of the assignment still has the trial.
  [[nodiscard]] bool holds(Assignment const& assignment) const;

  /// A trial in somebody's hands.
  struct Lease {
    std::size_t trial = 0;
    int number = 0;
    std::string worker;
    long events = 0;  ///< of this trial so far: does not change while the worker is silent
  };
  [[nodiscard]] std::vector<Lease> leases() const;
  /// The worker of this lease is gone: no fault of the trial, unless it is the eleventh since its last epoch.
  /// A training that takes its worker with it (memory of the machine) would be handed out for ever.
  void expire(Lease const& lease, std::string reason, double now);

  /// What has happened since the last call and no journal knows.
  std::vector<Event> unsaved();

  /// No job is left and none will come, or the budget is spent and nobody trains.
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] bool is_spent() const noexcept;
  [[nodiscard]] double epochs() const noexcept { return spent_.epochs; }
  [[nodiscard]] std::size_t n_trials() const noexcept { return trials_.size(); }
  /// Number of a trial of the scheduler.
  [[nodiscard]] std::size_t number_of(TrialId id) const noexcept { return n_foreign_ + id.row(); }
  [[nodiscard]] Scheduler const& scheduler() const noexcept { return *scheduler_; }
  [[nodiscard]] StudyRecord record() const;

 private:
  struct Trial {
    TrialRecord record;
    int lease = 0;
    bool is_held = false;
    long events = 0;
    int losses_of_worker = 0;  ///< since its last epoch
  };

  void add_foreign(Event const& event);
  void hand_out(Event const& event);
  void add_own(Configuration const& configuration, double begin);
  Assignment lend(std::size_t number, std::string const& worker);
  void hear(Event const& event);
  void give_back(Event const& event);
  void close(Event const& event);
  /// Brings what the scheduler has decided since the last call to trials and searcher.
  void follow_decisions();
  /// Where nobody will train any more, nobody is left to be promoted.
  void retire_if_finished();
  /// What the holder of a trial says, still empty.
  [[nodiscard]] Event said(Event::Kind kind, Assignment const& assignment, double now) const;
  void happened(Event event);
  void close_what_ended(double now, std::string const& worker);
  [[nodiscard]] TrialId id_of(std::size_t number) const { return TrialId(number - n_foreign_); }
  [[nodiscard]] double score_of(std::span<double const> losses) const {
    return mean_of_last(losses, config_.objective.average);
  }

  StudyConfig config_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Searcher> searcher_;
  std::vector<Trial> trials_;
  std::size_t n_foreign_ = 0;
  std::size_t n_heard_ = 0;           ///< decisions of the scheduler that were followed
  std::vector<std::size_t> left_;     ///< trials that nobody holds and that are to train on; sorted
  std::vector<std::size_t> ended_;    ///< trials whose `close` is due, in the order of the decisions
  std::vector<std::string> reasons_;  ///< of those
  std::size_t n_held_ = 0;
  Budget spent_;
  std::vector<Event> unsaved_;
};

/// Seed of a trial, as `{seed}` in commands: a function of the seed of the study and the number of the trial,
/// below
/// 10^9.
std::uint64_t trial_seed(StudyConfig const& config, std::size_t trial);

}  // namespace corpuscle::tune
