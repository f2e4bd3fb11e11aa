#include "corpuscle/model/graph.hpp"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "corpuscle/model/layers.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

std::set<std::int64_t> values(torch::Tensor const& codes) {
  torch::Tensor const c = codes.contiguous();
  return {c.data_ptr<std::int64_t>(), c.data_ptr<std::int64_t>() + c.numel()};
}

torch::Tensor random_rows(std::int64_t n, std::int64_t d, std::uint64_t seed) {
  core::Random random({seed});
  return normal(random, {n, d});
}

TEST(LshCodes, FiftyBinsOfRandomRowsUseAllFiftyValues) {
  // mlpf.md 10, check 7. 10,000 rows on 50 nearly equal cells: the chance that one stays empty is 50 e^-200
  // or, were a cell a tenth of the others, e^-20.
  torch::Tensor const codes = lsh_codes(random_rows(10'000, 128, 1), random_rows(128, 100, 2), 50);
  EXPECT_EQ(values(codes).size(), 50U);
}

TEST(LshCodes, AnOddNumberOfBinsHasOneValueLess) {
  EXPECT_EQ(values(lsh_codes(random_rows(10'000, 128, 1), random_rows(128, 100, 2), 51)).size(), 50U);
}

TEST(LshCodes, AreThePlaceOfTheLargestProjection) {
  torch::Tensor const codebook = torch::eye(3);
  torch::Tensor const x =
      torch::tensor({{0.5F, -2.F, 1.F}, {3.F, 0.F, 0.F}, {0.F, 0.F, -1.F}, {1.F, 1.F, 1.F}});
  EXPECT_TRUE(
      torch::equal(lsh_codes(x, codebook, 6), torch::tensor({4, 0, 5, 0}, torch::kInt64)));  // first one wins
  EXPECT_TRUE(torch::equal(lsh_codes(x, codebook, 3), torch::zeros({4}, torch::kInt64)));  // [0.5, -0.5], ...
}

TEST(LshBins, AreThoseOfPaddingAnEventOfItsOwn) {
  // The published rule: pad with rows of zeros to a multiple of the bin, add n_bins - 1 to their codes, sort,
  // cut.
  constexpr std::int64_t bin = 16;
  torch::Tensor const codebook = random_rows(8, 20, 5);
  std::vector<std::int64_t> const lengths{0, 1, 15, 16, 17, 31, 32, 33, 47, 100, 160, 161, 255, 700};
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t n : lengths) offsets.push_back(offsets.back() + n);
  torch::Tensor const x = random_rows(offsets.back(), 8, 6);
  LshBins const ours = lsh_bins(x, codebook, offsets, bin);

  std::size_t next_bin = 0;
  for (std::size_t event = 0; event < lengths.size(); ++event) {
    std::int64_t const n = lengths[event];
    std::int64_t const n_bins = (n + bin - 1) / bin;
    torch::Tensor const padded =
        torch::cat({x.slice(0, offsets[event], offsets[event + 1]), torch::zeros({n_bins * bin - n, 8})});
    torch::Tensor codes = lsh_codes(padded, codebook, n_bins);
    codes.slice(0, n).add_(n_bins - 1);
    torch::Tensor const order =
        n_bins > 1 ? std::get<1>(codes.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false))
                   : torch::arange(padded.size(0));
    for (std::int64_t b = 0; b < n_bins; ++b) {
      torch::Tensor const rows = order.slice(0, b * bin, (b + 1) * bin);
      torch::Tensor const real = rows.masked_select(rows < n) + offsets[event];
      std::int64_t const begin = offsets[event] + b * bin;
      EXPECT_EQ(ours.lengths[next_bin], real.size(0));
      EXPECT_TRUE(torch::equal(ours.order.slice(0, begin, begin + real.size(0)), real)) << n << " bin " << b;
      ++next_bin;
    }
  }
  EXPECT_EQ(next_bin, ours.lengths.size());
}

TEST(LshBins, EqualRowsKeepTheirOrder) {
  LshBins const bins = lsh_bins(torch::ones({100, 4}), random_rows(4, 8, 1), {0, 100}, 10);
  EXPECT_TRUE(torch::equal(bins.order, torch::arange(100)));
}

TEST(GraphKernel, OfIdenticalRowsIsThatOfTheFloor) {
  torch::Tensor const a = graph_kernel(random_rows(1, 128, 1).expand({1, 3, 128}));
  // mlpf.md 10, check 4: exp(-0.1 sqrt(1e-6)). |a|^2 is 128, its cancellation 128 * 6e-8 * a few: at most
  // 3e-5, so distances may come out as 0.006.
  EXPECT_NEAR(graph_kernel(torch::ones({1, 2, 4}))[0][0][1].item<double>(), 0.99990, 5e-6);
  EXPECT_GT(a.min().item<double>(), std::exp(-0.1 * 0.006));
  EXPECT_LE(a.max().item<double>(), std::exp(-0.1 * 0.001) + 1e-7);
}

TEST(GraphKernel, HasNoGradientAtTheFloor) {
  torch::Tensor const x = torch::ones({1, 3, 4}).requires_grad_();
  graph_kernel(x).sum().backward();
  EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
}

TEST(GraphKernel, StaysInFloatUnderAutocast) {
  torch::Tensor const x = random_rows(20, 128, 3).unsqueeze(0);
  torch::Tensor const expected = graph_kernel(x);
  at::autocast::set_autocast_enabled(torch::kCPU, true);
  torch::Tensor const cast = graph_kernel(x);
  at::autocast::set_autocast_enabled(torch::kCPU, false);
  EXPECT_TRUE(torch::equal(cast, expected));
}

}  // namespace
}  // namespace corpuscle::model
