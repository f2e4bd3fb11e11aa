#include "corpuscle/eval/measure.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "eval/toy_event.hpp"

namespace corpuscle::eval {
namespace {

using event::ParticleClass;

TEST(EventMeasurer, NothingIsAnEventToo) {
  event::Particles const none;
  event::Particles const some = toy::generate(1);
  EventMeasurer const measure({});
  Measurement const empty = measure({none, none});
  EXPECT_TRUE(empty.reference.empty());
  EXPECT_TRUE(empty.jets[0].reference.empty());
  EXPECT_EQ(empty.dijet_abs_cos_theta, 1);
  Measurement const lost = measure({some, none});
  EXPECT_EQ(lost.reference.size(), some.size());
  for (Measurement::Found const& one : lost.reference) EXPECT_FALSE(one.is_found);
  Measurement const made = measure({none, some});
  EXPECT_EQ(made.test.size(), some.size());
  for (Measurement::Made const& one : made.test) EXPECT_EQ(one.role, Measurement::Role::orphan);
}

TEST(EventMeasurer, CountsParticlesThatCannotBeUsed) {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  event::Particles reference = toy::generate(1);
  event::Particles test = reference;
  std::size_t const n = reference.size();
  reference.px[3] = nan;
  test.energy[4] = -1;
  test.energy[5] = std::numeric_limits<float>::infinity();
  test.px[6] = test.py[6] = test.pz[6] = 0;
  Measurement const m = EventMeasurer({})({reference, test});
  EXPECT_EQ(m.reference_dropped, 1u);
  EXPECT_EQ(m.test_dropped, 3u);
  EXPECT_EQ(m.reference.size(), n - 1);
  EXPECT_EQ(m.test.size(), n - 3);
  EXPECT_TRUE(std::isfinite(m.test_sum.p.energy));
}

TEST(EventMeasurer, TellsTheDistanceToTheNearestParticleAndTheBias) {
  event::Particles reference, test;
  toy::add(reference, ParticleClass::photon, toy::along(10, 1, 1), 0);
  toy::add(reference, ParticleClass::electron, toy::along(5, 1, 1.1), -1);
  toy::add(test, ParticleClass::photon, toy::along(11, 1.002, 1.001), 0);
  toy::add(test, ParticleClass::charged_hadron, toy::along(5, 1, 1.1), 1);
  Measurement const m = EventMeasurer({})({reference, test});
  ASSERT_EQ(m.reference.size(), 2u);
  Measurement::Found const& photon = m.reference[0];
  // Floats: 6e-8 of momenta, 10 of them in a difference of angles.
  EXPECT_NEAR(photon.nearest, 2 * std::asin(std::sin(0.05) * std::sin(1.0)), 1e-6);
  EXPECT_NEAR(photon.response, 1.1, 1e-6);
  EXPECT_NEAR(photon.d_theta, 0.002, 1e-6);
  EXPECT_NEAR(photon.d_phi, 0.001 * std::sin(1.0), 1e-6);
  EXPECT_NEAR(photon.angle, std::hypot(0.002, 0.001 * std::sin(1.001)), 1e-6);
  Measurement::Found const& electron = m.reference[1];
  EXPECT_EQ(electron.found_as, ParticleClass::charged_hadron);
  EXPECT_TRUE(electron.has_wrong_charge);
}

/// Two particles of the reference share two clusters; one hit is noise and one in no cluster.
TEST(EventMeasurer, PurityAndCompletenessFollowTheEnergyOfHits) {
  event::Particles particles;
  toy::add(particles, ParticleClass::photon, toy::along(10, 1, 1), 0);
  toy::add(particles, ParticleClass::photon, toy::along(5, 1, 1.2), 0);
  event::Observed observed;
  observed.calo_hits.resize(5);
  observed.calo_hits.energy = {8, 1, 3, 1, 2};
  observed.clusters.resize(2);
  observed.clusters.energy = {9, 4};
  using event::CaloHitId;
  using event::GenParticleId;
  observed.clusters.hits.push_back({CaloHitId(0), CaloHitId(1)});
  observed.clusters.hits.push_back({CaloHitId(2), CaloHitId(3)});  // 3 is noise, 4 is in no cluster
  event::Truth truth;
  truth.particles.resize(2);
  truth.particles.daughters.push_back({});
  truth.particles.daughters.push_back({});
  // Weights in any unit: half of hit 1 is of the second particle.
  truth.calo_hit_links = {{CaloHitId(0), GenParticleId(0), 7},
                          {CaloHitId(1), GenParticleId(0), 2},
                          {CaloHitId(1), GenParticleId(1), 2},
                          {CaloHitId(2), GenParticleId(1), 1},
                          {CaloHitId(4), GenParticleId(1), 1}};
  core::Ragged<GenParticleId> sources;
  sources.push_back({GenParticleId(0)});
  sources.push_back({GenParticleId(1)});
  Measurement const m = EventMeasurer({})({particles, particles, &observed, &truth, &sources});
  EXPECT_EQ(m.clusters.n_clusters, 2u);
  EXPECT_DOUBLE_EQ(m.clusters.in_clusters, 8 + 1 + 3 + 1);
  EXPECT_DOUBLE_EQ(m.clusters.of_main, 8.5 + 3);
  EXPECT_DOUBLE_EQ(m.clusters.linked, 8 + 1 + 3 + 2);
  EXPECT_DOUBLE_EQ(m.clusters.in_best_cluster, 8.5 + 3);
}

}  // namespace
}  // namespace corpuscle::eval
