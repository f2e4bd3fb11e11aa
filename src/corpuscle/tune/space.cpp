#include "corpuscle/tune/space.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/scan.hpp"

namespace corpuscle::tune {
namespace {

using config::Section;
using core::cat;

constexpr std::array<std::string_view, 4> kind_words{"real", "integer", "categorical", "ordered"};
constexpr std::array<std::string_view, 2> scale_words{"linear", "log"};
constexpr double most_values = 1e9;  // of a discrete number
constexpr double edge = 0.01;        // of a continuous range

std::optional<std::size_t> index_of(std::vector<std::string> const& words, std::string_view word) {
  auto const found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<std::size_t>(found - words.begin());
}

bool is_whole(double x) {
  return std::abs(x - std::round(x)) < 1e-6;
}

/// Reads "network is gnn transformer".
void bind_condition(Section& section, Parameter& parameter, std::vector<Parameter> const& earlier) {
  std::string sentence;
  section.text("when", sentence);
  std::vector<std::string> const words = words_in(sentence);
  section.require(words.size() >= 3 && words[1] == "is", "when",
                  "must read like 'network is gnn transformer'");
  if (words.size() < 3) return;  // no `when` at all; reported elsewhere
  Condition condition;
  while (condition.parameter < earlier.size() && earlier[condition.parameter].name != words[0])
    ++condition.parameter;
  bool const is_known = condition.parameter < earlier.size() && earlier[condition.parameter].is_word();
  section.require(is_known, "when", cat("names '", words[0], "', which is no earlier parameter of words"));
  for (std::size_t i = 2; i < words.size(); ++i) {
    std::optional<std::size_t> const value = index_of(earlier[condition.parameter].values, words[i]);
    section.require(value.has_value(), "when",
                    cat("asks for '", words[i], "', which '", words[0], "' never is"));
    condition.values.push_back(*value);
  }
  parameter.when = std::move(condition);
}

void bind_words(Section& section, Parameter& parameter) {
  std::string words;
  section.text("values", words);
  parameter.values = words_in(words);
  std::vector<std::string> sorted = parameter.values;
  std::sort(sorted.begin(), sorted.end());
  bool const is_set = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  section.require(sorted.size() >= 2 && is_set, "values",
                  "must be two or more different words with blanks between them");
}

void bind_number(Section& section, Parameter& parameter) {
  bool const is_integer = parameter.kind == Parameter::Kind::integer;
  section.number("low", parameter.low, {-1e15, 1e15}).number("high", parameter.high, {-1e15, 1e15});
  parameter.step = is_integer ? 1 : 0;
  if (section.has("step")) section.number("step", parameter.step, {is_integer ? 1 : 1e-15, 1e15});
  if (section.has("scale"))
    section.choice("scale", parameter.log, std::span<std::string_view const>(scale_words));
  section.require(parameter.low < parameter.high, "high", "must be above 'low'");
  section.require(!parameter.log || parameter.low > 0, "low", "must be above 0 where the scale is log");
  if (is_integer) {
    for (auto const& [key, value] :
         {std::pair("low", parameter.low), {"high", parameter.high}, {"step", parameter.step}})
      section.require(value == std::trunc(value), key, "must be a whole number");
  }
  if (parameter.step > 0) {
    double const steps = (parameter.high - parameter.low) / parameter.step;
    section.require(is_whole(steps), "high", "must be a whole number of steps above 'low'");
    section.require(steps < most_values, "high", "is more than 1e9 steps above 'low'");
  }
  section.require(!parameter.log || parameter.step == (is_integer ? 1 : 0), "step",
                  "cannot be chosen where the scale is log");
}

void bind_parameter(Section& section, Parameter& parameter, std::vector<Parameter> const& all) {
  std::vector<Parameter> const earlier(all.begin(), all.end() - 1);
  section.text("name", parameter.name)
      .choice("kind", parameter.kind, std::span<std::string_view const>(kind_words));
  bool const is_name =
      !parameter.name.empty() && parameter.name.find_first_of(" \t\n=,") == std::string::npos;
  section.require(is_name, "name", "must be one word, without ',' and '='");
  for (Parameter const& other : earlier)
    section.require(other.name != parameter.name, "name", "was given to a parameter before");
  parameter.is_word() ? bind_words(section, parameter) : bind_number(section, parameter);
  if (section.has("when")) bind_condition(section, parameter, earlier);
}

/// A word that looks like a number stands in YAML as a number.
double bind_word(Section& section, Parameter const& parameter) {
  bool const are_numbers = std::all_of(parameter.values.begin(), parameter.values.end(),
                                       [](std::string const& word) { return number_in(word).has_value(); });
  std::optional<std::size_t> index;
  if (are_numbers) {
    double number = 0;
    section.number(parameter.name, number);
    for (std::size_t i = 0; i < parameter.values.size() && !index; ++i)
      if (*number_in(parameter.values[i]) == number) index = i;
  } else {
    std::string word;
    section.text(parameter.name, word);
    index = index_of(parameter.values, word);
  }
  section.require(index.has_value(), parameter.name, "is none of the values of this parameter");
  return static_cast<double>(index.value_or(0));
}

void bind_guess(Section& section, Configuration& guess, Space const& space) {
  guess.assign(space.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < space.size(); ++i) {
    Parameter const& parameter = space.parameters[i];
    if (!space.is_active(guess, i)) {
      section.require(!section.has(parameter.name), parameter.name,
                      "has no meaning here: its 'when' is not met");
      continue;
    }
    if (parameter.is_word()) {
      guess[i] = bind_word(section, parameter);
    } else {
      section.number(parameter.name, guess[i], {parameter.low, parameter.high});
      bool const is_missing = std::isnan(guess[i]);
      bool const on_step =
          parameter.step == 0 || is_missing || is_whole((guess[i] - parameter.low) / parameter.step);
      section.require(on_step, parameter.name,
                      cat("is no whole number of steps of ", parameter.step, " above ", parameter.low));
    }
  }
}

}  // namespace

void bind_space(Section& section, Space& space) {
  section.sections("parameters", space.parameters, [&](Section& inner, Parameter& parameter) {
    bind_parameter(inner, parameter, space.parameters);
  });
  if (section.has("first_guesses"))
    section.sections("first_guesses", space.first_guesses,
                     [&](Section& inner, Configuration& guess) { bind_guess(inner, guess, space); });
}

std::size_t Parameter::count() const noexcept {
  if (is_word()) return values.size();
  return step > 0 ? static_cast<std::size_t>(std::llround((high - low) / step)) + 1 : 0;
}

std::string Parameter::text(double value) const {
  if (std::isnan(value)) return "-";
  if (is_word()) return values[static_cast<std::size_t>(value)];
  // The shortest digits of 100000 would be 1e+05, which few programs take for a whole number.
  return kind == Kind::integer ? std::to_string(std::llround(value)) : number_text(value);
}

Space Space::load(std::string const& path) {
  return config::Document::load(path).read<Space>(bind_space);
}

Space Space::parse(std::string const& text, std::string name) {
  return config::Document::parse(text, std::move(name)).read<Space>(bind_space);
}

std::optional<std::size_t> Space::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size(); ++i)
    if (parameters[i].name == name) return i;
  return std::nullopt;
}

