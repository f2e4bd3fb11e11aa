// corpuscle reconstruct: event files in, the same with reconstructed particles out.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "corpuscle/pf/cluster_particle_flow.hpp"
#include "corpuscle/pf/hit_particle_flow.hpp"
#include "corpuscle/runtime/reconstructor.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

constexpr char const* collection_name = "CorpuscleParticles";

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  std::string model;
  std::string detector;
  std::string events;
  std::string format = "ttree";
  std::string precision = "fp32";
  std::string bad_input = "flag";
  std::vector<std::string> dropped;
  unsigned threads = 1;
  bool keep_going = false;
  bool json = false;
};

/// Particles of one origin, summed over events.
struct Origin {
  std::uint64_t events = 0;  ///< events that have any
  std::array<std::uint64_t, event::n_particle_classes> particles{};
  double energy = 0;  ///< [GeV]

  void add(event::ParticleClass particle_class, double particle_energy) {
    ++particles[static_cast<std::size_t>(particle_class)];
    energy += particle_energy;
  }
  void add(Origin const& other) {
    events += other.events;
    energy += other.energy;
    for (std::size_t k = 0; k < particles.size(); ++k) particles[k] += other.particles[k];
  }
};

/// What the closing table is made of.
struct Tally {
  std::uint64_t events = 0, tracks = 0, clusters = 0;
  std::uint64_t bad_elements = 0, events_with_bad_elements = 0;  ///< dropped or flagged
  std::uint64_t unanswered = 0;  ///< elements for which a network has no numbers
  Origin ours, stored, generated;

  void add(Tally const& other) {
    events += other.events;
    tracks += other.tracks;
    clusters += other.clusters;
    bad_elements += other.bad_elements;
    events_with_bad_elements += other.events_with_bad_elements;
    unanswered += other.unanswered;
    ours.add(other.ours);
    stored.add(other.stored);
    generated.add(other.generated);
  }
};

using Reconstruct = std::function<runtime::Reconstructed(event::Observed const&)>;
/// Makes a reconstructor for a detector, in the process that will use it.
using MakeReconstruct = std::function<Reconstruct(detector::Detector const&)>;

/// The rules: on hits where an event has them, else on clusters.
Reconstruct rules(detector::Detector const& detector) {
  auto const on_clusters = std::make_shared<pf::ClusterParticleFlow>(detector);
  auto const on_hits = std::make_shared<pf::HitParticleFlow>(detector);
  return [=](event::Observed const& observed) {
    runtime::Reconstructed result;
    result.particles = pf::has_hits(observed) ? (*on_hits)(observed) : (*on_clusters)(observed);
    return result;
  };
}

Reconstruct network(artifact::ModelFile const& file, detector::Detector const& detector,
                    runtime::EngineConfig const& config, runtime::BadInput bad_input) {
  auto const reconstruct = std::make_shared<runtime::Reconstructor const>(
      runtime::Reconstructor::load(file, detector, config, bad_input));
  auto const arena = std::make_shared<runtime::Arena>();
  encoding::Schema const& schema = file.description().schema;
  using encoding::ElementType;
  bool const is_on_hits =
      schema.columns(ElementType::hit) != nullptr || schema.columns(ElementType::hit_group) != nullptr;
  return [=](event::Observed const& observed) {
    if (is_on_hits && observed.calo_hits.size() == 0 && observed.clusters.size() > 0)
      throw core::DataError(
          core::cat(observed.clusters.size(),
                    " clusters, and no calorimeter hits, which this network sees in place of "
                    "clusters. Take a network on clusters, or a file that has the hits"));
    try {
      return (*reconstruct)(observed, *arena);
    } catch (core::DataError const& error) {
      throw core::DataError(core::cat(error.what(), ". --bad-input drop goes on without it, flag with it"));
    }
  };
}

runtime::BadInput bad_input_of(std::string const& name) {
  if (name == "reject") return runtime::BadInput::reject;
  return name == "drop" ? runtime::BadInput::drop : runtime::BadInput::flag;
}

