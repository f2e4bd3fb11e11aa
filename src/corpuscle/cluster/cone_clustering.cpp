#include "corpuscle/cluster/cone_clustering.hpp"

#include "corpuscle/cluster/cluster_columns.hpp"
#include "corpuscle/cluster/cone_growth.hpp"
#include "corpuscle/cluster/hit_bins.hpp"
#include "corpuscle/cluster/hit_grid.hpp"
#include "corpuscle/cluster/piece_merging.hpp"

namespace corpuscle::cluster {

struct ConeClustering::Implementation {
  // Bins of five layers: as thick as isolation looks far in the ECAL.
  explicit Implementation(detector::Detector const& detector)
      : grid(detector),
        bins(grid, 5, 1),
        grow(detector),
        merge(detector.clustering, grid),
        columns(detector.clustering) {}

  HitGrid grid;
  HitBins bins;
  ConeGrowth grow;
  PieceMerging merge;
  Pieces pieces;
  ClusterColumns columns;
};

ConeClustering::ConeClustering(detector::Detector const& detector)
    : implementation_(std::make_unique<Implementation>(detector)) {}
ConeClustering::~ConeClustering() = default;
ConeClustering::ConeClustering(ConeClustering&&) noexcept = default;

event::Clusters ConeClustering::operator()(event::Observed const& observed) {
  auto& [grid, bins, grow, merge, pieces, columns] = *implementation_;
  grid.fill(observed.calo_hits);
  bins.fill(grid);
  grow(grid, bins, observed.tracks, pieces);
  merge(grid, bins, pieces);
  return columns(grid, pieces, observed.calo_hits.size());
}

}  // namespace corpuscle::cluster
