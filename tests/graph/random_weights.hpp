#pragma once

#include <cmath>
#include <cstdint>
#include <deque>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/artifact/tensor.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"

/// Networks with random weights, as a model file would have them.
namespace corpuscle::test {

/// Named arrays that it keeps. `random(name, shape, low, high)` adds one.
class RandomWeights {
 public:
  explicit RandomWeights(std::uint64_t seed) : random_({seed, 4711}) {}

  void add(std::string name, artifact::Shape const& shape, double low, double high) {
    std::vector<float>& values = values_.emplace_back(
        std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>()));
    for (float& value : values) value = static_cast<float>(random_.uniform(low, high));
    tensors_.push_back(artifact::tensor(std::move(name), shape, values));
  }

  /// Sums of n_in products with numbers of size 1 have the size 1.
  void add_dense(std::string const& name, std::int64_t n_in, std::int64_t n_out) {
    double const limit = std::sqrt(3. / static_cast<double>(n_in));
    add(name + ".weight", {static_cast<std::size_t>(n_out), static_cast<std::size_t>(n_in)}, -limit, limit);
    add(name + ".bias", {static_cast<std::size_t>(n_out)}, -0.5, 0.5);
  }
  void add_dense_per_type(std::string const& name, std::int64_t types, std::int64_t n_in,
                          std::int64_t n_out) {
    for (std::int64_t type = 0; type < types; ++type) add_dense(core::cat(name, '.', type), n_in, n_out);
  }
  void add_norm(std::string const& name, std::int64_t width) {
    add(name + ".weight", {static_cast<std::size_t>(width)}, 0.5, 1.5);
    add(name + ".bias", {static_cast<std::size_t>(width)}, -0.5, 0.5);
  }

  [[nodiscard]] std::vector<artifact::Tensor>& tensors() { return tensors_; }
  [[nodiscard]] std::vector<artifact::Tensor> const& tensors() const { return tensors_; }

  [[nodiscard]] artifact::Tensor const* find(std::string const& name) const {
    for (artifact::Tensor const& tensor : tensors_)
      if (tensor.name == name) return &tensor;
    return nullptr;
  }
  /// The values of an array that is there.
  [[nodiscard]] std::span<float const> operator[](std::string const& name) const {
    artifact::Tensor const& tensor = *find(name);
    return {reinterpret_cast<float const*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(float)};
  }

 private:
  core::Random random_;
  std::deque<std::vector<float>> values_;  // which do not move when there are more
  std::vector<artifact::Tensor> tensors_;
};

inline RandomWeights random_weights(artifact::ModelConfig const& model,
                                    artifact::WindowTransformerConfig const& c, std::uint64_t seed) {
  RandomWeights weights(seed);
  artifact::Shape const per_type{static_cast<std::size_t>(model.types),
                                 static_cast<std::size_t>(model.features)};
  weights.add("mean", per_type, -1, 1);
  weights.add("scale", per_type, 0.5, 2);
  weights.add_dense_per_type("input", model.types, model.features, c.width);
  weights.add_dense("embedding", c.width, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) {
    std::string const layer = core::cat("layer_", i, '.');
    weights.add_norm(layer + "summary_norm", c.width);
    weights.add_dense(layer + "to_summary", c.width, (c.width + 3) / 4);
    weights.add_dense(layer + "from_summary", (c.width + 3) / 4, c.width);
    weights.add_norm(layer + "norm", c.width);
    weights.add_dense(layer + "query_key_value", c.width, 3 * c.width);
    weights.add_dense(layer + "output", c.width, c.width);
    weights.add_norm(layer + "hidden_norm", c.width);
    weights.add_dense(layer + "to_hidden", c.width, c.hidden);
    weights.add_dense(layer + "from_hidden", c.hidden, c.width);
  }
  weights.add_norm("norm", c.width);
  weights.add_dense("class_hidden", c.width, c.head_hidden);
  weights.add_dense_per_type("class", model.types, c.head_hidden, c.classes);
  weights.add_dense("regression_hidden", c.width, c.head_hidden);
  weights.add_dense_per_type("regression", model.types, c.head_hidden, c.regressed);
  return weights;
}

/// Small, of sizes that are no multiples of a vector, and of which none can be taken for another.
inline artifact::ModelConfig small_window_transformer() {
  artifact::WindowTransformerConfig c;
  c.width = 24;
  c.heads = 2;
  c.frequencies = 2;
  c.hidden = 20;
  c.head_hidden = 11;
  c.window = 16;
  c.regressed = 3;
  return {9, 2, c};
}

}  // namespace corpuscle::test
