// corpuscle prepare: events in, from files or straight from the simulation, a dataset to train on out.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/dataset/make_example.hpp"
#include "corpuscle/dataset/prefetch.hpp"
#include "corpuscle/dataset/shard_writer.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "simulate/events.hpp"
#include "simulate/simulated_examples.hpp"
#include "simulate/verbs.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;
using core::cat;
using core::ConfigError;

constexpr std::uint64_t events_per_job = 16;

struct Options {
  EventOptions events;  ///< its inputs are files of events, unless `process` is given
  std::string process;
  std::string output;
  std::string detector;
  std::string schema = "corpuscle-clusters-1";
  std::string rule = "standard";
  dataset::Fractions fractions;
  std::size_t events_per_shard = 5000;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool keep_going = false;
};

/// In a worker: encodes the events of a file.
class Preparing final : public io::EventProcessor {
 public:
  Preparing(encoding::Schema schema, truth::Rule rule) : schema_(std::move(schema)), rule_(rule) {}

  void process(event::Event const& event, io::EventBuilder const& builder, io::Frame&) override {
    if (!encode_) {
      encode_ = std::make_unique<dataset::ExampleEncoder>(schema_, rule_, builder.detector());
      examples_ = encode_->none();
    }
    require_truth(event);
    encode_->append(event, examples_);
  }

  std::vector<std::byte> take_report() override {
    if (!encode_) return {};
    return dataset::to_bytes(std::exchange(examples_, encode_->none()));
  }

 private:
  /// A model that is shown events without targets learns that there are no particles; one that is shown hits
  /// without targets, that there are no neutral ones.
  void require_truth(event::Event const& event) const {
    event::Truth const& truth = event.truth;
    auto const fail = [&](char const* what) {
      throw core::DataError(cat("run ", event.run, ", event ", event.number, ": ", what));
    };
    bool const is_empty = event.observed.tracks.size() + event.observed.clusters.size() == 0;
    // The packed weights of LCIO, above 1, are not used (truth::Presence).
    bool const has_particle_links =
        std::any_of(truth.particle_links.begin(), truth.particle_links.end(),
                    [](auto const& link) { return link.weight > 0 && link.weight <= 1; });
    if (!is_empty && truth.track_links.empty() && truth.cluster_links.empty() &&
        truth.calo_hit_links.empty() && !has_particle_links)
      fail(
          "no links from tracks, clusters or hits to generated particles, so there is nothing to learn from "
          "it");
    using encoding::ElementType;
    if ((schema_.columns(ElementType::hit) != nullptr ||
         schema_.columns(ElementType::hit_group) != nullptr) &&
        event.observed.calo_hits.size() > 0 && truth.calo_hit_links.empty())
      fail(
          "no links from calorimeter hits to generated particles, so there are no neutral particles to learn "
          "from hits: write the collection CalohitMCTruthLink (of RecoMCTruthLinker), or take a schema of "
          "clusters");
  }

  encoding::Schema schema_;
  truth::Rule rule_;
  std::unique_ptr<dataset::ExampleEncoder> encode_;
  dataset::Examples examples_;
};

truth::Rule find_rule(std::string const& name) {
  auto const rule = truth::find_rule(name);
  if (!rule) throw ConfigError(cat("--rule ", name, ": there are standard, 2023 and 2026"));
  return *rule;
}

void stop_if_interrupted() {
  if (terminal::interrupted_by() != 0) throw io::Interrupted{};
}

dataset::WriterConfig writer_config(Options const& options, std::string const& detector,
                                    std::map<std::string, std::string> provenance) {
  dataset::WriterConfig config;
  config.directory = options.output;
  config.description = {encoding::find_schema(options.schema), find_rule(options.rule), detector,
                        std::move(provenance)};
  config.description.provenance["version"] = CORPUSCLE_VERSION;
  config.fractions = options.fractions;
  config.events_per_shard = options.events_per_shard;
  return config;
}

