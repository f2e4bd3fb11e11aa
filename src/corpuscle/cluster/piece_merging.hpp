#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/cluster/hit_grid.hpp"
#include "corpuscle/cluster/piece.hpp"

namespace corpuscle::cluster {

/// Puts together what cone growth has left in pieces: a few rules that do what Pandora's fourteen association
/// algorithms are for (detector.md 6.1, 6.4).
///
/// 1. A track goes on through gaps: pieces that begin on its path are its own.
/// 2. Fragments join the nearest piece, softest first: soft ones (SoftClusterMerging), scraps of photons in
///    contact with a larger one. Photons and early neutral particles stay by themselves.
/// 3. Pieces in the muon system join the track that points to them.
/// 4. Pieces of a few hits are dissolved; their hits, and those that stood alone, join the nearest piece
///    (IsolatedHitMerging).
///
/// A track's piece takes in nothing that would make its energy exceed the momentum by much. Cost: a visit of
/// the surroundings per piece and per hit left over.
class PieceMerging {
 public:
  explicit PieceMerging(detector::Detector const& detector);

  /// Afterwards `piece_of` holds roots only, or no_piece for hits that are too far from everything.
  /// @param grid  filled with `hits`
  void operator()(HitGrid const& grid, event::CaloHits const& hits, Pieces& pieces);

 private:
  struct Neighbour {
    std::int32_t piece = no_piece;
    double distance = 0;  ///< of its nearest hit [mm]
  };

  void add_widths(HitGrid const& grid, Pieces& pieces) const;
  void continue_tracks(HitGrid const& grid, Pieces& pieces);
  [[nodiscard]] std::int32_t next_on_path(HitGrid const& grid, std::int32_t id, Pieces& pieces) const;
  void merge_fragments(HitGrid const& grid, Pieces& pieces);
  [[nodiscard]] bool is_firm_photon(Piece const& piece) const;
  [[nodiscard]] bool belongs(Piece const& fragment, Piece const& parent, double distance) const;
  [[nodiscard]] double reach_of(HitGrid const& grid, Piece const& fragment) const;
  void join_muon_system(HitGrid const& grid, Pieces& pieces);
  void add_leftovers(HitGrid const& grid, Pieces& pieces);

  [[nodiscard]] bool fits_track(Piece const& parent, Piece const& addition) const;
  [[nodiscard]] Neighbour nearest(core::Vector3 place, int layer, double radius, std::int32_t self,
                                  Pieces& pieces) const;
  [[nodiscard]] Neighbour nearest_within(GridHit const& centre, int group, double radius, std::int32_t self,
                                         Pieces& pieces) const;
  static void merge(std::int32_t from, std::int32_t into, Pieces& pieces);

  detector::Clustering c_;
  HitGrid coarse_;                          ///< for looking far
  std::vector<std::int32_t> piece_of_row_;  ///< per row of CaloHits, as `piece_of` in cone growth
  std::vector<std::int32_t> order_;
};

}  // namespace corpuscle::cluster
