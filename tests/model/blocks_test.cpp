#include "corpuscle/model/blocks.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support.hpp"

namespace corpuscle::model {
namespace {

TEST(Blocks, JoiningUndoesSplitting) {
  Blocks const blocks({3, 0, 1, 3, 2, 0});
  torch::Tensor const x = torch::randn({9, 2});
  EXPECT_TRUE(torch::equal(Blocks::join(blocks.split(x)), x));
  EXPECT_FALSE(blocks.is_in_order());
}

TEST(Blocks, BlocksOfOneLengthFormOneGroupInTheOrderInWhichTheyCame) {
  Blocks const blocks({3, 1, 3});
  EXPECT_TRUE(torch::equal(blocks.rows(), torch::tensor({3, 0, 1, 2, 4, 5, 6}, torch::kInt64)));
  std::vector<torch::Tensor> const groups = blocks.split(torch::arange(7));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[1].sizes(), (torch::IntArrayRef{2, 3}));
}

TEST(Blocks, BlocksThatComeByLengthStayWhereTheyAre) {
  Blocks const blocks({0, 1, 2, 2, 5});
  EXPECT_TRUE(blocks.is_in_order());
  EXPECT_TRUE(torch::equal(blocks.rows(), torch::arange(10)));
}

TEST(Blocks, GatheringAndScatteringIsTheIdentity) {
  torch::Tensor const order = permutation(1000, 3);
  torch::Tensor const x = torch::randn({1000, 3});
  EXPECT_TRUE(torch::equal(x.index_select(0, order).index_select(0, inverse_of(order)), x));
}

TEST(Blocks, AttentionIsTheTextbooks) {
  constexpr std::int64_t heads = 2, d = 3;
  std::vector<std::int64_t> const lengths{1, 2, 2, 4};
  torch::Tensor const qkv = torch::randn({9, 3 * heads * d}, torch::kDouble);
  torch::Tensor const seen = block_attention(Blocks(lengths), qkv, heads);
  std::int64_t first = 0;
  for (std::int64_t length : lengths) {
    for (std::int64_t head = 0; head < heads; ++head) {
      auto const part = [&](std::int64_t which) {
        return qkv.slice(0, first, first + length)
            .slice(1, (which * heads + head) * d, (which * heads + head + 1) * d);
      };
      torch::Tensor const weight = (part(0).matmul(part(1).t()) / std::sqrt(double(d))).softmax(1);
      torch::Tensor const ours = seen.slice(0, first, first + length).slice(1, head * d, (head + 1) * d);
      EXPECT_LT(largest_difference(ours, weight.matmul(part(2))), 1e-13);  // of order 1, sums of 10 products
    }
    first += length;
  }
}

}  // namespace
}  // namespace corpuscle::model
