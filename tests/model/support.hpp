#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/network.hpp"

namespace corpuscle::model {

/// Threads of LibTorch wait for each other at full speed: beside other tests they would take minutes.
inline bool const one_thread = (at::set_num_threads(1), true);

/// Events of these lengths whose features look like those of mlpf-2023-clusters: energies of some GeV,
/// directions anywhere, the rest normal.
inline Batch make_batch(std::vector<std::int64_t> const& lengths, std::int64_t n_features,
                        std::uint64_t seed = 1) {
  Batch batch;
  batch.offsets.push_back(0);
  for (std::int64_t length : lengths) batch.offsets.push_back(batch.offsets.back() + length);
  std::int64_t const n = batch.offsets.back();
  batch.features = torch::empty({n, n_features});
  batch.type = torch::empty({n}, torch::kInt64);
  auto* x = batch.features.data_ptr<float>();
  auto* type = batch.type.data_ptr<std::int64_t>();
  core::Random random({seed});
  for (std::int64_t row = 0; row < n; ++row, x += n_features) {
    double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    for (std::int64_t column = 0; column < n_features; ++column)
      x[column] = static_cast<float>(random.normal());
    x[1] = static_cast<float>(random.exponential() + 0.1);
    x[2] = static_cast<float>(random.uniform(-2, 2));
    x[3] = static_cast<float>(std::sin(phi));
    x[4] = static_cast<float>(std::cos(phi));
    x[5] = x[1] * std::cosh(x[2]);
    type[row] = random.uniform() < 0.5 ? 0 : 1;
  }
  return batch;
}

/// These events of a batch, in this order.
inline Batch events_of(Batch const& batch, std::vector<std::int64_t> const& events) {
  Batch result;
  result.offsets.push_back(0);
  std::vector<torch::Tensor> features{batch.features.slice(0, 0, 0)};
  std::vector<torch::Tensor> type{batch.type.slice(0, 0, 0)};
  for (std::int64_t event : events) {
    auto const i = static_cast<std::size_t>(event);
    features.push_back(batch.features.slice(0, batch.offsets[i], batch.offsets[i + 1]));
    type.push_back(batch.type.slice(0, batch.offsets[i], batch.offsets[i + 1]));
    result.offsets.push_back(result.offsets.back() + features.back().size(0));
  }
  result.features = torch::cat(features);
  result.type = torch::cat(type);
  return result;
}

/// The same rows in another order.
inline Batch select(Batch const& batch, torch::Tensor const& rows) {
  return {batch.features.index_select(0, rows), batch.type.index_select(0, rows), batch.offsets};
}

inline torch::Tensor permutation(std::int64_t n, std::uint64_t seed) {
  core::Random random({seed});
  torch::Tensor const rows = torch::arange(n);
  auto* row = rows.data_ptr<std::int64_t>();
  for (std::int64_t i = n - 1; i > 0; --i)
    std::swap(row[i], row[random.bits() % static_cast<std::uint64_t>(i + 1)]);
  return rows;
}

inline double largest_difference(torch::Tensor const& a, torch::Tensor const& b) {
  return a.numel() == 0 ? 0 : (a - b).abs().max().item<double>();
}

/// Networks of every architecture, small enough to be fast; the sizes differ from one another, so that none
/// can be taken for another.
inline std::vector<artifact::ModelConfig> small_configs() {
  artifact::GnnLshConfig gnn;
  gnn.bin_size = 16;
  gnn.id_layers = 2;
  gnn.reg_layers = 1;
  gnn.width = 12;
  gnn.distance_width = 10;
  gnn.distance_hidden = {7};
  gnn.class_hidden = {9};
  gnn.other_hidden = {8, 5};
  artifact::KernelTransformerConfig kernel;
  kernel.width = 6;
  kernel.heads = 3;
  kernel.random_features = 8;
  kernel.encoder_layers = 1;
  kernel.class_hidden = kernel.other_hidden = {9};
  artifact::KernelTransformerConfig positive = kernel;
  positive.features = artifact::KernelFeatures::positive;
  artifact::AttentionConfig attention;
  attention.width = 12;
  attention.heads = 3;
  attention.layers = 3;
  artifact::WindowTransformerConfig window;
  window.width = 24;
  window.heads = 2;
  window.frequencies = 2;
  window.hidden = 20;
  window.head_hidden = 11;
  window.window = 16;
  return {{9, 2, gnn}, {9, 2, kernel}, {9, 2, positive}, {9, 2, attention}, {9, 2, window}};
}

}  // namespace corpuscle::model
