#include "corpuscle/io/frame.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace corpuscle::io {
namespace {

constexpr Scalar all_scalars[] = {Scalar::i8,  Scalar::i16, Scalar::i32,    Scalar::i64,
                                  Scalar::u8,  Scalar::u16, Scalar::u32,    Scalar::u64,
                                  Scalar::f32, Scalar::f64, Scalar::boolean};

TEST(Column, GivesBackWhatItWasMadeOf) {
  std::vector<std::uint64_t> const cells{0, 1, 0xfedcba9876543210U};
  Column const column = Column::of<std::uint64_t>("cellID", cells);
  EXPECT_EQ(column.type(), Scalar::u64);
  EXPECT_EQ(column.rows(), 3U);
  std::vector<std::uint64_t> back;
  column.append_to(back);
  EXPECT_EQ(back, cells);
}

TEST(Column, EveryTypeKeepsASmallNumber) {
  for (Scalar type : all_scalars) {
    Column column("n", type);
    column.push_back_integer(1);
    column.push_back(0.0);
    EXPECT_EQ(column.values(), 2U) << name(type);
    EXPECT_EQ(column.bytes().size(), 2 * size_of(type)) << name(type);
    EXPECT_EQ(column.at<int>(0), 1) << name(type);
    EXPECT_EQ(column.at<double>(1), 0.0) << name(type);
  }
}

TEST(Column, RowsCountWholeArrays) {
  std::vector<float> const values(42, 1.F);
  EXPECT_EQ(Column::of<float>("covMatrix.values", values, 21).rows(), 2U);
}

TEST(Column, NewValuesAreZero) {
  Column column("x", Scalar::f64);
  column.push_back(3.0);
  column.resize_values(3);
  EXPECT_EQ(column.at<double>(0), 3.0);
  EXPECT_EQ(column.at<double>(2), 0.0);
}

TEST(Column, AppendingConvertsAndKeepsWhatIsThere) {
  std::vector<std::int32_t> const values{-1, 2};
  std::vector<double> out{7.0};
  Column::of<std::int32_t>("PDG", values).append_to(out);
  EXPECT_EQ(out, (std::vector<double>{7.0, -1.0, 2.0}));
}

TEST(Convert, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(convert<std::int8_t>(1e9), 127);
  EXPECT_EQ(convert<std::int8_t>(-1e9), -128);
  EXPECT_EQ(convert<std::uint32_t>(-3.0F), 0U);
  EXPECT_EQ(convert<std::int32_t>(INFINITY), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(convert<std::int32_t>(NAN), 0);
}

TEST(Frame, FindsCollectionsByNameAndById) {
  Frame frame;
  Collection& tracks = frame.collections.emplace_back();
  tracks.name = "SiTracks";
  tracks.id = 34;
  tracks.members.emplace_back("chi2", Scalar::f32);
  tracks.vectors.push_back({"trackStates", "edm4hep::TrackState", {}});
  tracks.relations.push_back({"trackerHits", {}});
  ASSERT_NE(frame.find("SiTracks"), nullptr);
  EXPECT_EQ(frame.find("SiTracks"), frame.find(34U));
  EXPECT_EQ(frame.find("Tracks"), nullptr);
  EXPECT_EQ(frame.find(35U), nullptr);
  Collection const& found = *frame.find("SiTracks");
  EXPECT_NE(found.member("chi2"), nullptr);
  EXPECT_EQ(found.member("ndf"), nullptr);
  EXPECT_NE(found.vector("trackStates"), nullptr);
  EXPECT_NE(found.relation("trackerHits"), nullptr);
  EXPECT_EQ(found.relation("tracks"), nullptr);
}

TEST(CollectionId, IsTheFnvHashOfTheName) {
  // Test values of the authors of FNV-1a, 32 bit (draft-eastlake-fnv, appendix C).
  EXPECT_EQ(collection_id("a"), 0xe40c292cU);
  EXPECT_EQ(collection_id("foobar"), 0xbf9cf968U);
}

}  // namespace
}  // namespace corpuscle::io
