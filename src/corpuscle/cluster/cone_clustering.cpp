#include "corpuscle/cluster/cone_clustering.hpp"

#include "corpuscle/cluster/cluster_columns.hpp"
#include "corpuscle/cluster/cone_growth.hpp"
#include "corpuscle/cluster/hit_grid.hpp"
#include "corpuscle/cluster/piece_merging.hpp"

namespace corpuscle::cluster {

struct ConeClustering::Implementation {
  explicit Implementation(detector::Detector const& detector)
      : parameters(detector.clustering), grid(detector), grow(detector), merge(detector) {}

  detector::Clustering parameters;
  HitGrid grid;
  ConeGrowth grow;
  PieceMerging merge;
  Pieces pieces;
};

ConeClustering::ConeClustering(detector::Detector const& detector)
    : implementation_(std::make_unique<Implementation>(detector)) {}
ConeClustering::~ConeClustering() = default;
ConeClustering::ConeClustering(ConeClustering&&) noexcept = default;

event::Clusters ConeClustering::operator()(event::Observed const& observed) {
  auto& [parameters, grid, grow, merge, pieces] = *implementation_;
  grid.fill(observed.calo_hits);
  grow(grid, observed.tracks, pieces);
  merge(grid, observed.calo_hits, pieces);
  return cluster_columns(grid, pieces, observed.calo_hits, parameters);
}

}  // namespace corpuscle::cluster
