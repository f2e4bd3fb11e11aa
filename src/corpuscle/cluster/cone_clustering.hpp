#pragma once

#include <memory>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::cluster {

/// Groups calorimeter hits to clusters, from the inside outwards, in the spirit of Pandora's cone clustering
/// (Marshall, Thomson, EPJ C 75 (2015) 439; detector.md 5.1): tracks seed first, hits join the cluster into
/// whose cone they fall, photon clusters stay compact. Neighbours are found on grids,
/// and hits of one position count as one. Measured, the cost per hit rises by 50 to 70 % from 25 to 400 pions
/// shot at once, and doubles from 10^3 to 10^6 hits of one density (bench/cluster). The order of
/// the hits changes nothing but the order of ids inside. Not thread-safe: one per thread.
class ConeClustering {
 public:
  explicit ConeClustering(detector::Detector const& detector);
  ~ConeClustering();
  ConeClustering(ConeClustering&&) noexcept;

  /// Clusters of observed.calo_hits (ECAL, HCAL and muon system), by falling energy. Hits may stay without a
  /// cluster. No hits, no clusters.
  event::Clusters operator()(event::Observed const& observed);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Links of clusters to generated particles: the fraction of the cluster's linked hit energy. By cluster and
/// particle. O(links + particles).
std::vector<event::Link<event::ClusterId>> link_clusters(
    event::Clusters const& clusters, std::vector<event::Link<event::CaloHitId>> const& hit_links);

}  // namespace corpuscle::cluster
