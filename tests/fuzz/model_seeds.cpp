// Writes the seed corpus of model_fuzz: the smallest model of each architecture.
//
//   g++ -std=c++20 -Isrc -Itests tests/fuzz/model_seeds.cpp <libraries of corpuscle::runtime> -o model_seeds
//   ./model_seeds tests/fuzz/corpus/model

#include <variant>

#include "corpuscle/core/text.hpp"
#include "runtime/model_sketch.hpp"

using namespace corpuscle;

namespace {

struct Shrink {
  void operator()(artifact::WindowTransformerConfig& c) const {
    c = {.width = 4,
         .heads = 1,
         .layers = 1,
         .hidden = 2,
         .window = 4,
         .frequencies = 1,
         .head_hidden = 2,
         .regressed = 3};
  }
  void operator()(artifact::GnnLshConfig& c) const {
    c = {.bin_size = 4,
         .max_bins = 4,
         .id_layers = 1,
         .reg_layers = 0,
         .width = 3,
         .distance_width = 2,
         .distance_hidden = {},
         .class_hidden = {},
         .other_hidden = {}};
  }
  void operator()(artifact::KernelTransformerConfig& c) const {
    c = {.width = 2,
         .heads = 1,
         .random_features = 2,
         .encoder_layers = 0,
         .id_layers = 1,
         .reg_layers = 1,
         .class_hidden = {},
         .other_hidden = {}};
  }
  void operator()(artifact::AttentionConfig& c) const { c = {.width = 2, .heads = 1, .layers = 1}; }
};

}  // namespace

int main(int argc, char** argv) {
  std::string const folder = argc > 1 ? argv[1] : ".";
  for (test::SketchModel sketch : test::sketch_models()) {
    std::visit(Shrink{}, sketch.architecture);
    test::WholeModel(sketch, {5, 1}).write(core::cat(folder, '/', sketch.name, ".safetensors"));
  }
}