bool Space::is_active(Configuration const& configuration, std::size_t index) const {
  std::optional<Condition> const& when = parameters[index].when;
  if (!when) return true;
  double const value = configuration[when->parameter];
  return !std::isnan(value) && std::find(when->values.begin(), when->values.end(),
                                         static_cast<std::size_t>(value)) != when->values.end();
}

Cell Space::cell(std::size_t index, double value) const {
  Parameter const& p = parameters[index];
  std::size_t const n = p.count();
  if (p.log) {
    // Whole numbers own what rounds to them.
    double const half = n > 0 ? 0.5 : 0;
    double const low = std::log(p.low - half);
    double const range = std::log(p.high + half) - low;
    return {(std::log(value - half) - low) / range, (std::log(value + half) - low) / range};
  }
  if (n == 0) {
    double const u = (value - p.low) / (p.high - p.low);
    return {u, u};
  }
  double const k = p.is_word() ? value : std::round((value - p.low) / p.step);
  return {k / static_cast<double>(n), (k + 1) / static_cast<double>(n)};
}

double Space::value(std::size_t index, double u) const {
  Parameter const& p = parameters[index];
  auto const n = static_cast<double>(p.count());
  if (p.log) {
    double const half = n > 0 ? 0.5 : 0;
    double const low = std::log(p.low - half);
    double const x = std::exp(low + u * (std::log(p.high + half) - low));
    return std::clamp(n > 0 ? std::round(x) : x, p.low, p.high);
  }
  if (n == 0) return std::clamp(p.low + u * (p.high - p.low), p.low, p.high);
  double const k = std::clamp(std::floor(u * n), 0., n - 1);
  return p.is_word() ? k : p.low + k * p.step;
}

Configuration Space::at(std::vector<double> const& unit) const {
  CORPUSCLE_EXPECT(unit.size() == size());
  Configuration configuration(size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < size(); ++i)
    if (is_active(configuration, i)) configuration[i] = value(i, unit[i]);
  return configuration;
}

std::string Space::complaint(Configuration const& configuration) const {
  if (configuration.size() != size())
    return cat("it has ", core::counted(configuration.size(), "value"), ", the space has ",
               core::counted(size(), "parameter"));
  for (std::size_t i = 0; i < size(); ++i) {
    Parameter const& p = parameters[i];
    double const x = configuration[i];
    if (is_active(configuration, i) == std::isnan(x))
      return cat("'", p.name, std::isnan(x) ? "' has no value" : "' has a value where it has no meaning");
    if (std::isnan(x)) continue;
    if (p.is_word() ? !(x >= 0 && x < static_cast<double>(p.count()) && x == std::trunc(x))
                    : !(x >= p.low && x <= p.high))
      return cat("'", p.name, "' = ", x, " is out of range");
    if (!p.is_word() && p.step > 0 && !is_whole((x - p.low) / p.step))
      return cat("'", p.name, "' = ", x, " is no whole number of steps of ", p.step, " above ", p.low);
  }
  return {};
}

std::vector<std::string> Space::edge_warnings(Configuration const& best) const {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < size(); ++i) {
    Parameter const& p = parameters[i];
    // Of two values each is the first or the last.
    if (std::isnan(best[i]) || p.kind == Parameter::Kind::categorical || p.count() == 2) continue;
    Cell const place = cell(i, best[i]);
    double const margin = p.count() > 0 ? 1e-9 : edge;
    bool const is_low = place.low <= margin;
    if (is_low || place.high >= 1 - margin)
      warnings.push_back(cat(p.name, " = ", p.text(best[i]), " lies at the ", is_low ? "lower" : "upper",
                             " end of its range: the best may lie beyond; widen it and search on"));
  }
  return warnings;
}

std::string Space::text(Configuration const& configuration) const {
  std::string result;
  for (std::size_t i = 0; i < size(); ++i)
    if (!std::isnan(configuration[i]))
      result += cat(result.empty() ? "" : " ", parameters[i].name, '=', parameters[i].text(configuration[i]));
  return result;
}

}  // namespace corpuscle::tune
