#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/tune/trial.hpp"

namespace corpuscle::tune {

/// Work for one worker: train this trial from where it stands until `target` epochs, reporting each loss.
struct Job {
  TrialId trial;
  int target = 0;
  bool is_new = false;  ///< the trial has no configuration yet: ask the searcher
};

enum class Verdict {
  go_on,    ///< train the next epoch
  release,  ///< keep a checkpoint, return to `next_job`
};

/// Who goes on: hands out jobs, hears losses, and decides.
///
/// A state machine without clock, thread, file or chance: the same events in the same order give the same
/// decisions, so a study is resumed by telling its events once more. A job belongs to the trial, not to a
/// worker: if a worker dies, another one gets the same job, and epochs that it reports a second time change
/// nothing. Losses are minimised. A decision costs O(log n) or, where noted, O(n) comparisons of numbers that
/// stand side by side, for n trials: below a millisecond at n = 10^4.
///
/// This class keeps the books; an algorithm says what comes next (`choose`) and judges (`judge`, `give_up`).
class Scheduler {
 public:
  /// @param max_epochs  a full training, >= 1
  explicit Scheduler(int max_epochs);
  virtual ~Scheduler() = default;

  /// Work for a free worker. Nothing: wait until another trial reports, or the search has `finished`.
  std::optional<Job> next_job();

  /// A running trial has trained `epoch` epochs; the last has this loss. A loss that is not finite fails the
  /// trial. An epoch that was reported before is ignored.
  /// @throws core::DataError for a trial that is not running or an epoch that skips one.
  Verdict report(TrialId trial, int epoch, double loss);

  /// A running trial is given up, for this reason. One that is not running is left alone.
  void fail(TrialId trial, std::string_view reason);

  /// Nobody asks for jobs any more: who is paused stays where it is, and is stopped for this reason.
  void retire(std::string const& reason);

  /// No job is left and none will come.
  [[nodiscard]] bool finished() const { return running_ == 0 && exhausted(); }

  [[nodiscard]] int max_epochs() const noexcept { return max_epochs_; }
  [[nodiscard]] std::span<Progress const> trials() const noexcept { return trials_; }
  /// Every decision so far, in order; the journal and `explain` read on from where they stopped.
  [[nodiscard]] std::span<Decision const> decisions() const noexcept { return decisions_; }
  /// The trial with the smallest loss after `max_epochs`; of equal ones the first. Nothing if none is
  /// complete.
  [[nodiscard]] std::optional<TrialId> best() const noexcept { return best_; }
  /// Epochs trained so far, over all trials.
  [[nodiscard]] long epochs() const noexcept { return epochs_; }

 protected:
  /// The next job: `start` or `promote` one trial and return it, or nothing.
  virtual std::optional<TrialId> choose() = 0;
  /// A running trial has a new loss, its last. Leave it running, or `pause` or `stop` it; whoever reaches
  /// `max_epochs` and is still running is complete. Other trials may be judged too.
  virtual void judge(TrialId trial) = 0;
  /// A running trial has failed (its state says so already).
  virtual void give_up(TrialId trial) = 0;
  /// No trial will be started or promoted any more, unless a running one changes that.
  [[nodiscard]] virtual bool exhausted() const = 0;

  TrialId start(int target, std::string reason);
  void promote(TrialId trial, int target, std::string reason);
  void let_go_on(TrialId trial, int target, std::string reason);
  void pause(TrialId trial, std::string reason);
  void stop(TrialId trial, std::string reason);

  [[nodiscard]] Progress const& trial(TrialId id) const { return trials_[id.row()]; }
  /// Loss after `epoch` epochs; infinite for a failed trial and one that did not get there.
  [[nodiscard]] double loss_at(TrialId id, int epoch) const;

 private:
  Progress& enter(TrialId trial, TrialState state);
  void decide(TrialId trial, Action action, std::string reason);
  void fail_now(TrialId trial, std::string reason);

  int max_epochs_;
  long epochs_ = 0;
  std::size_t running_ = 0;
  std::optional<TrialId> best_;
  std::vector<Progress> trials_;
  std::vector<Decision> decisions_;
};

}  // namespace corpuscle::tune
