// Our own rule on small events, each with the answer that we want and why.
#include <gtest/gtest.h>

#include "truth/expect_targets.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

using event::ParticleClass;

Targets build(Sketch sketch, Mode mode = Mode::cluster) {
  Targets targets = TargetBuilder({Rule::standard, mode})(sketch.event());
  expect_closed(targets);
  expect_one_home_each(targets);
  return targets;
}

TEST(StandardRule, APionWithATrackOwnsItInFull) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = -211, .energy = 10});
  auto const track = sketch.track({{pion, 0.9}});
  auto const a = sketch.cluster({{pion, 6}});
  auto const b = sketch.cluster({{pion, 1}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.on_tracks.target[track], event::ParticleId(0));
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 10);
  EXPECT_FLOAT_EQ(targets.deposit[0], 7);
  for (std::size_t const cluster : {a, b}) {  // which are its, but no targets of their own
    EXPECT_FALSE(targets.on_clusters.target[cluster].is_valid());
    EXPECT_EQ(targets.on_clusters.largest(cluster), event::ParticleId(0));
  }
}

TEST(StandardRule, AFakeTrackHasNoTarget) {
  Sketch sketch;
  auto const a = sketch.particle({.pdg = 211, .energy = 5});
  auto const b = sketch.particle({.pdg = 211, .energy = 4});
  auto const fake = sketch.track({{a, 0.5}, {b, 0.5}});
  auto const good = sketch.track({{a, 1}});
  auto const unlinked = sketch.track({});
  sketch.cluster({{b, 3}});
  Targets const targets = build(sketch);
  EXPECT_FALSE(targets.on_tracks.target[fake].is_valid());
  EXPECT_FALSE(targets.on_tracks.target[unlinked].is_valid());
  EXPECT_TRUE(targets.on_tracks.target[good].is_valid());
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.particles.pdg[1], 130);  // b, by its cluster
}

TEST(StandardRule, OfSeveralTracksTheOneAlongTheParticleCounts) {
  Sketch sketch;
  auto const looper = sketch.particle({.pdg = 211, .energy = 0.5});
  auto const back = sketch.track({{looper, 1}}, 3.F, -1e-3F);  // the way back of a loop
  auto const out = sketch.track({{looper, 0.8}}, 0.01F);
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.on_tracks.target[out], event::ParticleId(0));
  EXPECT_FALSE(targets.on_tracks.target[back].is_valid());
  EXPECT_EQ(targets.on_tracks.largest(back), event::ParticleId(0));
}

// gamma -> e+ e-, both with a track: two electrons, as the tracks measure them.
TEST(StandardRule, AConversionWithTwoTracksIsTwoElectrons) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  auto const minus = sketch.made_of(photon, 11, 7);
  auto const plus = sketch.made_of(photon, -11, 3);
  sketch.track({{minus, 1}}, 0, -1e-3F);
  sketch.track({{plus, 1}});
  sketch.cluster({{minus, 7}, {plus, 3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.particles.pdg[0], 11);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 7);
  EXPECT_EQ(targets.particles.pdg[1], -11);
  EXPECT_FLOAT_EQ(targets.particles.energy[1], 3);
  EXPECT_NEAR(targets.account.exchanged, 0, 1e-12);
}

// Only one track: it measures its electron, and the calorimeter the other one, which it cannot tell from a
// photon.
TEST(StandardRule, AConversionWithOneTrackIsAnElectronAndAPhoton) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  auto const minus = sketch.made_of(photon, 11, 7);
  auto const plus = sketch.made_of(photon, -11, 3);
  sketch.track({{minus, 1}});
  auto const cluster = sketch.cluster({{minus, 7}, {plus, 3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.particles.pdg[0], 11);
  EXPECT_EQ(targets.particles.pdg[1], 22);
  EXPECT_FLOAT_EQ(targets.particles.energy[1], 3);
  EXPECT_EQ(targets.on_clusters.target[cluster], event::ParticleId(1));
  EXPECT_EQ(targets.account.by_class[3].visible.particles, 2U);  // true electrons both
}

TEST(StandardRule, AConversionWithoutTracksIsAPhoton) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  auto const minus = sketch.made_of(photon, 11, 7);
  auto const plus = sketch.made_of(photon, -11, 3);
  sketch.cluster({{minus, 7}});
  sketch.cluster({{plus, 3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], 22);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 10);
  EXPECT_FLOAT_EQ(targets.deposit[0], 10);
  EXPECT_EQ(targets.members[0][0].row(), photon);
}

// Some files leave the pair out and link its tracks to the photon: the calorimeter measures it.
TEST(StandardRule, APhotonWithTracksOfAnUnlistedPairLivesOnItsCluster) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 10});
  sketch.track({{photon, 1}});
  sketch.track({{photon, 1}}, 0.1F, -1e-3F);
  sketch.cluster({{photon, 9}});
  Targets targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], 22);

  Sketch curled;  // the pair never got there
  auto const soft = curled.particle({.energy = 0.2});
  curled.track({{soft, 1}}, 0, -1e-3F);
  targets = build(curled);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], 11);
  EXPECT_EQ(targets.particles.charge[0], -1);
}

