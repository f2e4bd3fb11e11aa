#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "corpuscle/model/layers.hpp"

namespace corpuscle::model {

/// The heads of the networks of 2023, mlpf.md 3.1: they correct what the elements measure.
class Decoder2023 : public torch::nn::Module {
 public:
  Decoder2023(core::Random& random, std::int64_t width, std::vector<std::int64_t> const& class_hidden,
              std::vector<std::int64_t> const& other_hidden, double dropout);

  /// @param id, reg    [n, width] what the two stacks of layers make of the elements
  /// @param measured   [n, features >= 6] not normalised
  /// @return           [n, 14] as in make_network
  torch::Tensor forward(torch::Tensor const& id, torch::Tensor const& reg,
                        torch::Tensor const& measured) const;

 private:
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<FeedForward> class_, charge_, eta_, phi_, energy_, pt_;
};

/// [n, types + features]: the type as one of types + 1 columns, the first of which was for padding and stays
/// 0, then all features but the first, which is the type once more.
torch::Tensor encode_2023(torch::Tensor const& x, torch::Tensor const& type, std::int64_t n_types);

}  // namespace corpuscle::model
