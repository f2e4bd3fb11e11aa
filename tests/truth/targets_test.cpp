#include "corpuscle/truth/targets.hpp"

#include <gtest/gtest.h>

#include "support/events.hpp"
#include "truth/expect_targets.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

using event::ParticleClass;

constexpr Rule rules[] = {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard};
constexpr Mode modes[] = {Mode::cluster, Mode::hit};

TEST(Targets, RulesAreFoundByTheirNames) {
  for (Rule const rule : rules) EXPECT_EQ(find_rule(name(rule)), rule);
  EXPECT_FALSE(find_rule("2024"));
}

TEST(Targets, AnEmptyEventHasNone) {
  for (Rule const rule : rules)
    for (Mode const mode : modes) {
      Targets const targets = TargetBuilder({rule, mode})(event::Event{});
      EXPECT_EQ(targets.particles.size(), 0U);
      EXPECT_EQ(targets.account.generated, 0);
    }
}

TEST(Targets, EnergyIsAccountedForWhateverTheEvent) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    event::Event const event = testing::random_event(1 + seed, seed);
    for (Rule const rule : rules)
      for (Mode const mode : modes) {
        Targets const targets = TargetBuilder({rule, mode})(event);
        expect_closed(targets);
        expect_one_home_each(targets);
      }
  }
}

TEST(Targets, DoNotDependOnTheOrderOfRows) {
  core::Random random({7});
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    event::Event const event = testing::random_event(20, seed);
    Shuffled const shuffled(event, random);
    for (Rule const rule : rules)
      for (Mode const mode : modes) {
        TargetBuilder const build({rule, mode});
        expect_same_but_for_order(build(event), build(shuffled.event), shuffled);
      }
  }
}

// Two particles of the same energy on one cluster, two tracks of the same weight: nothing but other columns
// can decide, and they must do so in either order.
TEST(Targets, TiesAreBrokenByWhatParticlesAre) {
  Sketch sketch;
  auto const a = sketch.particle({.pdg = 22, .energy = 5, .phi = 0.01});
  auto const b = sketch.particle({.pdg = 130, .energy = 5, .phi = 0.02});
  auto const c = sketch.particle({.pdg = 211, .energy = 3});
  sketch.cluster({{a, 5}, {b, 5}});
  sketch.track({{c, 1}}, 0.5F);
  sketch.track({{c, 1}}, 0.25F);
  event::Event const event = sketch.event();
  core::Random random({1});
  for (int repetition = 0; repetition < 10; ++repetition) {
    Shuffled const shuffled(event, random);
    for (Rule const rule : rules)
      expect_same_but_for_order(TargetBuilder({rule})(event), TargetBuilder({rule})(shuffled.event),
                                shuffled);
  }
}

TEST(Targets, AreInDescendingOrderOfEnergy) {
  event::Event const event = testing::random_event(40, 3);
  Targets const targets = TargetBuilder()(event);
  ASSERT_GT(targets.particles.size(), 5U);
  EXPECT_TRUE(std::is_sorted(targets.particles.energy.rbegin(), targets.particles.energy.rend()));
}

TEST(Targets, SharesNameEveryTargetOnACluster) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 10});
  auto const photon = sketch.particle({.pdg = 22, .energy = 4});
  auto const track = sketch.track({{pion, 1}});
  auto const cluster = sketch.cluster({{pion, 8}, {photon, 4}});
  auto const noise = sketch.cluster({});
  Targets const targets = TargetBuilder()(sketch.event());
  // The pion lives on its track, so the cluster is free for the photon, though most of it is the pion's.
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.on_tracks.target[track], event::ParticleId(0));
  EXPECT_EQ(targets.on_clusters.target[cluster], event::ParticleId(1));
  EXPECT_EQ(targets.on_clusters.largest(cluster), event::ParticleId(0));
  ASSERT_EQ(targets.on_clusters.shares[cluster].size(), 2U);
  EXPECT_EQ(targets.on_clusters.shares[cluster][0], (Share{event::ParticleId(0), 8.F}));
  EXPECT_EQ(targets.on_clusters.shares[cluster][1], (Share{event::ParticleId(1), 4.F}));
  EXPECT_FALSE(targets.on_clusters.largest(noise).is_valid());
  EXPECT_FALSE(targets.on_clusters.target[noise].is_valid());
}

TEST(Targets, LinksOfClustersDoWhereThereAreNoHits) {
  Sketch sketch;
  auto const kaon = sketch.particle({.pdg = 130, .energy = 10});
  auto const photon = sketch.particle({.pdg = 22, .energy = 2});
  sketch.cluster_with_links(9, {{kaon, 0.8}, {photon, 0.2}});
  for (Rule const rule : rules) {
    Sketch copy = sketch;
    Targets const targets = TargetBuilder({rule})(copy.event());
    ASSERT_EQ(targets.particles.size(), 1U) << name(rule);
    EXPECT_FLOAT_EQ(targets.particles.energy[0], 12);
    EXPECT_EQ(targets.particles.particle_class[0], ParticleClass::neutral_hadron);
    EXPECT_NEAR(targets.deposit[0], 9, 1e-6);
  }
}

TEST(Targets, LinksOfStoredParticlesDoWhereThereAreNoOthers) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = -211, .energy = 3});
  auto const photon = sketch.particle({.pdg = 22, .energy = 2});
  sketch.track({}, 0, -1e-3F);
  sketch.cluster_with_links(2.1, {});
  event::Event event = sketch.event();
  event.stored.resize(2);
  event.stored.tracks.push_back({event::TrackId(0)});
  event.stored.clusters.push_back({});
  event.stored.tracks.push_back({});
  event.stored.clusters.push_back({event::ClusterId(0)});
  event.truth.particle_links = {{event::ParticleId(0), event::GenParticleId(pion), 0},
                                {event::ParticleId(1), event::GenParticleId(photon), 0}};
  Targets const targets = TargetBuilder()(event);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.particles.pdg[0], -211);
  EXPECT_EQ(targets.particles.tracks[0].size(), 1U);
  EXPECT_EQ(targets.particles.pdg[1], 22);

  for (auto& link : event.truth.particle_links) link.weight = 1000;  // packed: per mille of the track
  EXPECT_EQ(TargetBuilder()(event).particles.size(), 0U);
}

}  // namespace
}  // namespace corpuscle::truth
