// corpuscle-train: the verb `train` of corpuscle, and `reconstruct` with a network, in a program of its own
// because it needs LibTorch (and, as it links FastJet and may link Pythia, is under the GPL). `corpuscle`
// starts it.

#include <CLI/CLI.hpp>
#include <memory>

#include "corpuscle/model/network.hpp"
#include "corpuscle/train/network_particle_flow.hpp"
#include "reconstruct.hpp"
#include "terminal.hpp"
#include "train/verbs.hpp"

namespace {

Model open_model(std::string const& path) {
  using namespace corpuscle;
  model::flush_subnormals();
  at::set_num_threads(1);  // the workers of the pipeline are the threads
  auto const file = std::make_shared<artifact::ModelFile const>(path);
  return {file->description().detector, [file](detector::Detector const& detector) {
            auto const reconstruct = std::make_shared<train::NetworkParticleFlow>(*file, detector);
            return [reconstruct](event::Observed const& observed) { return (*reconstruct)(observed); };
          }};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Corpuscle: networks that learn particle flow.", "corpuscle");
  app.set_version_flag("--version", "corpuscle-train " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);
  int exit_code = 0;
  add_train(app, exit_code);
  add_reconstruct(app, open_model, exit_code);
  return terminal::run(app, argc, argv, exit_code);
}
