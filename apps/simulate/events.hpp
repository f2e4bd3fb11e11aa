#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/generate/generator.hpp"

/// Which collisions are wanted: what `simulate` and `generate` ask alike.
struct EventOptions {
  std::vector<std::string> inputs;  ///< a process, "gun", or HepMC files
  std::optional<std::uint64_t> n;
  std::uint64_t first = 0;
  std::uint64_t seed = 1;
  double pileup = 0;
  bool no_isr = false;  ///< this and the next: of a process
  std::string polarisation;
  std::optional<std::int32_t> pdg;  ///< this and what follows: of a gun
  std::string energy, theta, multiplicity;
  bool log_energy = false;
  bool detector_frame = false;  ///< of HepMC files
  bool list = false;
};

void add_event_options(CLI::App& verb, EventOptions& options);

/// The same, understood and checked.
struct EventPlan {
  std::string name;                ///< "ttbar", "gun", "events.hepmc3"
  std::vector<std::string> files;  ///< that events are read from
  std::uint64_t first = 0, last = 0;
  std::function<std::unique_ptr<corpuscle::generate::Generator>()> make_generator;
};

/// @throws core::ConfigError for options that make no sense together, values out of range, unknown processes.
/// @throws core::EnvironmentError if a process needs Pythia and the program was built without.
EventPlan plan_events(EventOptions const& options);

/// The processes that --list shows.
std::string list_processes();
