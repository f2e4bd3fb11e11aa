// corpuscle-simulate: the verbs `simulate`, `generate`, `calibrate` and `prepare` of corpuscle, in a program
// of their own because it links Pythia, which is under the GPL. `corpuscle simulate ...` starts it.

#include <CLI/CLI.hpp>

#include "simulate/verbs.hpp"
#include "terminal.hpp"

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: collisions, and what a detector sees of them.", "corpuscle");
  app.set_version_flag("--version", "corpuscle-simulate " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);
  int exit_code = 0;
  add_simulate(app, exit_code);
  add_generate(app, exit_code);
  add_calibrate(app, exit_code);
  add_prepare(app, exit_code);
  return terminal::run(app, argc, argv, exit_code);
}
