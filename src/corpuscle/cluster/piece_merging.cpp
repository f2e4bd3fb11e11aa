#include "corpuscle/cluster/piece_merging.hpp"

#include <algorithm>
#include <cmath>

namespace corpuscle::cluster {

using core::Vector3;

namespace {

/// Distance from the line through `from` along `direction`.
double distance_from_line(Vector3 at, Vector3 from, Vector3 direction) {
  Vector3 const d = at - from;
  double const along = core::dot(d, direction);
  return std::sqrt(std::max(0., core::dot(d, d) - along * along));
}

/// Where a piece ends and where it is going.
struct End {
  Vector3 position, direction;
  int layer = -1;  ///< -1 for a track without hits: it has not reached the first layer
};

End end_of(Piece const& piece) {
  if (piece.n_points == 0) return {piece.origin, piece.initial, -1};
  LayerPoint const& last = piece.points[piece.n_points - 1];
  if (!piece.is_fitted) return {last.position, piece.initial, last.layer};
  // The last layer alone may be off the line.
  Vector3 mean;
  for (std::size_t k = 0; k < piece.n_points; ++k) mean = mean + piece.points[k].position;
  mean = (1. / static_cast<double>(piece.n_points)) * mean;
  return {mean + core::dot(last.position - mean, piece.direction) * piece.direction, piece.direction,
          last.layer};
}

}  // namespace

void PieceMerging::operator()(HitGrid const& grid, HitBins const& bins, Pieces& pieces) {
  add_widths(grid, pieces);
  continue_tracks(grid, pieces);
  merge_fragments(grid, bins, pieces);
  merge_fragments(grid, bins, pieces);  // what has grown may reach what it could not before
  join_muon_system(grid, pieces);
  add_leftovers(grid, bins, pieces);
}

void PieceMerging::add_widths(HitGrid const& grid, Pieces& pieces) {
  axes_.clear();
  for (Piece const& piece : pieces.all) axes_.push_back(direction_of(piece.moment));
  auto const hits = grid.hits();
  for (std::size_t i = 0; i < hits.size(); ++i) {
    std::int32_t const id = pieces.piece_of[i];
    if (id == no_piece) continue;
    Vector3 const at = position(hits[i]);
    double const along = core::dot(at, axes_[id]);
    pieces.all[id].square_moment += hits[i].energy * std::max(0., core::dot(at, at) - along * along);
  }
}

/// Whether the energy of a track's piece still agrees with the momentum after an addition.
bool PieceMerging::fits_track(Piece const& parent, Piece const& addition) const {
  if (parent.track == no_track) return true;
  double const sigma = c_.association_stochastic * std::sqrt(parent.momentum);
  double const energy = parent.hadron_energy(c_) + addition.hadron_energy(c_);
  return energy < parent.momentum + c_.association_chi * sigma;
}

void PieceMerging::merge(std::int32_t from, std::int32_t into, Pieces& pieces) {
  Piece& d = pieces.all[from];
  Piece& p = pieces.all[into];
  bool const was_empty = p.n_layers == 0;
  for (std::size_t part = 0; part < p.energy.size(); ++part) p.energy[part] += d.energy[part];
  p.moment = p.moment + d.moment;
  p.layer_moment += d.layer_moment;
  p.square_moment += d.square_moment;
  p.n_hits += d.n_hits;
  p.n_layers += d.n_layers;
  if (was_empty || d.first_layer < p.first_layer) {
    p.first_layer = d.first_layer;
    p.start = d.start;
  }
  if (was_empty || d.last_layer > p.last_layer) {
    p.last_layer = d.last_layer;
    p.points = d.points;
    p.n_points = d.n_points;
    if (d.is_fitted) {
      p.direction = d.direction;
      p.is_fitted = true;
    }
  }
  pieces.into[from] = into;
}

void PieceMerging::continue_tracks(HitGrid const& grid, Pieces& pieces) {
  // Pieces of tracks come first, by falling momentum.
  for (std::size_t k = 0; k < pieces.all.size() && pieces.all[k].track != no_track; ++k) {
    auto const id = static_cast<std::int32_t>(k);
    for (std::int32_t next = next_on_path(grid, id, pieces); next != no_piece;
         next = next_on_path(grid, id, pieces))
      merge(next, id, pieces);
  }
}

/// The piece that begins nearest to the path of a track beyond its last hit, in the nearest layer with any.
std::int32_t PieceMerging::next_on_path(HitGrid const& grid, std::int32_t id, Pieces& pieces) const {
  auto const hits = grid.hits();
  Piece const& track = pieces.all[id];
  End const end = end_of(track);
  double const steepness = std::max(0.3, core::dot(end.direction, direction_of(end.position)));
  double ahead = 0;
  for (int l = end.layer + 1; l <= std::min(end.layer + c_.track_gap_layers, grid.n_layers() - 1); ++l) {
    Layer const& layer = grid.layers()[l];
    if (layer.part == Part::muon) break;
    ahead += (layer.pitch + layer.gap_before) / steepness;
    double const reach = layer.cone->track_distance + c_.track_spread * ahead;
    std::int32_t best = no_piece;
    double closest = reach;
    grid.visit_near(view_of(end.position + ahead * end.direction), l, reach, [&](std::uint32_t j) {
      if (pieces.piece_of[j] == no_piece) return;
      std::int32_t const other = pieces.root(pieces.piece_of[j]);
      Piece const& piece = pieces.all[other];
      if (piece.track != no_track || piece.first_layer < l) return;
      double const across = distance_from_line(position(hits[j]), end.position, end.direction);
      if (across >= closest || !fits_track(track, piece)) return;
      closest = across;
      best = other;
    });
    if (best != no_piece) return best;
  }
  return no_piece;
}

/// A photon by itself, and not a fragment that happens to look like one.
bool PieceMerging::is_firm_photon(Piece const& piece) const {
  return piece.sum() > c_.photon_min_energy && piece.is_photon(c_);
}

/// How far a fragment looks for the piece it is part of.
double PieceMerging::reach_of(HitGrid const& grid, Piece const& fragment) const {
  detector::Clustering::Cone const& cone = *grid.layers()[fragment.first_layer].cone;
  if (fragment.n_hits < c_.min_hits) return 0;  // to be dissolved
  double const energy = fragment.hadron_energy(c_);
  if (is_firm_photon(fragment)) return c_.contact_distance;
  if (fragment.first_layer < c_.early_layer && energy > c_.early_min_energy) return c_.contact_distance;
  if (energy > c_.soft_max_energy) return cone.hard_distance;
  return fragment.first_layer > c_.deep_layer ? std::max(2 * c_.ecal.soft_distance, cone.soft_distance)
                                              : cone.soft_distance;
}

/// Whether a fragment is part of the piece it found.
bool PieceMerging::belongs(Piece const& fragment, Piece const& parent, double distance) const {
  if (is_firm_photon(fragment)) {
    bool const is_scrap = fragment.sum() < c_.photon_scrap_fraction * parent.sum();
    // The core of a charged particle's shower: it begins behind the track's first hits.
    bool const is_core = parent.track != no_track && fragment.first_layer > parent.first_layer &&
                         parent.hadron_energy(c_) + fragment.hadron_energy(c_) < parent.momentum;
    return distance < c_.contact_distance && (is_scrap || is_core);
  }
  return fits_track(parent, fragment);
}

void PieceMerging::merge_fragments(HitGrid const& grid, HitBins const& bins, Pieces& pieces) {
  order_.clear();
  for (std::size_t k = 0; k < pieces.all.size(); ++k) {
    Piece const& piece = pieces.all[k];
    if (piece.track == no_track && pieces.is_root(static_cast<std::int32_t>(k)) &&
        grid.layers()[piece.first_layer].part != Part::muon)
      order_.push_back(static_cast<std::int32_t>(k));
  }
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::int32_t a, std::int32_t b) { return pieces.all[a].sum() < pieces.all[b].sum(); });
  for (std::int32_t id : order_) {
    Piece const& fragment = pieces.all[id];
    double const reach = reach_of(grid, fragment);
    if (reach <= 0) continue;
    auto const is_other = [&](std::uint32_t hit) {
      return pieces.piece_of[hit] != no_piece && pieces.root(pieces.piece_of[hit]) != id;
    };
    auto best = bins.nearest(fragment.start.position, fragment.first_layer, reach, is_other);
    auto const of_centre = bins.nearest(fragment.centroid(), static_cast<int>(fragment.mean_layer()),
                                        best.is_found ? best.distance : reach, is_other);
    if (of_centre.is_found) best = of_centre;
    if (!best.is_found) continue;
    std::int32_t const parent = pieces.root(pieces.piece_of[best.hit]);
    if (belongs(fragment, pieces.all[parent], best.distance)) merge(id, parent, pieces);
  }
}

