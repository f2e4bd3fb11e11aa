// corpuscle simulate: collisions in, what the detector sees of them out.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/event_frame.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "simulate/events.hpp"
#include "simulate/verbs.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;

/// What a worker may need, and how long, before something must be wrong. An event of 100,000 photons of 1.6
/// GeV has 7 million hits, took 4 GB and half a minute; usual ones take 0.3 GB and 20 ms.
constexpr std::size_t worker_memory = std::size_t{8} << 30;
constexpr int worker_patience_s = 1800;

struct Options {
  EventOptions events;
  std::string output;
  std::string detector = "clic";
  std::string container = "ttree";
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
};

/// Where the energy of the events went: the lines of the closing table.
constexpr std::pair<char const*, double sim::EnergyAccount::*> energy_rows[] = {
    {"came in", &sim::EnergyAccount::in},
    {"in hits", &sim::EnergyAccount::visible},
    {"in cells below threshold", &sim::EnergyAccount::below_threshold},
    {"in hits outside the time window", &sim::EnergyAccount::late},
    {"neutrinos and nuclear binding", &sim::EnergyAccount::invisible},
    {"in the tracker", &sim::EnergyAccount::tracker},
    {"in the coil and in gaps", &sim::EnergyAccount::dead},
    {"leaked out", &sim::EnergyAccount::leaked},
    {"rest mass of what stays", &sim::EnergyAccount::rest_mass}};

/// What the closing table is made of: sums over events.
struct Tally {
  std::uint64_t events = 0, tracks = 0, clusters = 0, calo_hits = 0, tracker_hits = 0;
  sim::EnergyAccount energy;

  void add(Tally const& other) {
    events += other.events;
    tracks += other.tracks;
    clusters += other.clusters;
    calo_hits += other.calo_hits;
    tracker_hits += other.tracker_hits;
    add(other.energy);
  }
  void add(sim::EnergyAccount const& other) {
    for (auto const& [label, member] : energy_rows) energy.*member += other.*member;
  }
};

/// One event after the other, from the generator to a frame.
class SimulatedEvents final : public io::FrameMaker {
 public:
  SimulatedEvents(std::unique_ptr<generate::Generator> generator, detector::Detector const& detector,
                  std::uint64_t seed)
      : make_event_(std::move(generator), detector, seed), make_frame_(detector) {}

  void make(std::size_t entry, io::Frame& frame) override {
    event::Event const event = make_event_(static_cast<std::int64_t>(entry));
    frame = make_frame_(event);
    ++tally_.events;
    tally_.tracks += event.observed.tracks.size();
    tally_.clusters += event.observed.clusters.size();
    tally_.calo_hits += event.observed.calo_hits.size();
    tally_.tracker_hits += event.observed.tracker_hits.size();
    tally_.add(make_event_.account());
  }

  std::vector<std::byte> take_report() override {
    auto const bytes = std::as_bytes(std::span(&tally_, 1));
    std::vector<std::byte> report(bytes.begin(), bytes.end());
    tally_ = {};
    return report;
  }

 private:
  chain::EventMaker make_event_;
  io::EventFramer make_frame_;
  Tally tally_;
};

void print_text(Tally const& tally, std::string const& name, detector::Detector const& detector,
                std::string const& output) {
  double const n = static_cast<double>(std::max<std::uint64_t>(1, tally.events));
  auto const mean = [&](std::uint64_t sum) { return static_cast<double>(sum) / n; };
  fmt::print(
      "{} event{} of {}, detector {}; per event {:.1f} tracks, {:.1f} clusters, {:.0f} calorimeter hits "
      "and {:.0f} tracker hits\n\n",
      tally.events, tally.events == 1 ? "" : "s", name, detector.name, mean(tally.tracks),
      mean(tally.clusters), mean(tally.calo_hits), mean(tally.tracker_hits));
  std::vector<std::vector<std::string>> rows{{"energy per event", "GeV", "%"}};
  for (auto const& [label, member] : energy_rows) {
    double const share = tally.energy.in > 0 ? 100 * tally.energy.*member / tally.energy.in : 0;
    rows.push_back({label, fmt::format("{:.2f}", tally.energy.*member / n), fmt::format("{:.1f}", share)});
  }
  fmt::print("{}\nWritten to {}\n", terminal::table(rows), output);
}

