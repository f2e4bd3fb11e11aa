// Particle flow on the hits of real files of full simulations.
#include "corpuscle/pf/hit_particle_flow.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/event_frame.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/sim/digitise.hpp"

namespace corpuscle {
namespace {

double energy_sum(event::Particles const& particles) {
  return std::accumulate(particles.energy.begin(), particles.energy.end(), 0.0);
}

void print(event::Particles const& particles) {
  std::vector<int> n(event::n_particle_classes);
  std::vector<double> energy(event::n_particle_classes);
  for (std::size_t k = 0; k < particles.size(); ++k) {
    auto const c = static_cast<std::size_t>(particles.particle_class[k]);
    ++n[c];
    energy[c] += particles.energy[k];
  }
  for (std::size_t c = 0; c < n.size(); ++c)
    std::printf("  %-16s %3d %8.2f GeV\n",
                std::string(event::name(static_cast<event::ParticleClass>(c))).c_str(), n[c], energy[c]);
}

class RealHits : public testing::Test {
 protected:
  /// Reads a file of ../shared/data; skips the test where the file or its reader is not there.
  void read(std::string const& file, std::string const& detector_name) {
    std::string const path = CORPUSCLE_SOURCE_DIR "/../shared/data/" + file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    std::unique_ptr<io::Source> source;
    try {
      source = io::open_source(path);
    } catch (core::EnvironmentError const& error) {
      GTEST_SKIP() << error.what();
    }
    detector = config::find_detector(detector_name);
    io::EventBuilder const build(source->info(), detector);
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      source->read(entry, frame, io::everything);
      events.push_back(build(frame, entry));
    }
  }

  detector::Detector detector;
  io::Frame frame;  ///< the last one
  std::vector<event::Event> events;
};

TEST_F(RealHits, TheEnergyOfTheCldEventIsFound) {
  read("cld_nunuHbb240_rec.edm4hep.root", "cld");
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(events.size(), 1U);
  pf::HitParticleFlow particle_flow(detector);
  event::Particles const particles = particle_flow(events[0].observed);
  std::printf("CLD: %zu particles with %.2f GeV, stored %zu with %.2f GeV\n", particles.size(),
              energy_sum(particles), events[0].stored.size(), energy_sum(events[0].stored));
  print(particles);
  print(events[0].stored);
  EXPECT_NEAR(energy_sum(particles) / 116.8, 1, 0.05);
}

TEST_F(RealHits, PhotonsOfClicComeAsOneParticleEach) {
  for (std::string const file : {"clic_gamma_rec.edm4hep.root", "clic_gamma_barrel.edm4hep.root"}) {
    events.clear();
    read(file, "clic");
    if (IsSkipped() || HasFatalFailure()) return;
    pf::HitParticleFlow particle_flow(detector);
    for (event::Event const& event : events) {
      event::Particles const particles = particle_flow(event.observed);
      event::GenParticles const& truth = event.truth.particles;
      std::printf("%s: true %.2f GeV, %zu generated, %zu particles, first %.2f GeV, all %.2f GeV\n",
                  file.c_str(), truth.energy(0), truth.size(), particles.size(),
                  particles.size() ? particles.energy[0] : 0.F, energy_sum(particles));
      if (truth.size() > 1) continue;  // converted in the tracker
      ASSERT_GE(particles.size(), 1U);
      EXPECT_EQ(particles.pdg[0], 22);
      // 17 %/sqrt(E) is 9 % at 3.76 GeV: 3 sigma.
      EXPECT_NEAR(particles.energy[0] / truth.energy(0), 1, 3 * 0.17 / std::sqrt(truth.energy(0)));
    }
  }
}

TEST_F(RealHits, PhotonsOfClicHaveTheEnergyThatPandoraFinds) {
  read("clic_gamma_rec.edm4hep.root", "clic");
  if (IsSkipped() || HasFatalFailure()) return;
  pf::HitParticleFlow particle_flow(detector);
  double const stored[] = {3.76, 9.78, 5.74};  // GeV; the same hits, another calibration: 5 %
  ASSERT_EQ(events.size(), std::size(stored));
  for (std::size_t k = 0; k < events.size(); ++k) {
    event::Particles const particles = particle_flow(events[k].observed);
    ASSERT_EQ(particles.size(), 1U);
    EXPECT_NEAR(particles.energy[0] / stored[k], 1, 0.05);
  }
}

TEST_F(RealHits, ADigitisedTtbarEventOfFullSimulationIsReconstructed) {
  read("clic_ttbar365_sim.edm4hep.root", "clic");
  if (IsSkipped() || HasFatalFailure()) return;
  event::Event event;
  sim::CaloGeometry const geometry(detector);
  sim::Digitiser{geometry}(io::read_sim_calo_hits(frame), event);
  pf::HitParticleFlow particle_flow(detector);
  event::Particles const particles = particle_flow(event.observed);
  std::printf("ttbar, hits alone: %zu particles with %.1f GeV\n", particles.size(), energy_sum(particles));
  print(particles);
  // Without tracks all is neutral: what the calorimeters saw of 365 GeV.
  EXPECT_GT(energy_sum(particles), 200);
  EXPECT_LT(energy_sum(particles), 400);
}

}  // namespace
}  // namespace corpuscle
