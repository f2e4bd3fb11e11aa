#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/network.hpp"

namespace corpuscle::bench {

/// Parameters and buffers by name.
inline std::vector<std::pair<std::string, torch::Tensor>> state_of(model::Network const& network) {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (auto const& item : network.named_parameters()) result.emplace_back(item.key(), item.value());
  for (auto const& item : network.named_buffers()) result.emplace_back(item.key(), item.value());
  return result;
}

/// A network with first weights, of which those that begin with 0 or 1 are drawn, so that they matter.
inline std::shared_ptr<model::Network> random_network(artifact::ModelConfig const& config) {
  auto network = model::make_network(config, 1);
  network->eval();
  torch::NoGradGuard const no_gradient;
  core::Random random({2});
  for (auto& [name, tensor] : state_of(*network)) {
    auto* const values = tensor.data_ptr<float>();
    bool const is_flat = tensor.min().item<float>() == tensor.max().item<float>();
    for (std::int64_t i = 0; i < tensor.numel() && is_flat; ++i)
      values[i] += static_cast<float>(random.uniform(-0.2, 0.2));
  }
  return network;
}

/// What the network answers for one event.
/// @param features  [n, features of the network]
/// @param types     [n]
/// @param numbers   kFloat, or kDouble if the network is in double precision
inline torch::Tensor answer(model::Network const& network, std::vector<float> const& features,
                            std::vector<std::uint8_t> const& types, c10::ScalarType numbers = torch::kFloat) {
  auto const n = static_cast<std::int64_t>(types.size());
  model::Batch const batch{
      torch::from_blob(const_cast<float*>(features.data()), {n, network.config().features}, torch::kFloat)
          .to(numbers),
      torch::from_blob(const_cast<std::uint8_t*>(types.data()), {n}, torch::kUInt8).to(torch::kInt64),
      {0, n}};
  return network.forward(batch).to(torch::kFloat).contiguous();
}

}  // namespace corpuscle::bench
