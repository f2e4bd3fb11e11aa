// corpuscle evaluate: how good reconstructions are, as a report.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "corpuscle/report/numbers.hpp"
#include "corpuscle/report/report.hpp"
#include "evaluate/files.hpp"
#include "evaluate/verbs.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;
using core::cat;

struct Options {
  std::vector<std::string> inputs;
  std::string reference = evaluate::truth;
  std::vector<std::string> lines;
  std::vector<std::string> compare;
  std::string gates, stored;
  std::string detector;
  std::optional<std::size_t> events;
  unsigned threads = 1;
  bool neutrals_by_direction = false;
  bool keep_going = false;
  bool numbers_only = false;
  std::string output;
};

/// "NAME=FILE" or "NAME=FILE:COLLECTION".
struct Comparison {
  std::string name, path, collection = evaluate::stored;
};

Comparison parse_comparison(std::string const& text) {
  auto const equals = text.find('=');
  if (equals == text.npos || equals == 0 || equals + 1 == text.size())
    throw core::ConfigError(cat("--compare ", text, ": expected NAME=FILE or NAME=FILE:COLLECTION"));
  Comparison one{text.substr(0, equals), text.substr(equals + 1)};
  auto const colon = one.path.rfind(':');
  std::error_code ignored;
  if (colon != one.path.npos && !std::filesystem::exists(one.path, ignored)) {
    one.collection = one.path.substr(colon + 1);
    one.path.resize(colon);
  }
  return one;
}

void require_different_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  auto const twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw core::ConfigError(cat("two lines are called '", *twice, "': give another --compare NAME"));
  // Names become folders of a ROOT file, where a slash parts folders and a semicolon begins a version.
  for (std::string const& name : names)
    if (name.empty() || name.find_first_of("/;") != name.npos)
      throw core::ConfigError(cat("line '", name, "': a name must not be empty, nor hold '/' or ';'"));
}

/// What was measured, and what it is called.
struct Material {
  std::vector<evaluate::MeasuredFiles> files;  ///< the inputs, then what they are compared with
  std::vector<std::string> names;              ///< of these, for messages
  struct Line {
    std::string name;
    eval::Evaluation const* evaluation = nullptr;
  };
  std::vector<Line> lines;
};

/// As far as the files allow.
std::vector<std::string> default_lines() {
  return {evaluate::stored, evaluate::rules, evaluate::perfect, evaluate::naive};
}

Material measure(Options const& options, std::vector<Comparison> const& comparisons) {
  Material material;
  evaluate::FileOptions common;
  common.request.reference = options.reference;
  common.request.neutrals_by_direction = options.neutrals_by_direction;
  common.events = options.events;
  common.workers = options.threads;
  common.keep_going = options.keep_going;
  common.label = "evaluate";
  if (!options.detector.empty()) common.detector = config::find_detector(options.detector);

  bool const has_defaults = options.lines.empty();
  evaluate::FileOptions inputs = common;
  inputs.inputs = options.inputs;
  inputs.request.lines = options.lines;
  if (has_defaults) inputs.request.lines = default_lines();
  inputs.request.source = options.inputs.size() == 1
                              ? options.inputs[0]
                              : cat(options.inputs[0], " and ", options.inputs.size() - 1, " more");
  material.names.push_back(inputs.request.source);
  material.files.push_back(evaluate::measure_files(inputs));
  for (Comparison const& one : comparisons) {
    evaluate::FileOptions other = common;
    other.inputs = terminal::expand({one.path});
    other.request.lines = {one.collection};
    other.request.source = one.path;
    other.label = one.name;
    material.names.push_back(one.path);
    material.files.push_back(evaluate::measure_files(other));
  }

  evaluate::MeasuredFiles const& first = material.files.front();
  for (std::size_t k = 0; k < inputs.request.lines.size(); ++k) {
    std::string const& name = inputs.request.lines[k];
    if (first.made[k] > 0)
      material.lines.push_back({name, &first.lines[k]});
    else if (!has_defaults && !first.sums.empty())
      throw core::DataError(cat(material.names[0], ": there is nothing to make the line '", name, "' of"));
  }
  for (std::size_t k = 0; k < comparisons.size(); ++k) {
    if (material.files[k + 1].made[0] == 0)
      throw core::DataError(cat(comparisons[k].path, ": holds no reconstructed particles"));
    material.lines.push_back({comparisons[k].name, &material.files[k + 1].lines[0]});
  }
  return material;
}

