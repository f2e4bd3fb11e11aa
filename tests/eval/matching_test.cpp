#include "corpuscle/eval/matching.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "eval/toy_event.hpp"

namespace corpuscle::eval {
namespace {

Jets jets(std::vector<FourVector> momenta) {
  Jets result;
  result.momenta = std::move(momenta);
  return result;
}

TEST(MatchJets, TheClosestPairIsTakenFirstAndNoJetTwice) {
  Jets const reference = jets({toy::along(50, 1.50, 0), toy::along(40, 1.58, 0)});
  Jets const test = jets({toy::along(90, 1.55, 0)});
  // The published rule would give the test jet to both.
  EXPECT_EQ(match_jets(reference, test, {}), (std::vector<std::uint32_t>{no_row, 0}));
}

TEST(MatchJets, AcrossPhiOfPiIsClose) {
  Jets const reference = jets({toy::along(50, 1, 3.13)});
  Jets const test = jets({toy::along(50, 1, -3.13)});
  EXPECT_EQ(match_jets(reference, test, {}), std::vector<std::uint32_t>{0});
}

TEST(MatchJets, FarJetsDoNotMatch) {
  Jets const reference = jets({toy::along(50, 1.5, 0)});
  Jets const test = jets({toy::along(50, 1.5, 0.11)});
  EXPECT_EQ(match_jets(reference, test, {}), std::vector<std::uint32_t>{no_row});
  EXPECT_EQ(match_jets(reference, test, {.max_distance = 0.12}), std::vector<std::uint32_t>{0});
  EXPECT_EQ(match_jets(reference, {}, {}), std::vector<std::uint32_t>{no_row});
  EXPECT_TRUE(match_jets({}, test, {}).empty());
}

TEST(MatchJets, TheAngleForgivesForwardWhatEtaDoesNot) {
  Jets const reference = jets({toy::along(50, 0.10, 0)});
  Jets const test = jets({toy::along(50, 0.12, 0)});
  EXPECT_EQ(match_jets(reference, test, {}), std::vector<std::uint32_t>{no_row});  // d_eta = 0.18
  EXPECT_EQ(match_jets(reference, test, {.distance = JetMatching::Distance::angle}),
            std::vector<std::uint32_t>{0});
}

TEST(MatchByDirection, ParticlesFindThemselves) {
  for (std::uint64_t number = 0; number < 20; ++number) {
    auto const particles = usable_particles(toy::generate(number));
    ParticleMatch const match = match_by_direction(particles, particles, {});
    for (std::uint32_t k = 0; k < particles.size(); ++k) {
      EXPECT_EQ(match.partner[k], k);
      EXPECT_EQ(match.owner[k], k);
    }
  }
}

TEST(MatchByDirection, OfTwoTestParticlesOneIsAFragment) {
  event::Particles reference, test;
  toy::add(reference, event::ParticleClass::photon, toy::along(10, 1, 1), 0);
  toy::add(test, event::ParticleClass::photon, toy::along(9, 1.001, 1), 0);
  toy::add(test, event::ParticleClass::photon, toy::along(1, 1.02, 1), 0);
  toy::add(test, event::ParticleClass::photon, toy::along(5, 2, 1), 0);
  auto const r = usable_particles(reference);
  auto const t = usable_particles(test);  // by falling energy: 9, 5, 1 GeV
  ParticleMatch const match = match_by_direction(r, t, {});
  EXPECT_EQ(match.partner, std::vector<std::uint32_t>{0});
  EXPECT_EQ(match.owner, (std::vector<std::uint32_t>{0, no_row, 0}));
}

/// Three generated particles: a pion (row 0) with a track and a shower, a photon (1), and an electron (2)
/// that the photon made, in no reference. One test particle for each of the pion and the photon.
struct Scene {
  event::Observed observed;
  event::Truth truth;
  event::Particles reference, test;
  core::Ragged<event::GenParticleId> sources;

  Scene() {
    truth.particles.resize(3);
    truth.particles.daughters.push_back({});
    truth.particles.daughters.push_back({event::GenParticleId(2)});
    truth.particles.daughters.push_back({});
    toy::add(reference, event::ParticleClass::photon, toy::along(5, 1, 1), 0);
    toy::add(reference, event::ParticleClass::charged_hadron, toy::along(10, 1, 1.2), 1);
    sources.push_back({event::GenParticleId(1)});
    sources.push_back({event::GenParticleId(0)});
    observed.tracks.chi2.resize(1);
    observed.clusters.resize(2);
    observed.clusters.energy = {9, 6};
    truth.track_links = {{event::TrackId(0), event::GenParticleId(0), 1}};
    truth.cluster_links = {{event::ClusterId(0), event::GenParticleId(0), 0.9F},
                           {event::ClusterId(1), event::GenParticleId(2), 0.7F},
                           {event::ClusterId(1), event::GenParticleId(0), 0.3F}};
  }

  void add_test(FourVector const& p, float charge, std::vector<event::TrackId> tracks,
                std::vector<event::ClusterId> clusters) {
    toy::add(test, charge != 0 ? event::ParticleClass::charged_hadron : event::ParticleClass::photon, p,
             charge);
    test.tracks = {};
    test.clusters = {};
    all_tracks.push_back(std::move(tracks));
    all_clusters.push_back(std::move(clusters));
    for (auto const& row : all_tracks) test.tracks.push_back(std::span<event::TrackId const>(row));
    for (auto const& row : all_clusters) test.clusters.push_back(std::span<event::ClusterId const>(row));
  }

