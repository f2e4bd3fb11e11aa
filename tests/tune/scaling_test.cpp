#include "corpuscle/tune/scaling.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace corpuscle::tune {
namespace {

TEST(MinMaxScaling, BringsEachColumnToTheUnitInterval) {
  std::vector<Row> const rows{{1, -5}, {3, 5}, {2, 0}};
  MinMaxScaling const scaling(rows);
  EXPECT_EQ(scaling.scale(rows[0]), (Row{0, 0}));
  EXPECT_EQ(scaling.scale(rows[1]), (Row{1, 1}));
  EXPECT_EQ(scaling.scale(rows[2]), (Row{0.5, 0.5}));
  EXPECT_EQ(scaling.scale(Row{5, -15}), (Row{2, -1})) << "it is linear beyond what it was made from";
}

TEST(MinMaxScaling, CanBeUndone) {
  MinMaxScaling const scaling(std::vector<Row>{{1, 7}, {4, 7}});
  for (double const value : {-3., 1., 2.5, 9.}) {
    EXPECT_NEAR(scaling.restore(0, scaling.scale(0, value)), value, 1e-14);
    EXPECT_NEAR(scaling.restore(1, scaling.scale(1, value)), value, 1e-14);
  }
}

TEST(MinMaxScaling, LeavesAColumnThatIsTheSameEverywhereFinite) {
  MinMaxScaling const scaling(std::vector<Row>{{7}, {7}});
  EXPECT_EQ(scaling.scale(0, 7), 0);
  EXPECT_EQ(scaling.scale(0, 8), 1);
}

TEST(QuantileScaling, AgreesWithScikitLearn) {
  std::vector<Row> rows;
  for (double const value : {3., 1., 2., 2., 2., 2., 2., 7., 4.}) rows.push_back({value});
  QuantileScaling const scaling(rows, 5);
  std::vector<double> const values{0, 1, 1.5, 2, 3.2, 6, 7, 8};
  std::vector<double> const expected{0, 0, 0.125, 0.375, 0.7625, 0.9375, 1, 1};  // make_svr_reference.py
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(scaling.scale(0, values[i]), expected[i], 1e-12) << values[i];
}

TEST(QuantileScaling, TakesAsManyQuantilesAsThereAreRows) {
  QuantileScaling const scaling(std::vector<Row>{{0}, {1}, {10}}, 50);
  EXPECT_DOUBLE_EQ(scaling.scale(0, 1), 0.5);
  EXPECT_DOUBLE_EQ(scaling.scale(0, 5.5), 0.75);
  QuantileScaling const single(std::vector<Row>{{3}}, 50);
  EXPECT_EQ(single.scale(0, 3), 0);
  EXPECT_EQ(single.scale(0, 4), 1);
}

}  // namespace
}  // namespace corpuscle::tune
