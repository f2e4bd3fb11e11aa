// The verbs of other programs: corpuscle-simulate may link Pythia and corpuscle-evaluate links FastJet, both
// under the GPL, corpuscle-train needs LibTorch and corpuscle-tune libsvm; this one starts them.

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
/// @param way_out  how to get it, where it is missing
[[noreturn]] void start(char const* name, char const* way_out, char** argv) {
  std::error_code ignored;
  auto const self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  std::string const program = (self.parent_path() / name).string();
  ::execv(program.c_str(), argv);
  throw core::EnvironmentError(
      core::cat(program, ": cannot be started: ", std::strerror(errno), ". ", way_out));
}

void add(CLI::App& app, char** argv, char const* verb_name, char const* what, char const* program,
         char const* way_out = "It comes with Corpuscle, as a program of its own") {
  CLI::App* verb = app.add_subcommand(verb_name, what);
  verb->set_help_flag();  // all options are for the other program to understand
  verb->prefix_command();
  verb->callback([argv, program, way_out] { start(program, way_out, argv); });
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

void add_train(CLI::App& app, char** argv) {
  add(app, argv, "train", "Train a network on a dataset", "corpuscle-train",
      "It is built where LibTorch is: tools/setup --train, then tools/build full. All else works without it");
}

void add_tune(CLI::App& app, char** argv) {
  add(app, argv, "tune", "Search the hyper-parameters of a training", "corpuscle-tune");
}
