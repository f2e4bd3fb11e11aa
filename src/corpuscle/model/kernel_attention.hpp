#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/layers.hpp"

namespace corpuscle::model {

/// Directions for random features: orthogonal within each block of `width` rows, each as long as a normal
/// vector of its own; mlpf.md 3.2, and theorem 2 of arXiv:2009.14794. [n, width]
torch::Tensor orthogonal_directions(core::Random& random, std::int64_t n, std::int64_t width);

/// Features phi with phi(q) phi(k) for a kernel of q and k. For `positive` its mean over the directions is
/// exp(q k) but for a factor that cancels in attention: one per query, and one per head and block of keys.
/// @param x           [n, heads, width]
/// @param directions  [features, width]
/// @param keys_of     the blocks, in whose order the rows are, if these are keys
/// @return            [n, heads, features]
torch::Tensor random_features(torch::Tensor const& x, torch::Tensor const& directions,
                              artifact::KernelFeatures kind, Blocks const* keys_of = nullptr);

/// Attention whose weights are products of features of query and key, so that its cost is linear in the
/// number of keys: out_t = phi(q_t) (sum_s phi(k_s) v_s^T) / (phi(q_t) sum_s phi(k_s) + 1e-6). The directions
/// are drawn once.
class KernelAttention : public torch::nn::Module {
 public:
  KernelAttention(core::Random& random, std::int64_t width, std::int64_t heads, std::int64_t n_features,
                  artifact::KernelFeatures kind);

  /// @param queries, x  [n, width] in the order of `events`; x gives keys and values
  [[nodiscard]] torch::Tensor forward(Blocks const& events, torch::Tensor const& queries,
                                      torch::Tensor const& x) const;

 private:
  std::int64_t heads_, width_;
  artifact::KernelFeatures kind_;
  std::shared_ptr<Dense> query_, key_, value_, output_;
  torch::Tensor directions_;
};

}  // namespace corpuscle::model
