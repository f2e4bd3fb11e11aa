// Our attention on CPUs against the textbook's in double.
#include "corpuscle/model/packed_attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "corpuscle/model/blocks.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

// One row, less than a tile of 16, a tile, more; more than the 128 keys that are taken at a time. They come
// by length, as block_attention wants them.
std::vector<std::int64_t> const lengths{1, 2, 15, 16, 17, 33, 33, 128, 129, 300};
std::int64_t const n_rows = std::reduce(lengths.begin(), lengths.end());

torch::Tensor textbook(torch::Tensor const& qkv, std::int64_t heads) {
  std::vector<torch::Tensor> blocks;
  for (torch::Tensor const& block : qkv.split_with_sizes(lengths)) {
    std::vector<torch::Tensor> const parts =  // each [heads, length, d]
        block.unflatten(1, {3, heads, -1}).permute({1, 2, 0, 3}).unbind();
    double const scale = 1 / std::sqrt(static_cast<double>(parts[0].size(2)));
    torch::Tensor const weights = (parts[0].matmul(parts[1].transpose(1, 2)) * scale).softmax(2);
    blocks.push_back(weights.matmul(parts[2]).transpose(0, 1).flatten(1));
  }
  return torch::cat(blocks);
}

torch::Tensor random_qkv(std::int64_t heads, std::int64_t d) {
  core::Random random({7});
  torch::Tensor const x = torch::empty({n_rows, 3 * heads * d});
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data_ptr<float>()[i] = static_cast<float>(random.normal());
  return x;
}

/// q is larger than random_qkv has it, so that few keys have most of the weight.
torch::Tensor with_sharp_weights(torch::Tensor const& qkv) {
  torch::Tensor const x = qkv.clone();
  x.slice(1, 0, x.size(1) / 3).mul_(4);
  return x;
}

class OfHeads : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(PackedAttention, OfHeads, testing::Values(16, 32, 48));

TEST_P(OfHeads, AttentionIsTheTextbooks) {
  constexpr std::int64_t heads = 3;
  ASSERT_TRUE(has_packed_attention(GetParam()));
  for (torch::Tensor const& qkv :
       {random_qkv(heads, GetParam()), with_sharp_weights(random_qkv(heads, GetParam()))}) {
    torch::Tensor const ours = block_attention(Blocks(lengths), qkv, heads);
    // Values of order 1 to 3; scores up to 30, of which single precision keeps 2e-6, and their weights as
    // much.
    EXPECT_LT(largest_difference(ours.to(torch::kDouble), textbook(qkv.to(torch::kDouble), heads)), 2e-5);
  }
}

TEST_P(OfHeads, ItsDerivativeIsTheTextbooks) {
  constexpr std::int64_t heads = 3;
  for (torch::Tensor const& values :
       {random_qkv(heads, GetParam()), with_sharp_weights(random_qkv(heads, GetParam()))}) {
    torch::Tensor const qkv = values.clone().requires_grad_();
    torch::Tensor const exact = values.to(torch::kDouble).requires_grad_();
    torch::Tensor const gradient = random_qkv(heads, GetParam()).slice(1, 0, heads * GetParam());
    block_attention(Blocks(lengths), qkv, heads).backward(gradient);
    textbook(exact, heads).backward(gradient.to(torch::kDouble));
    // As above; the derivatives by v sum up to 300 such, those by q and k have factors of up to 10 in them.
    EXPECT_LT(largest_difference(qkv.grad().to(torch::kDouble), exact.grad()), 2e-4);
  }
}

TEST(PackedAttention, ScoresOfAnySizeDoNotOverflow) {
  torch::Tensor const qkv = random_qkv(2, 16) * 300;
  torch::Tensor const q_and_v = qkv.clone().requires_grad_();
  torch::Tensor const out = block_attention(Blocks(lengths), q_and_v, 2);
  EXPECT_TRUE(torch::isfinite(out).all().item<bool>());
  out.sum().backward();
  EXPECT_TRUE(torch::isfinite(q_and_v.grad()).all().item<bool>());
  // Weights are 0 or 1 here: each answer is that of the key with the highest score.
  EXPECT_LE(out.abs().max().item<double>(), qkv.abs().max().item<double>());
}

TEST(PackedAttention, ABlockHasTheSameBitsAloneAndAmongOthers) {
  torch::Tensor const qkv = random_qkv(2, 16);
  torch::Tensor const all = block_attention(Blocks(lengths), qkv, 2);
  std::int64_t first = 0;
  for (std::int64_t length : lengths) {
    torch::Tensor const alone = block_attention(Blocks({length}), qkv.slice(0, first, first + length), 2);
    EXPECT_TRUE(torch::equal(alone, all.slice(0, first, first + length))) << length;
    first += length;
  }
}

TEST(PackedAttention, ThreadsChangeNoBit) {
  torch::Tensor const qkv = random_qkv(3, 16);
  auto const run = [&](int n_threads) {
    at::set_num_threads(n_threads);
    torch::Tensor const x = qkv.clone().requires_grad_();
    torch::Tensor const out = block_attention(Blocks(lengths), x, 3);
    out.square().sum().backward();
    return std::pair(out.detach(), x.grad());
  };
  auto const [many, many_gradients] = run(4);
  auto const [one, one_gradients] = run(1);
  EXPECT_TRUE(torch::equal(one, many));
  EXPECT_TRUE(torch::equal(one_gradients, many_gradients));
}

TEST(PackedAttention, WhatIsNotANumberShowsInItsBlockAndInNoOther) {
  constexpr std::int64_t row = 1 + 2 + 15 + 16 + 5, first = 1 + 2 + 15 + 16, last = first + 17;
  for (std::int64_t column : {0, 2 * 16, 4 * 16}) {  // in q, k and v of the first of two heads
    torch::Tensor const qkv = random_qkv(2, 16);
    qkv[row][column] = std::numeric_limits<float>::quiet_NaN();
    torch::Tensor const x = qkv.clone().requires_grad_();
    torch::Tensor const out = block_attention(Blocks(lengths), x, 2);
    out.sum().backward();
    for (torch::Tensor const& values : {out, x.grad()}) {
      EXPECT_TRUE(torch::isnan(values.slice(0, first, last)).any().item<bool>()) << column;
      EXPECT_FALSE(torch::isnan(values.slice(0, 0, first)).any().item<bool>()) << column;
      EXPECT_FALSE(torch::isnan(values.slice(0, last)).any().item<bool>()) << column;
    }
  }
}

TEST(PackedAttention, NoRowsAreNoRows) {
  torch::Tensor const qkv = torch::empty({0, 3 * 2 * 16});
  EXPECT_EQ(block_attention(Blocks({0, 0}), qkv, 2).sizes(), (torch::IntArrayRef{0, 32}));
}

}  // namespace
}  // namespace corpuscle::model
