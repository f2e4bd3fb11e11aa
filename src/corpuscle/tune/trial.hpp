#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/core/id.hpp"

namespace corpuscle::tune {

/// Number of a trial: 0, 1, 2, ... in the order in which they were started.
using TrialId = core::Id<struct Trials>;

/// One value per parameter of the space, in its order: the number itself, or the index of a word. NaN where
/// the conditions of the space make the parameter meaningless.
using Configuration = std::vector<double>;

enum class TrialState {
  running,   ///< handed out, training to `Progress::target`
  paused,    ///< at its target with a checkpoint; may be promoted or stopped
  stopped,   ///< not worth more epochs
  complete,  ///< reached the most epochs there are
  failed,    ///< NaN, out of memory, crash: its loss counts as infinite
};
inline constexpr std::string_view trial_state_words[] = {"running", "paused", "stopped", "complete",
                                                         "failed"};

/// A trial as a scheduler sees it: it knows no configuration.
struct Progress {
  TrialState state = TrialState::running;
  int target = 0;              ///< train until this epoch
  std::vector<double> losses;  ///< after epochs 1, 2, ...; finite

  [[nodiscard]] int epoch() const noexcept { return static_cast<int>(losses.size()); }
};

enum class Action {
  start,     ///< a new trial
  promote,   ///< a paused trial gets more epochs
  go_on,     ///< a running trial was judged and may train on
  pause,     ///< a running trial waits for a later verdict
  stop,      ///< a running or paused trial ends early
  complete,  ///< a trial has had all its epochs
  fail,      ///< a trial is given up
};
inline constexpr std::string_view action_words[] = {"start", "promote",  "go on", "pause",
                                                    "stop",  "complete", "fail"};

/// What was decided about a trial, and why.
struct Decision {
  TrialId trial;
  Action action = Action::start;
  int epoch = 0;         ///< that the trial has reached
  int target = 0;        ///< train until this epoch; `epoch` if it is not to train
  int epochs_saved = 0;  ///< by `stop` and `fail`: what a full training would still have cost
  std::string reason;    ///< one sentence with the numbers that led to it
};

}  // namespace corpuscle::tune