/// All that decides which events are made, but for their number.
std::map<std::string, std::string> provenance_of(EventOptions const& events) {
  std::map<std::string, std::string> made{{"events", events.inputs[0]},
                                          {"first", cat(events.first)},
                                          {"seed", cat(events.seed)},
                                          {"pileup", cat(events.pileup)}};
  if (events.no_isr) made["no-isr"] = "true";
  if (!events.polarisation.empty()) made["polarisation"] = events.polarisation;
  if (events.pdg) made["pdg"] = cat(*events.pdg);
  if (!events.energy.empty()) made["energy"] = cat(events.energy, events.log_energy ? " logarithmic" : "");
  if (!events.theta.empty()) made["theta"] = events.theta;
  if (!events.multiplicity.empty()) made["multiplicity"] = events.multiplicity;
  if (events.detector_frame) made["detector-frame"] = "true";
  return made;
}

/// A dataset may be made longer, and not shorter.
void require_room(Options const& options, dataset::ShardWriter const& writer, std::uint64_t n) {
  if (writer.next_input() > n)
    throw ConfigError(cat(options.output, ": holds ", writer.next_input(), " events already, more than -n ",
                          n, ": remove it, or choose another --output"));
}

dataset::Manifest prepare_simulated(Options const& options) {
  EventPlan const plan = plan_events(options.events);
  detector::Detector const detector =
      config::find_detector(options.detector.empty() ? "clic" : options.detector);
  encoding::Schema const& schema = encoding::find_schema(options.schema);
  truth::Rule const rule = find_rule(options.rule);
  dataset::ShardWriter writer(writer_config(options, detector.name, provenance_of(options.events)));

  std::vector<std::unique_ptr<SimulatedExamples>> makers;
  for (unsigned t = 0; t < options.threads; ++t)
    makers.push_back(std::make_unique<SimulatedExamples>(plan, detector, options.events.seed, schema, rule));

  std::uint64_t const n = plan.last - plan.first;
  require_room(options, writer, n);
  std::uint64_t asked = std::min(writer.next_input(), n);  // events that were asked for, from `first`
  std::uint64_t done = asked;
  auto const next_job = [&]() -> dataset::Prefetch<dataset::Examples>::Job {
    std::uint64_t const begin = asked, end = std::min(n, asked + events_per_job);
    asked = end;
    return [&, begin, end](unsigned thread) {
      SimulatedExamples& maker = *makers[thread];
      dataset::Examples examples = maker.none();
      for (std::uint64_t i = begin; i < end; ++i) maker.append(plan.first + i, examples);
      return examples;
    };
  };
  terminal::Progress progress("prepare");
  dataset::Prefetch<dataset::Examples> prefetch(next_job, options.threads, 2 * options.threads);
  while (done < n) {
    stop_if_interrupted();
    dataset::Examples const examples = prefetch.next();
    for (std::size_t k = 0; k < examples.size(); ++k) writer.add(view(examples), k, done + k);
    done += examples.size();
    progress.show(done, n);
  }
  return writer.finish(n);
}

dataset::Manifest prepare_files(Options const& options) {
  encoding::Schema const schema = encoding::find_schema(options.schema);
  truth::Rule const rule = find_rule(options.rule);
  io::PipelineConfig config;
  config.inputs = terminal::expand(options.events.inputs);
  config.workers = options.threads;
  config.keep_going = options.keep_going;
  if (!options.detector.empty()) config.detector = config::find_detector(options.detector);
  auto const known = config::built_in_detectors();
  config.known_detectors.assign(known.begin(), known.end());
  config.make_processor = [&] { return std::make_unique<Preparing>(schema, rule); };
  config.should_stop = [] { return terminal::interrupted_by() != 0; };

  // Which detector it is must be known before the first event.
  io::PipelineConfig look = config;
  look.last = 0;
  io::PipelineResult const found = io::run_pipeline(look);

  std::string files;
  for (std::string const& input : config.inputs)
    files += cat(files.empty() ? "" : " ", input, " (", std::filesystem::file_size(input), " bytes)");
  dataset::ShardWriter writer(writer_config(options, found.detector, {{"files", files}}));
  std::uint64_t next = writer.next_input();
  if (options.keep_going && next > 0)
    throw ConfigError(cat(options.output, ": has ", next,
                          " events already; with --keep-going nobody knows which come next: remove it, or "
                          "choose another --output"));
  std::uint64_t const n = std::min<std::uint64_t>(found.input_events, options.events.n.value_or(-1));
  require_room(options, writer, n);
  if (next > 0 && next == n) return writer.finish(next);
  config.first = next;
  config.last = n;
  config.on_report = [&](std::span<std::byte const> bytes) {
    dataset::Examples const examples = dataset::from_bytes({bytes.begin(), bytes.end()});
    for (std::size_t k = 0; k < examples.size(); ++k) writer.add(view(examples), k, next + k);
    next += examples.size();
  };
  terminal::Progress progress("prepare");
  config.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
  io::PipelineResult const result = io::run_pipeline(config);
  for (std::string const& damage : result.damage) fmt::print(stderr, "left out: {}\n", damage);
  return writer.finish(next);
}

