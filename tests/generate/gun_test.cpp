#include "corpuscle/generate/gun.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

constexpr int n = 20'000;

std::vector<event::GenParticles> shoot(GunConfig const& config, int events = n) {
  auto gun = make_gun(config, 1);
  std::vector<event::GenParticles> shots;
  for (int i = 0; i < events; ++i) shots.push_back((*gun)(i));
  return shots;
}

double theta(event::GenParticles const& shot, std::size_t row) {
  return std::atan2(std::hypot(shot.px[row], shot.py[row]), shot.pz[row]);
}

TEST(Gun, ShootsOneParticleOfTheEnergyAskedFor) {
  for (std::int32_t pdg : {22, 11, -13, 211, -211, 321, 130, 310, 111, 2112, -2212, 3122, 1000010020}) {
    auto const shot = shoot({.pdg = pdg, .energy_min = 7, .energy_max = 7}, 1).front();
    testing::expect_sound(shot);
    ASSERT_EQ(shot.size(), 1u);
    EXPECT_EQ(shot.pdg[0], pdg);
    EXPECT_EQ(shot.generator_status[0], 1);
    EXPECT_NEAR(shot.energy(0), 7, 7e-15);  // a few roundings
  }
}

TEST(Gun, AnEnergyEqualToTheMassIsAParticleAtRest) {
  auto const shot = shoot({.pdg = 2212, .energy_min = 0.93827208816, .energy_max = 0.93827208816}, 1).front();
  EXPECT_EQ(shot.px[0], 0);
  EXPECT_EQ(shot.pz[0], 0);
}

TEST(Gun, SpectraAreFlatInEnergyOrInItsLogarithm) {
  // n uniform numbers: their mean is within 5 / sqrt(12 n) of 1/2.
  double const tolerance = 5 / std::sqrt(12. * n);
  double flat = 0;
  for (auto const& shot : shoot({.energy_min = 1, .energy_max = 101})) flat += (shot.energy(0) - 1) / 100;
  EXPECT_NEAR(flat / n, 0.5, tolerance);
  double logarithmic = 0;
  for (auto const& shot :
       shoot({.energy_min = 1, .energy_max = 100, .spectrum = EnergySpectrum::logarithmic}))
    logarithmic += std::log10(shot.energy(0)) / 2;
  EXPECT_NEAR(logarithmic / n, 0.5, tolerance);
}

TEST(Gun, DirectionsAreFlatInThetaAndPhiWithinTheirRanges) {
  GunConfig config;
  config.theta_min = 0.5;
  config.theta_max = 1.5;
  config.phi_min = -1;
  config.phi_max = 2;
  double sum_theta = 0;
  double sum_phi = 0;
  for (auto const& shot : shoot(config)) {
    double const t = theta(shot, 0);
    double const phi = std::atan2(shot.py[0], shot.px[0]);
    ASSERT_TRUE(t > 0.5 && t < 1.5 && phi > -1 && phi < 2);
    sum_theta += t - 0.5;
    sum_phi += (phi + 1) / 3;
  }
  double const tolerance = 5 / std::sqrt(12. * n);
  EXPECT_NEAR(sum_theta / n, 0.5, tolerance);
  EXPECT_NEAR(sum_phi / n, 0.5, tolerance);
}

TEST(Gun, MultiplicityTakesEveryNumberOfItsRangeAlike) {
  // The gun of the scaling study: 25 to 200 pions.
  std::vector<int> counts(201);
  for (auto const& shot : shoot({.pdg = 211, .multiplicity_min = 25, .multiplicity_max = 200}, 8800)) {
    testing::expect_sound(shot);
    ++counts.at(shot.size());
  }
  double chi2 = 0;
  for (std::size_t k = 0; k <= 200; ++k) {
    if (k < 25)
      ASSERT_EQ(counts[k], 0);
    else
      chi2 += std::pow(counts[k] - 50., 2) / 50;  // 8800 events, 176 numbers
  }
  EXPECT_NEAR(chi2, 175, 5 * std::sqrt(2 * 175.));
}

TEST(Gun, NoParticlesAndVeryManyAreEvents) {
  EXPECT_EQ(shoot({.multiplicity_min = 0, .multiplicity_max = 0}, 1).front().size(), 0u);
  auto const many = shoot({.multiplicity_min = 100'000, .multiplicity_max = 100'000}, 1).front();
  EXPECT_EQ(many.size(), 100'000u);
  testing::expect_sound(many);
}

TEST(Gun, AnEventDependsOnSeedAndNumberAlone) {
  GunConfig const config{.pdg = -11, .energy_min = 1, .energy_max = 50, .multiplicity_max = 5};
  auto first = make_gun(config, 1);
  auto second = make_gun(config, 1);
  auto const a = testing::fingerprint((*first)(5));
  for (std::int64_t number : {9, 2, 7}) (*second)(number);
  EXPECT_EQ(a, testing::fingerprint((*second)(5)));
  EXPECT_FALSE(a == testing::fingerprint((*second)(6)));
  EXPECT_FALSE(a == testing::fingerprint((*make_gun(config, 2))(5)));
}

TEST(Gun, RefusesWhatCannotBe) {
  double const nan = std::nan("");
  for (GunConfig const& config :
       {GunConfig{.pdg = 0}, GunConfig{.pdg = 511}, GunConfig{.pdg = -22}, GunConfig{.pdg = 15},
        GunConfig{.pdg = 3212}, GunConfig{.pdg = 2212, .energy_min = 0.5}, GunConfig{.energy_min = 20},
        GunConfig{.energy_min = nan}, GunConfig{.energy_max = 1e9}, GunConfig{.theta_min = -0.1},
        GunConfig{.theta_max = 4}, GunConfig{.theta_min = 3}, GunConfig{.phi_max = nan},
        GunConfig{.multiplicity_min = -1}, GunConfig{.multiplicity_min = 2},
        GunConfig{.multiplicity_max = 2'000'000},
        GunConfig{.energy_min = 0, .spectrum = EnergySpectrum::logarithmic}})
    EXPECT_THROW(make_gun(config, 1), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::generate