void require_something(Material const& material, Options const& options) {
  evaluate::MeasuredFiles const& first = material.files.front();
  if (first.sums.empty())
    throw core::DataError(cat(material.names[0], ": there are no events in it to evaluate"));
  if (options.reference == evaluate::truth && first.references.contains(evaluate::ReferenceKind::none) &&
      first.references.size() == 1)
    throw core::DataError(
        cat(material.names[0],
            ": there are no generated particles in it to measure against; name a collection "
            "of reconstructed ones with --reference"));
  if (material.lines.empty())
    throw core::DataError(cat(
        material.names[0], ": holds neither reconstructed particles nor tracks or clusters to make them of"));
}

/// One result per line, on several threads; the same for any number of them.
std::vector<report::Line> conclude(Material const& material, std::vector<eval::EventId> const& events,
                                   unsigned threads) {
  std::vector<report::Line> lines(material.lines.size());
  std::vector<std::exception_ptr> errors(lines.size());
  std::atomic<std::size_t> next = 0;
  auto const work = [&] {
    for (std::size_t k = next++; k < lines.size(); k = next++) try {
        lines[k] = {material.lines[k].name, material.lines[k].evaluation->result(events)};
      } catch (...) {
        errors[k] = std::current_exception();
      }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned k = 1; k < std::min<std::size_t>(threads, lines.size()); ++k) pool.emplace_back(work);
    work();
  }
  for (std::exception_ptr const& error : errors)
    if (error) std::rethrow_exception(error);
  return lines;
}

std::vector<std::string> make_notes(Material const& material, std::vector<report::Line> const& lines) {
  using evaluate::ReferenceKind;
  std::vector<std::string> notes;
  for (std::size_t k = 0; k < material.files.size(); ++k) {
    evaluate::MeasuredFiles const& files = material.files[k];
    auto const count = [&](ReferenceKind kind) {
      auto const at = files.references.find(kind);
      return at == files.references.end() ? std::size_t{0} : at->second;
    };
    std::string const in = cat(material.names[k], ": ");
    if (std::size_t const n = count(ReferenceKind::by_stored))
      notes.push_back(cat(in, core::counted(n, "event"),
                          " where only the stored particles have links: what could be seen is told by what "
                          "these found, so their efficiency is 1 by construction"));
    if (std::size_t const n = count(ReferenceKind::generated))
      notes.push_back(cat(in, core::counted(n, "event"),
                          " without links from what was seen to generated particles: measured "
                          "against the generator's final state in reach of the detector, matched by links of "
                          "the particles where they have some, else by direction and energy"));
    if (std::size_t const n = count(ReferenceKind::none))
      notes.push_back(
          cat(in, core::counted(n, "event"), " without generated particles: nothing to be found there"));
    if (!files.damage.empty())
      notes.push_back(cat(in, "left out for damage: ", files.damage.size(),
                          files.damage.size() == 1 ? " event or file" : " events or files",
                          ", the first: ", files.damage.front()));
    std::size_t const left_out = files.sums.size() - lines.front().result.counts.events;
    if (left_out > 0)
      notes.push_back(cat(in, "left out, since not all lines have them: ", core::counted(left_out, "event")));
  }
  for (report::Line const& line : lines) {
    eval::Counts const& counts = line.result.counts;
    if (counts.reference_dropped + counts.test_dropped > 0)
      notes.push_back(cat("line ", line.name,
                          ": dropped for a four-momentum that is not finite, or without energy "
                          "or direction: ",
                          counts.test_dropped, " particles under test, ", counts.reference_dropped,
                          " of the reference"));
    auto const is_by_direction = [](report::Line const& one) {
      return 10 * one.result.counts.test_by_direction > one.result.counts.test_particles;
    };
    if (is_by_direction(line) && !std::all_of(lines.begin(), lines.end(), is_by_direction))
      notes.push_back(
          cat("line ", line.name, ": ", counts.test_by_direction, " of ", counts.test_particles,
              " particles name no track, cluster or truth, and are matched by direction and energy. "
              "Its efficiencies and fakes compare with those of the others with "
              "--neutrals-by-direction only"));
    if (counts.failures > 0) notes.push_back(cat("line ", line.name, ": ", counts.failures, " failures"));
  }
  return notes;
}