class Reconstruction final : public io::EventProcessor {
 public:
  explicit Reconstruction(MakeReconstruct make) : make_(std::move(make)) {}

  void process(event::Event const& event, io::EventBuilder const& builder, io::Frame& frame) override {
    if (!reconstruct_) reconstruct_ = make_(builder.detector());
    runtime::Reconstructed const found = reconstruct(event);
    builder.add_particles(frame, found.particles, collection_name);
    tally_.bad_elements += found.flaws.size();
    if (!found.flaws.empty()) ++tally_.events_with_bad_elements;
    tally_.unanswered += found.n_broken;
    count(event, found.particles, builder.detector());
  }

  std::vector<std::byte> take_report() override {
    auto const bytes = std::as_bytes(std::span(&tally_, 1));
    std::vector<std::byte> report(bytes.begin(), bytes.end());
    tally_ = {};
    return report;
  }

 private:
  runtime::Reconstructed reconstruct(event::Event const& event) const try {
    return reconstruct_(event.observed);
  } catch (core::DataError const& error) {
    throw core::DataError(core::cat("run ", event.run, ", event ", event.number, ": ", error.what()));
  }

  void count(event::Event const& event, event::Particles const& particles,
             detector::Detector const& detector) {
    ++tally_.events;
    tally_.tracks += event.observed.tracks.size();
    tally_.clusters += event.observed.clusters.size();
    add(tally_.ours, particles);
    add(tally_.stored, event.stored);
    auto const& generated = event.truth.particles;
    if (generated.size() > 0) ++tally_.generated.events;
    // Particles in the beam pipe are seen by nobody: those below the inner edge of the ECAL do not count.
    double const tan_min = detector.ecal.endcap_r_min / detector.ecal.endcap_z_min;
    for (std::size_t row = 0; row < generated.size(); ++row) {
      int const pdg = std::abs(generated.pdg[row]);
      bool const is_neutrino = pdg == 12 || pdg == 14 || pdg == 16;
      bool const is_in_reach =
          std::hypot(generated.px[row], generated.py[row]) >= tan_min * std::abs(generated.pz[row]);
      if (generated.generator_status[row] != 1 || is_neutrino || !is_in_reach) continue;
      tally_.generated.add(event::classify(pdg, generated.charge[row]), generated.energy(row));
    }
  }

  static void add(Origin& origin, event::Particles const& particles) {
    if (particles.size() > 0) ++origin.events;
    for (std::size_t row = 0; row < particles.size(); ++row)
      origin.add(particles.particle_class[row], static_cast<double>(particles.energy[row]));
  }

  MakeReconstruct make_;
  Reconstruct reconstruct_;
  Tally tally_;
};

/// "A:B", "A:", ":B" or "A": entries A..B-1.
void parse_events(std::string const& text, io::PipelineConfig& config) {
  auto const number = [&](std::string const& digits) {
    if (digits.empty() || digits.size() > 15 || digits.find_first_not_of("0123456789") != digits.npos)
      throw core::ConfigError(
          core::cat("--events ", text, ": expected A:B, A: , :B or A, events counted from 0"));
    return static_cast<std::size_t>(std::stoull(digits));
  };
  if (text.empty()) return;
  auto const colon = text.find(':');
  if (colon == text.npos) {
    config.first = number(text);
    config.last = config.first + 1;
    return;
  }
  if (colon > 0) config.first = number(text.substr(0, colon));
  if (colon + 1 < text.size()) config.last = number(text.substr(colon + 1));
  if (config.last && *config.last < config.first)
    throw core::ConfigError(core::cat("--events ", text, ": ends before it begins"));
}

std::string per_event(double sum, std::uint64_t events) {
  return events ? fmt::format("{:.2f}", sum / static_cast<double>(events)) : "-";
}

