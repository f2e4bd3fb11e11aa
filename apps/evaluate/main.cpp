// corpuscle-evaluate: the verb `evaluate` of corpuscle, in a program of its own because it links FastJet,
// which is under the GPL. `corpuscle evaluate ...` starts it.

#include <CLI/CLI.hpp>

#include "evaluate/verbs.hpp"
#include "terminal.hpp"

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: how good a reconstruction is.", "corpuscle");
  app.set_version_flag("--version", "corpuscle-evaluate " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);
  int exit_code = 0;
  add_evaluate(app, exit_code);
  return terminal::run(app, argc, argv, exit_code);
}
