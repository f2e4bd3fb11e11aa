#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/tune/space.hpp"
#include "corpuscle/tune/trial.hpp"

namespace corpuscle::tune {

/// What is known of one trial of a study.
struct TrialRecord {
  Configuration configuration;
  TrialState state = TrialState::running;
  int target = 0;               ///< train until this epoch
  std::vector<double> losses;   ///< after epochs 1, 2, ... as reported; the last may be NaN or infinite
  std::vector<double> seconds;  ///< of wall clock that each of them took, >= 0
  double begin = 0;             ///< seconds since 1970; 0 if not known
  std::optional<double> end;    ///< when it was complete, stopped or failed
  std::string worker;           ///< who trains it, or did so last
  int attempts = 0;             ///< jobs that ended in a crash or in silence
  bool is_imported = false;     ///< from another study: known to the searcher alone
  std::optional<double>
      score;  ///< mean of the last losses, by which trials are compared; none without losses
};

/// A study as it stands: what tables, pages and exports are made of. Trials have their numbers in the
/// journal.
struct StudyRecord {
  std::string name;
  Space space;
  std::string scheduler;  ///< "asha", ...
  std::string searcher;   ///< "tpe", ...
  int max_epochs = 0;     ///< a full training
  double devices = 0;     ///< accelerators per worker: hours of a device are hours times this
  std::vector<TrialRecord> trials;
  std::vector<Decision> decisions;  ///< all, in order
  std::optional<TrialId> best;      ///< smallest score among complete trials, imported ones too
  bool is_finished = false;         ///< no job is left, or the budget is spent
};

}  // namespace corpuscle::tune
