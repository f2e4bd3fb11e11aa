#include "corpuscle/core/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace corpuscle::core {
namespace {

using Words = std::vector<std::string_view>;

TEST(Cat, JoinsAsAStreamPrints) {
  EXPECT_EQ(cat("row ", 3, ": ", 2.5, ' ', std::string("GeV")), "row 3: 2.5 GeV");
}

TEST(Nearest, FindsSwappedMissingAndExtraLetters) {
  Words const words{"field", "name", "tracker"};
  EXPECT_EQ(nearest("feild", words), "field");
  EXPECT_EQ(nearest("nme", words), "name");
  EXPECT_EQ(nearest("trackers", words), "tracker");
  EXPECT_EQ(nearest("name", words), "name");
}

TEST(Nearest, FirstOfTwoEquallyNearWins) {
  EXPECT_EQ(nearest("ac", Words{"ab", "ad"}), "ab");
}

TEST(Nearest, NothingNearGivesNothing) {
  EXPECT_EQ(nearest("elephant", Words{"field", "name"}), "");
  EXPECT_EQ(nearest("x", Words{}), "");
}

TEST(Matches, WithoutStarItIsEquality) {
  EXPECT_TRUE(matches("ECALBarrel", "ECALBarrel"));
  EXPECT_FALSE(matches("ECALBarrel", "ECALBarre"));
  EXPECT_FALSE(matches("ECALBarrel", "ecalBarrel"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("a", ""));
}

TEST(Matches, StarStandsForAnyRunAlsoNone) {
  EXPECT_TRUE(matches("CLIC_o3_v14", "CLIC_*"));
  EXPECT_TRUE(matches("CLIC_", "CLIC_*"));
  EXPECT_FALSE(matches("CLD_o2", "CLIC_*"));
  EXPECT_TRUE(matches("abc", "*"));
  EXPECT_TRUE(matches("", "**"));
}

TEST(Matches, GuessThatFailsIsTakenBack) {
  EXPECT_TRUE(matches("aXbXb", "a*b"));
  EXPECT_TRUE(matches("abab", "*ab"));
  EXPECT_TRUE(matches("a-b-c-d", "a*c*d"));
  EXPECT_FALSE(matches("a-b-c-d", "a*d*c"));
}

TEST(Matches, ManyStarsStayFast) {
  std::string const text(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  EXPECT_FALSE(matches(text, pattern + "b"));  // exponential in a naive matcher
}

}  // namespace
}  // namespace corpuscle::core