void print_json(Tally const& tally, std::string const& name, detector::Detector const& detector,
                std::string const& output) {
  using terminal::quoted;
  fmt::print(
      "{{\"output\": {}, \"process\": {}, \"detector\": {}, \"events\": {}, \"tracks\": {}, "
      "\"clusters\": {}, \"calorimeter_hits\": {}, \"tracker_hits\": {}, \"energy_sum_GeV\": {{",
      quoted(output), quoted(name), quoted(detector.name), tally.events, tally.tracks, tally.clusters,
      tally.calo_hits, tally.tracker_hits);
  char const* separator = "";
  for (auto const& [label, member] : energy_rows) {
    fmt::print("{}{}: {:.9g}", separator, quoted(label), tally.energy.*member);
    separator = ", ";
  }
  fmt::print("}}}}\n");
}

int simulate(Options const& options) {
  if (options.events.list) {
    fmt::print("{}", list_processes());
    return static_cast<int>(core::ExitCode::success);
  }
  if (options.output.empty()) throw core::ConfigError("--output is required: the EDM4hep file to write");
  EventPlan const plan = plan_events(options.events);
  detector::Detector const detector = config::find_detector(options.detector);
  io::EventFramer const framer(detector);
  terminal::require_other_file(options.output, plan.files);

  io::PipelineConfig config;
  config.output = options.output;
  config.container = options.container == "rntuple" ? io::Container::rntuple : io::Container::ttree;
  config.workers = options.threads;
  config.first = plan.first;
  config.last = plan.last;
  io::MadeEvents& made = config.made.emplace();
  made.name = plan.name;
  made.collections = framer.schema();
  made.metadata = framer.metadata();
  made.memory = worker_memory;
  made.patience = worker_patience_s;
  made.make_maker = [&] {
    return std::make_unique<SimulatedEvents>(plan.make_generator(), detector, options.events.seed);
  };
  Tally tally;
  config.on_report = [&](std::span<std::byte const> report) {
    Tally chunk;
    std::memcpy(&chunk, report.data(), sizeof chunk);
    tally.add(chunk);
  };
  terminal::catch_interruptions();
  config.should_stop = [] { return terminal::interrupted_by() != 0; };
  try {
    terminal::Progress progress("simulate");
    config.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
    io::run_pipeline(config);
  } catch (io::Interrupted const&) {
    return terminal::say_interrupted(options.output);
  }
  if (options.json)
    print_json(tally, plan.name, detector, options.output);
  else
    print_text(tally, plan.name, detector, options.output);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_simulate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("simulate", "Simulate collisions in a detector");
  add_event_options(*verb, options->events);
  verb->add_option("-o,--output", options->output, "EDM4hep file to write")->type_name("OUT");
  verb->add_option("--detector", options->detector, "clic, cld or a detector file")
      ->capture_default_str()
      ->type_name("NAME|FILE");
  verb->add_option("--threads", options->threads, "Events are simulated on this many cores")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str()
      ->type_name("T");
  verb->add_option("--format", options->container, "Of the output")
      ->check(CLI::IsMember({"ttree", "rntuple"}))
      ->capture_default_str();
  verb->add_flag("--json", options->json, "The closing table as JSON, sums over all events");
  verb->footer(
      "Examples:\n"
      "  corpuscle simulate --list\n"
      "  corpuscle simulate ttbar -n 1000 -o ttbar.edm4hep.root\n"
      "  corpuscle simulate ttbar -n 1000 --first 1000 --pileup 10 --seed 7 -o more.edm4hep.root\n"
      "  corpuscle simulate gun --pdg 22 --energy 1:100 --log-energy --theta 40:140 -o photons.edm4hep.root\n"
      "  corpuscle simulate gun --pdg 211 --multiplicity 25:200 -n 50 -o pions.edm4hep.root\n"
      "  corpuscle simulate events.hepmc3.gz --detector cld -o events.edm4hep.root");
  verb->callback([options, &exit_code] { exit_code = simulate(*options); });
}
