// What the bins of the graph network do on a CPU, against the same made of LibTorch's operations in double.
#include "corpuscle/model/messages.hpp"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "corpuscle/model/graph.hpp"
#include "corpuscle/model/layers.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

std::vector<std::int64_t> const lengths{1, 2, 15, 16, 17, 33, 33, 150, 256};  // by length, as bins come
std::int64_t const n_rows = std::reduce(lengths.begin(), lengths.end());

torch::Tensor random(torch::IntArrayRef shape, std::uint64_t seed, double size = 1) {
  core::Random random({seed});
  return normal(random, shape, size);
}

/// A result, and its gradients by what it was made from.
struct Derived {
  torch::Tensor value;
  std::vector<torch::Tensor> gradients;
};

template <class Function>
Derived derive(Function const& f, std::vector<torch::Tensor> const& inputs, torch::Tensor const& gradient) {
  std::vector<torch::Tensor> leaves;
  for (torch::Tensor const& input : inputs) leaves.push_back(input.detach().clone().requires_grad_());
  Derived result{f(leaves), {}};
  result.value.backward(gradient.to(result.value.scalar_type()));
  for (torch::Tensor const& leaf : leaves) result.gradients.push_back(leaf.grad().to(torch::kDouble));
  result.value = result.value.detach().to(torch::kDouble);
  return result;
}

/// Largest difference of value and gradients, in units of the largest number in each.
double largest_relative_difference(Derived const& a, Derived const& b) {
  double worst = largest_difference(a.value, b.value) / b.value.abs().max().item<double>();
  for (std::size_t i = 0; i < b.gradients.size(); ++i)
    worst = std::max(worst, largest_difference(a.gradients[i], b.gradients[i]) /
                                b.gradients[i].abs().max().item<double>());
  return worst;
}

Derived kernels_of(torch::Tensor const& x, torch::ScalarType type) {
  std::int64_t n_pairs = 0;
  for (std::int64_t length : lengths) n_pairs += length * length;
  return derive([](auto const& inputs) { return graph_kernels(Blocks(lengths), inputs[0]); }, {x.to(type)},
                random({n_pairs}, 2).to(torch::kDouble));
}

TEST(GraphKernels, AndTheirDerivativeAreThoseOfDouble) {
  // |x|^2 is about 10, and squared distances 20, of which the smallest is 5 and loses 2e-6 by cancellation.
  // A row's distance to itself is not at the floor of 0.001 but up to 0.002, 1e-4 in its kernel. Sums of 256
  // such.
  torch::Tensor const x = random({n_rows, 40}, 1, 0.5);
  EXPECT_LT(largest_relative_difference(kernels_of(x, torch::kFloat), kernels_of(x, torch::kDouble)), 2e-4);
}

TEST(GraphKernels, AreOneMatrixForEachBin) {
  torch::Tensor const x = random({n_rows, 12}, 1);
  torch::Tensor const all = graph_kernels(Blocks(lengths), x);
  std::int64_t row = 0, begin = 0;
  for (std::int64_t length : lengths) {
    torch::Tensor const expected = graph_kernel(x.narrow(0, row, length).unsqueeze(0)).flatten();
    // |x|^2 is up to 40 here, and there a row's distance to itself comes out as up to 0.005 by cancellation.
    EXPECT_LT(largest_difference(all.narrow(0, begin, length * length), expected), 5e-4) << length;
    row += length;
    begin += length * length;
  }
  EXPECT_EQ(begin, all.size(0));
}

TEST(GraphKernels, HaveNoGradientAtTheFloor) {
  torch::Tensor const x = torch::ones({3, 4}).requires_grad_();
  torch::Tensor const kernels = graph_kernels(Blocks({3}), x);
  EXPECT_NEAR(kernels.min().item<double>(), 0.99990, 5e-6);
  kernels.sum().backward();
  EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
}

TEST(GraphKernels, StayInFloatUnderAutocast) {
  torch::Tensor const x = random({n_rows, 40}, 3);
  torch::Tensor const expected = graph_kernels(Blocks(lengths), x);
  at::autocast::set_autocast_enabled(torch::kCPU, true);
  torch::Tensor const cast = graph_kernels(Blocks(lengths), x);
  at::autocast::set_autocast_enabled(torch::kCPU, false);
  EXPECT_TRUE(torch::equal(cast, expected));
}

