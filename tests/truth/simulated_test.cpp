// Truth of our own simulation, from single particles to collisions.
#include <gtest/gtest.h>

#include <algorithm>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/generate/gun.hpp"
#include "corpuscle/truth/gates.hpp"
#include "truth/expect_targets.hpp"

#ifdef CORPUSCLE_TEST_PYTHIA
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"
#endif

namespace corpuscle::truth {
namespace {

using event::ParticleClass;

constexpr Rule rules[] = {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard};

chain::EventMaker gun(std::int32_t pdg, double energy) {
  generate::GunConfig config;
  config.pdg = pdg;
  config.energy_min = config.energy_max = energy;
  return {generate::make_gun(config, 1), config::find_detector("clic"), 1};
}

bool was_untouched(event::Event const& event) {
  return event.truth.particles.size() == 1;
}

TEST(Simulated, APhotonThatReachedTheCalorimeterIsOneTargetPhoton) {
  chain::EventMaker make = gun(22, 10);
  int n_untouched = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    event::Event const event = make(i);
    if (!was_untouched(event)) continue;
    ++n_untouched;
    for (Rule const rule : rules) {
      Targets const targets = TargetBuilder({rule})(event);
      ASSERT_EQ(targets.particles.size(), 1U);
      EXPECT_EQ(targets.particles.particle_class[0], ParticleClass::photon);
      EXPECT_FLOAT_EQ(targets.particles.energy[0], 10);
      EXPECT_EQ(targets.particles.clusters[0].size(), 1U);
      EXPECT_NEAR(targets.deposit[0], 10,
                  3);  // five times the resolution of 16 %/sqrt(10 GeV), and the scale
    }
  }
  EXPECT_GT(n_untouched, 20);  // 7-15 % convert (detector.md 1.2)
}

// Energy and momentum are conserved in a conversion, so that the targets have them, whatever was found of the
// pair.
TEST(Simulated, AConvertedPhotonKeepsItsEnergy) {
  chain::EventMaker make = gun(22, 20);
  int n_pairs = 0;
  for (std::int64_t i = 0; i < 200; ++i) {
    event::Event const event = make(i);
    if (was_untouched(event)) continue;
    Targets const targets = TargetBuilder()(event);
    expect_closed(targets);
    EXPECT_NEAR(
        targets.account.target + targets.account.lost + targets.account.unseen + targets.account.exchanged,
        20, 1e-9);
    std::size_t electrons = 0;
    for (ParticleClass const c : targets.particles.particle_class) electrons += c == ParticleClass::electron;
    n_pairs += electrons == 2;
    if (electrons == 0 && targets.particles.size() > 0) {
      EXPECT_EQ(targets.particles.particle_class[0], ParticleClass::photon);
    }
  }
  EXPECT_GT(n_pairs, 2);
}

TEST(Simulated, APionIsItsTrack) {
  chain::EventMaker make = gun(-211, 5);
  int n_on_track = 0;
  for (std::int64_t i = 0; i < 50; ++i) {
    event::Event const event = make(i);
    Targets const targets = TargetBuilder()(event);
    expect_closed(targets);
    if (targets.particles.size() != 1 || targets.particles.tracks[0].empty()) continue;
    if (targets.particles.pdg[0] != -211) continue;
    ++n_on_track;
    EXPECT_FLOAT_EQ(targets.particles.energy[0], 5);
  }
  EXPECT_GT(n_on_track, 40);  // a few decay or interact in the first layers, or their track is not found
}

// Pions of 0.5 GeV live 28 m: 5 % decay before the calorimeter, most of them behind a track.
TEST(Simulated, DecaysInFlightAreAccountedFor) {
  chain::EventMaker make = gun(211, 0.5);
  int n_decays = 0;
  for (std::int64_t i = 0; i < 300; ++i) {
    event::Event const event = make(i);
    bool const decayed =
        std::count(event.truth.particles.pdg.begin(), event.truth.particles.pdg.end(), 14) == 1;
    if (!decayed) continue;
    ++n_decays;
    Targets const targets = TargetBuilder()(event);
    expect_closed(targets);
    // Either the pion, with all of its energy, or its muon, and then the neutrino's is invisible.
    ASSERT_LE(targets.particles.size(), 1U);
    if (targets.particles.size() == 0) continue;
    bool const is_muon = targets.particles.particle_class[0] == ParticleClass::muon;
    EXPECT_EQ(targets.account.invisible > 0, is_muon);
    if (!is_muon) {
      EXPECT_FLOAT_EQ(targets.particles.energy[0], 0.5F);
    }
  }
  EXPECT_GT(n_decays, 3);
}

#ifdef CORPUSCLE_TEST_PYTHIA
class Collisions : public ::testing::Test {
 protected:
  static std::vector<event::Event> const& events() {
    static std::vector<event::Event> const made = [] {
      chain::EventMaker make(generate::make_pythia(generate::find_process("ttbar"), 5),
                             config::find_detector("clic"), 5);
      std::vector<event::Event> all;
      for (std::int64_t i = 0; i < 40; ++i) all.push_back(make(i));
      return all;
    }();
    return made;
  }
};

TEST_F(Collisions, AreAccountedForUnderEveryRule) {
  for (event::Event const& event : events())
    for (Rule const rule : rules)
      for (Mode const mode : {Mode::cluster, Mode::hit}) {
        Targets const targets = TargetBuilder({rule, mode})(event);
        expect_closed(targets);
        expect_one_home_each(targets);
      }
}

TEST_F(Collisions, DoNotDependOnTheOrderOfRows) {
  core::Random random({3});
  for (std::size_t i = 0; i < 5; ++i) {
    Shuffled const shuffled(events()[i], random);
    for (Rule const rule : rules)
      for (Mode const mode : {Mode::cluster, Mode::hit}) {
        TargetBuilder const build({rule, mode});
        expect_same_but_for_order(build(events()[i]), build(shuffled.event), shuffled);
      }
  }
}

// At 100 events of CLIC ttbar the authors of MLPF saw 48.2 targets on tracks and 49.4 on clusters per event
// (gate T4, mlpf.md 2.3). Ours: 47.0 and 44.0, spread 10: 40 events tell them to 1.6.
TEST_F(Collisions, HaveAsManyTargetsAsFullSimulation) {
  double on_tracks = 0, on_clusters = 0, lost = 0, visible = 0;
  for (event::Event const& event : events()) {
    Targets const targets = TargetBuilder()(event);
    on_tracks += static_cast<double>(targets.particles.tracks.values.size()) / 40;
    on_clusters += static_cast<double>(targets.particles.clusters.values.size()) / 40;
    lost += targets.account.lost;
    visible += targets.account.visible;
  }
  EXPECT_NEAR(on_tracks, 48, 7);
  EXPECT_NEAR(on_clusters, 47, 8);
  EXPECT_LT(lost, 0.01 * visible);
}

TEST_F(Collisions, PassTheGatesOfMlpf) {
  ConsistencyGates gates(config::find_detector("clic"));
  for (event::Event const& event : events()) gates.add(event, TargetBuilder()(event));
  for (Gate const& gate : gates.judge())
    EXPECT_EQ(gate.verdict, gate.name == "P" ? Verdict::no_data : Verdict::pass)
        << gate.name << ": " << gate.measured;
}
#endif

}  // namespace
}  // namespace corpuscle::truth
