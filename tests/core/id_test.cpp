#include "corpuscle/core/id.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace corpuscle::core {
namespace {

struct Apples;
struct Pears;

TEST(Id, DefaultRefersToNothing) {
  EXPECT_FALSE(Id<Apples>{}.is_valid());
}

TEST(Id, RowComesBack) {
  Id<Apples> const id{7};
  EXPECT_TRUE(id.is_valid());
  EXPECT_EQ(id.row(), 7u);
}

TEST(Id, OrderIsThatOfRowsWithNothingLast) {
  EXPECT_LT(Id<Apples>{1}, Id<Apples>{2});
  EXPECT_LT(Id<Apples>{2}, Id<Apples>{});
  EXPECT_EQ(Id<Apples>{2}, Id<Apples>{2});
}

TEST(Id, TablesDoNotMixAndNumbersDoNotSlipIn) {
  static_assert(!std::is_convertible_v<Id<Apples>, Id<Pears>>);
  static_assert(!std::is_constructible_v<Id<Apples>, Id<Pears>>);
  static_assert(!std::is_convertible_v<int, Id<Apples>>);
}

}  // namespace
}  // namespace corpuscle::core
