#pragma once

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "graph/random_weights.hpp"
#include "runtime/reference.hpp"

/// Small model files of every architecture, for tests that do not ask what a network answers, but whether it
/// always answers the same.
namespace corpuscle::test {

/// A file that disappears with this.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string const& name)
      : path_((std::filesystem::temp_directory_path() / core::cat("corpuscle_", getpid(), '_', name))
                  .string()) {}
  TemporaryFile(TemporaryFile const&) = delete;
  TemporaryFile& operator=(TemporaryFile const&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }

  [[nodiscard]] std::string const& path() const { return path_; }
  [[nodiscard]] std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void write(std::string const& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

 private:
  std::string path_;
};

/// Random weights for any architecture: asks `graph::build` for what it is missing until it has all.
inline RandomWeights weights_that_fit(artifact::ModelConfig const& config, std::uint64_t seed) {
  std::vector<std::pair<std::string, artifact::Shape>> wanted;
  for (;;) {
    RandomWeights weights(seed);
    for (auto const& [name, shape] : wanted) {
      bool const is_factor = name == "scale" || name.ends_with("norm.weight");
      double const limit = shape.size() == 2 ? std::sqrt(3. / static_cast<double>(shape[1])) : 0.5;
      weights.add(name, shape, is_factor ? 0.5 : -limit, is_factor ? 1.5 : limit);
    }
    std::string message;
    try {
      (void)graph::build(config, weights.tensors(), "");
      return weights;
    } catch (core::DataError const& error) {
      message = error.what();
    }
    // ": has no weights 'NAME'", or ": 'NAME' is F32[], its architecture needs F32[2, 3]".
    std::string const name =
        message.substr(message.find('\'') + 1, message.rfind('\'') - message.find('\'') - 1);
    if (message.find("has no weights") != message.npos) {
      wanted.emplace_back(name, artifact::Shape{});
      continue;
    }
    std::istringstream shape(message.substr(message.rfind('[') + 1));
    for (std::size_t size = 0; shape >> size; shape.ignore(1)) wanted.back().second.push_back(size);
    if (wanted.back().second.empty()) std::abort();  // it wants something else: an endless loop
  }
}

/// An architecture, with an encoding and a layout that go with it.
struct SketchModel {
  char const* name;
  char const* schema;
  encoding::Layout layout;
  artifact::Architecture architecture;

  friend std::ostream& operator<<(std::ostream& out, SketchModel const& model) { return out << model.name; }
};

/// Windows and bins of 16 elements, so that events of 17 have two of them.
inline std::vector<SketchModel> sketch_models() {
  artifact::WindowTransformerConfig window =
      std::get<artifact::WindowTransformerConfig>(small_window_transformer().architecture);
  artifact::GnnLshConfig gnn;
  gnn.bin_size = 16;
  gnn.max_bins = 8;
  gnn.id_layers = 2;
  gnn.reg_layers = 1;
  gnn.width = 20;
  gnn.distance_width = 6;
  gnn.distance_hidden = {5};
  gnn.class_hidden = gnn.other_hidden = {7};
  artifact::KernelTransformerConfig kernel;
  kernel.width = 10;
  kernel.heads = 2;
  kernel.random_features = 6;
  kernel.encoder_layers = 1;
  kernel.class_hidden = kernel.other_hidden = {7};
  artifact::AttentionConfig attention;
  attention.width = 24;
  attention.heads = 2;
  attention.layers = 3;
  return {{"window_transformer", "corpuscle-clusters-1", encoding::Layout::standard, window},
          {"window_transformer_on_hits", "corpuscle-hits-1", encoding::Layout::standard, window},
          {"gnn_lsh", "mlpf-2023-clusters", encoding::Layout::mlpf_2023, gnn},
          {"kernel_transformer", "mlpf-2023-clusters", encoding::Layout::mlpf_2023, kernel},
          {"attention", "mlpf-2026-clusters", encoding::Layout::mlpf_2026, attention},
          {"window_transformer_on_groups", "corpuscle-hit-groups-1", encoding::Layout::standard, window}};
}

inline artifact::ModelDescription description_of(SketchModel const& sketch) {
  artifact::ModelDescription d;
  d.schema = encoding::find_schema(sketch.schema);
  d.model = {static_cast<std::int64_t>(d.schema.width()), static_cast<std::int64_t>(d.schema.elements.size()),
             sketch.architecture};
  d.normalisation.schema = d.schema.name;
  for (encoding::ElementColumns const& element : d.schema.elements)
    d.normalisation.types.push_back({element.type, 1, std::vector<double>(element.columns.size(), 0),
                                     std::vector<double>(element.columns.size(), 1)});
  d.layout = sketch.layout;
  d.rule = "standard";
  d.detector = "simple";
  return d;
}

/// What a training would write, but for the self-test, which has what the engine answers itself.
struct WholeModel {
  explicit WholeModel(SketchModel const& sketch, std::vector<std::uint32_t> const& lengths = {12, 40})
      : about(description_of(sketch)), weights(weights_that_fit(about.model, 3)) {
    RandomBatch const batch(lengths, about.schema.width(), 4);
    runtime::Engine const engine(graph());
    self_test.features = batch.features;
    self_test.type.assign(batch.types.begin(), batch.types.end());
    self_test.offsets.assign(batch.offsets.begin(), batch.offsets.end());
    self_test.outputs.resize(batch.types.size() * engine.n_outputs());
    runtime::Arena arena;
    engine(batch.view(), self_test.outputs, arena);
  }

  [[nodiscard]] graph::Graph graph() const {
    return graph::simplify(graph::build(about.model, weights.tensors(), "sketch"));
  }
  void write(std::string const& path) const {
    artifact::write_model(path, about, weights.tensors(), self_test);
  }

  artifact::ModelDescription about;
  RandomWeights weights;
  artifact::SelfTest self_test;
};

}  // namespace corpuscle::test
