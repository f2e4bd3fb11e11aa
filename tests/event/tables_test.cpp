#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "corpuscle/event/event.hpp"

namespace corpuscle::event {
namespace {

TEST(Classify, LeptonsAndPhotonsAreWhatTheirCodeSays) {
  EXPECT_EQ(classify(22, 0), ParticleClass::photon);
  EXPECT_EQ(classify(11, -1), ParticleClass::electron);
  EXPECT_EQ(classify(-11, 1), ParticleClass::electron);
  EXPECT_EQ(classify(-13, 1), ParticleClass::muon);
}

TEST(Classify, HadronsGoByCharge) {
  EXPECT_EQ(classify(211, 1), ParticleClass::charged_hadron);
  EXPECT_EQ(classify(-2212, -1), ParticleClass::charged_hadron);
  EXPECT_EQ(classify(130, 0), ParticleClass::neutral_hadron);
  EXPECT_EQ(classify(2112, 0), ParticleClass::neutral_hadron);
}

TEST(ParticleClass, EveryClassHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < n_particle_classes; ++i) names.insert(name(static_cast<ParticleClass>(i)));
  EXPECT_EQ(names.size(), n_particle_classes);
  EXPECT_EQ(name(ParticleClass::neutral_hadron), "neutral hadron");
}

TEST(GenParticles, EnergyFollowsFromMomentumAndMass) {
  GenParticles particles;
  particles.resize(1);
  particles.px[0] = 1;
  particles.py[0] = 2;
  particles.pz[0] = 2;
  particles.mass[0] = 4;
  EXPECT_DOUBLE_EQ(particles.energy(0), 5);
}

TEST(Observed, ElementsAreTracksAndClusters) {
  Observed observed;
  EXPECT_EQ(observed.n_elements(), 0u);
  observed.tracks.chi2.resize(2);
  observed.clusters.resize(3);
  observed.calo_hits.resize(100);
  EXPECT_EQ(observed.n_elements(), 5u);
}

}  // namespace
}  // namespace corpuscle::event
