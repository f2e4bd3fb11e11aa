#include "corpuscle/report/gates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/evaluation.hpp"
#include "corpuscle/eval/statistics.hpp"
#include "corpuscle/report/numbers.hpp"

namespace corpuscle::report {
namespace {

using core::cat;

constexpr std::string_view stored_name = "stored";

void optional_number(config::Section& section, std::string_view key, std::optional<double>& value,
                     config::Range range = {}) {
  if (section.has(key)) section.number(key, value.emplace(), range);
}
void optional_text(config::Section& section, std::string_view key, std::string& value) {
  if (section.has(key)) section.text(key, value);
}

void bind(config::Section& section, Gate& gate) {
  section.text("figure", gate.figure);
  optional_text(section, "line", gate.line);
  optional_text(section, "against", gate.against);
  optional_number(section, "min", gate.min);
  optional_number(section, "max", gate.max);
  optional_number(section, "reference", gate.reference);
  optional_number(section, "tolerance", gate.tolerance, {0});
  optional_number(section, "sigmas", gate.sigmas, {0});
  section
      .require(gate.min || gate.max || gate.tolerance || gate.sigmas, "figure",
               "a gate needs min, max, tolerance or sigmas")
      .require(!(gate.tolerance || gate.sigmas) || gate.reference || !gate.against.empty(), "figure",
               "tolerance and sigmas need a reference, or a line that the figure is held against")
      .require(!gate.reference || gate.tolerance || gate.sigmas, "reference",
               "says nothing without tolerance or sigmas")
      .require(!gate.min || !gate.max || *gate.min <= *gate.max, "min", "must not be above max");
}

struct GateFile {
  std::vector<Gate> gates;
};

Line const& find_line(std::span<Line const> lines, std::string const& name, Gate const& gate) {
  if (name.empty()) return lines.front();
  std::string known;
  for (Line const& line : lines) {
    if (line.name == name) return line;
    known += cat(known.empty() ? "" : ", ", line.name);
  }
  throw core::ConfigError(
      cat(gate.where, " (", gate.figure, "): there is no line '", name, "'; there are ", known));
}

eval::Figure find_figure(Line const& line, Gate const& gate) try {
  return line.result.figure(gate.figure);
} catch (core::ConfigError const& error) {
  throw core::ConfigError(cat(gate.where, ": ", error.what()));
}

[[noreturn]] void fail_without_stored(Gate const& gate) {
  throw core::ConfigError(cat(gate.where, " (", gate.figure,
                              "): is held against stored numbers: name them with --stored numbers.json"));
}

double stored_value(StoredNumbers const* stored, Line const& line, Gate const& gate) {
  if (!stored) fail_without_stored(gate);
  auto const at = std::find_if(stored->figures.begin(), stored->figures.end(), [&](auto const& figure) {
    return figure.line == line.name && figure.name == gate.figure;
  });
  if (at == stored->figures.end())
    throw core::DataError(
        cat(stored->path, ": has no figure '", gate.figure, "' of a line '", line.name, "'"));
  return at->value;
}

void require_same_events(StoredNumbers const& stored, Line const& line) {
  if (stored.checksum != checksum(line.result.events))
    throw core::DataError(cat(stored.path, ": these numbers are of other events (", stored.events,
                              ") than are evaluated now (", line.result.events.size(),
                              "): figures can be held against each other on the same events only"));
}

Verdict judge(Gate const& gate, std::span<Line const> lines, StoredNumbers const* stored) {
  Line const& line = find_line(lines, gate.line, gate);
  eval::Figure const figure = find_figure(line, gate);
  Verdict verdict{gate.figure, line.name, gate.against, figure.value, figure.error, 0, 0, false};
  if (gate.against == stored_name) {
    verdict.value -= stored_value(stored, line, gate);
  } else if (!gate.against.empty()) {
    eval::Figure const other = find_figure(find_line(lines, gate.against, gate), gate);
    std::vector<double> differences;
    for (std::size_t k = 0; k < std::min(figure.replicas.size(), other.replicas.size()); ++k)
      differences.push_back(figure.replicas[k] - other.replicas[k]);
    verdict.value -= other.value;
    verdict.error = eval::spread(differences, line.result.events.size());
  }
  double const infinity = std::numeric_limits<double>::infinity();
  verdict.lowest = gate.min.value_or(-infinity);
  verdict.highest = gate.max.value_or(infinity);
  if (gate.tolerance || gate.sigmas) {
    double const centre = gate.reference.value_or(0);
    double const error = std::isfinite(verdict.error) ? verdict.error : 0;
    double const width = gate.tolerance.value_or(0) + gate.sigmas.value_or(0) * error;
    verdict.lowest = std::max(verdict.lowest, centre - width);
    verdict.highest = std::min(verdict.highest, centre + width);
  }
  verdict.passes = verdict.value >= verdict.lowest && verdict.value <= verdict.highest;  // not if NaN
  return verdict;
}

}  // namespace

std::vector<Gate> load_gates(std::string const& path) {
  auto file = config::Document::load(path).read<GateFile>(
      [](config::Section& top, GateFile& read) { top.sections("gates", read.gates, bind); });
  for (std::size_t k = 0; k < file.gates.size(); ++k) file.gates[k].where = cat(path, ": gate ", k + 1);
  return file.gates;
}

void require_known(std::span<Gate const> gates, std::span<std::string const> lines, bool has_stored) {
  // Which figures there are does not depend on the events: one without particles has them all.
  event::Particles const nobody;
  eval::Evaluation nothing;
  nothing.add(eval::EventId{}, eval::EventView{nobody, nobody});
  eval::Result const result = nothing.result();
  std::vector<Line> empty;
  for (std::string const& name : lines) empty.push_back({name, result});
  for (Gate const& gate : gates) {
    find_figure(find_line(empty, gate.line, gate), gate);
    if (gate.against == stored_name) {
      if (!has_stored) fail_without_stored(gate);
    } else if (!gate.against.empty()) {
      find_line(empty, gate.against, gate);
    }
  }
}

std::vector<Verdict> judge(std::span<Gate const> gates, std::span<Line const> lines,
                           StoredNumbers const* stored) {
  if (stored) require_same_events(*stored, lines.front());
  std::vector<Verdict> verdicts;
  for (Gate const& gate : gates) verdicts.push_back(judge(gate, lines, stored));
  return verdicts;
}

}  // namespace corpuscle::report
