#include "corpuscle/tune/optuna_distribution.hpp"

#include <nlohmann/json.hpp>

#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/study_summary.hpp"

namespace corpuscle::tune {

std::string json_text(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string optuna_distribution(Parameter const& parameter) {
  if (parameter.is_word()) {
    std::string choices;
    for (std::string const& value : parameter.values)
      choices += (choices.empty() ? "" : ", ") + json_text(value);
    return core::cat(R"({"name": "CategoricalDistribution", "attributes": {"choices": [)", choices, "]}}");
  }
  bool const is_integer = parameter.kind == Parameter::Kind::integer;
  return core::cat(R"({"name": ")", is_integer ? "Int" : "Float", R"(Distribution", "attributes": {"log": )",
                   parameter.log ? "true" : "false", R"(, "step": )",
                   parameter.step > 0 ? number_text(parameter.step) : "null", R"(, "low": )",
                   number_text(parameter.low), R"(, "high": )", number_text(parameter.high), "}}");
}

}  // namespace corpuscle::tune
