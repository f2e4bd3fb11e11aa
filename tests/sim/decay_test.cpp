#include "corpuscle/sim/decay.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "corpuscle/event/particle_data.hpp"

namespace corpuscle::sim {
namespace {

constexpr int decaying[] = {13,   -13,  111,   211,  -211,  310,  130,  321,   -321,  3122, -3122,
                            3112, 3222, -3212, 3312, -3312, 3322, 3334, -3334, -3112, -3322};

double energy(Product const& p) {
  return std::sqrt(core::dot(p.momentum, p.momentum) + p.mass * p.mass);
}

double mass_of(int pdg) {
  return event::find_particle(pdg)->mass;
}

TEST(Decay, ConservesEnergyMomentumAndCharge) {
  core::Random random(1);
  std::vector<Product> products;
  core::Vector3 const momentum{1.5, -0.3, 20};
  for (int pdg : decaying)
    for (int i = 0; i < 200; ++i) {
      double const mass = mass_of(pdg);
      ASSERT_TRUE(has_decays(pdg)) << pdg;
      ASSERT_TRUE(decay(pdg, mass, momentum, random, products)) << pdg;
      double e = 0;
      double charge = 0;
      core::Vector3 p;
      for (Product const& product : products) {
        e += energy(product);
        charge += product.charge;
        p = p + product.momentum;
      }
      double const before = std::sqrt(core::dot(momentum, momentum) + mass * mass);
      EXPECT_NEAR(e, before, 1e-12 * before) << pdg;  // some ten roundings
      EXPECT_NEAR(core::length(p - momentum), 0, 1e-12 * before) << pdg;
      EXPECT_EQ(charge, event::find_particle(pdg)->charge) << pdg;
    }
}

TEST(Decay, BranchingRatiosAreThoseOfTheParticleDataGroup) {
  core::Random random(2);
  std::vector<Product> products;
  constexpr int n = 20000;
  std::map<int, int> first_of_k0s;
  int two_body_kaons = 0;
  for (int i = 0; i < n; ++i) {
    decay(310, mass_of(310), {}, random, products);
    ++first_of_k0s[std::abs(products[0].pdg)];
    decay(-321, mass_of(321), {}, random, products);
    two_body_kaons += products.size() == 2 ? 1 : 0;
  }
  // Five standard deviations of a binomial with p (1 - p) < 1/4; modes below 1 % are not simulated.
  double const tolerance = 2.5 / std::sqrt(n) + 0.005;
  EXPECT_NEAR(first_of_k0s[211] / double{n}, 0.692, tolerance);
  EXPECT_NEAR(first_of_k0s[111] / double{n}, 0.307, tolerance);
  EXPECT_NEAR(two_body_kaons / double{n}, 0.842, tolerance);
}

TEST(Decay, AntiparticlesDecayToAntiparticles) {
  core::Random random(3);
  std::vector<Product> products;
  for (int i = 0; i < 50; ++i) {
    decay(-3122, mass_of(3122), {0, 0, 1}, random, products);
    EXPECT_TRUE(products[0].pdg == -2212 || products[0].pdg == -2112);
    EXPECT_TRUE(products[1].pdg == 211 || products[1].pdg == 111);
  }
}

TEST(Decay, TwoBodiesAreIsotropicAtRest) {
  core::Random random(4);
  std::vector<Product> products;
  constexpr int n = 20000;
  double sum = 0;
  double sum_of_squares = 0;
  for (int i = 0; i < n; ++i) {
    decay(211, mass_of(211), {}, random, products);
    core::Vector3 const& p = products[0].momentum;
    EXPECT_NEAR(core::length(p), 0.02979, 1e-5);  // (M^2 - m^2) / 2M of the muon
    double const cosine = p.x / core::length(p);
    sum += cosine;
    sum_of_squares += cosine * cosine;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(3. * n));
  EXPECT_NEAR(sum_of_squares / n, 1. / 3, 5 * 0.3 / std::sqrt(n));
}

TEST(Decay, WhatCannotDecayDoesNot) {
  core::Random random(5);
  std::vector<Product> products;
  for (int pdg : {22, 11, 2212, 2112, 511, 15, -22}) EXPECT_FALSE(has_decays(pdg)) << pdg;
  EXPECT_FALSE(decay(2212, mass_of(2212), {}, random, products));
  EXPECT_FALSE(decay(211, 0.05, {}, random, products)) << "lighter than the muon";
  EXPECT_TRUE(products.empty());
}

}  // namespace
}  // namespace corpuscle::sim
