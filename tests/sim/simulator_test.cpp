#include "corpuscle/sim/simulator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "support/fingerprint.hpp"

namespace corpuscle::sim {
namespace {

using testing::Fingerprint;

constexpr std::uint64_t seed = 4;

void append(event::GenParticles& particles, std::int32_t pdg, core::Vector3 p) {
  std::size_t const row = particles.size();
  event::ParticleData const data = *event::find_particle(pdg);
  particles.resize(row + 1);
  particles.pdg[row] = pdg;
  particles.generator_status[row] = 1;
  particles.charge[row] = data.charge;
  particles.mass[row] = data.mass;
  particles.px[row] = p.x;
  particles.py[row] = p.y;
  particles.pz[row] = p.z;
  particles.parents.end_row();
  particles.daughters.end_row();
}

/// Particles of all kinds and energies in all directions, the beam pipe included.
event::GenParticles mixture(int n, std::uint64_t key) {
  constexpr std::int32_t kinds[] = {22,    11,  -11, 13,   211,   -211, 321,  -321, 2212, -2212, 2112,
                                    -2112, 130, 310, 3122, -3122, 3222, 3112, 12,   111,  3334,  3312};
  event::GenParticles particles;
  core::Random random(key);
  for (int i = 0; i < n; ++i) {
    double const p = 0.02 * std::pow(5000.0, random.uniform());
    double const cos_theta = random.uniform(-1, 1);
    double const sin_theta = std::sqrt(1 - cos_theta * cos_theta);
    double const phi = random.uniform(-3.14, 3.14);
    append(particles, kinds[static_cast<std::size_t>(random.uniform() * std::size(kinds))],
           {p * sin_theta * std::cos(phi), p * sin_theta * std::sin(phi), p * cos_theta});
  }
  return particles;
}

class SimulatorTest : public ::testing::TestWithParam<char const*> {
 protected:
  detector::Detector detector_ = config::find_detector(GetParam());
  Simulator simulate_{detector_, seed};
};

TEST_P(SimulatorTest, EnergyIsAccountedForEventByEvent) {
  for (std::uint64_t i = 0; i < 30; ++i) {
    event::Event event = simulate_(mixture(60, i), 0, static_cast<std::int64_t>(i), i % 2 == 0);
    event::check(event);
    EnergyAccount const& account = simulate_.account();
    // Shares are floats, each right to 6e-8; their sum is better than the worst of them.
    EXPECT_NEAR(account.out(), account.in, 1e-6 * account.in) << "event " << i;
    for (double part : {account.visible, account.below_threshold, account.late, account.invisible,
                        account.tracker, account.dead, account.leaked})
      EXPECT_GE(part, 0) << "event " << i;
    EXPECT_GT(account.visible, 0.2 * account.in);
  }
}

TEST_P(SimulatorTest, AnEventDoesNotDependOnThoseBefore) {
  auto const third_alone = Fingerprint(Simulator(detector_, seed)(mixture(30, 3), 0, 3, true));
  for (std::int64_t i = 0; i < 3; ++i)
    simulate_(mixture(50, 100 + static_cast<std::uint64_t>(i)), 0, i, true);
  EXPECT_EQ(third_alone, Fingerprint(simulate_(mixture(30, 3), 0, 3, true)));
  EXPECT_FALSE(third_alone == Fingerprint(simulate_(mixture(30, 3), 0, 4, true)));
  EXPECT_FALSE(third_alone == Fingerprint(Simulator(detector_, seed + 1)(mixture(30, 3), 0, 3, true)));
}

/// What a photon leaves does not change when others join the event behind it.
TEST_P(SimulatorTest, AParticleDoesNotDependOnItsNeighbours) {
  auto const energy_of_first = [](event::Event const& event) {
    double sum = 0;
    for (auto const& link : event.truth.calo_hit_links)
      if (link.to.row() == 0) sum += link.weight;
    return sum;
  };
  event::GenParticles alone;
  append(alone, 22, {6, 2, 1});
  event::GenParticles together = alone;
  append(together, 211, {-5, 1, -3});  // the other way: no cell is shared
  double const e = energy_of_first(simulate_(alone, 0, 1, false));
  EXPECT_GT(e, 4);
  EXPECT_EQ(e, energy_of_first(simulate_(together, 0, 1, false)));
}

TEST_P(SimulatorTest, AnEmptyEventIsAnEvent) {
  event::Event const event = simulate_({}, 1, 2, true);
  event::check(event);
  EXPECT_EQ(event.run, 1);
  EXPECT_EQ(event.number, 2);
  EXPECT_EQ(event.observed.calo_hits.size() + event.observed.tracks.size(), 0U);
}

TEST_P(SimulatorTest, CrossingAngleAddsMomentumAlongX) {
  event::GenParticles pair;
  append(pair, 22, {0, 0, 190});
  append(pair, 22, {0, 0, -190});
  event::Event const event = simulate_(pair, 0, 0, true);
  double const px = event.truth.particles.px[0] + event.truth.particles.px[1];
  EXPECT_NEAR(px, 380 * std::tan(detector_.crossing_angle / 2), 1e-9);
}

TEST_P(SimulatorTest, RefusesNumbersThatAreNone) {
  event::GenParticles particles;
  append(particles, 22, {1, 0, 0});
  append(particles, 211, {1, std::numeric_limits<double>::quiet_NaN(), 0});
  try {
    simulate_(particles, 0, 0, false);
    FAIL();
  } catch (core::DataError const& error) {
    EXPECT_STREQ(error.what(), "generated particle 1 (PDG 211): py is not a finite number");
  }
}

TEST_P(SimulatorTest, RefusesMoreEnergyThanItCouldEverSimulate) {
  event::GenParticles particles;
  append(particles, 22, {1e20, 0, 0});
  EXPECT_THROW(simulate_(std::move(particles), 0, 0, false), core::DataError);
}

TEST_P(SimulatorTest, ManyParticlesAreOnlyMoreWork) {
  event::GenParticles particles;
  for (int i = 0; i < 20'000; ++i)
    append(particles, 22, {0.05 * std::cos(i), 0.05 * std::sin(i), 0.05 * std::sin(0.7 * i)});
  event::Event const event = simulate_(std::move(particles), 0, 0, false);
  EXPECT_GT(event.observed.calo_hits.size(), 1000U);
  EXPECT_NEAR(simulate_.account().out(), simulate_.account().in, 1e-6 * simulate_.account().in);
}

INSTANTIATE_TEST_SUITE_P(Detectors, SimulatorTest, ::testing::Values("clic", "cld"),
                         [](auto const& instance) { return std::string(instance.param); });

TEST(Simulator, SaysWhichDetectorItCannotSimulate) {
  EXPECT_THROW(Simulator(config::find_detector("ild"), seed), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::sim
