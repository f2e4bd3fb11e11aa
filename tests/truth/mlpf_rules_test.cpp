// Both published rules on small events whose answers can be worked out from mlpf.md 2.1 and 2.2.
#include <gtest/gtest.h>

#include "truth/expect_targets.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

using event::ParticleClass;

Targets by_2023(Sketch sketch, Mode mode = Mode::cluster) {
  Targets targets = TargetBuilder({Rule::mlpf_2023, mode})(sketch.event());
  expect_closed(targets);
  expect_one_home_each(targets);
  return targets;
}
Targets by_2026(Sketch sketch, Mode mode = Mode::cluster) {
  Targets targets = TargetBuilder({Rule::mlpf_2026, mode})(sketch.event());
  expect_closed(targets);
  expect_one_home_each(targets);
  return targets;
}

struct LabelCase {
  std::int32_t pdg;
  std::int32_t on_track, on_cluster;  ///< signed by the charge
  float charge_on_track;
};

// The table of mlpf.md 2.1: coalesce, then force by the kind of element.
TEST(Rule2023, LabelsFollowTheTable) {
  LabelCase const cases[] = {
      {22, 211, 22, 0},   {11, 11, 22, -1},      {-11, -11, 22, 1},   {13, 13, 130, -1},  {-13, -13, 130, 1},
      {211, 211, 130, 1}, {-321, -211, 130, -1}, {2212, 211, 130, 1}, {130, 211, 130, 0}, {2112, 211, 130, 0},
  };
  for (LabelCase const& c : cases) {
    Sketch on_track;
    auto const a = on_track.particle({.pdg = c.pdg, .energy = 5});
    on_track.track({{a, 1}});
    Targets targets = by_2023(on_track);
    ASSERT_EQ(targets.particles.size(), 1U) << c.pdg;
    EXPECT_EQ(targets.particles.pdg[0], c.on_track) << c.pdg;
    EXPECT_EQ(targets.particles.charge[0], c.charge_on_track) << c.pdg;

    Sketch on_cluster;
    auto const b = on_cluster.particle({.pdg = c.pdg, .energy = 5});
    on_cluster.cluster({{b, 5}});
    targets = by_2023(on_cluster);
    ASSERT_EQ(targets.particles.size(), 1U) << c.pdg;
    EXPECT_EQ(targets.particles.pdg[0], c.on_cluster) << c.pdg;
    EXPECT_EQ(targets.particles.charge[0], 0) << c.pdg;
  }
}

TEST(Rule2023, VisibleIsATrackOrATenthOfTheEnergy) {
  auto const count = [](double energy, double track_weight, double deposit, std::int32_t status = 1,
                        std::int32_t pdg = 211) {
    Sketch sketch;
    auto const p = sketch.particle({.pdg = pdg, .energy = energy, .status = status});
    if (track_weight > 0) sketch.track({{p, track_weight}});
    if (deposit > 0) sketch.cluster({{p, deposit}});
    return by_2023(sketch).particles.size();
  };
  EXPECT_EQ(count(10, 0.61, 0), 1U);
  EXPECT_EQ(count(10, 0.59, 0), 0U);
  EXPECT_EQ(count(10, 0.59, 1.01), 1U);
  EXPECT_EQ(count(10, 0, 0.99), 0U);
  EXPECT_EQ(count(0.009, 1, 0), 0U);  // below 10 MeV
  EXPECT_EQ(count(10, 1, 0, 2), 0U);  // not final
  EXPECT_EQ(count(10, 1, 0, 1, 12), 0U);
  EXPECT_EQ(count(10, 1, 0, 1, -12), 1U);  // the test for neutrinos is a signed one
}

