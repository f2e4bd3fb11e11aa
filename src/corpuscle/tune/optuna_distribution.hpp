#pragma once

#include <string>
#include <string_view>

#include "corpuscle/tune/space.hpp"

namespace corpuscle::tune {

/// A parameter as Optuna describes it, in JSON (hpo.md 4.2). Words are categorical, in order or not: Optuna
/// knows no order.
std::string optuna_distribution(Parameter const& parameter);

/// Text as JSON, in quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

}  // namespace corpuscle::tune
