#include "corpuscle/sim/material.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

TEST(Material, ScatteringFollowsHighlandsFormula) {
  // 13.6 MeV / 1 GeV * sqrt(0.01) * (1 + 0.038 ln 0.01), by hand.
  EXPECT_NEAR(scattering_angle(1, 1, 0.01), 1.122e-3, 1e-6);
  EXPECT_DOUBLE_EQ(scattering_angle(2, 1, 0.01), scattering_angle(1, 1, 0.01) / 2);
  EXPECT_DOUBLE_EQ(scattering_angle(1, -2, 0.01), 2 * scattering_angle(1, 1, 0.01));
}

TEST(Material, IonisationHasItsMinimumAndItsPlateau) {
  EXPECT_NEAR(relative_ionisation(3.5), 1, 1e-12);
  EXPECT_GT(relative_ionisation(1), 1.3);
  EXPECT_LT(relative_ionisation(1), 1.6);
  EXPECT_GT(relative_ionisation(0.1), 20);
  EXPECT_DOUBLE_EQ(relative_ionisation(1e4), 1.1);
  for (double beta_gamma = 0.01; beta_gamma < 1000; beta_gamma *= 1.1)
    EXPECT_GE(relative_ionisation(beta_gamma), 1) << beta_gamma;
}

TEST(Material, BremsstrahlungLosesTheRightMean) {
  // The mean of (1 - z) is 1 - exp(-x) exactly; its standard deviation is below sqrt(x) / 2.
  core::Random random(1);
  constexpr int n = 40000;
  for (double x : {0.01, 0.1, 1.0}) {
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      double const kept = bremsstrahlung_remainder(x, random);
      ASSERT_GE(kept, 0);
      ASSERT_LE(kept, 1);
      sum += 1 - kept;
    }
    EXPECT_NEAR(sum / n, 1 - std::exp(-x), 5 * std::sqrt(x) / 2 / std::sqrt(n)) << x;
  }
}

TEST(Material, PairProductionRisesFromItsThresholdToOne) {
  EXPECT_EQ(relative_pair_production(1 * units::MeV), 0);
  EXPECT_NEAR(relative_pair_production(10 * units::MeV), 0.4, 1e-12);
  EXPECT_NEAR(relative_pair_production(100 * units::MeV), 0.75, 1e-12);
  EXPECT_EQ(relative_pair_production(50), 1);
  double last = 0;
  for (double energy = 1e-3; energy < 10; energy *= 1.05) {
    EXPECT_GE(relative_pair_production(energy), last);
    last = relative_pair_production(energy);
  }
}

TEST(Material, PairsShareTheEnergyAsBetheAndHeitlerSay) {
  // Moments of (1 - 4/3 z (1 - z)) 9/7: <z> = 1/2, <z^2> = 12/35; z is spread by less than 0.31.
  core::Random random(2);
  constexpr int n = 40000;
  double sum = 0;
  double sum_of_squares = 0;
  for (int i = 0; i < n; ++i) {
    double const z = pair_share(random);
    sum += z;
    sum_of_squares += z * z;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 * 0.31 / std::sqrt(n));
  EXPECT_NEAR(sum_of_squares / n, 12. / 35, 5 * 0.32 / std::sqrt(n));
}

TEST(Material, HadronsInteractAndLeptonsDoNot) {
  for (int pdg : {11, -13, 22, 111}) EXPECT_EQ(nuclear_strength(pdg), 0) << pdg;
  EXPECT_EQ(nuclear_strength(-2212), 1);
  EXPECT_LT(nuclear_strength(321), nuclear_strength(-211));
  EXPECT_LT(nuclear_strength(211), nuclear_strength(2112));
}

}  // namespace
}  // namespace corpuscle::sim
