#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/tune/scheduler.hpp"
#include "corpuscle/tune/searcher.hpp"
#include "corpuscle/tune/space.hpp"

namespace corpuscle::tune {

/// How one configuration is tried: a program that trains and says how it goes.
struct ObjectiveConfig {
  /// The program and its arguments. In each, `{NAME}` stands for the value of that parameter, `{directory}`
  /// for the directory of the trial, `{epochs}` for the epoch until which it is to train now, `{seed}` for
  /// the trial's seed. An argument with a parameter that has no meaning in this trial is left out.
  std::vector<std::string> command;
  double silence = 3600;  ///< seconds without a new epoch after which the program is taken to hang
  int retries = 2;        ///< of a job that crashed or hung, before its trial is given up
  int average = 1;        ///< trials are compared by the mean of their last so many losses (MLPF: 10)
  double devices = 0;     ///< accelerators that one worker holds, for the account of their hours
};

enum class SchedulerKind {
  none,
  sha,
  hyperband,
  asha,
  asha_promote,
  median,
  fast_hyperband,
  swift_hyperband
};
inline constexpr std::string_view scheduler_words[] = {
    "none", "sha", "hyperband", "asha", "asha-promote", "median", "fast-hyperband", "swift-hyperband"};

struct SchedulerConfig {
  SchedulerKind kind = SchedulerKind::asha;
  int trials = 0;      ///< all but the Hyperbands; 0 (not for `none` and `sha`): until the budget is spent
  int grace = 1;       ///< asha, median, sha: epochs before the first decision
  int eta = 3;         ///< all but `none` and `median`
  int min_trials = 3;  ///< median: others that must have reached an epoch
  int repeats = 1;     ///< hyperband: the whole set of brackets so many times
  std::string predictor = "nu-svr";  ///< fast- and swift-hyperband
};

enum class SearcherKind { random, quasi_random, tpe, gp, bohb };
inline constexpr std::string_view searcher_words[] = {"random", "quasi-random", "tpe", "gp", "bohb"};

struct SearcherConfig {
  SearcherKind kind = SearcherKind::tpe;
  std::uint64_t seed = 1;
};

/// When no more work is handed out; what runs is finished. Infinite where not given.
struct Budget {
  double epochs;
  double hours;         ///< of all workers together
  double device_hours;  ///< of all accelerators together
  Budget();
};

/// A study as the user describes it (docs/guide/tuning.md).
struct StudyConfig {
  std::string name;
  ObjectiveConfig objective;
  int max_epochs = 1;  ///< a full training
  SchedulerConfig scheduler;
  SearcherConfig searcher;
  Budget budget;
  Space space;
};

/// @param name  what messages call the text
/// @throws core::ConfigError (`file:line:column: ...`) as config::Document does.
StudyConfig parse_study(std::string const& text, std::string name);

std::unique_ptr<Scheduler> make_scheduler(StudyConfig const& config);
std::unique_ptr<Searcher> make_searcher(StudyConfig const& config);

/// The command of one trial, every `{...}` replaced.
/// @param seed  of the trial: a function of the seed of the searcher and the number of the trial, or the
/// user's
std::vector<std::string> command_for(StudyConfig const& config, Configuration const& configuration,
                                     std::string const& directory, int epochs, std::uint64_t seed);

}  // namespace corpuscle::tune
