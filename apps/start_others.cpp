// The verbs of other programs: corpuscle-simulate may link Pythia and corpuscle-evaluate links FastJet, both
// under the GPL; this one starts them.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

/// Becomes another program, which lies where this one does.
[[noreturn]] void start(char const* name, char** argv) {
  std::error_code ignored;
  auto const self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  std::string const program = (self.parent_path() / name).string();
  ::execv(program.c_str(), argv);
  throw core::EnvironmentError(core::cat(program, ": cannot be started: ", std::strerror(errno),
                                         ". It comes with Corpuscle, as a program of its own"));
}

void add(CLI::App& app, char** argv, char const* verb_name, char const* what, char const* program) {
  CLI::App* verb = app.add_subcommand(verb_name, what);
  verb->set_help_flag();  // all options are for the other program to understand
  verb->prefix_command();
  verb->callback([argv, program] { start(program, argv); });
}

}  // namespace

void add_simulate(CLI::App& app, char** argv) {
  add(app, argv, "simulate", "Simulate collisions in a detector", "corpuscle-simulate");
  add(app, argv, "generate", "Generate collisions, without a detector", "corpuscle-simulate");
  add(app, argv, "calibrate", "Fit the energy scales of particle flow to simulated photons and K0L",
      "corpuscle-simulate");
  add(app, argv, "prepare", "Encode events as a dataset to train on", "corpuscle-simulate");
}

void add_evaluate(CLI::App& app, char** argv) {
  add(app, argv, "evaluate", "Say how good a reconstruction is, as a report with figures",
      "corpuscle-evaluate");
}
