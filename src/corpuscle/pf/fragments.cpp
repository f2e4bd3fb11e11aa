#include "corpuscle/pf/fragments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace corpuscle::pf {
namespace {

using core::Vector3;

constexpr double infinity = std::numeric_limits<double>::infinity();

// Pairs farther apart were not fitted [mm].
constexpr double max_distance = 1500, max_behind = 800, max_lateral = 400;
constexpr double core_radius = 8;  // mm

/// A constant, then the coefficients of FragmentEvidence::Terms.
struct ByKind {
  std::array<double, 9> hadronic, photon;  ///< the fragment
};
constexpr ByKind of_track{{7.5, 1.26, -0.178, 1.61, -3.09, 1.41, -1.3, -1.55, -1.09},
                          {11.1, 0.133, -0.0674, -0.3, -2.27, 1.25, 0.106, -0.0932, -2.73}};
constexpr ByKind of_charged{{5.53, -0.618, -0.835, 0.249, -0.621, 1.06, -1.25, -1.87, -0.89},
                            {10.1, -0.992, -0.254, -0.379, -0.989, 0.233, -1.12, -1.11, -1.02}};
constexpr ByKind of_neutral{{3.53, -1.1, -0.859, -1.01, 0.465, 0.509, -0.484, -0.374, 0.577},
                            {5.25, -1.06, -0.707, -1.56, 0.362, 0.366, -1.57, -0.438, 0.128}};
constexpr ByKind of_photon{{1.3, -0.964, -1.06, -1.09, 0.431, 0.745, 0.0999, -0.375, 0.475},
                           {4.46, -0.941, -0.723, -1.72, 0.168, 0.45, -1.24, -0.785, -0.0893}};

/// Of a distance [mm]; the offset keeps what the cell size hides from counting.
double log_distance(double distance, double offset) {
  return std::log(std::min(distance, 500.) / 10 + offset);
}

double lateral(Vector3 offset, Vector3 direction) {
  double const along = core::dot(offset, direction);
  return std::sqrt(std::max(0., core::dot(offset, offset) - along * along));
}

}  // namespace

void FragmentEvidence::set_fragment(Shower const& fragment) {
  fragment_ = &fragment;
  centroid_ = fragment.sums.centroid();
  direction_ = (1 / core::length(centroid_)) * centroid_;
  double core = 0;
  for (std::uint32_t i : fragment.hits)
    if (lateral(hits_[i].position - centroid_, direction_) < core_radius) core += hits_[i].energy;
  core_fraction_ = core / fragment.sums.sum();
  track_distance_ = infinity;
  for (ChargedTrack const& track : tracks_)
    if (track.path) track_distance_ = std::min(track_distance_, track.path->distance_of(centroid_));
}

std::optional<FragmentEvidence::Terms> FragmentEvidence::compare(Shower const& parent) const {
  Shower const& fragment = *fragment_;
  bool const is_charged = !parent.tracks.empty();
  if (!is_charged && parent.energy < fragment.energy) return std::nullopt;
  double from_track = infinity, depth = 0;
  for (std::uint32_t t : parent.tracks) {
    double const distance = tracks_[t].path->distance_of(centroid_);
    if (distance >= from_track) continue;
    from_track = distance;
    depth = std::max(0., tracks_[t].path->depth_of(centroid_));
  }
  // A track without shower is looked for where it enters.
  Vector3 const place =
      parent.hits.empty() ? tracks_[parent.tracks.front()].path->position : parent.sums.centroid();
  Vector3 const offset = place - centroid_;
  double const across = lateral(offset, direction_);
  if (core::length(offset) > max_distance || core::dot(offset, direction_) < -max_behind ||
      std::min(across, from_track) > max_lateral)
    return std::nullopt;

  double nearest = infinity;
  for (std::uint32_t i : fragment.hits)
    if (parent.hits.empty())
      nearest = std::min(nearest, tracks_[parent.tracks.front()].path->distance_of(hits_[i].position));
    else
      for (std::uint32_t j : parent.hits)
        nearest = std::min(nearest, core::length(hits_[i].position - hits_[j].position));
  double first, second;
  if (is_charged) {
    // A hadronic shower widens with depth.
    first = std::log((std::min(from_track, 500.) + 10) / (30 + 0.2 * std::min(depth, 1500.)));
    ShowerSums sums = parent.sums;
    sums += fragment.sums;
    second = std::clamp(excess(energy_.hadron(sums), parent.track_energy, parameters_), 1., 5.);
  } else {
    first = std::log(parent.energy);
    second = std::log(std::max(fragment.energy, 1e-3));
  }
  return Terms{std::log(static_cast<double>(fragment.hits.size())),
               log_distance(nearest, 1e-4),
               log_distance(across, 0.5),
               std::log(std::max(core::length(offset), 1e-3)),
               log_distance(track_distance_, 0.5),
               core_fraction_,
               first,
               second};
}

double FragmentEvidence::of(Shower const& parent) const {
  std::optional<Terms> const terms = compare(parent);
  if (!terms) return -infinity;
  ByKind const& by_kind = parent.hits.empty()                     ? of_track
                          : !parent.tracks.empty()                ? of_charged
                          : parent.kind == Shower::Kind::hadronic ? of_neutral
                                                                  : of_photon;
  auto const& c = fragment_->kind == Shower::Kind::hadronic ? by_kind.hadronic : by_kind.photon;
  double sum = c[0];
  for (std::size_t k = 0; k < terms->size(); ++k) sum += c[k + 1] * (*terms)[k];
  return sum;
}

}  // namespace corpuscle::pf
