#include "corpuscle/cluster/cone_growth.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <tuple>

#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::cluster {

using core::Vector3;

namespace {

/// A cone also takes hits this far behind its tip [mm] (detector.md 5.1).
constexpr double behind_tip = 10;
/// Layers before and behind in which a hit is looked for company (detector.md 5.1).
constexpr int isolation_layers = 2;
/// If this many hits are at most so many cells off the way from layer to layer, looking back is content with
/// them: what a hit costs must not grow with the density. Tuned on up to 400 pions shot at once.
constexpr std::uint32_t crowd = 4;
constexpr double crowd_pads = 1.5;
/// A line is fitted through a piece that spans this many layers (detector.md 5.1) and is in this many of
/// them.
constexpr int min_span = 6;
constexpr std::size_t min_points = 4;

/// Direction of the line through points, by least squares along a first guess of it.
Vector3 fit_direction(std::span<LayerPoint const> points, Vector3 guess) {
  Vector3 mean;
  for (LayerPoint const& p : points) mean = mean + p.position;
  mean = (1. / static_cast<double>(points.size())) * mean;
  Vector3 slope;
  for (LayerPoint const& p : points) {
    Vector3 const d = p.position - mean;
    slope = slope + core::dot(d, guess) * d;
  }
  return core::dot(slope, slope) > 0 ? direction_of(slope) : guess;
}

}  // namespace

void ConeGrowth::operator()(HitGrid const& grid, HitBins const& bins, event::Tracks const& tracks,
                            Pieces& pieces) {
  pieces.clear(grid.hits().size());
  bins.find_isolated(grid, isolation_layers, is_isolated_);
  begin_with_tracks(grid, tracks, pieces);
  addition_of_.assign(pieces.all.size(), no_piece);
  headings_.clear();
  for (Piece const& piece : pieces.all) headings_.push_back(heading_of(piece));
  is_border_.assign(grid.hits().size(), 0);
  for (int layer = 0; layer < grid.n_layers(); ++layer) grow_layer(grid, layer, pieces);
}

void ConeGrowth::begin_with_tracks(HitGrid const& grid, event::Tracks const& tracks, Pieces& pieces) {
  auto const hits = grid.hits();
  detector::Clustering const& c = detector_.clustering;
  seed_of_.assign(hits.size(), no_piece);
  seed_distance_.assign(hits.size(), 1);
  auto const& state = tracks.at(event::TrackPoint::at_calorimeter);
  auto const& at_ip = tracks.at(event::TrackPoint::at_ip);
  for (std::size_t t = 0; t < tracks.size(); ++t) {
    if (!state.is_present[t] || !at_ip.is_present[t] || at_ip.omega[t] == 0) continue;
    auto const helix =
        detector::Helix::from_parameters(state.d0[t], state.phi[t], state.omega[t], state.z0[t],
                                         state.tan_lambda[t], {state.x[t], state.y[t], state.z[t]});
    Piece piece;
    piece.origin = helix.position(0);
    piece.initial = piece.direction = helix.direction(0);
    piece.track = static_cast<std::int32_t>(t);
    piece.momentum = units::bending * std::abs(detector_.field / at_ip.omega[t]) *
                     std::hypot(1., double{at_ip.tan_lambda[t]});
    pieces.add(piece);
  }
  // Rows of tracks must not matter where two claim the same hit at the same distance.
  std::sort(pieces.all.begin(), pieces.all.end(), [](Piece const& a, Piece const& b) {
    auto const key = [](Piece const& p) {
      return std::tuple(-p.momentum, p.origin.x, p.origin.y, p.origin.z);
    };
    return key(a) < key(b);
  });
  for (std::size_t id = 0; id < pieces.all.size(); ++id) {
    Piece const& piece = pieces.all[id];
    View const entry = view_of(piece.origin);
    for (int l = 0; l < std::min(c.track_seed_layers, grid.n_layers()); ++l) {
      Layer const& layer = grid.layers()[l];
      double const width = c.track_seed_pads * layer.cell_size;
      double const slanted =
          3 * (l + 1) * layer.pitch;  // sideways, for tracks that enter at up to 70 degrees
      grid.visit_near(entry, l, width + slanted, [&](std::uint32_t j) {
        Vector3 const d = position(hits[j]) - piece.origin;
        double const along = core::dot(d, piece.initial);
        double const across = std::sqrt(std::max(0., core::dot(d, d) - along * along));
        auto const distance = static_cast<float>(across / width / c.track_advantage);
        if (across >= width || std::abs(along) >= c.track_seed_distance || distance >= seed_distance_[j])
          return;
        seed_distance_[j] = distance;
        seed_of_[j] = static_cast<std::int32_t>(id);
      });
    }
  }
}