class MessagesOfWidth : public testing::TestWithParam<std::int64_t> {
 protected:
  /// Kernels, parts and the bias of the gate. Values on both sides of 0, and gates from nearly shut to open.
  [[nodiscard]] std::vector<torch::Tensor> inputs() const {
    torch::NoGradGuard const no_gradient;
    torch::Tensor const parts = random({n_rows, 3 * GetParam()}, 5);
    parts.slice(1, 2 * GetParam()).mul_(4);
    return {graph_kernels(Blocks(lengths), random({n_rows, 8}, 4)), parts, random({GetParam()}, 6)};
  }

  [[nodiscard]] Derived run(torch::ScalarType type) const {
    std::vector<torch::Tensor> given = inputs();
    for (torch::Tensor& x : given) x = x.to(type);
    return run(given);
  }

  [[nodiscard]] Derived run(std::vector<torch::Tensor> const& given) const {
    return derive([](auto const& x) { return pass_messages(Blocks(lengths), x[0], x[1], x[2]); }, given,
                  random({n_rows, GetParam()}, 7));
  }
};
// Less than sixteen, sixteen, more.
INSTANTIATE_TEST_SUITE_P(Messages, MessagesOfWidth, testing::Values(5, 16, 40));

TEST_P(MessagesOfWidth, AndTheirDerivativeAreThoseOfDouble) {
  // Sums of up to 512 rounded products.
  EXPECT_LT(largest_relative_difference(run(torch::kFloat), run(torch::kDouble)), 5e-6);
}

TEST_P(MessagesOfWidth, In16BitsAreThoseOfDoubleFromTheSameNumbers) {
  std::vector<torch::Tensor> given = inputs();
  for (torch::Tensor& x : given) x = x.to(torch::kBFloat16);
  std::vector<torch::Tensor> exact;
  for (torch::Tensor const& x : given) exact.push_back(x.to(torch::kDouble));
  // Sums, messages and what flows back are each rounded to 8 bits (a part in 512), and add up in the largest
  // numbers: four of these.
  EXPECT_LT(largest_relative_difference(run(given), run(exact)), 4. / 512);
}

TEST_P(MessagesOfWidth, KeepTheDigitsOfSmallNumbers) {
  torch::NoGradGuard const no_gradient;
  // No neighbours and a gate that is shut: elu of self.
  torch::Tensor const self = random({n_rows, GetParam()}, 8, 1e-6);
  torch::Tensor const none = torch::zeros_like(self);
  torch::Tensor const parts = torch::cat({none, self, none - 100}, 1);
  torch::Tensor const kernels = graph_kernels(Blocks(lengths), random({n_rows, 8}, 4));
  torch::Tensor const ours =
      pass_messages(Blocks(lengths), kernels, parts, torch::zeros({GetParam()})).to(torch::kDouble);
  torch::Tensor const exact = torch::expm1(self.to(torch::kDouble));
  EXPECT_LT(largest_difference(torch::where(self > 0, self.to(torch::kDouble), exact) / self, ours / self),
            1e-6);
}

TEST_P(MessagesOfWidth, AreTheSameWithAnyNumberOfThreads) {
  auto const with = [&](int n_threads) {
    at::set_num_threads(n_threads);
    return run(torch::kFloat);
  };
  Derived const many = with(4), one = with(1);
  // Not in every bit: LibTorch's matrix products may sum in another order.
  EXPECT_LT(largest_relative_difference(one, many), 1e-6);
}

TEST_P(MessagesOfWidth, WhatIsNotANumberShowsInItsBinAndInNoOther) {
  constexpr std::int64_t row = 1 + 2 + 15 + 5, first = 1 + 2 + 15, last = first + 16;
  for (torch::ScalarType type : {torch::kFloat, torch::kBFloat16}) {
    std::vector<torch::Tensor> given = inputs();
    given[1][row][0] = std::numeric_limits<float>::quiet_NaN();  // of a neighbour
    for (torch::Tensor& x : given) x = x.to(type);
    torch::Tensor const bad = run(given).value.isnan().any(1);
    EXPECT_TRUE(bad.slice(0, first, last).all().item<bool>());
    EXPECT_EQ(bad.sum().item<std::int64_t>(), last - first);
  }
}

}  // namespace
}  // namespace corpuscle::model