  [[nodiscard]] ParticleMatch match(std::vector<event::Link<event::ParticleId>> const& links = {}) const {
    return match_by_truth(usable_particles(reference), usable_particles(test), test,
                          {observed, truth, sources, links});
  }

  std::vector<std::vector<event::TrackId>> all_tracks;
  std::vector<std::vector<event::ClusterId>> all_clusters;
};

using event::ClusterId;
using event::GenParticleId;
using event::ParticleId;
using event::TrackId;

// By falling energy the reference is the pion, then the photon.

TEST(MatchByTruth, ChargedParticlesFollowTheirTrackNeutralOnesTheirClusterAndItsAncestors) {
  Scene scene;
  scene.add_test(toy::along(6, 1, 1), 0, {}, {ClusterId(1)});
  scene.add_test(toy::along(10, 1, 1.2), 1, {TrackId(0)}, {ClusterId(0)});
  ParticleMatch const match = scene.match();  // test by falling energy: the pion's, the photon's
  EXPECT_EQ(match.owner, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(match.partner, (std::vector<std::uint32_t>{0, 1}));
}

TEST(MatchByTruth, AClusterOfACharedParticleTakenForAPhotonIsItsFragment) {
  Scene scene;
  scene.add_test(toy::along(10, 1, 1.2), 1, {TrackId(0)}, {});
  scene.add_test(toy::along(9, 1, 1.2), 0, {}, {ClusterId(0)});
  ParticleMatch const match = scene.match();
  EXPECT_EQ(match.owner, (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(match.partner, (std::vector<std::uint32_t>{0, no_row}));
}

TEST(MatchByTruth, WithoutLinksOfClustersThoseOfTheirHitsCount) {
  Scene scene;
  scene.truth.cluster_links.clear();
  scene.observed.calo_hits.resize(2);
  scene.observed.calo_hits.energy = {1, 2};
  scene.observed.clusters.hits.push_back({});
  scene.observed.clusters.hits.push_back({event::CaloHitId(0), event::CaloHitId(1)});
  scene.truth.calo_hit_links = {{event::CaloHitId(0), GenParticleId(0), 50},
                                {event::CaloHitId(1), GenParticleId(2), 3}};
  scene.add_test(toy::along(3, 1, 1), 0, {}, {ClusterId(1)});
  EXPECT_EQ(scene.match().owner, std::vector<std::uint32_t>{1});
}

TEST(MatchByTruth, WithoutTracksAndClustersLinksOfParticlesCount) {
  Scene scene;
  scene.add_test(toy::along(6, 1, 1), 0, {}, {});
  scene.add_test(toy::along(10, 1, 1.2), 1, {}, {});
  // As LCIO writes them: cluster permille * 10000 + track permille. All of the track is the pion's, though
  // most of the cluster is the photon's.
  ParticleMatch const match = scene.match({{ParticleId(0), GenParticleId(1), 10000000},
                                           {ParticleId(1), GenParticleId(1), 9000000},
                                           {ParticleId(1), GenParticleId(0), 1001000}});
  EXPECT_EQ(match.owner, (std::vector<std::uint32_t>{0, 1}));
}

TEST(MatchByTruth, ParticlesOfUnknownOriginGoByDirectionToWhatIsLeft) {
  Scene scene;
  scene.add_test(toy::along(10, 1, 1.2), 1, {TrackId(0)}, {ClusterId(0)});
  scene.add_test(toy::along(6, 1, 1), 0, {}, {});
  scene.add_test(toy::along(2, 1, 1.2), 0, {}, {});  // on the pion, which has its partner
  ParticleMatch const match = scene.match();
  EXPECT_EQ(match.owner, (std::vector<std::uint32_t>{0, 1, no_row}));
  EXPECT_EQ(match.partner, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(match.n_by_direction, 2u);
}

TEST(MatchByTruth, WhatComesOfNobodyInTheReferenceBelongsToNobody) {
  Scene scene;
  scene.sources = {};
  scene.sources.push_back({});
  scene.sources.push_back({GenParticleId(0)});
  scene.add_test(toy::along(6, 1, 1), 0, {}, {ClusterId(1)});
  EXPECT_EQ(scene.match().owner, std::vector<std::uint32_t>{no_row});
}

TEST(ReferenceRows, AreThoseOfTheNearestAncestor) {
  event::GenParticles particles;
  particles.resize(5);  // 0 -> 1 -> 2 -> 3; 4 alone
  for (std::size_t k = 0; k < 3; ++k) particles.daughters.push_back({GenParticleId(k + 1)});
  particles.daughters.push_back({});
  particles.daughters.push_back({});
  core::Ragged<GenParticleId> sources;
  sources.push_back({GenParticleId(2)});
  sources.push_back({GenParticleId(0)});
  EXPECT_EQ(reference_rows(particles, sources), (std::vector<std::uint32_t>{1, 1, 0, 0, no_row}));
}

}  // namespace
}  // namespace corpuscle::eval