int prepare(Options options) {
  if (options.process.empty() == options.events.inputs.empty())
    throw ConfigError("give either files of events or --simulate PROCESS");
  if (!(options.fractions.train > 0 && options.fractions.valid >= 0 &&
        options.fractions.train + options.fractions.valid <= 1))
    throw ConfigError("--train must be above 0, --valid not below 0, and their sum not above 1");
  terminal::catch_interruptions();
  dataset::Manifest manifest;
  try {
    if (options.process.empty()) {
      manifest = prepare_files(options);
    } else {
      options.events.inputs = {options.process};
      manifest = prepare_simulated(options);
    }
  } catch (io::Interrupted const&) {
    fmt::print(stderr, "corpuscle: interrupted; the same command goes on where this one stopped\n");
    return 128 + terminal::interrupted_by();
  }
  std::uint64_t events = 0, elements = 0;
  for (dataset::ShardEntry const& shard : manifest.shards) {
    events += shard.events;
    elements += shard.elements;
  }
  if (events > 0 && elements == 0)
    throw core::DataError(cat(options.output, ": none of its ", events,
                              " events has anything that the schema '", manifest.description.schema.name,
                              "' looks at: there is nothing to learn"));
  fmt::print("{} events with {} elements in {} shards, schema {}, detector {}\nWritten to {}\n", events,
             elements, manifest.shards.size(), manifest.description.schema.name,
             manifest.description.detector, options.output);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_prepare(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("prepare", "Encode events as a dataset to train on");
  add_event_options(*verb, options->events);
  CLI::Option* files = verb->get_option("events");
  files->description("EDM4hep or LCIO files with truth; patterns are expanded")->type_name("FILE...");
  for (char const* const name : {"--first", "--seed", "--pileup", "--no-isr", "--polarisation", "--pdg",
                                 "--energy", "--log-energy", "--theta", "--multiplicity", "--detector-frame"})
    if (CLI::Option* const simulated = verb->get_option_no_throw(name)) simulated->excludes(files);
  verb->add_option("--simulate", options->process,
                   "Make events instead: a process, or gun; with -n, --seed ...")
      ->excludes(files)
      ->type_name("PROCESS");
  verb->add_option("-o,--output", options->output,
                   "Directory of the dataset; one that is there is made longer")
      ->required()
      ->type_name("DIR");
  verb->add_option("--schema", options->schema, "How events are encoded (docs/formats/encoding.md)")
      ->capture_default_str()
      ->type_name("NAME");
  verb->add_option("--rule", options->rule, "Which particle belongs to which element: standard, 2023 or 2026")
      ->capture_default_str()
      ->type_name("NAME");
  verb->add_option("--detector", options->detector,
                   "clic, cld, ild or a detector file; recognised in files, clic where it is simulated")
      ->type_name("NAME|FILE");
  verb->add_option("--train", options->fractions.train, "Share of the events to train on")
      ->capture_default_str();
  verb->add_option("--valid", options->fractions.valid, "Share to validate on; the rest is to test")
      ->capture_default_str();
  verb->add_option("--shard", options->events_per_shard, "Events per file")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}))
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--threads", options->threads, "On this many cores; changes no byte of the result")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str()
      ->type_name("T");
  verb->add_flag("--keep-going", options->keep_going, "Leave damaged events out instead of stopping");
  verb->footer(
      "After an interruption the same command goes on where it stopped; with a larger -n it makes the "
      "dataset "
      "longer.\n"
      "Examples:\n"
      "  corpuscle prepare 'run*.edm4hep.root' -o data/run\n"
      "  corpuscle prepare --simulate ttbar -n 100000 -o data/ttbar\n"
      "  corpuscle prepare --simulate qqbar -n 5000 --schema corpuscle-hits-1 -o data/qqbar_hits");
  verb->callback([options, &exit_code] { exit_code = prepare(*options); });
}
