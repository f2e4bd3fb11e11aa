#include "corpuscle/model/windows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numbers>

#include "support.hpp"

namespace corpuscle::model {
namespace {

constexpr double pi = std::numbers::pi;

TEST(HilbertCode, VisitsEveryCellOnceAndGoesToANeighbourEachTime) {
  // The centres of all 1024 x 1024 cells.
  torch::Tensor const at = (torch::arange(1024, torch::kDouble) + 0.5) / 1024;
  torch::Tensor const eta = ((at - 0.5) * 8).repeat_interleave(1024);
  torch::Tensor const phi = ((at - 0.5) * 2 * pi).repeat({1024});
  torch::Tensor const cell = std::get<1>(hilbert_code(eta, phi).sort());
  EXPECT_TRUE(torch::equal(hilbert_code(eta, phi).index_select(0, cell), torch::arange(1024 * 1024)));
  torch::Tensor const row = cell.floor_divide(1024);
  torch::Tensor const column = cell.remainder(1024);
  torch::Tensor const step = row.diff().abs() + column.diff().abs();
  EXPECT_TRUE(step.eq(1).all().item<bool>());
}

TEST(HilbertCode, TakesAnyAngleAndAnyPseudorapidity) {
  torch::Tensor const eta = torch::tensor({0.3, 0.3, -50., 50.});
  torch::Tensor const phi = torch::tensor({0.2, 0.2 + 4 * pi, 0., 0.});
  torch::Tensor const code = hilbert_code(eta, phi);
  EXPECT_EQ(code[0].item<std::int64_t>(), code[1].item<std::int64_t>());
  EXPECT_GE(code.min().item<std::int64_t>(), 0);
  EXPECT_LT(code.max().item<std::int64_t>(), 1 << 20);
}

TEST(Windows, AreEquallyLongAndNeverTooLong) {
  for (std::int64_t n : {0, 1, 127, 128, 129, 256, 257, 1000, 10'000}) {
    Windows const cut = windows(torch::zeros({n}, torch::kInt64), {0, n}, 128);
    std::int64_t sum = 0;
    for (std::int64_t length : cut.lengths) {
      EXPECT_LE(length, 128);
      EXPECT_GE(length, n / static_cast<std::int64_t>(cut.lengths.size()));
      sum += length;
    }
    EXPECT_EQ(sum, n);
    EXPECT_EQ(static_cast<std::int64_t>(cut.lengths.size()), (n + 127) / 128);
  }
}

TEST(Windows, SortWithinEventsAndLeaveTheShortOnesAlone) {
  torch::Tensor const key = torch::tensor({5, 1, 9, 8, 7, 6, 5, 5}, torch::kInt64);
  Windows const cut = windows(key, {0, 2, 8}, 4);
  EXPECT_TRUE(torch::equal(cut.order, torch::tensor({0, 1, 6, 7, 5, 4, 3, 2}, torch::kInt64)));
  EXPECT_EQ(cut.lengths, (std::vector<std::int64_t>{2, 3, 3}));
}

}  // namespace
}  // namespace corpuscle::model
