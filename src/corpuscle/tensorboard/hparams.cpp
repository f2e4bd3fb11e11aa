#include "corpuscle/tensorboard/hparams.hpp"

#include <cstdint>

#include "corpuscle/tensorboard/message.hpp"

namespace corpuscle::tensorboard {
namespace {

/// google.protobuf.Value: 2 number_value, 3 string_value.
std::string value_message(HparamValue const& value) {
  if (auto const* number = std::get_if<double>(&value)) return field(2, *number);
  return field(3, std::get<std::string>(value));
}

/// An event whose summary holds nothing but metadata for the plugin.
/// @param content  HParamsPluginData; its version is 0, the default, and so is left out
std::string plugin_event(double time, std::string_view tag, std::string const& content) {
  std::string const plugin = field(1, "hparams") + field(2, content);  // plugin_name, content
  std::string const metadata = field(1, plugin);                       // SummaryMetadata.plugin_data
  // A value must have something to hold: an empty tensor of floats (DT_FLOAT), of shape (0).
  std::string const shape = field(2, field(1, std::int64_t{0}));  // TensorShapeProto.dim, its size
  std::string const tensor = field(1, std::int64_t{1}) + field(2, shape);
  std::string const value = field(1, tag) + field(8, tensor) + field(9, metadata);
  return field(1, time) + field(5, field(1, value));  // wall_time, summary
}

std::string hparam_message(Hparam const& hparam) {
  constexpr std::int64_t text = 1, number = 3;  // DataType
  bool const is_text = !hparam.values.empty() && std::holds_alternative<std::string>(hparam.values[0]);
  std::string message = field(1, hparam.name) + field(4, is_text ? text : number);
  if (hparam.values.empty()) return message + field(6, field(1, hparam.low) + field(2, hparam.high));
  std::string list;  // google.protobuf.ListValue
  for (HparamValue const& value : hparam.values) list += field(1, value_message(value));
  return message + field(5, list);
}

}  // namespace

std::string experiment_event(double time, std::string_view name, std::span<Hparam const> hparams,
                             std::span<std::string const> metrics) {
  std::string experiment = field(6, name) + field(3, time);
  for (Hparam const& hparam : hparams) experiment += field(4, hparam_message(hparam));
  for (std::string const& metric : metrics) {
    std::string const metric_name = field(2, metric);  // of the run itself: no group
    experiment += field(5, field(1, metric_name));
  }
  return plugin_event(time, "_hparams_/experiment", field(2, experiment));
}

std::string run_start_event(double time, std::span<std::pair<std::string, HparamValue> const> hparams) {
  std::string start = field(5, time);
  for (auto const& [name, value] : hparams)
    start += field(1, field(1, name) + field(2, value_message(value)));
  return plugin_event(time, "_hparams_/session_start_info", field(3, start));
}

std::string run_end_event(double time, RunStatus status) {
  std::string const end = field(1, static_cast<std::int64_t>(status)) + field(2, time);
  return plugin_event(time, "_hparams_/session_end_info", field(4, end));
}

}  // namespace corpuscle::tensorboard
