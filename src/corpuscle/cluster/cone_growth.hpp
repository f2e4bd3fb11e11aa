#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/cluster/hit_bins.hpp"
#include "corpuscle/cluster/hit_grid.hpp"
#include "corpuscle/cluster/piece.hpp"
#include "corpuscle/event/tracks.hpp"

namespace corpuscle::cluster {

/// Cone clustering proper (detector.md 5.1): layer by layer outwards, a hit joins the piece in whose cone it
/// lies, seen from the piece's hits in the nearest of the layers before; then a piece with a hit beside it in
/// the same layer; or it begins a new piece. It fragments on purpose: merging is for later.
///
/// Each track begins a piece of its own where it enters the ECAL, before any hit. Cost: one or two visits of
/// the grid per hit.
class ConeGrowth {
 public:
  explicit ConeGrowth(detector::Detector const& detector) : detector_(detector) {}

  void operator()(HitGrid const& grid, HitBins const& bins, event::Tracks const& tracks, Pieces& pieces);

 private:
  void begin_with_tracks(HitGrid const& grid, event::Tracks const& tracks, Pieces& pieces);
  void grow_layer(HitGrid const& grid, int layer, Pieces& pieces);
  [[nodiscard]] std::int32_t look_back(HitGrid const& grid, std::uint32_t hit, Pieces const& pieces);
  void find_borders(HitGrid const& grid, int layer, Pieces const& pieces);
  void flood(HitGrid const& grid, int layer, std::size_t from, Pieces& pieces);
  void join(HitGrid const& grid, std::uint32_t hit, std::int32_t piece, Pieces& pieces);
  void close_layer(int layer, Pieces& pieces);

  /// What look_back has to know of a piece: a cache line, where Piece has eight.
  struct alignas(64) Heading {
    core::Vector3 initial, direction;  ///< as in Piece
    double advantage = 1;              ///< factor on squared distances; below 1 for a MIP with a track
    bool is_fitted = false;
  };
  [[nodiscard]] Heading heading_of(Piece const& piece) const;

  /// Sums of the pieces that got hits in the layer under way.
  struct Addition {
    std::int32_t piece = no_piece;
    double weight = 0;
    core::Vector3 sum;
  };

  detector::Detector detector_;
  std::vector<std::uint8_t> is_isolated_;
  std::vector<std::int32_t>
      seed_of_;  ///< per hit: the piece of the track that claims it, then what look_back found
  std::vector<float> seed_distance_;      ///< per hit: how far it is from that track, 1 at most
  std::vector<std::uint64_t> by_energy_;  ///< hits of the layer: energy in the upper half, index in the lower
  std::vector<std::uint32_t> joined_;     ///< hits of the layer that have a piece, in the order they got it
  std::vector<std::uint8_t> is_border_;   ///< per hit: has a hit without piece beside it
  bool is_crowded_ = false;  ///< what look_back found at the hit before: no matter but for the time it takes
  std::vector<Heading> headings_;  ///< per piece, as it was before the layer under way
  std::vector<Addition> additions_;
  std::vector<std::int32_t> addition_of_;  ///< per piece: its row in additions_
};

}  // namespace corpuscle::cluster