void ConeGrowth::grow_layer(HitGrid const& grid, int layer, Pieces& pieces) {
  auto const hits = grid.hits();
  by_energy_.clear();
  joined_.clear();
  for (std::uint32_t i = grid.layer_begin(layer); i < grid.layer_begin(layer + 1); ++i) {
    // Bits of positive floats are ordered as their values; inverted, the highest energy comes first.
    std::uint64_t const falling = ~std::bit_cast<std::uint32_t>(hits[i].energy);
    if (!is_isolated_[i]) by_energy_.push_back(falling << 32 | i);
  }
  std::sort(by_energy_.begin(), by_energy_.end());

  // In the order of the grid, neighbours one after the other; nothing has changed before all have looked.
  is_crowded_ = false;
  for (std::uint32_t i = grid.layer_begin(layer); i < grid.layer_begin(layer + 1); ++i)
    if (!is_isolated_[i] && seed_of_[i] == no_piece) seed_of_[i] = look_back(grid, i, pieces);
  for (std::uint64_t key : by_energy_) {
    auto const i = static_cast<std::uint32_t>(key);
    if (seed_of_[i] != no_piece) join(grid, i, seed_of_[i], pieces);
  }
  if (joined_.size() < by_energy_.size()) {
    find_borders(grid, layer, pieces);
    flood(grid, layer, 0, pieces);
  }
  for (std::uint64_t key : by_energy_) {
    if (joined_.size() == by_energy_.size()) break;
    auto const i = static_cast<std::uint32_t>(key);
    if (pieces.piece_of[i] != no_piece) continue;
    Piece piece;
    piece.origin = position(hits[i]);
    piece.initial = piece.direction = direction_of(piece.origin);
    addition_of_.push_back(no_piece);
    headings_.push_back(heading_of(piece));
    join(grid, i, pieces.add(piece), pieces);
    flood(grid, layer, joined_.size() - 1, pieces);
  }
  close_layer(layer, pieces);
}

ConeGrowth::Heading ConeGrowth::heading_of(Piece const& piece) const {
  detector::Clustering const& c = detector_.clustering;
  bool const is_mip =
      piece.is_fitted && piece.track != no_track && piece.n_hits <= c.mip_max_hits_per_layer * piece.n_layers;
  return {piece.initial, piece.direction, is_mip ? 1 / (c.track_advantage * c.track_advantage) : 1.,
          piece.is_fitted};
}

/// The piece in whose cone the hit lies deepest, seen from the nearest of the layers before that has one.
/// Runs once per hit: measure before changing.
std::int32_t ConeGrowth::look_back(HitGrid const& grid, std::uint32_t i, Pieces const& pieces) {
  auto const hits = grid.hits();
  int const at_layer = hits[i].layer;
  Layer const& here = grid.layers()[at_layer];
  double const tangent = here.cone->tangent, max_gap = here.cone->max_gap;
  double const tip = here.cone->pads * here.cell_size;
  Vector3 const at = position(hits[i]);
  int const last_step = std::min(detector_.clustering.step_back, at_layer);
  HitGrid::Found near;
  for (int step = 1; step <= last_step; ++step) {
    double const radius = tip + (1 + tangent) * here.pitch * step;
    double const sideways = crowd_pads * here.cell_size, ahead = here.pitch * step;
    auto const squared = static_cast<float>(sideways * sideways + 2 * ahead * ahead);
    // Moves those to the front that have a piece and are at most so far.
    auto const sift = [&](std::uint32_t n, float at_most) {
      std::uint32_t n_left = 0;
      for (std::uint32_t k = 0; k < n; ++k) {
        std::uint32_t const j = near[k];
        near[k] = near[n_left];
        near[n_left] = j;
        n_left += (pieces.piece_of[j] != no_piece) & (squared_distance(hits[i], hits[j]) < at_most);
      }
      return n_left;
    };
    std::uint32_t n_near = 0;
    if (is_crowded_)
      n_near = sift(grid.find_near(grid.views()[i], at_layer - step, std::sqrt(squared), near), squared);
    if (n_near < crowd) {
      n_near = grid.find_near(grid.views()[i], at_layer - step, radius, near);
      n_near = sift(n_near, std::numeric_limits<float>::infinity());
      std::uint32_t const n_beside = n_near < crowd ? 0 : sift(n_near, squared);
      is_crowded_ = n_beside >= crowd;
      if (is_crowded_) n_near = n_beside;
    }
    if (n_near == 0) continue;

    std::int32_t found = no_piece;
    double best = 1;  // squared, as all distances here
    auto const look_from = [&](std::uint32_t j) {
      std::int32_t const id = pieces.piece_of[j];
      Heading const& heading = headings_[id];
      Vector3 const d = at - position(hits[j]);
      double const d2 = core::dot(d, d);
      auto const look_along = [&](Vector3 direction) {
        double const along = core::dot(d, direction);
        double const width = along * tangent + tip;
        double const across2 = std::max(0., d2 - along * along);
        double const width2 = width * width;
        double const weighted = across2 * heading.advantage;
        bool const is_in_cone = (along >= -behind_tip) & (along <= max_gap) & (across2 < width2);
        if (!(is_in_cone & (weighted < best * width2))) return;
        best = weighted / width2;
        found = id;
      };
      look_along(heading.initial);
      if (heading.is_fitted) look_along(heading.direction);
    };
    bool is_one = true;
    for (std::uint32_t k = 1; k < n_near; ++k) is_one &= pieces.piece_of[near[k]] == pieces.piece_of[near[0]];
    if (is_one) {
      // Inside a shower: any hit will do, and one in the middle is the likeliest.
      for (std::uint32_t k = 0; k < n_near && found == no_piece; ++k) {
        std::uint32_t const from_middle = n_near / 2 + k;
        look_from(near[from_middle < n_near ? from_middle : from_middle - n_near]);
      }
    } else {
      for (std::uint32_t k = 0; k < n_near; ++k) look_from(near[k]);
    }
    if (found != no_piece) return found;
  }
  return no_piece;
}

