#include "corpuscle/event/particle_data.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

namespace corpuscle::event {
namespace {

constexpr std::int32_t table[] = {11,   12,   13,   14,         15,         16,         22,        111,  130,
                                  211,  310,  321,  2112,       2212,       3112,       3122,      3212, 3222,
                                  3312, 3322, 3334, 1000010020, 1000010030, 1000020030, 1000020040};

TEST(ParticleData, ChargesOfTheTableFollowTheNumberingScheme) {
  for (std::int32_t pdg : table) {
    ASSERT_TRUE(find_particle(pdg)) << pdg;
    EXPECT_EQ(find_particle(pdg)->charge, charge_of(pdg)) << pdg;
    EXPECT_EQ(find_particle(pdg)->pdg, pdg);
  }
}

TEST(ParticleData, AntiparticleHasOppositeChargeAndSameMassAndLifetime) {
  for (std::int32_t pdg : table) {
    auto const anti = find_particle(-pdg);
    if (!anti) continue;
    EXPECT_EQ(anti->pdg, -pdg);
    EXPECT_EQ(anti->charge, 0 - find_particle(pdg)->charge);
    EXPECT_EQ(anti->mass, find_particle(pdg)->mass);
    EXPECT_EQ(anti->c_tau, find_particle(pdg)->c_tau);
  }
}

TEST(ParticleData, WhatIsItsOwnAntiparticleHasNone) {
  for (std::int32_t pdg : {22, 111, 130, 310}) EXPECT_FALSE(find_particle(-pdg)) << pdg;
}

TEST(ParticleData, UnknownCodesGiveNothing) {
  for (std::int32_t pdg : {0, 1, 511, 999999, std::numeric_limits<std::int32_t>::min()})
    EXPECT_FALSE(find_particle(pdg)) << pdg;
}

TEST(ParticleData, LifetimesAgreeWithTheLengthsThatTheReviewPrints) {
  // c tau as the Review of Particle Physics prints it, to its digits.
  EXPECT_NEAR(find_particle(13)->c_tau, 658.638e3, 1);
  EXPECT_NEAR(find_particle(211)->c_tau, 7804.5, 0.1);
  EXPECT_NEAR(find_particle(321)->c_tau, 3711, 1);
  EXPECT_NEAR(find_particle(310)->c_tau, 26.844, 0.001);
  EXPECT_NEAR(find_particle(130)->c_tau, 15340, 5);
  EXPECT_NEAR(find_particle(3122)->c_tau, 78.4, 0.1);
  EXPECT_NEAR(find_particle(3112)->c_tau, 44.34, 0.01);
  EXPECT_NEAR(find_particle(3334)->c_tau, 24.61, 0.01);
  EXPECT_NEAR(find_particle(15)->c_tau, 0.08703, 1e-5);
  EXPECT_NEAR(find_particle(111)->c_tau, 25.3e-6, 0.1e-6);
  EXPECT_TRUE(std::isinf(find_particle(2212)->c_tau));
}

TEST(ChargeOf, KnowsEveryKindOfCode) {
  struct Case {
    std::int32_t pdg;
    float charge;
  };
  for (auto [pdg, charge] : {Case{2, 2.F / 3}, {-1, 1.F / 3},                            // quarks
                             {24, 1},          {23, 0},          {21, 0},    {-37, -1},  // bosons
                             {411, 1},         {421, 0},         {-431, -1},             // D+, D0, Ds-
                             {511, 0},         {521, 1},         {541, 1},    // B0, B+ (u and anti-b), Bc+
                             {323, 1},         {9010221, 0},     {10413, 1},  // K*+, f0(980), D1+
                             {4122, 1},        {4222, 2},        {5122, 0},  // Lambda_c+, Sigma_c++, Lambda_b
                             {2224, 2},        {1114, -1},       {-3334, 1},  // Delta++, Delta-, anti-Omega
                             {2101, 1.F / 3},  {2203, 4.F / 3},               // diquarks
                             {1000024, 1},     {-2000011, 1},                 // chargino, anti-selectron
                             {1000060120, 6},  {-1000020040, -2}}) {          // carbon, anti-alpha
    ASSERT_TRUE(charge_of(pdg)) << pdg;
    EXPECT_FLOAT_EQ(*charge_of(pdg), charge) << pdg;
  }
}

TEST(ChargeOf, CodesThatFollowNoRuleGiveNothing) {
  for (std::int32_t pdg : {0, 9, 10, 19, 50, 99, 110, 990, 1009213, 9900000, 2090, 9122, 2147483647,
                           std::numeric_limits<std::int32_t>::min()})
    EXPECT_FALSE(charge_of(pdg)) << pdg;
}

}  // namespace
}  // namespace corpuscle::event
