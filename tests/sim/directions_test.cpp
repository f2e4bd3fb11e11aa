#include "corpuscle/sim/directions.hpp"

#include <gtest/gtest.h>

namespace corpuscle::sim {
namespace {

constexpr core::Vector3 axes[] = {{0, 0, 1}, {0, 0, -1}, {0.6, 0, 0.8}, {-0.48, 0.64, -0.6}};

TEST(Directions, VectorsAcrossAreOrthonormal) {
  for (core::Vector3 const axis : axes) {
    auto const [a, b] = across(axis);
    for (core::Vector3 const v : {a, b}) {
      EXPECT_NEAR(core::length(v), 1, 1e-14);
      EXPECT_NEAR(core::dot(v, axis), 0, 1e-14);
    }
    EXPECT_NEAR(core::dot(a, b), 0, 1e-14);
  }
}

TEST(Directions, ThoseAroundAnAxisKeepTheirAngle) {
  core::Random random(6);
  for (core::Vector3 const axis : axes) {
    core::Vector3 const direction = direction_around(axis, 0.3, random);
    EXPECT_NEAR(core::length(direction), 1, 1e-14);
    EXPECT_NEAR(core::dot(direction, axis), 0.3, 1e-14);
  }
}

TEST(Directions, IsotropicOnesPreferNone) {
  core::Random random(7);
  constexpr int n = 30000;
  core::Vector3 sum, squares;
  for (int i = 0; i < n; ++i) {
    core::Vector3 const d = isotropic(random);
    ASSERT_NEAR(core::length(d), 1, 1e-14);
    sum = sum + d;
    squares = squares + core::Vector3{d.x * d.x, d.y * d.y, d.z * d.z};
  }
  // Means 0 and 1/3 with variances 1/3 and 1/5 - 1/9: five standard deviations of the mean.
  double const of_mean = 5 * std::sqrt(1. / 3 / n);
  double const of_square = 5 * std::sqrt((1. / 5 - 1. / 9) / n);
  for (double const mean : {sum.x / n, sum.y / n, sum.z / n}) EXPECT_NEAR(mean, 0, of_mean);
  for (double const mean : {squares.x / n, squares.y / n, squares.z / n})
    EXPECT_NEAR(mean, 1. / 3, of_square);
}

}  // namespace
}  // namespace corpuscle::sim
