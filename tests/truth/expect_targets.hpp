#pragma once

#include <gtest/gtest.h>

#include "corpuscle/truth/targets.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {

/// Both equations of the account, and that the particles carry what it says. Columns of particles are floats:
/// n roundings of 6e-8, at most 6e-8 of the sum.
inline void expect_closed(Targets const& targets) {
  Account const& a = targets.account;
  double const tolerance = 1e-9 * std::max(1.0, a.generated);
  EXPECT_NEAR(a.generated, a.invisible + a.unseen + a.exchanged + a.visible, tolerance);
  EXPECT_NEAR(a.visible, a.target + a.lost, tolerance);
  double sum = 0;
  for (float const energy : targets.particles.energy) sum += energy;
  EXPECT_NEAR(sum, a.target, 1e-6 * std::max(1.0, a.target));
  double by_class = 0;
  std::size_t visible = 0;
  std::size_t placed = 0;
  for (ClassAccount const& c : a.by_class) {
    by_class += c.visible.energy;
    visible += c.visible.particles;
    placed += c.on_tracks.particles + c.on_cells.particles + c.merged.particles + c.lost.particles;
  }
  EXPECT_NEAR(by_class, a.visible, tolerance);
  EXPECT_EQ(visible, placed);
}

/// That each target lives on one element, and each element carries at most one and knows it.
inline void expect_one_home_each(Targets const& targets) {
  std::vector<int> homes(targets.particles.size());
  for (ElementTargets const* elements : {&targets.on_tracks, &targets.on_clusters})
    for (event::ParticleId const id : elements->target)
      if (id.is_valid()) ++homes[id.row()];
  for (std::size_t t = 0; t < targets.particles.size(); ++t) {
    auto const tracks = targets.particles.tracks[t];
    auto const clusters = targets.particles.clusters[t];
    if (!targets.hits.empty() && targets.hits[t].is_valid() && tracks.empty() && clusters.empty()) ++homes[t];
    EXPECT_EQ(homes[t], 1) << "target " << t;
    EXPECT_LE(tracks.size() + clusters.size(), 1U);
    for (event::TrackId const id : tracks)
      EXPECT_EQ(targets.on_tracks.target[id.row()], event::ParticleId(t));
    for (event::ClusterId const id : clusters)
      EXPECT_EQ(targets.on_clusters.target[id.row()], event::ParticleId(t));
    EXPECT_FALSE(targets.members[t].empty());
  }
}

/// That targets of a shuffled event are those of the original, seen through the shuffle.
inline void expect_same_but_for_order(Targets const& original, Targets const& other,
                                      Shuffled const& shuffled) {
  EXPECT_EQ(original.particles.particle_class, other.particles.particle_class);
  EXPECT_EQ(original.particles.pdg, other.particles.pdg);
  EXPECT_EQ(original.particles.energy, other.particles.energy);
  EXPECT_EQ(original.particles.px, other.particles.px);
  EXPECT_EQ(original.particles.pz, other.particles.pz);
  EXPECT_EQ(original.deposit, other.deposit);
  EXPECT_EQ(original.account.lost, other.account.lost);
  EXPECT_EQ(original.account.unseen, other.account.unseen);
  ASSERT_EQ(original.particles.size(), other.particles.size());
  ASSERT_EQ(original.hits.size(), other.hits.size());
  for (std::size_t t = 0; t < original.particles.size(); ++t) {
    ASSERT_EQ(original.particles.tracks[t].size(), other.particles.tracks[t].size());
    for (std::size_t k = 0; k < original.particles.tracks[t].size(); ++k)
      EXPECT_EQ(shuffled.tracks(original.particles.tracks[t][k]), other.particles.tracks[t][k]);
    ASSERT_EQ(original.particles.clusters[t].size(), other.particles.clusters[t].size());
    for (std::size_t k = 0; k < original.particles.clusters[t].size(); ++k)
      EXPECT_EQ(shuffled.clusters(original.particles.clusters[t][k]), other.particles.clusters[t][k]);
    if (!original.hits.empty()) {
      EXPECT_EQ(shuffled.hits(original.hits[t]), other.hits[t]);
    }
    ASSERT_EQ(original.members[t].size(), other.members[t].size());
    for (std::size_t k = 0; k < original.members[t].size(); ++k)
      EXPECT_EQ(shuffled.particles(original.members[t][k]), other.members[t][k]);
  }
  for (std::size_t c = 0; c < original.on_clusters.size(); ++c) {
    std::size_t const to = shuffled.clusters.to[c];
    EXPECT_EQ(original.on_clusters.target[c], other.on_clusters.target[to]);
    EXPECT_TRUE(std::equal(original.on_clusters.shares[c].begin(), original.on_clusters.shares[c].end(),
                           other.on_clusters.shares[to].begin(), other.on_clusters.shares[to].end()));
  }
  for (std::size_t t = 0; t < original.on_tracks.size(); ++t)
    EXPECT_EQ(original.on_tracks.largest(t), other.on_tracks.largest(shuffled.tracks.to[t]));
}

}  // namespace corpuscle::truth
