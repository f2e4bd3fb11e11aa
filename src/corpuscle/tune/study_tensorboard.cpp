#include "corpuscle/tune/study_tensorboard.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tensorboard/event_file.hpp"
#include "corpuscle/tensorboard/hparams.hpp"
#include "corpuscle/tune/scan.hpp"

namespace corpuscle::tune {
namespace {

namespace fs = std::filesystem;
using core::cat;
using tensorboard::HparamValue;
using tensorboard::RunStatus;

tensorboard::Hparam axis_of(Parameter const& parameter) {
  tensorboard::Hparam axis{parameter.name, parameter.low, parameter.high, {}};
  bool const are_numbers = std::all_of(parameter.values.begin(), parameter.values.end(),
                                       [](std::string const& word) { return number_in(word).has_value(); });
  for (std::string const& word : parameter.values)
    axis.values.push_back(are_numbers ? HparamValue(*number_in(word)) : HparamValue(word));
  return axis;
}

RunStatus status_of(TrialState state) {
  switch (state) {
    case TrialState::stopped:
    case TrialState::complete: return RunStatus::success;
    case TrialState::failed: return RunStatus::failure;
    case TrialState::running:
    case TrialState::paused: break;
  }
  return RunStatus::running;
}

void write_trial(TrialRecord const& trial, std::vector<tensorboard::Hparam> const& axes,
                 std::string const& folder) {
  fs::create_directory(folder);
  tensorboard::EventFile file(folder, trial.begin);
  std::vector<std::pair<std::string, HparamValue>> values;
  for (std::size_t p = 0; p < axes.size(); ++p) {
    double const value = trial.configuration[p];
    if (std::isnan(value)) continue;
    values.emplace_back(axes[p].name, axes[p].values.empty()
                                          ? HparamValue(value)
                                          : axes[p].values[static_cast<std::size_t>(value)]);
  }
  file.add(tensorboard::run_start_event(trial.begin, values));

  using Scalar = std::pair<std::string, double>;
  double time = trial.begin;
  for (std::size_t e = 0; e < trial.losses.size(); ++e) {
    if (e < trial.seconds.size()) time += trial.seconds[e];
    file.add(time, static_cast<std::int64_t>(e + 1), std::vector<Scalar>{{"loss", trial.losses[e]}});
  }
  if (trial.score)
    file.add(time, static_cast<std::int64_t>(trial.losses.size()),
             std::vector<Scalar>{{"score", *trial.score}});
  file.add(tensorboard::run_end_event(trial.end.value_or(0), status_of(trial.state)));
}

std::string run_name(std::size_t trial) {
  std::string const digits = std::to_string(trial);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

}  // namespace

void write_tensorboard(StudyRecord const& study, std::string const& folder) {
  fs::path const target = fs::path(folder).lexically_normal();
  fs::path const place = target.has_filename() ? target : target.parent_path();
  if (std::error_code ignored; fs::exists(place, ignored) && !fs::is_empty(place, ignored))
    throw core::EnvironmentError(
        cat(folder, ": is there already; TensorBoard would mix both: remove it, or name another folder"));
  std::string const part = cat(place.string(), ".part-", ::getpid());
  try {
    fs::create_directory(part);
    std::vector<tensorboard::Hparam> axes;
    for (Parameter const& parameter : study.space.parameters) axes.push_back(axis_of(parameter));
    double const begin = study.trials.empty() ? 0 : study.trials[0].begin;
    std::string const metrics[] = {"score", "loss"};
    tensorboard::EventFile(part, begin).add(tensorboard::experiment_event(begin, study.name, axes, metrics));
    for (std::size_t i = 0; i < study.trials.size(); ++i)
      write_trial(study.trials[i], axes, cat(part, '/', run_name(i)));
    fs::rename(part, place);
  } catch (fs::filesystem_error const& error) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw core::EnvironmentError(cat(folder, ": cannot be written: ", error.code().message()));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw;
  }
}

}  // namespace corpuscle::tune
