#include <gtest/gtest.h>

#include "corpuscle/cluster/cone_clustering.hpp"

namespace corpuscle {
namespace {

using event::CaloHitId, event::ClusterId, event::GenParticleId;

event::Clusters two_clusters() {
  event::Clusters clusters;
  clusters.resize(2);
  clusters.hits.push_back({CaloHitId(0), CaloHitId(2)});
  clusters.hits.push_back({CaloHitId(3)});
  return clusters;
}

TEST(LinkClusters, WeightsAreFractionsOfTheLinkedEnergy) {
  std::vector<event::Link<CaloHitId>> const hit_links{
      {CaloHitId(2), GenParticleId(7), 1}, {CaloHitId(0), GenParticleId(5), 2},
      {CaloHitId(0), GenParticleId(7), 3}, {CaloHitId(0), GenParticleId(5), 2},  // pairs may repeat
      {CaloHitId(1), GenParticleId(5), 9},                                       // in no cluster
      {CaloHitId(3), GenParticleId(5), 4}, {CaloHitId(9), GenParticleId(5), 4}};
  auto const links = cluster::link_clusters(two_clusters(), hit_links);
  std::vector<event::Link<ClusterId>> const expected{{ClusterId(0), GenParticleId(5), 0.5F},
                                                     {ClusterId(0), GenParticleId(7), 0.5F},
                                                     {ClusterId(1), GenParticleId(5), 1.F}};
  EXPECT_EQ(links, expected);
}

TEST(LinkClusters, NothingLinkedGivesNoLinks) {
  EXPECT_TRUE(cluster::link_clusters(two_clusters(), {}).empty());
  EXPECT_TRUE(cluster::link_clusters({}, {{CaloHitId(0), GenParticleId(0), 1}}).empty());
  EXPECT_TRUE(cluster::link_clusters(two_clusters(), {{CaloHitId(0), GenParticleId(0), 0}}).empty());
}

}  // namespace
}  // namespace corpuscle
