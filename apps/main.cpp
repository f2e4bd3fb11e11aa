#include <CLI/CLI.hpp>

#include "terminal.hpp"
#include "verbs.hpp"

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: from the raw picture of a collision to the particles that made it.", "corpuscle");
  app.set_version_flag("--version", "corpuscle " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);  // "none" is found later, after a misspelt one, whose message says more
  app.footer(
      "Examples:\n"
      "  corpuscle simulate ttbar -n 1000 -o ttbar.edm4hep.root\n"
      "  corpuscle inspect events.edm4hep.root\n"
      "  corpuscle reconstruct events.slcio -o particles.edm4hep.root\n"
      "  corpuscle model models/clic_clusters.safetensors\n"
      "  corpuscle export models/clic_clusters.safetensors -o clic.onnx\n"
      "  corpuscle truth ttbar.edm4hep.root\n"
      "  corpuscle evaluate ttbar.edm4hep.root -o report\n"
      "\n"
      "Each command has its own --help with more. Exit codes: 0 done, 2 wrong options or configuration,\n"
      "3 damaged or unsuitable input, 4 the machine lacks something (file, disk, library), 5 a gate fails,\n"
      "1 a bug.");
  int exit_code = 0;
  add_simulate(app, argv);
  add_inspect(app, exit_code);
  add_reconstruct(app, exit_code);
  add_model(app, exit_code);
  add_export(app, exit_code);
  add_truth(app, exit_code);
  add_evaluate(app, argv);
  add_train(app, argv);
  add_tune(app, argv);
  return terminal::run(app, argc, argv, exit_code);
}
