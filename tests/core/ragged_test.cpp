#include "corpuscle/core/ragged.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace corpuscle::core {
namespace {

std::vector<int> row(Ragged<int> const& ragged, std::size_t i) {
  return {ragged[i].begin(), ragged[i].end()};
}

TEST(Ragged, NewOneHasNoRows) {
  Ragged<int> const ragged;
  EXPECT_EQ(ragged.size(), 0u);
}

TEST(Ragged, RowsComeBackAsTheyWentIn) {
  Ragged<int> ragged;
  ragged.push_back({1, 2, 3});
  ragged.push_back({});
  ragged.push_back({4});
  ASSERT_EQ(ragged.size(), 3u);
  EXPECT_EQ(row(ragged, 0), (std::vector{1, 2, 3}));
  EXPECT_TRUE(ragged[1].empty());
  EXPECT_EQ(row(ragged, 2), std::vector{4});
}

TEST(Ragged, EndRowClosesWhatWasAppendedDirectly) {
  Ragged<int> ragged;
  ragged.values = {5, 6};
  ragged.end_row();
  ragged.end_row();
  ASSERT_EQ(ragged.size(), 2u);
  EXPECT_EQ(row(ragged, 0), (std::vector{5, 6}));
  EXPECT_TRUE(ragged[1].empty());
}

TEST(Ragged, SameValuesInOtherRowsAreNotEqual) {
  Ragged<int> a;
  a.push_back({1, 2});
  Ragged<int> b;
  b.push_back({1});
  b.push_back({2});
  EXPECT_FALSE(a == b);
  EXPECT_TRUE(a == Ragged<int>(a));
}

}  // namespace
}  // namespace corpuscle::core
