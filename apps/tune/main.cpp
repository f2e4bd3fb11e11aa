// corpuscle-tune: the verb `tune` of corpuscle, in a program of its own because its workers are started as
// processes. `corpuscle tune ...` starts it.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "terminal.hpp"
#include "tune/verbs.hpp"

namespace {

/// So that a study may say `corpuscle train` where this program lies in no PATH: its folder is looked into
/// last.
void look_here_too() {
  std::error_code failed;
  std::string const here = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
  char const* const path = std::getenv("PATH");
  if (!failed) ::setenv("PATH", (path ? path + (':' + here) : here).c_str(), 1);
}

}  // namespace

int main(int argc, char** argv) {
  look_here_too();
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
