#include "corpuscle/eval/jets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "eval/toy_event.hpp"

namespace corpuscle::eval {
namespace {

JetConfig durham(std::size_t n) {
  JetConfig config;
  config.algorithm = JetConfig::Algorithm::durham;
  config.n_exclusive = n;
  return config;
}

std::vector<JetConfig> some_configs() {
  return {{}, {.radius = 0.7}, {.power = 1, .radius = 1, .min_pt = 0}, durham(3)};
}

std::vector<FourVector> some_particles(std::uint64_t number) {
  std::vector<FourVector> momenta;
  for (Particle const& particle : usable_particles(toy::generate(number))) momenta.push_back(particle.p);
  return momenta;
}

TEST(JetFinder, NoParticlesGiveNoJets) {
  for (JetConfig const& config : some_configs())
    EXPECT_EQ(JetFinder(config)(std::vector<FourVector>{}).size(), 0u);
}

TEST(JetFinder, OneParticleIsItsOwnJet) {
  std::vector<FourVector> const one{toy::along(20, 1, 2)};
  for (JetConfig const& config : some_configs()) {
    Jets const jets = JetFinder(config)(one);
    ASSERT_EQ(jets.size(), 1u);
    EXPECT_EQ(jets.momenta[0], one[0]);
    EXPECT_EQ(jets.constituents[0].size(), 1u);
  }
}

TEST(JetFinder, AJetIsTheSumOfItsConstituentsAndNoParticleIsInTwo) {
  for (JetConfig const& config : some_configs())
    for (std::uint64_t number = 0; number < 20; ++number) {
      auto const particles = some_particles(number);
      Jets const jets = JetFinder(config)(particles);
      ASSERT_GT(jets.size(), 0u);
      std::set<std::uint32_t> used;
      for (std::size_t jet = 0; jet < jets.size(); ++jet) {
        FourVector sum;
        for (std::uint32_t row : jets.constituents[jet]) {
          sum = sum + particles[row];
          EXPECT_TRUE(used.insert(row).second);
        }
        // About 100 additions of numbers up to 400 GeV, in another order.
        EXPECT_NEAR(sum.energy, jets.momenta[jet].energy, 100 * 400 * 2.3e-16);
        EXPECT_NEAR(sum.px, jets.momenta[jet].px, 100 * 400 * 2.3e-16);
        if (jet > 0) {
          EXPECT_LE(transverse_momentum(jets.momenta[jet]), transverse_momentum(jets.momenta[jet - 1]));
        }
      }
    }
}

TEST(JetFinder, TheOrderOfParticlesChangesNotOneBit) {
  core::Random random{3};
  for (JetConfig const& config : some_configs())
    for (std::uint64_t number = 0; number < 20; ++number) {
      auto particles = some_particles(number);
      auto const expected = JetFinder(config)(particles).momenta;
      for (std::size_t k = particles.size(); k > 1; --k)
        std::swap(particles[k - 1], particles[random.bits() % k]);
      EXPECT_EQ(JetFinder(config)(particles).momenta, expected);
    }
}

TEST(JetFinder, TurningTheEventAboutTheBeamTurnsTheJets) {
  double const angle = 1.234;
  for (JetConfig const& config : some_configs()) {
    auto particles = some_particles(7);
    Jets const before = JetFinder(config)(particles);
    for (FourVector& p : particles)
      p = {p.px * std::cos(angle) - p.py * std::sin(angle), p.px * std::sin(angle) + p.py * std::cos(angle),
           p.pz, p.energy};
    Jets const after = JetFinder(config)(particles);
    ASSERT_EQ(after.size(), before.size());
    EXPECT_EQ(after.constituents, before.constituents);
    for (std::size_t jet = 0; jet < after.size(); ++jet)
      EXPECT_NEAR(transverse_momentum(after.momenta[jet]), transverse_momentum(before.momenta[jet]), 1e-11);
  }
}

TEST(JetFinder, FewerParticlesThanExclusiveJetsGiveAsManyJetsAsParticles) {
  std::vector<FourVector> const two{toy::along(20, 1, 2), toy::along(10, 2, 1)};
  EXPECT_EQ(JetFinder(durham(3))(two).size(), 2u);
}

TEST(JetFinder, RowsOfATableAreThoseOfTheTableAlsoWhereParticlesAreNotUsable) {
  event::Particles particles;
  toy::add(particles, event::ParticleClass::photon, {std::nan(""), 1, 1, 2}, 0);
  toy::add(particles, event::ParticleClass::photon, toy::along(20, 1, 2), 0);
  toy::add(particles, event::ParticleClass::photon, {0, 0, 0, 0}, 0);
  toy::add(particles, event::ParticleClass::photon, toy::along(30, 2, -1), 0);
  Jets const jets = JetFinder({})(particles);
  ASSERT_EQ(jets.size(), 2u);
  EXPECT_EQ(jets.constituents[0][0], 3u);
  EXPECT_EQ(jets.constituents[1][0], 1u);
}

TEST(JetFinder, RefusesARadiusOfZeroAndDurhamJetsWithoutNumber) {
  EXPECT_THROW(JetFinder({.radius = 0}), core::ConfigError);
  EXPECT_THROW(JetFinder(durham(0)), core::ConfigError);
}

TEST(JetFinder, ThreadsSeeTheSameJets) {
  JetFinder const find({});
  std::vector<std::vector<FourVector>> events, expected;
  for (std::uint64_t number = 0; number < 40; ++number) {
    events.push_back(some_particles(number));
    expected.push_back(find(events.back()).momenta);
  }
  std::vector<int> differ(4);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < differ.size(); ++thread)
    threads.emplace_back([&, thread] {
      for (std::size_t k = 0; k < events.size(); ++k)
        differ[thread] += find(events[k]).momenta != expected[k];
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differ, std::vector<int>(4));
}

TEST(JetNames, TellConfigurationsApart) {
  EXPECT_EQ(name(JetConfig{}), "ee_genkt_R0.4");
  EXPECT_EQ(name(durham(2)), "durham_2");
  std::set<std::string> names;
  for (JetConfig const& config : some_configs()) names.insert(name(config));
  EXPECT_EQ(names.size(), some_configs().size());
}

}  // namespace
}  // namespace corpuscle::eval
