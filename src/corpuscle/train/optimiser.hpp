#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "corpuscle/train/config.hpp"

namespace corpuscle::train {

/// At step 0, 1 ... of `steps`: a linear rise, then a cosine down to `final_fraction` of the highest.
double learning_rate(OptimiserConfig const& config, int steps, int step);

/// AdamW (arXiv:1711.05101) and a running average of the weights.
///
/// The weights of the network, their gradients and what is remembered of them are one array each, of which
/// the parameters of the network become views: an update is a dozen operations, whatever the number of
/// layers.
class Optimiser {
 public:
  /// Where a parameter is in the arrays.
  struct Slice {
    std::string name;
    std::int64_t begin = 0;
    std::vector<std::int64_t> shape;

    [[nodiscard]] torch::Tensor of(torch::Tensor const& array) const {
      return array.narrow(0, begin, c10::multiply_integers(shape)).view(shape);
    }
  };

  /// The network must keep its parameters, and stay on its device, from now on.
  Optimiser(torch::nn::Module& network, OptimiserConfig const& config);

  void clear_gradient() { gradient_.zero_(); }
  [[nodiscard]] double gradient_norm() const;

  /// Shortens the gradient, updates weights and average.
  /// @param norm  the gradient_norm, finite
  void step(double learning_rate, double norm);

  /// Exchanges the weights with their average (with themselves if there is none); again: back, to the bit.
  void swap_average();

  [[nodiscard]] std::vector<Slice> const& slices() const noexcept { return slices_; }
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  void set_steps(std::int64_t steps) noexcept { steps_ = steps; }
  torch::Tensor const& weights() const noexcept { return weights_; }
  torch::Tensor const& gradient() const noexcept { return gradient_; }

  /// All that a checkpoint must hold of them: the arrays by name.
  [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> arrays() const {
    return {{"weight", weights_}, {"average", average_}, {"moment1", moment1_}, {"moment2", moment2_}};
  }

 private:
  OptimiserConfig config_;
  std::vector<Slice> slices_;
  torch::Tensor weights_, gradient_, moment1_, moment2_, average_;
  torch::Tensor decays_;  // 1 where weights decay, else 0
  std::int64_t steps_ = 0;
};

}  // namespace corpuscle::train