// 10 GeV takes the better of its tracks; 6 GeV, linked to the same track more strongly, comes later and takes
// what is left; 4 GeV finds no free track and goes to its cluster.
TEST(Rule2023, ParticlesTakeTheirElementsInDescendingOrderOfEnergy) {
  Sketch sketch;
  auto const a = sketch.particle({.pdg = 211, .energy = 10});
  auto const b = sketch.particle({.pdg = 211, .energy = 6});
  auto const c = sketch.particle({.pdg = 211, .energy = 4});
  auto const t0 = sketch.track({{a, 0.6}, {b, 0.7}, {c, 0.3}});
  auto const t1 = sketch.track({{b, 0.1}, {a, 0.5}});
  auto const cluster = sketch.cluster({{c, 3}});
  Targets const targets = by_2023(sketch);
  ASSERT_EQ(targets.particles.size(), 3U);
  EXPECT_EQ(targets.on_tracks.target[t0], event::ParticleId(0));
  EXPECT_EQ(targets.on_tracks.target[t1], event::ParticleId(1));
  EXPECT_EQ(targets.on_clusters.target[cluster], event::ParticleId(2));
  EXPECT_EQ(targets.particles.pdg[2], 130);
}

// Three photons on one cluster: the published program kept 20 + 3, here it is 20 + 5 + 3.
TEST(Rule2023, AllMergedParticlesCount) {
  Sketch sketch;
  auto const a = sketch.particle({.energy = 20});
  auto const b = sketch.particle({.energy = 5, .phi = 0.1});
  auto const c = sketch.particle({.energy = 3, .phi = -0.1});
  sketch.cluster({{a, 20}, {b, 5}, {c, 3}});
  Targets const targets = by_2023(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 28);
  EXPECT_NEAR(targets.particles.px[0], 20 + 8 * std::cos(0.1), 1e-5);
  EXPECT_NEAR(targets.particles.py[0], 2 * std::sin(0.1), 1e-5);
  ASSERT_EQ(targets.members[0].size(), 3U);
  EXPECT_EQ(targets.members[0][0].row(), a);
  EXPECT_EQ(targets.members[0][1].row(), b);
  EXPECT_EQ(targets.members[0][2].row(), c);
}

TEST(Rule2023, WithoutAClusterToMergeIntoEnergyIsLost) {
  Sketch twins;  // one track, claimed by two, and no calorimeter
  auto const e = twins.particle({.pdg = 211, .energy = 5});
  auto const f = twins.particle({.pdg = -211, .energy = 4});
  twins.track({{e, 0.6}, {f, 0.6}});
  Targets const targets = by_2023(twins);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_DOUBLE_EQ(targets.account.lost, 4);
  EXPECT_EQ(targets.account.by_class[0].lost.particles, 1U);
}

TEST(Rule2023, DoesNotSeeWhatTheSimulationMade) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  auto const electron = sketch.made_of(photon, 11, 6);
  sketch.track({{electron, 1}});
  Targets const targets = by_2023(sketch);
  EXPECT_EQ(targets.particles.size(), 0U);
  EXPECT_DOUBLE_EQ(targets.account.unseen, 10);
}

TEST(Rule2023, LivesOnHitsInHitMode) {
  Sketch sketch;
  auto const a = sketch.particle({.energy = 4});
  auto const b = sketch.particle({.energy = 2});
  auto const h0 = sketch.hit({{a, 2}, {b, 0.5}});
  auto const h1 = sketch.hit({{a, 1}});
  auto const h2 = sketch.hit({{b, 0.4}});
  Targets const targets = by_2023(sketch, Mode::hit);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.hits[0].row(), h0);  // its largest
  EXPECT_EQ(targets.hits[1].row(), h2);  // its largest is taken
  EXPECT_FALSE(targets.on_hits.target[h1].is_valid());
  EXPECT_EQ(targets.on_hits.largest(h1), event::ParticleId(0));
}

// Weights of a hit add up to 40 in some unit of the file; the hit has 2 GeV.
TEST(Rule2026, WeightsAreSharesOfTheHit) {
  Sketch sketch;
  auto const a = sketch.particle({.energy = 3});
  auto const b = sketch.particle({.pdg = 130, .energy = 3, .phi = 1});
  sketch.hit({{a, 30}, {b, 10}}, 2);
  event::Event event = sketch.event();
  event.observed.clusters.resize(1);
  event.observed.clusters.energy[0] = 2;
  event.observed.clusters.hits = {};
  event.observed.clusters.hits.push_back({event::CaloHitId(0)});
  Targets const targets = TargetBuilder({Rule::mlpf_2026})(event);
  ASSERT_EQ(targets.on_clusters.shares[0].size(), 1U);  // both merged into one target
  EXPECT_FLOAT_EQ(targets.on_clusters.shares[0][0].weight, 2);
  EXPECT_FLOAT_EQ(targets.deposit[0], 2);
}

