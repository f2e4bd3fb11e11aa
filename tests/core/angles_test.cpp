#include "corpuscle/core/angles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace corpuscle::core {
namespace {

constexpr double pi = std::numbers::pi;

TEST(WrapPhi, ResultLiesInTheHalfOpenInterval) {
  double const just_below_minus_pi = std::nextafter(-pi, -4.);
  for (double phi :
       {0., 1., pi, -pi, just_below_minus_pi, std::nextafter(pi, 4.), 3 * pi, -3 * pi, 100., -1e6, 1e15}) {
    EXPECT_GE(wrap_phi(phi), -pi) << phi;
    EXPECT_LT(wrap_phi(phi), pi) << phi;
  }
}

TEST(WrapPhi, AnglesInsideAreKeptExactly) {
  for (double phi : {-pi, -1e-300, 0., 1e-300, 0.1, std::nextafter(pi, 0.)}) EXPECT_EQ(wrap_phi(phi), phi);
}

TEST(WrapPhi, PlusPiBecomesMinusPi) {
  EXPECT_EQ(wrap_phi(pi), -pi);
}

TEST(WrapPhi, FullTurnsDoNotMatter) {
  for (int turns = -5; turns <= 5; ++turns) EXPECT_NEAR(wrap_phi(0.7 + 2 * pi * turns), 0.7, 1e-14) << turns;
}

TEST(WrapPhi, NotANumberStaysNotANumber) {
  EXPECT_FALSE(wrap_phi(std::numeric_limits<double>::quiet_NaN()) == 0);
}

}  // namespace
}  // namespace corpuscle::core