std::string describe_line(std::string const& name, std::vector<Comparison> const& comparisons) {
  for (Comparison const& one : comparisons)
    if (one.name == name)
      return cat(one.path, one.collection == evaluate::stored ? "" : cat(", collection ", one.collection));
  if (name == evaluate::stored) return "reconstructed particles in the file";
  if (name == evaluate::rules)
    return "rule-based particle flow (on hits; on clusters where there are no hits)";
  if (name == evaluate::cluster_rules) return "rule-based particle flow on clusters";
  if (name == evaluate::perfect) return "perfect particle flow: pattern recognition by truth";
  if (name == evaluate::naive) return "all tracks and all clusters";
  return cat("collection ", name);
}

constexpr std::pair<char const*, char const*> shown[] = {
    {"jets/ee_genkt_R0.4/response_median", "jet response, R = 0.4: median"},
    {"jets/ee_genkt_R0.4/response_iqr_over_median", "  IQR / median"},
    {"event/energy/response_median", "visible energy: median response"},
    {"event/energy/response_rms90", "  RMS90 / mean90"},
    {"particles/charged_hadron/efficiency_hard", "efficiency > 1 GeV: charged hadrons"},
    {"particles/photon/efficiency_hard", "  photons"},
    {"particles/neutral_hadron/efficiency_hard", "  neutral hadrons"},
    {"particles/all/fake_rate", "fake rate"},
    {"event/multiplicity/ratio", "particles, test / reference"},
};

void print(report::Report const& report, std::string const& path) {
  fmt::print("{}\n\n", core::counted(report.lines.front().result.counts.events, "event"));
  std::vector<std::vector<std::string>> rows{{"figure"}};
  for (report::Line const& line : report.lines) rows[0].push_back(line.name);
  for (auto const& [name, label] : shown) {
    rows.push_back({label});
    for (report::Line const& line : report.lines) {
      double const value = line.result.figure(name).value;
      rows.back().push_back(std::isfinite(value) ? fmt::format("{:.4f}", value) : "-");
    }
  }
  fmt::print("{}", terminal::table(rows));
  if (!report.verdicts.empty()) {
    rows = {{"gate", "line", "verdict", "value", "lowest", "highest"}};
    for (report::Verdict const& v : report.verdicts)
      rows.push_back({v.figure, v.against.empty() ? v.line : v.line + " - " + v.against,
                      v.passes ? "pass" : "FAIL", fmt::format("{:.5f}", v.value),
                      fmt::format("{:.5f}", v.lowest), fmt::format("{:.5f}", v.highest)});
    fmt::print("\n{}", terminal::table(rows, 3));
  }
  fmt::print("\nWritten to {}\n", path);
}

