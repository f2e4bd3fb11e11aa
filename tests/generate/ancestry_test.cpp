#include "corpuscle/generate/ancestry.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace corpuscle::generate {
namespace {

using Order = std::vector<std::uint32_t>;

Parents parents(std::initializer_list<std::initializer_list<std::size_t>> rows) {
  Parents result;
  for (auto const& row : rows) {
    for (std::size_t parent : row) result.values.emplace_back(parent);
    result.end_row();
  }
  return result;
}

TEST(Ancestry, RowsInOrderStayAsTheyAre) {
  EXPECT_EQ(parents_first(parents({{}, {0}, {0, 1}, {}})), (Order{0, 1, 2, 3}));
  EXPECT_EQ(parents_first(parents({})), Order{});
}

TEST(Ancestry, AParentThatComesLateIsMovedAndTheOthersKeepTheirOrder) {
  EXPECT_EQ(parents_first(parents({{}, {3}, {0}, {0}})), (Order{0, 2, 3, 1}));
}

TEST(Ancestry, ACycleAndItsDescendantsAreLeftOut) {
  EXPECT_EQ(parents_first(parents({{}, {2}, {1}, {2}, {0}})), (Order{0, 4}));
  EXPECT_EQ(parents_first(parents({{0}})), Order{});
}

TEST(Ancestry, DaughtersAreTheInverseOfParents) {
  Parents const daughters = daughters_of(parents({{}, {0}, {0, 1}, {1}}));
  EXPECT_EQ(daughters, parents({{1, 2}, {2, 3}, {}, {}}));
}

TEST(Ancestry, ALongChainTheWrongWayRoundIsTurned) {
  Parents chain;
  for (std::size_t row = 0; row < 100'000; ++row) {
    if (row + 1 < 100'000) chain.values.emplace_back(row + 1);
    chain.end_row();
  }
  Order const order = parents_first(chain);
  ASSERT_EQ(order.size(), 100'000u);
  EXPECT_EQ(order.front(), 99'999u);
  EXPECT_EQ(order.back(), 0u);
}

}  // namespace
}  // namespace corpuscle::generate