// The track of the pion measures all of it, the neutrino's part included; the muon's track would count twice.
TEST(StandardRule, APionThatDecaysBehindItsTrackIsAPion) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 5});
  auto const muon = sketch.made_of(pion, -13, 4);
  sketch.made_of(pion, 14, 1);
  auto const first = sketch.track({{pion, 1}});
  auto const second = sketch.track({{muon, 1}});
  sketch.cluster({{muon, 0.4}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], 211);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 5);
  EXPECT_EQ(targets.on_tracks.target[first], event::ParticleId(0));
  EXPECT_FALSE(targets.on_tracks.target[second].is_valid());
  EXPECT_EQ(targets.on_tracks.largest(second), event::ParticleId(0));
  EXPECT_EQ(targets.account.invisible, 0);
}

TEST(StandardRule, APionThatDecaysBeforeItHasATrackIsItsMuon) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 5});
  auto const muon = sketch.made_of(pion, -13, 4);
  sketch.made_of(pion, 14, 1);
  sketch.track({{muon, 1}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], -13);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 4);
  EXPECT_DOUBLE_EQ(targets.account.invisible, 1);
  EXPECT_NEAR(targets.account.exchanged, 0, 1e-12);
}

// One track of both: by more than 0.6 it is the pion's and what became of it.
TEST(StandardRule, ATrackThroughAKinkIsTheParents) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 5});
  auto const muon = sketch.made_of(pion, -13, 4);
  sketch.track({{pion, 0.5}, {muon, 0.5}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.particles.pdg[0], 211);
}

