#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/cluster/hit_bins.hpp"
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
/// the surroundings per piece and per hit left over, and pieces in the muon system times tracks. Leftovers in
/// the ECAL that find nothing within a few cells look at a sample of the hits, one in a bin of 25 mm.
class PieceMerging {
 public:
  PieceMerging(detector::Clustering const& parameters, HitGrid const& grid)
      : c_(parameters), sparse_bins_(grid, 10, 2) {}  // coarse: few bins in a circle of 60 to 250 mm

  /// Afterwards `piece_of` holds roots only, or no_piece for hits that are too far from everything.
  void operator()(HitGrid const& grid, HitBins const& bins, Pieces& pieces);

 private:
  void add_widths(HitGrid const& grid, Pieces& pieces);
  void continue_tracks(HitGrid const& grid, Pieces& pieces);
  [[nodiscard]] std::int32_t next_on_path(HitGrid const& grid, std::int32_t id, Pieces& pieces) const;
  void merge_fragments(HitGrid const& grid, HitBins const& bins, Pieces& pieces);
  [[nodiscard]] bool is_firm_photon(Piece const& piece) const;
  [[nodiscard]] bool belongs(Piece const& fragment, Piece const& parent, double distance) const;
  [[nodiscard]] double reach_of(HitGrid const& grid, Piece const& fragment) const;
  void join_muon_system(HitGrid const& grid, Pieces& pieces);
  void add_leftovers(HitGrid const& grid, HitBins const& bins, Pieces& pieces);

  [[nodiscard]] bool fits_track(Piece const& parent, Piece const& addition) const;
  static void merge(std::int32_t from, std::int32_t into, Pieces& pieces);

  detector::Clustering c_;
  std::vector<core::Vector3> axes_;  ///< per piece, from the origin to it
  HitBins sparse_bins_;              ///< a sample of the hits with pieces, to look far
  std::vector<std::uint32_t> samples_;
  std::vector<std::int32_t> order_;
  std::vector<std::int32_t> piece_of_;  ///< per hit, before leftovers join
};

}  // namespace corpuscle::cluster
