// corpuscle truth: what the truth of event files is worth, the account of its energy and the gates.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/truth/gates.hpp"
#include "corpuscle/truth/presence.hpp"
#include "corpuscle/truth/targets.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::vector<std::string> inputs;
  std::string rule = "standard";
  std::string mode = "cluster";
  std::string detector;
  std::optional<std::size_t> events;
  bool json = false;
  bool keep_going = false;
};

struct Result {
  std::string detector;
  std::size_t events = 0;
  std::size_t targets = 0;
  truth::Account account;
  std::vector<std::string> damage;
};

using Row = std::vector<std::string>;

constexpr event::ParticleClass classes[] = {
    event::ParticleClass::charged_hadron, event::ParticleClass::neutral_hadron, event::ParticleClass::photon,
    event::ParticleClass::electron, event::ParticleClass::muon};

void print_text(Result const& result, std::vector<truth::Gate> const& gates, Options const& options) {
  auto const n = static_cast<double>(std::max<std::size_t>(1, result.events));
  auto const per_event = [&](double value) { return fmt::format("{:.3f}", value / n); };
  truth::Account const& a = result.account;
  std::string const cells = options.mode == "hit" ? "on hits" : "on clusters";
  fmt::print("{} events, detector {}, rule {}\n\n", result.events, result.detector, options.rule);
  std::vector<Row> rows{{"energy per event", "GeV"},
                        {"generated", per_event(a.generated)},
                        {"  invisible (neutrinos)", per_event(a.invisible)},
                        {"  unseen", per_event(a.unseen)},
                        {"  exchanged with the material", per_event(a.exchanged)},
                        {"  visible", per_event(a.visible)},
                        {"    target", per_event(a.target)},
                        {"    lost", per_event(a.lost)}};
  fmt::print("{}\n", terminal::table(rows));

  rows = {{"per event", "visible", "on tracks", cells, "merged", "lost", "GeV", "on tracks", cells, "merged",
           "lost"}};
  truth::ClassAccount all;
  auto const add_row = [&](std::string const& label, truth::ClassAccount const& c) {
    Row row{label};
    for (truth::Tally const& tally : {c.visible, c.on_tracks, c.on_cells, c.merged, c.lost})
      row.push_back(fmt::format("{:.2f}", static_cast<double>(tally.particles) / n));
    for (truth::Tally const& tally : {c.visible, c.on_tracks, c.on_cells, c.merged, c.lost})
      row.push_back(fmt::format("{:.2f}", tally.energy / n));
    rows.push_back(row);
  };
  for (event::ParticleClass const c : classes) {
    truth::ClassAccount const& of_class = a.by_class[static_cast<std::size_t>(c)];
    add_row(std::string(event::name(c)), of_class);
    all += of_class;
  }
  add_row("all", all);
  fmt::print("{}\n", terminal::table(rows));

  rows = {{"gate", "quantity", "measured", "required", "verdict"}};
  for (truth::Gate const& gate : gates)
    rows.push_back(
        {gate.name, gate.quantity, gate.measured, gate.requirement, std::string(truth::name(gate.verdict))});
  fmt::print("{}", terminal::table(rows, 5));
}

void print_json(Result const& result, std::vector<truth::Gate> const& gates, Options const& options) {
  using terminal::quoted;
  truth::Account const& a = result.account;
  fmt::print("{{\n  \"rule\": {}, \"mode\": {}, \"detector\": {}, \"events\": {}, \"targets\": {},\n",
             quoted(options.rule), quoted(options.mode), quoted(result.detector), result.events,
             result.targets);
  fmt::print("  \"damage\": [");
  for (std::size_t k = 0; k < result.damage.size(); ++k)
    fmt::print("{}{}", k ? ", " : "", quoted(result.damage[k]));
  fmt::print(
      "],\n  \"energy\": {{\"generated\": {:.9g}, \"invisible\": {:.9g}, \"unseen\": {:.9g}, "
      "\"exchanged\": {:.9g}, \"visible\": {:.9g}, \"target\": {:.9g}, \"lost\": {:.9g}}},\n",
      a.generated, a.invisible, a.unseen, a.exchanged, a.visible, a.target, a.lost);
  fmt::print("  \"classes\": {{");
  char const* separator = "\n";
  for (event::ParticleClass const c : classes) {
    truth::ClassAccount const& of_class = a.by_class[static_cast<std::size_t>(c)];
    fmt::print("{}    {}: {{", separator, quoted(std::string(event::name(c))));
    separator = ",\n";
    std::pair<char const*, truth::Tally> const tallies[] = {{"visible", of_class.visible},
                                                            {"on_tracks", of_class.on_tracks},
                                                            {"on_cells", of_class.on_cells},
                                                            {"merged", of_class.merged},
                                                            {"lost", of_class.lost}};
    for (auto const& [label, tally] : tallies)
      fmt::print("{}\"{}\": {{\"particles\": {}, \"energy\": {:.9g}}}", label == tallies[0].first ? "" : ", ",
                 label, tally.particles, tally.energy);
    fmt::print("}}");
  }
  fmt::print("\n  }},\n  \"gates\": [");
  separator = "\n";
  for (truth::Gate const& gate : gates) {
    fmt::print(
        "{}    {{\"name\": {}, \"quantity\": {}, \"measured\": {}, \"requirement\": {}, \"verdict\": {}}}",
        separator, quoted(gate.name), quoted(gate.quantity), quoted(gate.measured), quoted(gate.requirement),
        quoted(std::string(truth::name(gate.verdict))));
    separator = ",\n";
  }
  fmt::print("\n  ]\n}}\n");
}