void PieceMerging::join_muon_system(HitGrid const& grid, Pieces& pieces) {
  for (std::size_t k = 0; k < pieces.all.size(); ++k) {
    Piece const& stub = pieces.all[k];
    if (stub.n_hits == 0 || !pieces.is_root(static_cast<std::int32_t>(k)) ||
        grid.layers()[stub.first_layer].part != Part::muon)
      continue;
    std::int32_t best = no_piece;
    double closest = c_.muon.track_distance;
    for (std::size_t t = 0; t < pieces.all.size() && pieces.all[t].track != no_track; ++t) {
      End const end = end_of(pieces.all[t]);
      if (end.layer < 0 || grid.layers()[end.layer].part == Part::ecal) continue;
      Vector3 const gap = stub.start.position - end.position;
      double const along = core::dot(gap, end.direction);
      double const across = distance_from_line(stub.start.position, end.position, end.direction);
      // No other piece of a muon is wider than the cone it went through.
      if (along <= 0 || across >= closest || across > along) continue;
      closest = across;
      best = static_cast<std::int32_t>(t);
    }
    if (best != no_piece) merge(static_cast<std::int32_t>(k), best, pieces);
  }
}

void PieceMerging::add_leftovers(HitGrid const& grid, HitBins const& bins, Pieces& pieces) {
  auto const hits = grid.hits();
  for (std::int32_t& id : pieces.piece_of) {
    if (id != no_piece) id = pieces.root(id);
    if (id != no_piece && pieces.all[id].n_hits < c_.min_hits) id = no_piece;
  }
  // Leftovers must not pull in others behind them.
  piece_of_ = pieces.piece_of;
  auto const has_piece = [&](std::uint32_t hit) { return piece_of_[hit] != no_piece; };
  bins.one_of_each_bin(has_piece, samples_);
  sparse_bins_.fill(grid, samples_);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (piece_of_[i] != no_piece) continue;
    int const layer = hits[i].layer;
    double const reach = grid.layers()[layer].cone->leftover_distance;
    if (reach <= 0) continue;
    Vector3 const at = position(hits[i]);
    bool const is_coarse = grid.layers()[layer].part == Part::hcal;
    auto found = bins.nearest(at, layer, is_coarse ? reach : std::min(reach, bins.narrow(layer)), has_piece);
    if (!found.is_found && !is_coarse) found = sparse_bins_.nearest(at, layer, reach, has_piece);
    if (found.is_found) pieces.piece_of[i] = piece_of_[found.hit];
  }
}

}  // namespace corpuscle::cluster
