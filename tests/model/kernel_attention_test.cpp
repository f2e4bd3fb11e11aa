#include "corpuscle/model/kernel_attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "support.hpp"

namespace corpuscle::model {
namespace {

TEST(OrthogonalDirections, AreOrthogonalWithinABlock) {
  core::Random random({1});
  torch::Tensor const directions = orthogonal_directions(random, 20, 8).to(torch::kDouble);
  for (std::int64_t first : {0, 8, 16}) {
    torch::Tensor const block = torch::nn::functional::normalize(directions.slice(0, first, first + 8));
    EXPECT_LT(largest_difference(block.matmul(block.t()), torch::eye(block.size(0), torch::kDouble)), 1e-6);
  }
}

TEST(RandomFeatures, TheirProductsAverageToTheExponential) {
  // exp(q k) estimated by M features has a relative spread of sqrt(exp(|q + k|^2) - 1) / sqrt(M), or less
  // with orthogonal directions (arXiv:2009.14794, lemma 2): |q + k| <= 1.2 and M = 20,000 make 1.3 % at most;
  // three of these.
  core::Random random({2});
  torch::Tensor const directions = orthogonal_directions(random, 20'000, 4);
  torch::Tensor const q = uniform(random, {6, 1, 4}, 0.3);
  torch::Tensor const k = uniform(random, {6, 1, 4}, 0.3);
  Blocks const one({6});
  auto const features = [&](torch::Tensor const& x, Blocks const* keys_of) {
    return random_features(x, directions, artifact::KernelFeatures::positive, keys_of).squeeze(1);
  };
  torch::Tensor const estimate = features(q, nullptr).matmul(features(k, &one).t());
  torch::Tensor const exact = q.squeeze().matmul(k.squeeze().t()).exp();
  // Factors of one row of q and of all k cancel in attention, and here.
  torch::Tensor const ratio = estimate / exact;
  EXPECT_LT(largest_difference(ratio / ratio.mean(1, true), torch::ones({6, 6})), 0.04);
}

TEST(RandomFeatures, NeverOverflow) {
  core::Random random({3});
  torch::Tensor const directions = orthogonal_directions(random, 16, 4);
  torch::Tensor const far = normal(random, {5, 1, 4}, 300);
  Blocks const blocks({2, 3});
  for (Blocks const* keys_of : {static_cast<Blocks const*>(nullptr), &blocks})
    EXPECT_TRUE(random_features(far, directions, artifact::KernelFeatures::positive, keys_of)
                    .isfinite()
                    .all()
                    .item<bool>());
}

class KernelAttentionOf : public testing::TestWithParam<artifact::KernelFeatures> {};
INSTANTIATE_TEST_SUITE_P(, KernelAttentionOf,
                         testing::Values(artifact::KernelFeatures::elu, artifact::KernelFeatures::positive));

TEST_P(KernelAttentionOf, IsTheSumOverAllPairs) {
  constexpr std::int64_t width = 5, heads = 2, n = 7;
  core::Random random({4});
  KernelAttention attention(random, width, heads, 6, GetParam());
  attention.to(torch::kDouble);
  auto const parameter = [&](char const* name) { return *attention.named_parameters().find(name); };
  torch::Tensor const directions = *attention.named_buffers().find("directions");
  torch::Tensor const x = normal(random, {n, width}).to(torch::kDouble);
  torch::Tensor const queries = normal(random, {n, width}).to(torch::kDouble);

  auto const project = [&](char const* weight, char const* bias, torch::Tensor const& y) {
    return torch::linear(y, parameter(weight), parameter(bias)).view({n, heads, width});
  };
  torch::Tensor const q = project("query.weight", "query.bias", queries) * std::pow(5., -0.25);
  torch::Tensor const k = project("key.weight", "key.bias", x) * std::pow(5., -0.25);
  torch::Tensor const v = project("value.weight", "value.bias", x);
  auto const phi = [&](torch::Tensor const& a) {  // [width] -> [features]
    torch::Tensor const p = directions.mv(a);
    return GetParam() == artifact::KernelFeatures::elu ? torch::elu(p) + 1 : (p - a.dot(a) / 2).exp();
  };
  torch::Tensor const expected = torch::zeros({n, heads, width}, torch::kDouble);
  for (std::int64_t t = 0; t < n; ++t)
    for (std::int64_t head = 0; head < heads; ++head) {
      torch::Tensor sum = torch::zeros({width}, torch::kDouble);
      torch::Tensor weight = torch::zeros({}, torch::kDouble);
      for (std::int64_t s = 0; s < n; ++s) {
        torch::Tensor const w = phi(q[t][head]).dot(phi(k[s][head]));
        sum = sum + w * v[s][head];
        weight = weight + w;
      }
      expected[t][head].copy_(sum / weight);
    }
  torch::Tensor const out =
      torch::linear(expected.flatten(1), parameter("output.weight"), parameter("output.bias"));
  // Apart from the 1e-6 in the denominator, which is of order 1 (`elu`) or, with the highest exponent taken
  // out, of the order of a typical weight, 1e-3 and more.
  EXPECT_LT(largest_difference(attention.forward(Blocks({n}), queries, x), out), 1e-3);
}

TEST_P(KernelAttentionOf, IsInFloatOnCpusWhatItIsInDouble) {
  // In float with sizes of 16 the loops of packed_kernel_attention.hpp, in double LibTorch's operations.
  // Blocks of one row, below, at and above the height of a tile.
  constexpr std::int64_t width = 16, heads = 3;
  std::vector<std::int64_t> const lengths{1, 3, 7, 8, 9, 40};
  Blocks const blocks(lengths);
  std::int64_t const n = std::reduce(lengths.begin(), lengths.end());
  core::Random random({5});
  KernelAttention attention(random, width, heads, 32, GetParam());
  torch::Tensor const queries = normal(random, {n, width});
  torch::Tensor const x = normal(random, {n, width});
  torch::Tensor const direction = normal(random, {n, width});  // of the derivative

  auto const run = [&](torch::ScalarType type) {
    attention.to(type);
    attention.zero_grad();
    std::vector<torch::Tensor> inputs{queries.to(type, false, true).requires_grad_(),
                                      x.to(type, false, true).requires_grad_()};
    torch::Tensor const out = attention.forward(blocks, inputs[0], inputs[1]);
    (out * direction.to(type)).sum().backward();
    std::vector<torch::Tensor> results{out.detach().to(torch::kDouble)};
    for (torch::Tensor const& each : inputs) results.push_back(each.grad().to(torch::kDouble));
    for (torch::Tensor const& each : attention.parameters())
      results.push_back(each.grad().to(torch::kDouble));
    return results;
  };
  std::vector<torch::Tensor> const in_float = run(torch::kFloat);
  std::vector<torch::Tensor> const in_double = run(torch::kDouble);
  ASSERT_EQ(in_float.size(), 3 + attention.parameters().size());
  // A few hundred products of order 1, each rounded to 6e-8.
  for (std::size_t i = 0; i < in_float.size(); ++i)
    EXPECT_LT(largest_difference(in_float[i], in_double[i]),
              1e-4 * (1 + in_double[i].abs().max().item<double>()))
        << i;
}

}  // namespace
}  // namespace corpuscle::model