/// An unknown one will do: tables are then filled by type, and what needs the field is left out.
detector::Detector detector_of(io::FileInfo const& info, io::Frame const& first, Options const& options) {
  if (!options.detector.empty()) return config::find_detector(options.detector);
  if (detector::Detector const* known = io::recognise(info, first, config::built_in_detectors()))
    return *known;
  detector::Detector unknown;
  unknown.name = "unknown";
  return unknown;
}

/// Runs in a child process.
int account(Options const& options) {
  truth::TargetConfig config;
  config.rule = *truth::find_rule(options.rule);
  config.mode = options.mode == "hit" ? truth::Mode::hit : truth::Mode::cluster;
  truth::TargetBuilder const build(config);
  std::optional<truth::ConsistencyGates> gates;
  Result result;
  io::Frame frame;
  for (std::string const& path : options.inputs) {
    auto source = io::open_source(path);
    io::FileInfo const& info = source->info();
    std::optional<io::EventBuilder> make_event;
    truth::Presence presence;
    std::size_t const last = std::min(info.entries, options.events.value_or(info.entries));
    for (std::size_t entry = 0; entry < last; ++entry) {
      try {
        if (!make_event) {
          source->read(entry, frame, io::nothing);
          make_event.emplace(info, detector_of(info, frame, options));
          std::string const& name = make_event->detector().name;
          if (result.detector.empty()) result.detector = name;
          if (name != result.detector)
            throw core::ConfigError(core::cat(path, ": is of the detector ", name, ", the files before of ",
                                              result.detector,
                                              ": gates and account are of one; look at these separately, or "
                                              "name it with --detector"));
          if (!gates) gates.emplace(make_event->detector());
        }
        source->read(entry, frame, make_event->wanted());
        event::Event const event = (*make_event)(frame, entry);
        presence.add(event);
        truth::Targets const targets = build(event);
        gates->add(event, targets);
        result.account += targets.account;
        result.targets += targets.particles.size();
        ++result.events;
      } catch (core::DataError const& error) {
        if (!options.keep_going) throw;
        result.damage.emplace_back(error.what());
      }
    }
    presence.require(path, config.mode);
  }
  io::note_whereabouts(io::not_reading, "");  // whoever reads our output may take his time
  std::vector<truth::Gate> const judged = gates ? gates->judge() : std::vector<truth::Gate>{};
  options.json ? print_json(result, judged, options) : print_text(result, judged, options);
  std::string left_out;
  for (std::string const& text : result.damage)
    left_out += (left_out.empty() ? "left out: " : "\nleft out: ") + text;
  if (!left_out.empty()) throw core::DataError(left_out);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_truth(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("truth", "Show which particles could be seen, and where their energy went");
  verb->add_option("files", options->inputs, "EDM4hep (ROOT, RNTuple, JSON) or LCIO files, patterns")
      ->required()
      ->type_name("FILE");
  verb->add_option("--rule", options->rule, "How targets are made")
      ->check(CLI::IsMember({"standard", "2023", "2026"}))
      ->capture_default_str();
  verb->add_option("--elements", options->mode, "Beside tracks, targets live on clusters or on hits")
      ->check(CLI::IsMember({"cluster", "hit"}))
      ->capture_default_str();
  verb->add_option("-n", options->events, "Only the first N events of each file")->type_name("N");
  verb->add_option("--detector", options->detector, "clic, cld, ild or a YAML file; else recognised")
      ->type_name("NAME");
  verb->add_flag("--json", options->json, "For machines: everything as JSON");
  verb->add_flag("--keep-going", options->keep_going, "Leave damaged events out instead of stopping");
  verb->footer(
      "Examples:\n"
      "  corpuscle truth ttbar.edm4hep.root\n"
      "  corpuscle truth --rule 2026 -n 100 'sample_*.slcio'\n"
      "  corpuscle truth --json events.edm4hep.root | python3 -m json.tool");
  verb->callback([options, &exit_code] {
    options->inputs = terminal::expand(options->inputs);
    constexpr std::size_t libraries = std::size_t{1} << 30;  // ROOT alone maps hundreds of megabytes
    std::size_t largest = 0;
    for (std::string const& path : options->inputs) largest = std::max(largest, io::size_of_file(path));
    io::Outcome const outcome =
        io::run_contained(io::memory_budget(largest) + libraries, [&] { return account(*options); });
    if (outcome.signal == SIGPIPE) {  // the reader of our output had enough: `corpuscle truth ... | head`
      exit_code = 128 + SIGPIPE;
      return;
    }
    if (outcome.end != io::Outcome::End::done)
      throw core::DataError(core::cat(options->inputs.size() == 1 ? options->inputs[0] : "one of the files",
                                      ": damaged: the library that reads it ", outcome.describe()));
    if (!outcome.message.empty()) fmt::print(stderr, "corpuscle: {}\n", outcome.message);
    exit_code = outcome.exit_code;
  });
}
