#pragma once

#include <deque>
#include <string>
#include <vector>

#include "corpuscle/tune/scheduler.hpp"

namespace corpuscle::tune {

/// So many trials are trained until this epoch.
struct Round {
  int trials = 0;
  int epochs = 0;
  friend bool operator==(Round const&, Round const&) = default;
};

/// Rounds that follow each other: trials fall, epochs rise.
using Bracket = std::vector<Round>;

/// Starts `trials`, after `min_epochs` keeps the best 1/eta of them, gives those eta times as many epochs,
/// and so on up to `max_epochs` (Jamieson, Talwalkar, arXiv:1502.07943).
struct SuccessiveHalvingConfig {
  int trials = 64;
  int min_epochs = 1;
  int max_epochs = 100;
  int eta = 2;  ///< >= 2
};

/// The rounds of successive halving. The last one ends at `max_epochs`, perhaps with a smaller step.
Bracket halving_rounds(SuccessiveHalvingConfig const& config);

/// Successive halving over one or more brackets, one after the other.
///
/// A round ends when every trial of it has arrived or failed; the best go on, in the order of their losses
/// (of equal ones the earlier in the round before). While a bracket waits for its last trials, free workers
/// begin the next one. Epochs are trained once: a promoted trial resumes from its checkpoint.
class SuccessiveHalving : public Scheduler {
 public:
  explicit SuccessiveHalving(SuccessiveHalvingConfig const& config);
  /// @param brackets  one or more, none empty; the last round of each ends at the same epoch
  SuccessiveHalving(std::vector<Bracket> brackets, int eta);

 protected:
  /// A bracket in progress.
  struct Course {
    std::size_t index = 0;  ///< of the bracket
    Bracket rounds;
    std::size_t round = 0;         ///< the present one; rounds.size() when all is done
    std::vector<TrialId> trials;   ///< of the present round, in the order in which they were handed out
    std::vector<TrialId> reached;  ///< those that have arrived at its end, in the order of arrival
    std::size_t running = 0;       ///< of those handed out
    struct Ticket {
      TrialId trial;
      std::string reason;
    };
    std::deque<Ticket> waiting;  ///< paused trials to be handed out next, in this order

    [[nodiscard]] bool is_done() const noexcept { return round == rounds.size(); }
    [[nodiscard]] int end() const noexcept { return rounds[round].epochs; }
    [[nodiscard]] int begin() const noexcept { return round == 0 ? 0 : rounds[round - 1].epochs; }
  };

  /// How many trials of the present round may go on; 1 after the last round.
  [[nodiscard]] int survivors(Course const& course) const noexcept;

  /// A trial has trained an epoch and is not at the end of the round: it may be paused or stopped here.
  virtual void judge_within(Course const&, TrialId) {}
  /// A trial has arrived at the end of the round by the normal way, through `judge_within`.
  virtual void arrived(Course const&, TrialId) {}
  /// No trial of the round is running or waiting. Put some that `judge_within` had paused into `waiting`, or
  /// the round is over.
  virtual void settle(Course&) {}

 private:
  std::optional<TrialId> choose() final;
  void judge(TrialId trial) final;
  void give_up(TrialId trial) final;
  [[nodiscard]] bool exhausted() const final { return first_open_ == courses_.size(); }

  [[nodiscard]] std::optional<TrialId> hand_out(Course& course);
  void left(Course& course);
  void close_round(Course& course);

  int eta_;
  std::vector<Course> courses_;
  std::size_t first_open_ = 0;          ///< courses before this one are done
  std::vector<std::size_t> course_of_;  ///< by trial
};

}  // namespace corpuscle::tune