/// Marks the hits beside those that have no piece yet. Few have none where a shower goes on, and flooding
/// need not look around the others.
void ConeGrowth::find_borders(HitGrid const& grid, int layer, Pieces const& pieces) {
  auto const hits = grid.hits();
  std::uint32_t const begin = grid.layer_begin(layer), end = grid.layer_begin(layer + 1);
  if (joined_.size() < by_energy_.size() / 2) {
    std::fill(is_border_.begin() + begin, is_border_.begin() + end, std::uint8_t{1});
    return;
  }
  double const reach = grid.layers()[layer].cone->same_layer_pads * grid.layers()[layer].cell_size;
  auto const squared = static_cast<float>(reach * reach);
  for (std::uint32_t i = begin; i < end; ++i) {
    if (pieces.piece_of[i] != no_piece || is_isolated_[i]) continue;
    grid.visit_near(grid.views()[i], layer, reach, [&](std::uint32_t j) {
      if (j != i && squared_distance(hits[i], hits[j]) < squared) is_border_[j] = 1;
    });
  }
}

/// Hits beside those in joined_, from the one at `from` on, join the same piece.
void ConeGrowth::flood(HitGrid const& grid, int layer, std::size_t from, Pieces& pieces) {
  auto const hits = grid.hits();
  double const reach = grid.layers()[layer].cone->same_layer_pads * grid.layers()[layer].cell_size;
  auto const squared = static_cast<float>(reach * reach);
  for (std::size_t next = from; next < joined_.size(); ++next) {
    std::uint32_t const i = joined_[next];
    if (!is_border_[i]) continue;
    grid.visit_near(grid.views()[i], layer, reach, [&](std::uint32_t j) {
      if (pieces.piece_of[j] != no_piece || is_isolated_[j]) return;
      if (squared_distance(hits[i], hits[j]) < squared) join(grid, j, pieces.piece_of[i], pieces);
    });
  }
}

void ConeGrowth::join(HitGrid const& grid, std::uint32_t i, std::int32_t id, Pieces& pieces) {
  GridHit const& hit = grid.hits()[i];
  pieces.piece_of[i] = id;
  joined_.push_back(i);
  Piece& piece = pieces.all[id];
  piece.energy[static_cast<std::size_t>(grid.layers()[hit.layer].part)] += hit.energy;
  piece.n_hits += hit.count;
  if (addition_of_[id] == no_piece) {
    addition_of_[id] = static_cast<std::int32_t>(additions_.size());
    additions_.push_back({id, 0, {}});
  }
  Addition& addition = additions_[addition_of_[id]];
  addition.weight += hit.energy;
  addition.sum = addition.sum + double{hit.energy} * position(hit);
}

void ConeGrowth::close_layer(int layer, Pieces& pieces) {
  for (Addition const& addition : additions_) {
    addition_of_[addition.piece] = no_piece;
    Piece& piece = pieces.all[addition.piece];
    LayerPoint const point{(1 / addition.weight) * addition.sum, layer};
    piece.moment = piece.moment + addition.sum;
    piece.layer_moment += addition.weight * layer;
    if (piece.n_layers++ == 0) {
      piece.start = point;
      piece.first_layer = layer;
    }
    piece.last_layer = layer;
    if (piece.n_points == Piece::max_points) {
      std::move(piece.points.begin() + 1, piece.points.end(), piece.points.begin());
      --piece.n_points;
    }
    piece.points[piece.n_points++] = point;
    if (layer - piece.first_layer >= min_span && piece.n_points >= min_points) {
      piece.direction = fit_direction(std::span(piece.points).first(piece.n_points), piece.direction);
      piece.is_fitted = true;
    }
    headings_[addition.piece] = heading_of(piece);
  }
  additions_.clear();
}

}  // namespace corpuscle::cluster
