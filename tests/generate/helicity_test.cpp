#include "corpuscle/generate/helicity.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace corpuscle::generate {
namespace {

constexpr BeamPolarisation left{-1, 0};
constexpr BeamPolarisation right{1, 0};
constexpr double z_mass = 91.188;
constexpr double sin2 = 0.2315;

/// A_f = 2 v a / (v^2 + a^2) with v / a = 1 - 4 |Q| sin^2.
double asymmetry(double charge) {
  double const ratio = 1 - 4 * std::abs(charge) * sin2;
  return 2 * ratio / (1 + ratio * ratio);
}

TEST(PolarisationWeight, IsOneForUnpolarisedBeams) {
  for (double cos_theta : {-1., 0., 0.7})
    EXPECT_NEAR(polarisation_weight({}, 6, 172.5, 380, cos_theta), 1, 1e-14);
}

TEST(PolarisationWeight, AverageOfOppositePolarisationsIsUnpolarised) {
  for (double cos_theta : {-0.9, 0.1, 0.8})
    EXPECT_NEAR((polarisation_weight(left, 5, 4.8, 200, cos_theta) +
                 polarisation_weight(right, 5, 4.8, 200, cos_theta)) /
                    2,
                1, 1e-14);
}

TEST(PolarisationWeight, OnlyTheProductOfBothBeamsMatters) {
  // (1 - Pe)(1 + Pp) and (1 + Pe)(1 - Pp) are the same for exchanged and reversed polarisations.
  EXPECT_NEAR(polarisation_weight({-0.8, 0.3}, 2, 0, 380, 0.4),
              polarisation_weight({-0.3, 0.8}, 2, 0, 380, 0.4), 1e-14);
}

TEST(PolarisationWeight, LeftRightAsymmetryAtThePoleIsThatOfTheElectron) {
  // At cos theta = 0 both helicities see the same of f, so the ratio of weights is (1 + A_e) / (1 - A_e). The
  // photon adds (Gamma / mZ)^2 = 7e-4 of order-one couplings; u quarks see it most.
  for (int pdg : {1, 2, 5}) {
    double const l = polarisation_weight(left, pdg, 0, z_mass, 0);
    double const r = polarisation_weight(right, pdg, 0, z_mass, 0);
    EXPECT_NEAR((l - r) / (l + r), asymmetry(1), 0.003) << pdg;
  }
}

TEST(PolarisationWeight, ForwardBackwardLeftRightAsymmetryAtThePoleIsThatOfTheFermion) {
  // At cos theta = +-1: sigma_L(+) - sigma_L(-) - sigma_R(+) + sigma_R(-) over the sum is A_f. The weights
  // are relative to unpolarised, 1 + A_e A_f forward and 1 - A_e A_f backward.
  struct Case {
    int pdg;
    double charge;
  };
  for (auto [pdg, charge] : {Case{1, -1. / 3}, {2, 2. / 3}, {13, -1}}) {
    double const forward = 1 + asymmetry(1) * asymmetry(charge);
    double const backward = 1 - asymmetry(1) * asymmetry(charge);
    double const l = polarisation_weight(left, pdg, 0, z_mass, 1) * forward -
                     polarisation_weight(left, pdg, 0, z_mass, -1) * backward;
    double const r = polarisation_weight(right, pdg, 0, z_mass, 1) * forward -
                     polarisation_weight(right, pdg, 0, z_mass, -1) * backward;
    EXPECT_NEAR((l - r) / 4, asymmetry(charge), 0.01) << pdg;
  }
}

TEST(PolarisationWeight, PhotonsAloneDoNotCare) {
  // Far below the Z its amplitude is (E / mZ)^2 of that of the photon: 1e-4 at 1 GeV.
  for (double cos_theta : {-1., 0.5}) EXPECT_NEAR(polarisation_weight(left, 2, 0, 1, cos_theta), 1, 1e-3);
}

TEST(PolarisationWeight, AtThresholdTheAngleDoesNotMatter) {
  EXPECT_NEAR(polarisation_weight(left, 6, 172.5, 345, -1), polarisation_weight(left, 6, 172.5, 345, 1),
              1e-14);
}

TEST(PolarisationWeight, NeverExceedsItsMaximum) {
  for (BeamPolarisation beams : {left, right, BeamPolarisation{-0.8, 0.3}, BeamPolarisation{0.8, -0.3}})
    for (int pdg : {1, 2, 5, 6, 13, 14})
      for (double cos_theta = -1; cos_theta <= 1; cos_theta += 0.125) {
        double const weight = polarisation_weight(beams, pdg, pdg == 6 ? 172.5 : 0, 380, cos_theta);
        EXPECT_GE(weight, 0);
        EXPECT_LE(weight, max_polarisation_weight(beams) * (1 + 1e-14));
      }
}

}  // namespace
}  // namespace corpuscle::generate
