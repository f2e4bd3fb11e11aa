// corpuscle-train: the verb `train` of corpuscle, in a program of its own because it needs LibTorch (and, as
// it links FastJet and may link Pythia, is under the GPL). `corpuscle train ...` starts it.

#include <CLI/CLI.hpp>

#include "terminal.hpp"
#include "train/verbs.hpp"

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: networks that learn particle flow.", "corpuscle");
  app.set_version_flag("--version", "corpuscle-train " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);
  int exit_code = 0;
  add_train(app, exit_code);
  return terminal::run(app, argc, argv, exit_code);
}
