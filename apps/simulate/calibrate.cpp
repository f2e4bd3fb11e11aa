// corpuscle calibrate: the energy scales of a detector's particle flow, from simulated single particles.

#include "corpuscle/chain/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "simulate/verbs.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string detector = "clic";
  std::string output;
  chain::CalibrationConfig config;
};

void print_points(std::string const& what, std::vector<chain::CalibrationPoint> const& points) {
  std::vector<std::vector<std::string>> rows{
      {what, "response", "+-", "resolution", "without calibration", "particles"}};
  for (chain::CalibrationPoint const& p : points)
    rows.push_back({fmt::format("{:.1f} GeV", p.energy), fmt::format("{:.4f}", p.response),
                    fmt::format("{:.4f}", p.response_error), fmt::format("{:.1f} %", 100 * p.resolution),
                    fmt::format("{:.1f} %", 100 * p.plain_resolution), fmt::format("{}", p.n)});
  fmt::print("{}\n", terminal::table(rows));
}

/// The section for the detector's file, below the command that made it.
std::string section_text(chain::CalibrationConfig const& config, chain::CalibrationResult const& result) {
  return fmt::format("# corpuscle calibrate --photons {} --hadrons {} --seed {}\n", config.n_photons,
                     config.n_hadrons, config.seed) +
         config::calibration_section(result.calibration);
}

int calibrate(Options options) {
  detector::Detector const detector = config::find_detector(options.detector);
  terminal::require_other_file(options.output, {options.detector});
  terminal::catch_interruptions();
  core::AtomicFile file(options.output);  // now: where it cannot be written, nobody should wait first

  options.config.should_stop = [] { return terminal::interrupted_by() != 0; };
  chain::CalibrationResult result;
  try {
    terminal::Progress progress("calibrate");
    options.config.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
    result = chain::calibrate(detector, options.config);
  } catch (chain::Interrupted const&) {
    return terminal::say_interrupted(options.output);
  }

  std::ofstream stream(file.temporary_path());
  stream << section_text(options.config, result);
  stream.close();
  if (!stream) throw core::EnvironmentError(options.output + ": cannot be written. Is the disk full?");
  file.commit();
  print_points("photons", result.photons);
  print_points("K0L", result.hadrons);
  fmt::print("Written to {}: the section for the file of detector {}\n", options.output, detector.name);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_calibrate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  chain::CalibrationConfig& config = options->config;
  config.threads = std::max(1U, std::thread::hardware_concurrency());
  CLI::App* verb =
      app.add_subcommand("calibrate", "Fit the energy scales of particle flow to simulated photons and K0L");
  verb->add_option("-o,--output", options->output, "YAML file to write: a section for the detector's file")
      ->required()
      ->type_name("OUT");
  verb->add_option("--detector", options->detector,
                   "clic, cld or a detector file with a section 'simulation'")
      ->capture_default_str()
      ->type_name("NAME|FILE");
  verb->add_option("--photons", config.n_photons, "How many to simulate")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--hadrons", config.n_hadrons, "How many K0L to simulate")
      ->check(CLI::Range(1000, 10'000'000))
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--seed", config.seed, "Of all random numbers")->capture_default_str()->type_name("S");
  verb->add_option("--threads", config.threads, "Particles are simulated on this many cores")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str()
      ->type_name("T");
  verb->footer(
      "Half of the particles are for the fit; the tables show how it does on the other half.\n"
      "\n"
      "Examples:\n"
      "  corpuscle calibrate -o constants.yaml\n"
      "  corpuscle calibrate --detector cld --seed 2 -o constants.yaml\n"
      "  corpuscle calibrate --detector mine.yaml --photons 10000 --hadrons 50000 -o constants.yaml");
  verb->callback([options, &exit_code] { exit_code = calibrate(*options); });
}
