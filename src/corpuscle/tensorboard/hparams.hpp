#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What the HParams page of TensorBoard shows of a search
/// (tensorboard/plugins/hparams/{plugin_data,api}.proto): the search itself, once, in the event file of the
/// folder that holds all runs, and of each run its hyper-parameters when it began and its fate when it ended.
/// Losses are scalars as ever (event_file.hpp).
namespace corpuscle::tensorboard {

using HparamValue = std::variant<double, std::string>;

/// An axis of the search.
struct Hparam {
  std::string name;
  double low = 0;  ///< of numbers, if there are no `values`
  double high = 0;
  std::vector<HparamValue> values;  ///< all numbers or all text
};

enum class RunStatus { unknown, success, failure, running };

/// One message `tensorflow.Event` each, for `EventFile::add`. Times are in seconds since 1970.
/// @param metrics  tags of the scalars to compare runs by, the first of them first
std::string experiment_event(double time, std::string_view name, std::span<Hparam const> hparams,
                             std::span<std::string const> metrics);
std::string run_start_event(double time, std::span<std::pair<std::string, HparamValue> const> hparams);
std::string run_end_event(double time, RunStatus status);

}  // namespace corpuscle::tensorboard