// K0L + nucleus -> pi+ pi0 p: two tracks, one of a proton whose mass came from the nucleus.
TEST(StandardRule, ANeutralThatInteractsIsWhatIsSeenOfTheProducts) {
  Sketch sketch;
  auto const kaon = sketch.particle({.pdg = 130, .energy = 10});
  auto const pion = sketch.made_of(kaon, 211, 6);
  auto const pi0 = sketch.made_of(kaon, 111, 3.5);
  auto const proton = sketch.made_of(kaon, 2212, 1.4);
  auto const gamma = sketch.made_of(pi0, 22, 3.5);
  sketch.track({{pion, 1}});
  sketch.track({{proton, 1}}, 0.3F);
  sketch.cluster({{gamma, 3.4}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 3U);
  EXPECT_EQ(targets.particles.pdg[0], 211);
  EXPECT_EQ(targets.particles.pdg[1], 22);
  EXPECT_EQ(targets.members[1][0].row(), gamma);
  EXPECT_EQ(targets.particles.pdg[2], 211);
  EXPECT_NEAR(targets.account.exchanged, 10 - 6 - 3.5 - 1.4, 1e-9);
}

TEST(StandardRule, APi0IsItsPhotons) {
  Sketch sketch;
  auto const pi0 = sketch.particle({.pdg = 111, .energy = 10});
  auto const a = sketch.made_of(pi0, 22, 7, 0, 0.1);
  auto const b = sketch.made_of(pi0, 22, 3, 0, -0.1);
  sketch.cluster({{a, 7}});
  sketch.cluster({{b, 3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.particles.pdg[0], 22);
  EXPECT_EQ(targets.particles.pdg[1], 22);
  EXPECT_FLOAT_EQ(targets.particles.energy[1], 3);
}

TEST(StandardRule, WhatTheFileDoesNotListStaysWithTheParent) {
  Sketch sketch;
  auto const neutron = sketch.particle({.pdg = 2112, .energy = 10});
  auto const pion = sketch.made_of(neutron, 211, 4);
  sketch.track({{pion, 1}});
  auto const cluster = sketch.cluster({{neutron, 5}});  // of products that are not in the table
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 2U);
  EXPECT_EQ(targets.on_clusters.target[cluster], event::ParticleId(0));
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 6);
  EXPECT_FLOAT_EQ(targets.particles.energy[1], 4);
}

TEST(StandardRule, BackscatterIsNobodysTarget) {
  Sketch sketch;
  auto const kaon = sketch.particle({.pdg = 130, .energy = 10});
  auto const pion = sketch.made_of(kaon, 211, 0.5, Sketch::backscatter);
  auto const track = sketch.track({{pion, 1}});
  sketch.cluster({{kaon, 8}});
  auto const opposite = sketch.cluster({{pion, 0.3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.members[0][0].row(), kaon);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 10);
  EXPECT_FALSE(targets.on_tracks.target[track].is_valid());
  EXPECT_EQ(targets.on_clusters.largest(opposite), event::ParticleId(0));
}

TEST(StandardRule, ThoseThatMeetOnAClusterAreOneTargetWithARecord) {
  Sketch sketch;
  auto const small = sketch.particle({.energy = 2, .phi = 0.1});
  auto const kaon = sketch.particle({.pdg = 130, .energy = 5});
  auto const pion = sketch.particle({.pdg = 211, .energy = 3, .phi = -0.1});  // its track was not found
  auto const cluster = sketch.cluster({{small, 2}, {kaon, 1.5}, {pion, 2}});
  auto const splinter = sketch.cluster({{kaon, 1}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 10);
  EXPECT_EQ(targets.particles.particle_class[0], ParticleClass::neutral_hadron);  // the kaon has most
  EXPECT_EQ(targets.on_clusters.target[cluster], event::ParticleId(0));
  EXPECT_FALSE(targets.on_clusters.target[splinter].is_valid());
  ASSERT_EQ(targets.members[0].size(), 3U);
  EXPECT_EQ(targets.members[0][0].row(), kaon);
  EXPECT_EQ(targets.members[0][1].row(), pion);
  EXPECT_EQ(targets.members[0][2].row(), small);
  double const py = (2 - 3) * std::sin(0.1);
  EXPECT_NEAR(targets.particles.py[0], py, 1e-6);
  EXPECT_EQ(targets.account.by_class[0].merged.particles, 1U);
  EXPECT_DOUBLE_EQ(targets.account.by_class[2].merged.energy, 2);
}

TEST(StandardRule, VisibleIsATrackOrATenthOfTheEnergy) {
  auto const count = [](std::int32_t pdg, double energy, double track_weight, double deposit) {
    Sketch sketch;
    auto const p = sketch.particle({.pdg = pdg, .energy = energy});
    if (track_weight > 0) sketch.track({{p, track_weight}});
    if (deposit > 0) sketch.cluster({{p, deposit}});
    return build(sketch).particles.size();
  };
  EXPECT_EQ(count(211, 10, 0.6, 0), 1U);  // as a float 0.6 is a little more, of the file perhaps less
  EXPECT_EQ(count(211, 10, 0.59, 0), 0U);
  EXPECT_EQ(count(22, 10, 0, 1.01), 1U);
  EXPECT_EQ(count(22, 10, 0, 0.99), 0U);
  EXPECT_EQ(count(13, 50, 0, 2), 0U);  // a muon without a track: who could tell its energy?
  EXPECT_EQ(count(22, 0.009, 0, 0.009), 0U);
  EXPECT_EQ(count(14, 50, 0, 0), 0U);
}

TEST(StandardRule, WhatWasSeenButIsInNoClusterIsLost) {
  Sketch sketch;
  auto const photon = sketch.particle({.energy = 0.3});
  sketch.hit({{photon, 0.2}});
  Targets const in_clusters = build(sketch);
  EXPECT_EQ(in_clusters.particles.size(), 0U);
  EXPECT_DOUBLE_EQ(in_clusters.account.lost, 0.3);
  Targets const on_hits = build(sketch, Mode::hit);
  ASSERT_EQ(on_hits.particles.size(), 1U);
  EXPECT_EQ(on_hits.hits[0].row(), 0U);
  EXPECT_EQ(on_hits.account.lost, 0);
}

TEST(StandardRule, OnHitsEachTrackLessParticleHasOneOfItsOwn) {
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 9});
  auto const a = sketch.particle({.energy = 4});
  auto const b = sketch.particle({.energy = 2});
  auto const c = sketch.particle({.energy = 1});
  sketch.track({{pion, 1}});
  auto const h0 = sketch.hit({{a, 2}, {b, 1}, {pion, 5}});
  auto const h1 = sketch.hit({{b, 0.5}, {c, 0.4}});
  Targets const targets = build(sketch, Mode::hit);
  ASSERT_EQ(targets.particles.size(), 3U);
  EXPECT_FALSE(targets.hits[0].is_valid());  // on its track
  EXPECT_EQ(targets.hits[1].row(), h0);
  EXPECT_EQ(targets.hits[2].row(), h1);
  EXPECT_FLOAT_EQ(targets.particles.energy[2], 3);  // c found none and is with b
  EXPECT_EQ(targets.members[2].size(), 2U);
}

TEST(StandardRule, ALongLivedParticleStandsForHitlessDecayProducts) {
  Sketch sketch;
  auto const kaon = sketch.particle({.pdg = 310, .energy = 8, .status = 2});
  sketch.particle({.pdg = 211, .energy = 5, .parent = kaon});
  sketch.particle({.pdg = -211, .energy = 3, .parent = kaon});
  auto const product = sketch.made_of(kaon, 2112, 4);  // it met a nucleus before it decayed
  sketch.cluster({{product, 3}});
  Targets const targets = build(sketch);
  ASSERT_EQ(targets.particles.size(), 1U);
  EXPECT_EQ(targets.members[0][0].row(), kaon);
  EXPECT_FLOAT_EQ(targets.particles.energy[0], 8);
  EXPECT_DOUBLE_EQ(targets.account.unseen, 0);
}

}  // namespace
}  // namespace corpuscle::truth