int evaluate_files(Options options) {
  options.inputs = terminal::expand(options.inputs);
  std::vector<Comparison> comparisons;
  for (std::string const& text : options.compare) comparisons.push_back(parse_comparison(text));
  // What can be wrong with the options is found before the work begins.
  std::vector<std::string> names = options.lines.empty() ? default_lines() : options.lines;
  for (Comparison const& one : comparisons) names.push_back(one.name);
  require_different_names(names);
  std::vector<report::Gate> const gates =
      options.gates.empty() ? std::vector<report::Gate>{} : report::load_gates(options.gates);
  std::optional<report::StoredNumbers> stored;
  if (!options.stored.empty()) stored = report::load_numbers(options.stored);
  report::require_known(gates, names, stored.has_value());
  report::require_replaceable(options.output);

  terminal::catch_interruptions();
  Material material;
  try {
    material = measure(options, comparisons);
  } catch (io::Interrupted const&) {
    return terminal::say_interrupted(options.output);
  }
  require_something(material, options);
  std::vector<eval::EventId> const events = evaluate::common_events(material.files, material.names);

  report::Report report;
  report.lines = conclude(material, events, options.threads);
  report.notes = make_notes(material, report.lines);
  report.title = cat("Evaluation of ", std::filesystem::path(material.names[0]).filename().string());
  for (std::string const& input : options.inputs) report.facts.emplace_back("input", input);
  report.facts.emplace_back("detector", material.files[0].detector);
  bool const is_generated = material.files[0].references.contains(evaluate::ReferenceKind::generated);
  if (options.neutrals_by_direction)
    report.facts.emplace_back("matching", "neutral particles by direction and energy");
  report.facts.emplace_back("reference", options.reference != evaluate::truth ? options.reference
                                         : is_generated
                                             ? "truth: the particles that could be seen, or the generator's "
                                               "final state where links do not tell (see the notes)"
                                             : "truth: the particles that could be seen");
  for (report::Line const& line : report.lines)
    report.facts.emplace_back("line " + line.name, describe_line(line.name, comparisons));
  report.verdicts = report::judge(gates, report.lines, stored ? &*stored : nullptr);
  if (terminal::interrupted_by() != 0) return terminal::say_interrupted(options.output);
  report::write(report, options.output,
                options.numbers_only ? report::Contents::numbers : report::Contents::all);

  print(report, options.output + (options.numbers_only ? "/numbers.json" : "/report.html"));
  for (std::string const& note : report.notes) fmt::print(stderr, "corpuscle: {}\n", note);
  bool const is_damaged = std::any_of(material.files.begin(), material.files.end(),
                                      [](auto const& files) { return !files.damage.empty(); });
  bool const fails = std::any_of(report.verdicts.begin(), report.verdicts.end(),
                                 [](report::Verdict const& v) { return !v.passes; });
  return static_cast<int>(fails        ? core::ExitCode::verdict
                          : is_damaged ? core::ExitCode::data
                                       : core::ExitCode::success);
}

}  // namespace

void add_evaluate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("evaluate", "Say how good a reconstruction is, as a report with figures");
  verb->add_option("files", options->inputs, "EDM4hep or LCIO files; patterns with * are expanded")
      ->required()
      ->type_name("FILE");
  verb->add_option("-o,--output", options->output,
                   "Folder to write: report.html, figures, histograms, numbers")
      ->required()
      ->type_name("FOLDER");
  verb->add_option("--reference", options->reference, "What there is to be found: truth, or a collection")
      ->capture_default_str()
      ->type_name("truth|COLLECTION");
  verb->add_option(
          "--lines", options->lines,
          "What to evaluate, the one under test first: stored (particles in the file), a collection by "
          "name, rules, cluster-rules, perfect, naive; else what the file allows of stored, rules, "
          "perfect, naive")
      ->delimiter(',')
      ->type_name("A,B,...");
  verb->add_option("--compare", options->compare,
                   "One line more: particles of another file of the same events")
      ->expected(1)
      ->take_all()
      ->type_name("NAME=FILE[:COLLECTION]");
  verb->add_option("--gate", options->gates,
                   "Figures that must stay where they are (YAML); exit code 5 if not")
      ->type_name("GATES");
  verb->add_option("--stored", options->stored, "numbers.json of an earlier report, for gates against it")
      ->type_name("NUMBERS");
  verb->add_option("--detector", options->detector,
                   "clic, cld, ild or a detector file; else as the input says")
      ->type_name("NAME|FILE");
  verb->add_option("-n", options->events, "Only the first N events")->type_name("N");
  verb->add_option("--threads", options->threads, "Events are evaluated on this many cores")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str()
      ->type_name("N");
  verb->add_flag(
      "--neutrals-by-direction", options->neutrals_by_direction,
      "Match neutral particles by direction and energy, and not by the truth of their clusters: so "
      "those that name clusters compare with those that do not");
  verb->add_flag("--keep-going", options->keep_going, "Leave damaged events out instead of stopping");
  verb->add_flag("--numbers-only", options->numbers_only, "numbers.json and the gates, no figures: quick");
  verb->footer(
      "Examples:\n"
      "  corpuscle evaluate ttbar.edm4hep.root -o report\n"
      "  corpuscle evaluate events.slcio --reference PandoraPFOs --lines rules -o report\n"
      "  corpuscle evaluate new.edm4hep.root --lines stored --compare old=old.edm4hep.root --gate gates.yaml "
      "-o report");
  verb->callback([options, &exit_code] { exit_code = evaluate_files(*options); });
}
