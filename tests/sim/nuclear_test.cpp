#include "corpuscle/sim/nuclear.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpuscle/event/particle_data.hpp"

namespace corpuscle::sim {
namespace {

Flight projectile(int pdg, double momentum) {
  event::ParticleData const data = *event::find_particle(pdg);
  return {{}, pdg, data.charge, data.mass, {}, {0.6 * momentum, 0, 0.8 * momentum}, 0};
}

double energy(Product const& p) {
  return std::sqrt(core::dot(p.momentum, p.momentum) + p.mass * p.mass);
}

bool is_nucleon(Product const& p) {
  return p.pdg == 2212 || p.pdg == 2112;
}

TEST(Nuclear, EnergyIsConserved) {
  core::Random random(1);
  std::vector<Product> products;
  for (int pdg : {211, -211, 321, -321, 130, 310, 2212, -2212, 2112, -2112, 3122, -3122, -3312})
    for (double momentum : {0., 0.01, 0.2, 1., 10., 200.})
      for (int i = 0; i < 50; ++i) {
        Flight const in = projectile(pdg, momentum);
        NuclearRemnant const rest = interact(in, random, products);
        double out = rest.deposit + rest.invisible;
        for (Product const& product : products) out += energy(product);
        EXPECT_NEAR(out, in.energy() + rest.mass_taken, 1e-12 * out) << pdg << " " << momentum;
        EXPECT_GE(rest.deposit, -1e-9 * out) << pdg << " " << momentum;
      }
}

TEST(Nuclear, BaryonsGoOnAsBaryonsAndAntibaryonsAnnihilate) {
  core::Random random(2);
  std::vector<Product> products;
  for (int i = 0; i < 200; ++i) {
    interact(projectile(2212, 5), random, products);
    EXPECT_TRUE(is_nucleon(products.front()));
    NuclearRemnant const rest = interact(projectile(-2212, 5), random, products);
    int nucleons = 0;
    for (Product const& product : products) {
      EXPECT_GT(product.pdg, -1000);
      nucleons += is_nucleon(product) ? 1 : 0;
    }
    EXPECT_NEAR(rest.mass_taken, 0.938 * (nucleons + 1), 0.01 * (nucleons + 1));
  }
}

TEST(Nuclear, ProductsFollowTheProjectileAndGrowInNumber) {
  core::Random random(3);
  std::vector<Product> products;
  double last_mean = 0;
  for (double momentum : {1., 10., 100.}) {
    constexpr int n = 1000;
    double count = 0;
    double forward = 0;
    for (int i = 0; i < n; ++i) {
      interact(projectile(211, momentum), random, products);
      count += static_cast<double>(products.size());
      for (Product const& p : products) forward += 0.6 * p.momentum.x + 0.8 * p.momentum.z;
    }
    EXPECT_GT(count / n, last_mean);
    EXPECT_LT(count / n, 15);
    EXPECT_GT(forward / n, 0.3 * momentum);
    last_mean = count / n;
  }
}

}  // namespace
}  // namespace corpuscle::sim
