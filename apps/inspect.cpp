// corpuscle inspect: what is in an event file.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/io/units.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string path;
  std::optional<std::size_t> event;
  bool json = false;
  bool keep_going = false;
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  std::size_t values = 0;
  std::size_t not_finite = 0;
};

struct Summary {
  std::string type;
  std::size_t objects = 0;
  std::size_t most = 0;  ///< in one event
  std::map<std::string, Range> columns;
  std::vector<std::string> order;  ///< of the columns, as in the file
  std::map<std::string, std::size_t> relations;
};

void widen(Range& range, io::Column const& column) {
  for (std::size_t k = 0; k < column.values(); ++k) {
    double const value = column.at<double>(k);
    ++range.values;
    if (!std::isfinite(value)) {
      ++range.not_finite;
      continue;
    }
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
}

void add_column(Summary& summary, std::string const& name, io::Column const& column) {
  auto const [at, is_new] = summary.columns.try_emplace(name);
  if (is_new) summary.order.push_back(name);
  widen(at->second, column);
}

using Summaries = std::map<std::string, Summary>;

void add(Summaries& summaries, io::Frame const& frame) {
  for (io::Collection const& collection : frame.collections) {
    Summary& summary = summaries[collection.name];
    summary.type = collection.type + (collection.is_subset ? " (subset)" : "");
    summary.objects += collection.size;
    summary.most = std::max(summary.most, collection.size);
    for (io::Column const& member : collection.members)
      if (!member.name().ends_with("_begin") && !member.name().ends_with("_end"))
        add_column(summary, member.name(), member);
    for (io::VectorMember const& vector : collection.vectors)
      for (io::Column const& column : vector.columns)
        add_column(summary, vector.name + "[]" + (column.name().empty() ? "" : "." + column.name()), column);
    for (io::Relation const& relation : collection.relations)
      summary.relations[relation.name] += relation.targets.size();
  }
}

std::string number(double value) {
  return fmt::format("{:.6g}", value);
}

void print_json(io::FileInfo const& info, std::string const& detector, Summaries const& summaries,
                std::size_t events, std::vector<std::string> const& damage) {
  using terminal::quoted;
  fmt::print("{{\n  \"file\": {}, \"format\": {}, \"layout\": {}, \"schema\": {}, \"detector\": {},\n",
             quoted(info.path), quoted(info.format), quoted(info.layout), quoted(info.schema),
             quoted(detector));
  fmt::print("  \"entries\": {}, \"events_read\": {},\n  \"damage\": [", info.entries, events);
  for (std::size_t k = 0; k < damage.size(); ++k) fmt::print("{}{}", k ? ", " : "", quoted(damage[k]));
  fmt::print("],\n  \"collections\": {{");
  char const* separator = "\n";
  for (auto const& [name, summary] : summaries) {
    fmt::print("{}    {}: {{\"type\": {}, \"objects\": {}, \"columns\": {{", separator, quoted(name),
               quoted(summary.type), summary.objects);
    separator = ",\n";
    for (std::size_t k = 0; k < summary.order.size(); ++k) {
      Range const& range = summary.columns.at(summary.order[k]);
      fmt::print("{}{}: {{\"unit\": {}, \"values\": {}, \"not_finite\": {}", k ? ", " : "",
                 quoted(summary.order[k]), quoted(std::string(io::unit_of(summary.type, summary.order[k]))),
                 range.values, range.not_finite);
      if (range.low <= range.high) fmt::print(", \"min\": {:.9g}, \"max\": {:.9g}", range.low, range.high);
      fmt::print("}}");
    }
    fmt::print("}}, \"relations\": {{");
    std::size_t k = 0;
    for (auto const& [relation, targets] : summary.relations)
      fmt::print("{}{}: {}", k++ ? ", " : "", quoted(relation), targets);
    fmt::print("}}}}");
  }
  fmt::print("\n  }}\n}}\n");
}

void print_text(io::FileInfo const& info, std::string const& detector, Summaries const& summaries,
                std::size_t events, bool with_columns) {
  fmt::print("{}\n  format    {}\n  layout    {}\n  schema    {}\n  detector  {}\n  events    {}\n\n",
             info.path, info.format, info.layout, info.schema.empty() ? "not stated" : info.schema,
             detector.empty() ? "not stated" : detector, info.entries);
  std::vector<std::vector<std::string>> rows{{"collection", "type", "objects", "per event", "most"}};
  for (auto const& [name, summary] : summaries)
    rows.push_back(
        {name, summary.type, std::to_string(summary.objects),
         number(static_cast<double>(summary.objects) / static_cast<double>(std::max<std::size_t>(1, events))),
         std::to_string(summary.most)});
  fmt::print("{}", terminal::table(rows, 2));
  if (!with_columns) {
    fmt::print("\nColumns with units and ranges: corpuscle inspect --columns FILE\n");
    return;
  }
  for (auto const& [name, summary] : summaries) {
    if (summary.objects == 0 || summary.order.empty()) continue;
    rows = {{"  column", "unit", "min", "max", "not finite"}};
    for (std::string const& column : summary.order) {
      Range const& range = summary.columns.at(column);
      bool const is_empty = range.low > range.high;
      rows.push_back({"  " + column, std::string(io::unit_of(summary.type, column)),
                      is_empty ? "-" : number(range.low), is_empty ? "-" : number(range.high),
                      range.not_finite ? std::to_string(range.not_finite) : ""});
    }
    fmt::print("\n{} ({}, {} objects)\n{}", name, summary.type, summary.objects, terminal::table(rows, 2));
    for (auto const& [relation, targets] : summary.relations)
      fmt::print("  -> {}: {} references\n", relation, targets);
  }
}

/// Runs in a child process.
int inspect(Options const& options, bool with_columns) {
  auto source = io::open_source(options.path);
  io::FileInfo const& info = source->info();
  std::size_t first = 0;
  std::size_t last = info.entries;
  if (options.event) {
    if (*options.event >= info.entries)
      throw core::ConfigError(core::cat(options.path, ": there is no event ", *options.event,
                                        ": the file has ", info.entries, ", counted from 0"));
    first = *options.event;
    last = first + 1;
  }
  bool const wants_columns = with_columns || options.json;
  Summaries summaries;
  std::vector<std::string> damage;
  io::Frame frame;
  std::string detector = info.detector;
  std::size_t events = 0;
  for (std::size_t entry = first; entry < last; ++entry) {
    try {
      source->read(entry, frame, [&](auto, auto) { return wants_columns; });
    } catch (core::DataError const& error) {
      if (!options.keep_going) throw;
      damage.emplace_back(error.what());
      continue;
    }
    if (events++ == 0 && detector.empty())
      if (auto const* found = io::recognise(info, frame, config::built_in_detectors()))
        detector = found->name + " (by its collections)";
    add(summaries, frame);
  }
  io::note_whereabouts(io::not_reading, "");  // whoever reads our output may take his time
  if (options.json)
    print_json(info, detector, summaries, events, damage);
  else
    print_text(info, detector, summaries, events, with_columns);
  std::string left_out;
  for (std::string const& text : damage)
    left_out += (left_out.empty() ? "left out: " : "\nleft out: ") + text;
  if (!damage.empty()) throw core::DataError(left_out);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_inspect(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto with_columns = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("inspect", "Show what is in an event file");
  verb->add_option("file", options->path, "EDM4hep (ROOT, RNTuple, JSON) or LCIO file")
      ->required()
      ->type_name("FILE");
  verb->add_option("--event", options->event, "Only this event, counted from 0; shows its columns")
      ->type_name("N");
  verb->add_flag("--columns", *with_columns, "Columns with unit and range");
  verb->add_flag("--json", options->json, "For machines: everything as JSON");
  verb->add_flag("--keep-going", options->keep_going, "Leave damaged events out instead of stopping");
  verb->footer(
      "Examples:\n"
      "  corpuscle inspect events.slcio\n"
      "  corpuscle inspect --event 3 events.edm4hep.root\n"
      "  corpuscle inspect --json events.edm4hep.json | python3 -m json.tool");
  verb->callback([options, with_columns, &exit_code] {
    constexpr std::size_t libraries = std::size_t{1} << 30;  // ROOT alone maps hundreds of megabytes
    std::size_t const limit = io::memory_budget(io::size_of_file(options->path)) + libraries;
    bool const columns = *with_columns || options->event.has_value();
    io::Outcome const outcome = io::run_contained(limit, [&] { return inspect(*options, columns); });
    if (outcome.signal == SIGPIPE) {  // the reader of our output had enough: `corpuscle inspect ... | head`
      exit_code = 128 + SIGPIPE;
      return;
    }
    if (outcome.end != io::Outcome::End::done)
      throw core::DataError(
          core::cat(options->path, ": damaged: the library that reads it ", outcome.describe()));
    if (!outcome.message.empty()) fmt::print(stderr, "corpuscle: {}\n", outcome.message);
    exit_code = outcome.exit_code;
  });
}
