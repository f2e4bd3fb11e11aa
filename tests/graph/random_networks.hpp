#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/random_weights.hpp"

/// Networks of every architecture with random weights, and events for them.
namespace corpuscle::test {

inline void add_normalisation(RandomWeights& weights, artifact::ModelConfig const& model) {
  artifact::Shape const per_type{static_cast<std::size_t>(model.types),
                                 static_cast<std::size_t>(model.features)};
  weights.add("mean", per_type, -1, 1);
  weights.add("scale", per_type, 0.5, 2);
}

inline void add_feed_forward(RandomWeights& weights, std::string const& name,
                             std::vector<std::int64_t> const& widths) {
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    weights.add_dense(core::cat(name, '.', i), widths[i], widths[i + 1]);
}

inline void add_decoder_2023(RandomWeights& weights, std::int64_t width,
                             std::vector<std::int64_t> const& class_hidden,
                             std::vector<std::int64_t> const& other_hidden) {
  auto const head = [&](char const* name, std::int64_t n_in, std::vector<std::int64_t> widths,
                        std::int64_t n_out) {
    widths.insert(widths.begin(), n_in);
    widths.push_back(n_out);
    add_feed_forward(weights, core::cat("decoder.", name), widths);
  };
  weights.add_norm("decoder.norm", width);
  head("class", width, class_hidden, 6);
  head("charge", width, other_hidden, 3);
  head("eta", width + 6, other_hidden, 1);
  head("phi", width + 6, other_hidden, 2);
  head("energy", 2 * width + 12, other_hidden, 1);
  head("pt", 2 * width + 12, other_hidden, 2);
}

inline RandomWeights random_weights(artifact::ModelConfig const& model, artifact::GnnLshConfig const& c,
                                    std::uint64_t seed) {
  RandomWeights weights(seed);
  add_normalisation(weights, model);
  weights.add_dense("encoder.0", model.types + model.features, c.width);
  weights.add_dense("encoder.1", c.width, c.width);
  auto const square = static_cast<std::size_t>(c.width);
  double const limit = std::sqrt(3. / static_cast<double>(c.width));
  for (auto const& [stack, layers] : {std::pair{"id_", c.id_layers}, std::pair{"reg_", c.reg_layers}}) {
    for (std::int64_t i = 0; i < layers; ++i) {
      std::string const layer = core::cat(stack, i, '.');
      weights.add_norm(layer + "norm", c.width);
      std::vector<std::int64_t> widths = c.distance_hidden;
      widths.insert(widths.begin(), c.width);
      widths.push_back(c.distance_width);
      add_feed_forward(weights, layer + "distance", widths);
      weights.add(layer + "codebook",
                  {static_cast<std::size_t>(c.distance_width), static_cast<std::size_t>(c.max_bins / 2)}, -1,
                  1);
      for (char const* const message : {"first.", "second."}) {
        // A bin is summed over, not averaged.
        double const of_bin = limit / static_cast<double>(c.bin_size);
        weights.add(layer + message + "neighbours.weight", {square, square}, -of_bin, of_bin);
        weights.add(layer + message + "self.weight", {square, square}, -limit, limit);
        weights.add_dense(layer + message + "gate", c.width, c.width);
      }
    }
  }
  add_decoder_2023(weights, c.width, c.class_hidden, c.other_hidden);
  return weights;
}

inline RandomWeights random_weights(artifact::ModelConfig const& model,
                                    artifact::KernelTransformerConfig const& c, std::uint64_t seed) {
  RandomWeights weights(seed);
  add_normalisation(weights, model);
  weights.add_dense("embedding.0", model.types + model.features, c.width);
  weights.add_dense("embedding.1", c.width, c.width);
  auto const width = static_cast<std::size_t>(c.width);
  for (auto const& [stack, layers] : {std::pair{"encoder_", c.encoder_layers}, std::pair{"id_", c.id_layers},
                                      std::pair{"reg_", c.reg_layers}}) {
    for (std::int64_t i = 0; i < layers; ++i) {
      std::string const layer = core::cat(stack, i, '.');
      weights.add_norm(layer + "norm", c.width);
      weights.add(layer + "attention.directions", {static_cast<std::size_t>(c.random_features), width}, -1.7,
                  1.7);
      for (char const* const part : {"query", "key", "value"})
        weights.add_dense(layer + "attention." + part, c.width, c.heads * c.width);
      if (i == 0 && std::string_view(stack) != "encoder_") weights.add(layer + "query", {1, width}, -1, 1);
      weights.add_dense(layer + "attention.output", c.heads * c.width, c.width);
      weights.add_norm(layer + "output_norm", c.width);
      add_feed_forward(weights, layer + "output", {c.width, c.width, c.width});
    }
  }
  add_decoder_2023(weights, c.width, c.class_hidden, c.other_hidden);
  return weights;
}

inline RandomWeights random_weights(artifact::ModelConfig const& model, artifact::AttentionConfig const& c,
                                    std::uint64_t seed) {
  RandomWeights weights(seed);
  add_normalisation(weights, model);
  auto const attention = [&](std::string const& name) {
    for (char const* const part : {"query", "key", "value", "output"})
      weights.add_dense(name + ".attention." + part, c.width, c.width);
    weights.add_norm(name + ".norm", c.width);
    weights.add_norm(name + ".residual.norm", c.width);
    add_feed_forward(weights, name + ".residual.layers", {c.width, c.width, c.width});
  };
  auto const head = [&](std::string const& name, std::int64_t n_out) {
    weights.add_dense(name + ".first", c.width, c.width);
    weights.add_norm(name + ".norm", c.width);
    weights.add_dense(name + ".last", c.width, n_out);
  };
  weights.add_dense("embedding.first", model.features, c.width);
  weights.add_norm("embedding.norm", c.width);
  weights.add_dense_per_type("embedding.last", model.types, c.width, c.width);
  for (std::int64_t i = 0; i < c.layers; ++i) attention(core::cat("layer_", i));
  for (std::string const name : {"id", "reg"}) {
    attention(name + "_readout");
    weights.add(name + "_readout.query", {1, static_cast<std::size_t>(c.width)}, -1, 1);
    weights.add_norm(name + "_readout.query_norm", c.width);
    weights.add_norm(name + "_norm", c.width);
  }
  head("is_particle", 2);
  head("class", 6);
  for (char const* const name : {"eta", "sin_phi", "cos_phi"}) head(name, 2);
  for (char const* const name : {"pt", "energy"})
    for (std::int64_t type = 0; type < model.types; ++type) head(core::cat(name, '_', type), 1);
  return weights;
}

inline RandomWeights random_weights(artifact::ModelConfig const& model, std::uint64_t seed) {
  return std::visit([&](auto const& architecture) { return random_weights(model, architecture, seed); },
                    model.architecture);
}

/// Small networks of all architectures, whose windows and bins are of 16 elements.
inline std::vector<artifact::ModelConfig> small_networks() {
  artifact::GnnLshConfig gnn;
  gnn.bin_size = 16;
  gnn.max_bins = 20;
  gnn.id_layers = 2;
  gnn.reg_layers = 1;
  gnn.width = 24;
  gnn.distance_width = 12;
  gnn.distance_hidden = {10};
  gnn.class_hidden = {9};
  gnn.other_hidden = {7, 5};
  artifact::KernelTransformerConfig kernel;
  kernel.width = 12;
  kernel.heads = 3;
  kernel.random_features = 7;
  kernel.encoder_layers = 1;
  kernel.class_hidden = {9};
  kernel.other_hidden = {7};
  artifact::AttentionConfig attention;
  attention.width = 24;
  attention.heads = 3;
  attention.layers = 3;
  return {small_window_transformer(), {9, 2, gnn}, {9, 2, kernel}, {9, 2, attention}};
}

/// An event of elements with directions, tracks first.
struct RandomEvent {
  std::vector<float> features;      ///< [n, n_features]
  std::vector<std::uint8_t> types;  ///< [n]
};

inline RandomEvent random_event(std::size_t n, std::int64_t n_features, std::int64_t n_types,
                                std::uint64_t seed) {
  core::Random random({seed, 815});
  RandomEvent event;
  auto const width = static_cast<std::size_t>(n_features);
  event.features.resize(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    event.types.push_back(static_cast<std::uint8_t>(i * static_cast<std::size_t>(n_types) / n));
    float* const row = event.features.data() + i * width;
    for (std::size_t j = 0; j < width; ++j) row[j] = static_cast<float>(random.uniform(-1, 1));
    row[0] = static_cast<float>(random.uniform(-3, 5));  // ln E
    row[2] = static_cast<float>(random.uniform(-3, 3));  // eta
    double const phi = random.uniform(-3.14159, 3.14159);
    row[3] = static_cast<float>(std::sin(phi));
    row[4] = static_cast<float>(std::cos(phi));
  }
  return event;
}

}  // namespace corpuscle::test
