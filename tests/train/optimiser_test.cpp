#include "corpuscle/train/optimiser.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace corpuscle::train {
namespace {

OptimiserConfig config() {
  OptimiserConfig c;
  c.clip_norm = 0;
  c.average_decay = 0;
  return c;
}

TEST(LearningRate, RisesThenFallsAsACosineToItsLastFraction) {
  OptimiserConfig c = config();
  c.learning_rate = 2;
  c.warm_up = 0.1;
  c.final_fraction = 0.25;
  EXPECT_NEAR(learning_rate(c, 100, 0), 2. / 11, 1e-12);
  EXPECT_NEAR(learning_rate(c, 100, 10), 2, 1e-12);
  EXPECT_NEAR(learning_rate(c, 100, 55), 2 * (0.25 + 0.75 / 2), 1e-12);  // half-way down
  EXPECT_NEAR(learning_rate(c, 100, 100), 0.5, 1e-12);
  for (int step = 0; step < 10; ++step)
    EXPECT_LT(learning_rate(c, 100, step), learning_rate(c, 100, step + 1));
  for (int step = 10; step < 100; ++step)
    EXPECT_GT(learning_rate(c, 100, step), learning_rate(c, 100, step + 1));
}

TEST(Optimiser, TakesTheStepsOfTorchsAdamW) {
  torch::manual_seed(1);
  torch::nn::Sequential ours(torch::nn::Linear(4, 8), torch::nn::Tanh(), torch::nn::Linear(8, 1));
  torch::manual_seed(1);
  torch::nn::Sequential theirs(torch::nn::Linear(4, 8), torch::nn::Tanh(), torch::nn::Linear(8, 1));
  OptimiserConfig const c = config();
  Optimiser optimiser(*ours, c);
  std::vector<torch::Tensor> matrices;
  std::vector<torch::Tensor> biases;
  for (torch::Tensor const& p : theirs->parameters()) (p.dim() > 1 ? matrices : biases).push_back(p);
  auto const options = [&](double decay) {
    auto result = std::make_unique<torch::optim::AdamWOptions>(c.learning_rate);
    result->weight_decay(decay).betas({c.beta1, c.beta2});
    return result;
  };
  torch::optim::AdamW reference(std::vector<torch::optim::OptimizerParamGroup>{
      {matrices, options(c.weight_decay)}, {biases, options(0)}});
  for (int i = 0; i < 50; ++i) {
    torch::Tensor const x = torch::randn({16, 4});
    torch::Tensor const y = x.sum(1, true).sin();
    optimiser.clear_gradient();
    (ours->forward(x) - y).square().mean().backward();
    optimiser.step(c.learning_rate, optimiser.gradient_norm());
    reference.zero_grad();
    (theirs->forward(x) - y).square().mean().backward();
    reference.step();
  }
  for (std::size_t i = 0; i < theirs->parameters().size(); ++i)
    // 50 steps of 1e-3, each to 1e-6 of itself or better, and what rounding does to gradients.
    EXPECT_TRUE(torch::allclose(ours->parameters()[i], theirs->parameters()[i], 0, 1e-5)) << i;
}

TEST(Optimiser, ALongGradientIsShortenedAndAShortOneIsNot) {
  auto const moved = [](double clip, double size) {
    torch::nn::Linear network(3, 1);
    OptimiserConfig c = config();
    c.clip_norm = clip;
    c.weight_decay = 0;
    Optimiser optimiser(*network, c);
    optimiser.clear_gradient();
    (size * network->weight.sum()).backward();
    double const norm = optimiser.gradient_norm();
    optimiser.step(1e-3, norm);
    return std::pair(norm, optimiser.gradient_norm());
  };
  auto const [before, after] = moved(0.5, 2);
  EXPECT_NEAR(before, 2 * std::sqrt(3), 1e-6);
  EXPECT_NEAR(after, 0.5, 1e-6);
  EXPECT_EQ(moved(5, 2).first, moved(5, 2).second);
}

TEST(Optimiser, AverageAndWeightsChangePlacesToTheBit) {
  torch::manual_seed(2);
  torch::nn::Linear network(5, 5);
  OptimiserConfig c = config();
  c.average_decay = 0.9;
  Optimiser optimiser(*network, c);
  for (int i = 0; i < 3; ++i) {
    optimiser.clear_gradient();
    network->forward(torch::randn({4, 5})).square().sum().backward();
    optimiser.step(0.1, optimiser.gradient_norm());
  }
  torch::Tensor const weights = optimiser.weights().clone();
  torch::Tensor const used = network->weight.detach().clone();
  optimiser.swap_average();
  EXPECT_FALSE(torch::equal(network->weight, used));
  optimiser.swap_average();
  EXPECT_TRUE(torch::equal(optimiser.weights(), weights));
  EXPECT_TRUE(torch::equal(network->weight, used));
}

TEST(Optimiser, TheFirstAverageIsOfTheLatestWeightsMostly) {
  torch::nn::Linear network(torch::nn::LinearOptions(1, 1).bias(false));
  OptimiserConfig c = config();
  c.average_decay = 0.999;
  Optimiser optimiser(*network, c);
  torch::Tensor const start = optimiser.weights().clone();
  optimiser.clear_gradient();
  network->weight.sum().backward();
  optimiser.step(1, 1);
  torch::Tensor const average = optimiser.arrays()[1].second;
  EXPECT_NEAR((average - start).item<float>() / (optimiser.weights() - start).item<float>(), 9. / 11, 1e-5);
}

}  // namespace
}  // namespace corpuscle::train
