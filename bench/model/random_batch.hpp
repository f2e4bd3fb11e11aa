#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string_view>
#include <vector>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/model/batch.hpp"

namespace corpuscle::model {

/// A network with its default sizes, with the inputs and outputs that training gives it. None if there is
/// none of this name.
inline std::optional<artifact::ModelConfig> default_config(std::string_view name) {
  if (name == artifact::WindowTransformerConfig::name)
    return artifact::ModelConfig{29, 2, artifact::WindowTransformerConfig{.regressed = 3}};
  if (name == artifact::AttentionConfig::name)
    return artifact::ModelConfig{17, 2, artifact::AttentionConfig{}};
  if (name == artifact::GnnLshConfig::name) return artifact::ModelConfig{17, 2, artifact::GnnLshConfig{}};
  if (name == artifact::KernelTransformerConfig::name)
    return artifact::ModelConfig{17, 2, artifact::KernelTransformerConfig{}};
  return std::nullopt;
}

/// Events of lengths anywhere in [shortest, longest], one of them the longest. Energies of some GeV,
/// directions anywhere, the rest normal.
inline Batch random_batch(std::int64_t n_events, std::int64_t shortest, std::int64_t longest,
                          std::int64_t n_features) {
  core::Random random({1});
  Batch batch;
  batch.offsets = {0, longest};
  for (std::int64_t i = 1; i < n_events; ++i)
    batch.offsets.push_back(batch.offsets.back() +
                            static_cast<std::int64_t>(random.uniform(double(shortest), double(longest) + 1)));
  std::int64_t const n = batch.offsets.back();
  batch.features = torch::empty({n, n_features});
  batch.type = torch::empty({n}, torch::kInt64);
  auto* x = batch.features.data_ptr<float>();
  for (std::int64_t row = 0; row < n; ++row, x += n_features) {
    for (std::int64_t column = 0; column < n_features; ++column)
      x[column] = static_cast<float>(random.normal());
    double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    x[1] = static_cast<float>(random.exponential() + 0.1);
    x[2] = static_cast<float>(random.uniform(-2, 2));
    x[3] = static_cast<float>(std::sin(phi));
    x[4] = static_cast<float>(std::cos(phi));
    x[5] = x[1] * std::cosh(x[2]);
    batch.type.data_ptr<std::int64_t>()[row] = random.uniform() < 0.5 ? 0 : 1;
  }
  return batch;
}

}  // namespace corpuscle::model
