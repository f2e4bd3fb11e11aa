#include "corpuscle/train/optimiser.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace corpuscle::train {
namespace {

constexpr double epsilon = 1e-8;  // arXiv:1412.6980

}  // namespace

double learning_rate(OptimiserConfig const& config, int steps, int step) {
  double const warm_up = std::floor(config.warm_up * steps);
  if (step < warm_up) return config.learning_rate * (step + 1) / (warm_up + 1);
  double const done = (step - warm_up) / std::max(1., steps - warm_up);
  double const cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1., done)));
  return config.learning_rate * (config.final_fraction + (1 - config.final_fraction) * cosine);
}

Optimiser::Optimiser(torch::nn::Module& network, OptimiserConfig const& config) : config_(config) {
  torch::NoGradGuard const no_gradient;
  std::vector<torch::Tensor> flat;
  std::vector<torch::Tensor> decays;
  std::int64_t n = 0;
  for (auto const& item : network.named_parameters()) {
    slices_.push_back({item.key(), n, item.value().sizes().vec()});
    n += item.value().numel();
    flat.push_back(item.value().reshape(-1));
    decays.push_back(torch::full_like(flat.back(), item.value().dim() > 1 ? 1. : 0.));
  }
  weights_ = torch::cat(flat);
  decays_ = torch::cat(decays);
  gradient_ = torch::zeros_like(weights_);
  moment1_ = torch::zeros_like(weights_);
  moment2_ = torch::zeros_like(weights_);
  average_ = weights_.clone();
  auto parameters = network.parameters();
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    parameters[i].set_data(slices_[i].of(weights_));
    parameters[i].mutable_grad() = slices_[i].of(gradient_);  // autograd adds to it in place
  }
}

double Optimiser::gradient_norm() const {
  return torch::linalg_vector_norm(gradient_, 2, {}, false, torch::kFloat64).item<double>();
}

void Optimiser::step(double learning_rate, double norm) {
  torch::NoGradGuard const no_gradient;
  if (config_.clip_norm > 0 && norm > config_.clip_norm) gradient_.mul_(config_.clip_norm / norm);
  ++steps_;
  auto const t = static_cast<double>(steps_);
  moment1_.mul_(config_.beta1).add_(gradient_, 1 - config_.beta1);
  moment2_.mul_(config_.beta2).addcmul_(gradient_, gradient_, 1 - config_.beta2);
  torch::Tensor const width = (moment2_ / (1 - std::pow(config_.beta2, t))).sqrt_().add_(epsilon);
  weights_.addcmul_(weights_, decays_, -learning_rate * config_.weight_decay);
  weights_.addcdiv_(moment1_, width, -learning_rate / (1 - std::pow(config_.beta1, t)));
  // At first the average is that of a tenth of all steps, so that the first weights are soon forgotten.
  double const decay = std::min(config_.average_decay, (1 + t) / (10 + t));
  average_.lerp_(weights_, config_.average_decay > 0 ? 1 - decay : 1);
}

void Optimiser::swap_average() {
  torch::NoGradGuard const no_gradient;
  torch::Tensor const weights = weights_.clone();
  weights_.copy_(average_);
  average_.copy_(weights);
}

}  // namespace corpuscle::train