TEST(Rule2026, DescendantsCountForTheirAncestor) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  auto const electron = sketch.made_of(photon, 11, 6);
  auto const bremsstrahlung = sketch.made_of(electron, 22, 2);
  auto const track = sketch.track({{electron, 1}});
  auto const cluster = sketch.cluster({{bremsstrahlung, 2}});
  Targets const targets = by_2026(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);  // a photon on a track: a charged hadron of charge 0
  EXPECT_EQ(targets.on_tracks.target[track], event::ParticleId(0));
  EXPECT_EQ(targets.particles.pdg[0], 211);
  EXPECT_EQ(targets.particles.charge[0], 0);
  EXPECT_EQ(targets.on_clusters.largest(cluster), event::ParticleId(0));
  EXPECT_FLOAT_EQ(targets.deposit[0], 2);
}

TEST(Rule2026, VisibilityHasThreeWays) {
  auto const is_visible = [](std::int32_t pdg, double deposit, double track_weight) {
    Sketch sketch;
    auto const p = sketch.particle({.pdg = pdg, .energy = 20});
    if (deposit > 0) sketch.cluster({{p, deposit}});
    if (track_weight > 0) sketch.track({{p, track_weight}});
    return by_2026(sketch).particles.size() == 1;
  };
  EXPECT_TRUE(is_visible(130, 2.1, 0));
  EXPECT_FALSE(is_visible(130, 1.9, 0));
  EXPECT_TRUE(is_visible(211, 0.6, 0));  // charged
  EXPECT_FALSE(is_visible(211, 0.4, 0));
  EXPECT_TRUE(is_visible(211, 0, 0.2));
  EXPECT_FALSE(is_visible(211, 0, 0.19));
  EXPECT_FALSE(is_visible(-12, 0.6, 0));
}

// The generator decayed a K0S, the simulation let it reach the calorimeter: its pions left nothing.
TEST(Rule2026, ALongLivedAncestorStandsForHitlessDecayProducts) {
  Sketch sketch;
  auto const kaon = sketch.particle({.pdg = 310, .energy = 8, .status = 2});
  auto const plus = sketch.particle({.pdg = 211, .energy = 5, .parent = kaon});
  sketch.particle({.pdg = -211, .energy = 3, .parent = kaon});
  sketch.cluster({{kaon, 6}});
  Targets const targets = by_2026(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.members[0][0].row(), kaon);
  EXPECT_EQ(targets.particles.pdg[0], 130);
  EXPECT_DOUBLE_EQ(targets.account.generated, 8);
  EXPECT_DOUBLE_EQ(targets.account.visible, 8);

  sketch.track({{plus, 1}});  // one of them did leave something: then the ancestor is nobody's stand-in
  Targets const with_track = by_2026(sketch);
  ASSERT_EQ(with_track.particles.size(), 1U);
  EXPECT_EQ(with_track.members[0][0].row(), plus);
}

TEST(Rule2026, InHitModeEveryTargetHasAHitBesideItsHome) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 10});
  auto const photon = sketch.particle({.energy = 5});
  sketch.track({{pion, 1}});
  sketch.cluster({{pion, 6}, {pion, 1}, {photon, 5}});
  Targets const targets = by_2026(sketch, Mode::hit);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.hits[0].row(), 0U);
  EXPECT_EQ(targets.hits[1].row(), 2U);
  EXPECT_EQ(targets.particles.tracks[0].size(), 1U);
  EXPECT_EQ(targets.particles.clusters[1].size(), 1U);
  EXPECT_EQ(targets.on_hits.target[2], event::ParticleId(1));
}

}  // namespace
}  // namespace corpuscle::truth
