#include "corpuscle/truth/perfect_particle_flow.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/generate/gun.hpp"

namespace corpuscle::truth {
namespace {

chain::EventMaker gun(std::int32_t pdg, int n) {
  generate::GunConfig config;
  config.pdg = pdg;
  config.energy_min = 5;
  config.energy_max = 50;
  config.multiplicity_min = config.multiplicity_max = n;
  return {generate::make_gun(config, 1), config::find_detector("clic"), 1};
}

TEST(PerfectParticleFlow, NothingGivesNothing) {
  PerfectParticleFlow const reconstruct(config::find_detector("clic"));
  EXPECT_EQ(reconstruct(event::Event{}).particles.size(), 0U);
}

TEST(PerfectParticleFlow, ParticlesWithATrackHaveItsMomentum) {
  detector::Detector const clic = config::find_detector("clic");
  PerfectParticleFlow const reconstruct(clic);
  chain::EventMaker make = gun(-211, 5);
  std::size_t n = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    event::Event const event = make(i);
    PerfectParticles const perfect = reconstruct(event);
    ASSERT_EQ(perfect.links.size(), perfect.particles.size());
    for (std::size_t k = 0; k < perfect.particles.size(); ++k) {
      if (perfect.particles.tracks[k].empty()) continue;
      double const px = perfect.particles.px[k], py = perfect.particles.py[k];
      double const omega =
          event.observed.tracks.at(event::TrackPoint::at_ip).omega[perfect.particles.tracks[k][0].row()];
      double const pt = 2.99792458e-4 * clic.field / std::abs(omega);
      EXPECT_NEAR(std::hypot(px, py), pt, 1e-5 * pt);  // floats
      ++n;
    }
  }
  EXPECT_GT(n, 15U);
}

TEST(PerfectParticleFlow, PhotonsHaveTheirEnergyHoweverCloseTheyAre) {
  PerfectParticleFlow const reconstruct(config::find_detector("clic"));
  chain::EventMaker make = gun(22, 10);
  double found = 0, truth = 0;
  for (std::int64_t i = 0; i < 20; ++i) {
    event::Event const event = make(i);
    event::Particles const particles = reconstruct(event).particles;
    found += std::accumulate(particles.energy.begin(), particles.energy.end(), 0.0);
    for (std::size_t row = 0; row < event.truth.particles.size(); ++row)
      if (event.truth.particles.generator_status[row] == 1) truth += event.truth.particles.energy(row);
  }
  // 200 photons of some 27 GeV, each within 17 %/sqrt(E): 0.25 % together; 1 % for the calibration, and as
  // much for those that miss the calorimeters.
  EXPECT_NEAR(found / truth, 1, 0.03);
}

}  // namespace
}  // namespace corpuscle::truth