void print_text(Tally const& tally, io::PipelineResult const& result, std::string const& output) {
  std::uint64_t const n = tally.events;
  fmt::print("{} event{}, detector {}; per event {} tracks and {} clusters\n\n", n, n == 1 ? "" : "s",
             result.detector, per_event(static_cast<double>(tally.tracks), n),
             per_event(static_cast<double>(tally.clusters), n));
  auto const cell = [&](Origin const& origin, double value) {
    return origin.events ? per_event(value, n) : std::string("-");
  };
  std::vector<std::vector<std::string>> rows{
      {"per event", "Corpuscle", "PFOs in the input", "generated, in reach"}};
  for (std::size_t k = 0; k < event::n_particle_classes; ++k) {
    std::vector<std::string> row{std::string(event::name(static_cast<event::ParticleClass>(k))) + "s"};
    for (Origin const* origin : {&tally.ours, &tally.stored, &tally.generated})
      row.push_back(cell(*origin, static_cast<double>(origin->particles[k])));
    rows.push_back(row);
  }
  rows.push_back({"energy sum [GeV]", cell(tally.ours, tally.ours.energy),
                  cell(tally.stored, tally.stored.energy), cell(tally.generated, tally.generated.energy)});
  fmt::print("{}\nWritten to {} as collection {}\n", terminal::table(rows), output, collection_name);
}

void print_json(Tally const& tally, io::PipelineResult const& result, std::string const& output) {
  using terminal::quoted;
  fmt::print(
      "{{\"output\": {}, \"collection\": {}, \"detector\": {}, \"events\": {}, \"tracks\": {}, \"clusters\": "
      "{}",
      quoted(output), quoted(collection_name), quoted(result.detector), tally.events, tally.tracks,
      tally.clusters);
  std::pair<char const*, Origin const*> const origins[] = {
      {"corpuscle", &tally.ours}, {"input", &tally.stored}, {"generated", &tally.generated}};
  for (auto const& [name, origin] : origins) {
    fmt::print(", \"{}\": {{\"events\": {}, \"energy_sum_GeV\": {:.9g}", name, origin->events,
               origin->energy);
    for (std::size_t k = 0; k < event::n_particle_classes; ++k)
      fmt::print(", {}: {}", quoted(std::string(event::name(static_cast<event::ParticleClass>(k)))),
                 origin->particles[k]);
    fmt::print("}}");
  }
  fmt::print(", \"damage\": [");
  for (std::size_t k = 0; k < result.damage.size(); ++k)
    fmt::print("{}{}", k ? ", " : "", quoted(result.damage[k]));
  fmt::print("], \"bad_input\": {{\"elements\": {}, \"events\": {}}}}}\n", tally.bad_elements,
             tally.events_with_bad_elements);
}

int reconstruct(Options const& options) {
  std::optional<artifact::ModelFile> model;  // opened once: the workers share it
  if (!options.model.empty()) model.emplace(options.model);
  MakeReconstruct make = rules;
  if (model)
    make = [&](detector::Detector const& detector) {
      runtime::EngineConfig config;
      if (options.precision == "bf16") config.precision = runtime::Precision::bf16;
      return network(*model, detector, config, bad_input_of(options.bad_input));
    };
  io::PipelineConfig config;
  config.inputs = terminal::expand(options.inputs);
  config.output = options.output;
  config.container = options.format == "rntuple" ? io::Container::rntuple : io::Container::ttree;
  config.workers = options.threads;
  config.keep_going = options.keep_going;
  config.dropped = options.dropped;
  parse_events(options.events, config);
  if (!options.detector.empty()) config.detector = config::find_detector(options.detector);
  auto const built_in = config::built_in_detectors();
  config.known_detectors.assign(built_in.begin(), built_in.end());
  config.added = {io::EventBuilder::particle_collection(collection_name)};
  config.make_processor = [&] { return std::make_unique<Reconstruction>(make); };
  Tally tally;
  config.on_report = [&](std::span<std::byte const> report) {
    Tally chunk;
    std::memcpy(&chunk, report.data(), sizeof chunk);
    tally.add(chunk);
  };
  terminal::catch_interruptions();
  config.should_stop = [] { return terminal::interrupted_by() != 0; };
  io::PipelineResult result;
  try {
    terminal::Progress progress("reconstruct");
    config.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
    result = io::run_pipeline(config);
  } catch (io::Interrupted const&) {
    return terminal::say_interrupted(options.output);
  }
  if (options.json)
    print_json(tally, result, options.output);
  else
    print_text(tally, result, options.output);
  if (model && !result.detector.empty() && model->description().detector != result.detector)
    fmt::print(stderr,
               "corpuscle: the network was trained on {}, these events are of {}: see 'corpuscle evaluate' "
               "whether that does\n",
               model->description().detector, result.detector);
  if (tally.bad_elements > 0)
    fmt::print(
        stderr,
        "corpuscle: {} in {} with values outside of the ranges that the network knows, {} (--bad-input)\n",
        core::counted(tally.bad_elements, "element"), core::counted(tally.events_with_bad_elements, "event"),
        options.bad_input == "drop" ? "dropped" : "limited to them");
  if (tally.unanswered > 0)
    fmt::print(stderr, "corpuscle: the network had no answer for {}, which are no particles\n",
               core::counted(tally.unanswered, "element"));
  for (std::string const& collection : result.not_kept)
    fmt::print(stderr, "corpuscle: not kept, EDM4hep 1.x has no such type: {}\n", collection);
  for (std::string const& message : result.damage) fmt::print(stderr, "corpuscle: left out: {}\n", message);
  return static_cast<int>(result.damage.empty() ? core::ExitCode::success : core::ExitCode::data);
}

}  // namespace

