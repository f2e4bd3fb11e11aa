#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/clustering.hpp"

namespace corpuscle::cluster {

inline constexpr std::int32_t no_piece = -1;
inline constexpr std::int32_t no_track = -1;

/// Where a piece is in one layer.
struct LayerPoint {
  core::Vector3 position;  ///< energy-weighted [mm]
  int layer = 0;
};

/// A cluster in the making: its sums, its ends and where it is going.
struct Piece {
  static constexpr std::size_t max_points = 8;  ///< layers in the fit of the direction (detector.md 5.1)

  core::Vector3 origin;     ///< of the first hit, or of the track where it enters [mm]
  core::Vector3 initial;    ///< direction it began with: the track's, or away from the origin
  core::Vector3 direction;  ///< of the line through the last layers; the initial one until it is fitted
  bool is_fitted = false;
  std::int32_t track = no_track;
  double momentum = 0;  ///< of that track [GeV]

  int first_layer = 0, last_layer = 0;
  int n_layers = 0, n_hits = 0;
  std::array<double, 3> energy{};  ///< of its hits, per Part [GeV]
  core::Vector3 moment;            ///< sum of energy times position [GeV mm]
  double layer_moment = 0;         ///< sum of energy times layer [GeV]
  double square_moment = 0;  ///< sum of energy times squared distance from the line to the origin [GeV mm^2]
  LayerPoint start;
  std::array<LayerPoint, max_points> points;  ///< the last layers, in order
  std::size_t n_points = 0;

  [[nodiscard]] double sum() const noexcept { return energy[0] + energy[1] + energy[2]; }  ///< [GeV]
  [[nodiscard]] core::Vector3 centroid() const { return (1 / sum()) * moment; }
  [[nodiscard]] double mean_layer() const { return layer_moment / sum(); }

  /// On the hadronic scale [GeV].
  [[nodiscard]] double hadron_energy(detector::Clustering const& c) const noexcept {
    return energy[0] * c.ecal.hadron_scale + energy[1] * c.hcal.hadron_scale +
           energy[2] * c.muon.hadron_scale;
  }

  /// Compact, early in the ECAL, and without a track.
  [[nodiscard]] bool is_photon(detector::Clustering const& c) const noexcept {
    double const e = sum();
    return track == no_track && first_layer <= c.photon_max_first_layer &&
           energy[0] > c.photon_min_ecal_fraction * e && layer_moment < c.photon_max_mean_layer * e &&
           square_moment < c.photon_max_width * c.photon_max_width * e;
  }
};

/// What hits were grouped to. A hit belongs to the piece that root() gives for its `piece_of`.
struct Pieces {
  std::vector<Piece> all;
  std::vector<std::int32_t> into;      ///< per piece: the one that took it in; itself if none did
  std::vector<std::int32_t> piece_of;  ///< per hit of the grid; no_piece for those standing alone

  void clear(std::size_t n_hits) {
    all.clear();
    into.clear();
    piece_of.assign(n_hits, no_piece);
  }
  std::int32_t add(Piece const& piece) {
    auto const id = static_cast<std::int32_t>(all.size());
    all.push_back(piece);
    into.push_back(id);
    return id;
  }
  [[nodiscard]] bool is_root(std::int32_t id) const noexcept { return into[id] == id; }
  [[nodiscard]] std::int32_t root(std::int32_t id) noexcept {
    while (into[id] != id) id = into[id] = into[into[id]];
    return id;
  }
};

}  // namespace corpuscle::cluster
