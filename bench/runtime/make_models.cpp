// Writes a model file of random weights for every architecture, of its published size, into a folder: what
// compare_engines.py runs.
//
//   make_models FOLDER
#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>

#include "corpuscle/artifact/model_file.hpp"
#include "random_networks.hpp"

namespace {

using namespace corpuscle;

struct Kind {
  artifact::Architecture architecture;
  char const* schema;
  encoding::Layout layout;
};

/// Two events whose features look like those of clusters where networks look.
artifact::SelfTest random_events(std::size_t n_features) {
  artifact::SelfTest test;
  test.offsets = {0, 100, 170};
  core::Random random({3});
  for (std::int64_t row = 0; row < test.offsets.back(); ++row) {
    std::size_t const first = test.features.size();
    for (std::size_t column = 0; column < n_features; ++column)
      test.features.push_back(static_cast<float>(random.normal()));
    double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    test.features[first + 1] = static_cast<float>(random.exponential() + 0.1);
    test.features[first + 2] = static_cast<float>(random.uniform(-2, 2));
    test.features[first + 3] = static_cast<float>(std::sin(phi));
    test.features[first + 4] = static_cast<float>(std::cos(phi));
    test.features[first + 5] = test.features[first + 1] * std::cosh(test.features[first + 2]);
    test.type.push_back(row % 100 < 40 ? 0 : 1);
  }
  return test;
}

void write(std::string const& path, Kind const& kind) {
  encoding::Schema const& schema = encoding::find_schema(kind.schema);
  auto const n_features = schema.width();
  artifact::ModelConfig const config{static_cast<std::int64_t>(n_features),
                                     static_cast<std::int64_t>(schema.elements.size()), kind.architecture};
  auto const network = bench::random_network(config);
  std::vector<artifact::Tensor> weights;
  for (auto const& [name, tensor] : bench::state_of(*network))
    weights.push_back(artifact::tensor(
        name, {tensor.sizes().begin(), tensor.sizes().end()},
        std::span<float const>(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()))));

  artifact::SelfTest test = random_events(n_features);
  for (std::size_t event = 0; event < 2; ++event) {
    auto const begin = test.offsets[event];
    auto const end = test.offsets[event + 1];
    auto const width = static_cast<std::int64_t>(n_features);
    torch::Tensor const outputs =
        bench::answer(*network, {test.features.begin() + begin * width, test.features.begin() + end * width},
                      {test.type.begin() + begin, test.type.begin() + end});
    test.outputs.insert(test.outputs.end(), outputs.data_ptr<float>(),
                        outputs.data_ptr<float>() + outputs.numel());
  }
  artifact::ModelDescription const description{
      config, schema, encoding::NormalisationSums(schema).result(), kind.layout,
      "none", "clic", {{"program", "bench/runtime/make_models"}}};
  artifact::write_model(path, description, weights, test);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    torch::InferenceMode const inference;
    artifact::KernelTransformerConfig positive;
    positive.features = artifact::KernelFeatures::positive;
    using encoding::Layout;
    artifact::WindowTransformerConfig window;
    window.regressed = static_cast<std::int64_t>(encoding::regression_names(Layout::standard).size());
    Kind const kinds[] = {
        {window, "corpuscle-clusters-1", Layout::standard},
        {artifact::AttentionConfig{}, "mlpf-2026-clusters", Layout::mlpf_2026},
        {artifact::GnnLshConfig{}, "mlpf-2023-clusters", Layout::mlpf_2023},
        {artifact::KernelTransformerConfig{}, "mlpf-2023-clusters", Layout::mlpf_2023},
        {positive, "mlpf-2023-clusters", Layout::mlpf_2023},
    };
    for (Kind const& kind : kinds) {
      std::string name = std::visit([](auto const& c) { return std::string(c.name); }, kind.architecture);
      if (&kind == std::end(kinds) - 1) name += "-positive";
      write(std::string(argv[1]) + "/" + name + ".safetensors", kind);
    }
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