void add_reconstruct(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("reconstruct", "Reconstruct particles from tracks and clusters");
  verb->add_option("inputs", options->inputs, "EDM4hep or LCIO files; patterns with * are expanded")
      ->required()
      ->type_name("IN...");
  verb->add_option("-o,--output", options->output,
                   "EDM4hep file to write: the input's collections and CorpuscleParticles")
      ->required()
      ->type_name("OUT");
  CLI::Option* const model =
      verb->add_option("--model", options->model,
                       "With this network, of models/ or of 'corpuscle train'; else with the rules")
          ->type_name("FILE");
  verb->add_option("--precision", options->precision,
                   "Of the network's matrix products: bf16 is faster on CPUs that have it")
      ->needs(model)
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  verb->add_option(
          "--bad-input", options->bad_input,
          "Of tracks, clusters or hits with values outside of the ranges that the network knows: reject the "
          "event, drop them, or limit and count them (flag)")
      ->needs(model)
      ->check(CLI::IsMember({"reject", "drop", "flag"}))
      ->capture_default_str();
  verb->add_option("--detector", options->detector,
                   "clic, cld, ild or a detector file; else as the input says")
      ->type_name("NAME|FILE");
  verb->add_option("--threads", options->threads, "Events are processed on this many cores")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--events", options->events, "Only events A to B-1, counted from 0 through all inputs")
      ->type_name("A:B");
  verb->add_option("--format", options->format, "Of the output")
      ->check(CLI::IsMember({"ttree", "rntuple"}))
      ->capture_default_str();
  verb->add_option("--drop", options->dropped,
                   "Neither read nor write collections of these names; * is expanded. Hits are what takes "
                   "time and disk")
      ->type_name("NAME|TYPE...");
  verb->add_flag("--keep-going", options->keep_going, "Leave damaged events out instead of stopping");
  verb->add_flag("--json", options->json, "The closing table as JSON");
  verb->footer(
      "Examples:\n"
      "  corpuscle reconstruct events.slcio -o particles.edm4hep.root\n"
      "  corpuscle reconstruct clic.edm4hep.root -o particles.edm4hep.root --model "
      "models/clic_clusters.safetensors\n"
      "  corpuscle reconstruct clic.edm4hep.root -o small.edm4hep.root --model "
      "models/clic_clusters.safetensors "
      "--drop '*Hit*'\n"
      "  corpuscle reconstruct 'run*.edm4hep.root' -o all.edm4hep.root --detector cld --threads 8\n"
      "  corpuscle reconstruct events.edm4hep.json -o ten.edm4hep.root --detector cld --events 0:10");
  verb->callback([options, &exit_code] { exit_code = reconstruct(*options); });
}
