#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/blocks.hpp"

/// What the networks are made of. Parameters are drawn from a `core::Random` in the order of construction, so
/// that a seed gives the same network with every version of LibTorch.
namespace corpuscle::model {

/// How a weight begins. `n_in`, `n_out`: the sizes of its layer.
enum class Start : std::uint8_t {
  glorot,  ///< uniform within sqrt(6 / (n_in + n_out)), biases 0: what Keras does
  fan_in,  ///< uniform within 1 / sqrt(n_in), biases likewise: what PyTorch does
  small,   ///< normal, of width 0.05, biases 0
  zero,
};

/// Tensors of random numbers: uniform within +-limit, and normal.
torch::Tensor uniform(core::Random& random, torch::IntArrayRef shape, double limit);
torch::Tensor normal(core::Random& random, torch::IntArrayRef shape, double width = 1);

/// y = x weight^T + bias.
class Dense : public torch::nn::Module {
 public:
  enum class Bias : std::uint8_t { no, yes };

  Dense(core::Random& random, std::int64_t n_in, std::int64_t n_out, Start start, Bias with_bias = Bias::yes);
  torch::Tensor forward(torch::Tensor const& x) const { return torch::linear(x, weight_, bias_); }

  [[nodiscard]] torch::Tensor const& weight() const noexcept { return weight_; }  ///< [n_out, n_in]
  [[nodiscard]] torch::Tensor const& bias() const noexcept { return bias_; }      ///< [n_out], or undefined

 private:
  torch::Tensor weight_, bias_;
};

/// A dense layer of its own for each type of element: y_i = x_i weight[type_i]^T + bias[type_i].
class DensePerType : public torch::nn::Module {
 public:
  DensePerType(core::Random& random, std::int64_t n_types, std::int64_t n_in, std::int64_t n_out,
               Start start);
  torch::Tensor forward(torch::Tensor const& x, Types const& types) const;

 private:
  std::vector<std::shared_ptr<Dense>> of_type_;
};

/// Normalises each row to mean 0 and variance 1, then scales and shifts each column.
class LayerNorm : public torch::nn::Module {
 public:
  LayerNorm(std::int64_t width, double epsilon);
  torch::Tensor forward(torch::Tensor const& x) const;

 private:
  double epsilon_;
  torch::Tensor weight_, bias_;
};

/// GELU by its approximation with tanh.
torch::Tensor gelu_tanh(torch::Tensor const& x);

/// Dense layers of these widths with ELU between them and dropout behind every ELU; what comes out is linear.
class FeedForward : public torch::nn::Module {
 public:
  /// @param widths  from the input to the output, at least two
  FeedForward(core::Random& random, std::vector<std::int64_t> const& widths, Start start, double dropout = 0);
  torch::Tensor forward(torch::Tensor x) const;

 private:
  std::vector<std::shared_ptr<Dense>> layers_;
  double dropout_;
};

/// {first, hidden..., last}
std::vector<std::int64_t> widths(std::int64_t first, std::vector<std::int64_t> hidden, std::int64_t last);

}  // namespace corpuscle::model
