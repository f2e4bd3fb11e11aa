// corpuscle-tune: the verb `tune` of corpuscle, in a program of its own because its workers are started as
// processes. `corpuscle tune ...` starts it.

#include <CLI/CLI.hpp>

#include "terminal.hpp"
#include "tune/verbs.hpp"

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: hyper-parameters, found cheaply.", "corpuscle");
  app.set_version_flag("--version", "corpuscle-tune " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);
  CLI::App* tune = app.add_subcommand("tune", "Search the hyper-parameters of a training");
  tune->require_subcommand(1);
  tune->footer(
      "Examples:\n"
      "  corpuscle tune init tuning/clusters.yaml -o studies/clusters\n"
      "  corpuscle tune run studies/clusters -j 2\n"
      "  corpuscle tune submit studies/clusters --tasks 20 -- --partition=gpu --time=4:00:00\n"
      "  corpuscle tune status studies/clusters\n"
      "  corpuscle tune best studies/clusters\n"
      "  corpuscle tune export studies/clusters --page clusters.html\n"
      "The guide is docs/guide/tuning.md.");
  int exit_code = 0;
  add_work(*tune, exit_code);
  add_show(*tune, exit_code);
  add_replay(*tune, exit_code);
  return terminal::run(app, argc, argv, exit_code);
}
