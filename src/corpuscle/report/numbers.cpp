#include "corpuscle/report/numbers.hpp"

#include <fstream>
#include <iomanip>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/result_json.hpp"

namespace corpuscle::report {
namespace {

using Json = nlohmann::ordered_json;

Json differences(Report const& report) {
  Json json = Json::object();
  Line const& first = report.lines.front();
  for (std::size_t k = 1; k < report.lines.size(); ++k) {
    Line const& line = report.lines[k];
    Json& one = json[core::cat(line.name, " - ", first.name)];
    for (eval::Figure const& figure : eval::difference(line.result, first.result).figures)
      one[figure.name] = {{"value", figure.value}, {"error", figure.error}, {"unit", figure.unit}};
  }
  return json;
}

/// Infinity is written as null, like all that is not a number.
Json gates(std::vector<Verdict> const& verdicts) {
  Json json = Json::array();
  for (Verdict const& v : verdicts)
    json.push_back({{"figure", v.figure},
                    {"line", v.line},
                    {"against", v.against},
                    {"value", v.value},
                    {"error", v.error},
                    {"lowest", v.lowest},
                    {"highest", v.highest},
                    {"passes", v.passes}});
  return json;
}

}  // namespace

std::string checksum(std::span<eval::EventId const> events) {
  std::uint64_t key = events.size();
  for (eval::EventId const& id : events)
    key = core::key_of(
        {key, id.sample, static_cast<std::uint64_t>(id.run), static_cast<std::uint64_t>(id.number)});
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << key;
  return text.str();
}

std::string to_json(Report const& report) {
  auto const& events = report.lines.front().result.events;
  Json json;
  json["title"] = report.title;
  json["facts"] = Json::object();
  for (auto const& [name, value] : report.facts) json["facts"][name] = value;
  json["notes"] = report.notes;
  json["events"] = {{"number", events.size()}, {"checksum", checksum(events)}};
  for (Line const& line : report.lines) json["lines"][line.name] = Json::parse(eval::to_json(line.result));
  json["differences"] = differences(report);
  json["gates"] = gates(report.verdicts);
  // Names of files and lines need not be UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

StoredNumbers load_numbers(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::EnvironmentError(path + ": cannot be read");
  try {
    Json const json = Json::parse(file);
    StoredNumbers stored{path,
                         json.at("events").at("number").get<std::size_t>(),
                         json.at("events").at("checksum").get<std::string>(),
                         {}};
    for (auto const& [line, result] : json.at("lines").items()) {
      auto const add = [&, &name = line](std::string const& figure, Json const& value) {
        stored.figures.push_back(
            {name, figure, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>()});
      };
      for (auto const& [figure, value] : result.at("figures").items()) add(figure, value.at("value"));
    }
    return stored;
  } catch (Json::exception const& error) {
    throw core::DataError(core::cat(path, ": is no numbers.json of `corpuscle evaluate`: ", error.what()));
  }
}

}  // namespace corpuscle::report
