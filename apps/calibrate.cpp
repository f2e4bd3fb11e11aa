// corpuscle calibrate: the energy scales of a detector's particle flow, from simulated single particles.

#include "corpuscle/chain/calibrate.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/atomic_file.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string detector = "clic";
  std::string output;
  chain::CalibrationConfig config;
};

void print_points(std::string const& what, std::vector<chain::CalibrationPoint> const& points) {
  std::vector<std::vector<std::string>> rows{
      {what, "response", "error", "resolution", "before", "particles"}};
  for (chain::CalibrationPoint const& p : points)
    rows.push_back({fmt::format("{:.1f} GeV", p.energy), fmt::format("{:.4f}", p.response),
                    fmt::format("{:.4f}", p.response_error), fmt::format("{:.2f} %", 100 * p.resolution),
                    fmt::format("{:.2f} %", 100 * p.plain_resolution), fmt::format("{}", p.n)});
  fmt::print("{}\n", terminal::table(rows));
}

}  // namespace

void add_calibrate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("calibrate", "Fit the energy scales of particle flow to simulated photons and K0L");
  verb->add_option("--detector", options->detector, "clic, or a YAML file with a section 'simulation'")
      ->type_name("NAME")
      ->capture_default_str();
  verb->add_option("-o,--output", options->output, "The section to put into the detector's file")
      ->required()
      ->type_name("FILE");
  verb->add_option("--photons", options->config.n_photons, "How many")->capture_default_str();
  verb->add_option("--hadrons", options->config.n_hadrons, "How many")->capture_default_str();
  verb->add_option("--seed", options->config.seed, "Of all random numbers")->capture_default_str();
  verb->footer(
      "Half of the particles are for the fit; the tables show the other half.\n"
      "Example:\n"
      "  corpuscle calibrate --detector clic -o constants.yaml");
  verb->callback([options, &exit_code] {
    detector::Detector const detector = config::find_detector(options->detector);
    chain::CalibrationResult const result = chain::calibrate(detector, options->config);
    core::write_file(options->output, config::calibration_section(result.calibration));
    print_points("photons", result.photons);
    print_points("K0L", result.hadrons);
    fmt::print("{}: put this section into the detector's file\n", options->output);
    exit_code = 0;
  });
}
