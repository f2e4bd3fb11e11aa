// Truth of files that other people's full simulations wrote.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/truth/gates.hpp"
#include "corpuscle/truth/presence.hpp"
#include "truth/expect_targets.hpp"

namespace corpuscle::truth {
namespace {

constexpr Rule rules[] = {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard};

class RealFiles : public ::testing::Test {
 protected:
  void read(std::string const& file, detector::Detector const& detector, std::size_t at_most = 1000) {
    std::string const path = CORPUSCLE_SOURCE_DIR "/../shared/data/" + file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    std::unique_ptr<io::Source> source;
    try {
      source = io::open_source(path);
    } catch (core::EnvironmentError const& error) {
      GTEST_SKIP() << error.what();
    }
    io::EventBuilder const build(source->info(), detector);
    io::Frame frame;
    for (std::size_t entry = 0; entry < std::min(at_most, source->info().entries); ++entry) {
      source->read(entry, frame, build.wanted());
      events.push_back(build(frame, entry));
    }
  }

  std::vector<Targets> targets(Rule rule, Mode mode = Mode::cluster) const {
    TargetBuilder const build({rule, mode});
    std::vector<Targets> all;
    for (event::Event const& event : events) {
      all.push_back(build(event));
      expect_closed(all.back());
      expect_one_home_each(all.back());
    }
    return all;
  }

  void expect_order_does_not_matter() const {
    core::Random random({11});
    for (event::Event event : events) {
      // Links of tracker hits and of particle-flow objects are left out of a shuffled event.
      event.truth.tracker_hit_links.clear();
      event.truth.particle_links.clear();
      Shuffled const shuffled(event, random);
      for (Rule const rule : rules)
        for (Mode const mode : {Mode::cluster, Mode::hit}) {
          TargetBuilder const build({rule, mode});
          expect_same_but_for_order(build(event), build(shuffled.event), shuffled);
        }
    }
  }

  std::vector<event::Event> events;
};

// Links from tracks and calorimeter hits. 116.8 GeV is what the issue that asked for this found to be
// visible.
TEST_F(RealFiles, CldEventCloses) {
  read("cld_nunuHbb240_rec.edm4hep.root", config::find_detector("cld"));
  if (events.empty()) return;
  for (Rule const rule : rules)
    for (Mode const mode : {Mode::cluster, Mode::hit}) targets(rule, mode);
  Targets const ours = targets(Rule::standard).front();
  EXPECT_NEAR(ours.account.visible, 116.8, 0.1);
  EXPECT_LT(ours.account.lost, 0.01 * ours.account.visible);
  // Photon 64 converted into 0.046 + 4.18 GeV, each with a track of its own (21 and 9 are of others).
  std::size_t electrons = 0;
  for (std::size_t t = 0; t < ours.particles.size(); ++t) {
    if (ours.particles.tracks[t].empty()) continue;
    electrons += ours.particles.particle_class[t] == event::ParticleClass::electron;
  }
  EXPECT_EQ(electrons, 3U);  // e+ of a charm decay, and those of conversions of 4.2 and 0.98 GeV
  expect_order_does_not_matter();
}

TEST_F(RealFiles, CldEventPassesTheGates) {
  auto const detector = config::find_detector("cld");
  read("cld_nunuHbb240_rec.edm4hep.root", detector);
  if (events.empty()) return;
  ConsistencyGates gates(detector);
  gates.add(events[0], targets(Rule::standard)[0]);
  for (Gate const& gate : gates.judge())
    EXPECT_EQ(gate.verdict, Verdict::pass) << gate.name << ": " << gate.measured;
}

// Links from tracks, and from clusters with fractions; no hits.
TEST_F(RealFiles, IldDstCloses) {
  auto const detector = config::find_detector("ild");
  read("ild_nunuh250_dst.slcio", detector);
  if (events.empty()) return;
  for (Rule const rule : rules) targets(rule);
  ConsistencyGates gates(detector);
  std::vector<Targets> const ours = targets(Rule::standard);
  for (std::size_t i = 0; i < events.size(); ++i) {
    gates.add(events[i], ours[i]);
    EXPECT_EQ(ours[i].account.lost, 0);  // without hits visible means: in a cluster
    EXPECT_GT(ours[i].account.target, 100);
  }
  for (Gate const& gate : gates.judge()) {
    bool const needs_hits = gate.name[0] == 'H';
    EXPECT_EQ(gate.verdict, needs_hits ? Verdict::no_data : Verdict::pass)
        << gate.name << ": " << gate.measured;
  }
  expect_order_does_not_matter();
}

// Links of stored particles only.
TEST_F(RealFiles, FastSimulationCloses) {
  read("idea_mumuH240_delphes.edm4hep.root", detector::Detector{}, 20);
  if (events.empty()) return;
  Account account;
  for (Targets const& t : targets(Rule::standard)) account += t.account;
  // Two muons and a Higgs of 240 GeV, with neutrinos taken off: nearly all of it is seen.
  EXPECT_GT(account.target, 0.95 * (account.generated - account.invisible));
}

TEST_F(RealFiles, WithoutLinksAreRefused) {
  read("clic_gamma_rec.edm4hep.root", config::find_detector("clic"));
  if (events.empty()) return;
  Presence presence;
  for (event::Event const& event : events) presence.add(event);
  EXPECT_THROW(presence.require("clic_gamma_rec"), core::DataError);
}

}  // namespace
}  // namespace corpuscle::truth
