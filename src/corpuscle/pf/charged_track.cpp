#include "corpuscle/pf/charged_track.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::pf {
namespace {

using core::Vector3;

constexpr double pion_mass = 0.13957;  // GeV; PDG 2022
/// A stiffer track is an omega of nearly zero, not a measurement.
constexpr double max_momentum = 1e5 * units::GeV;

/// sigma(p)/p, from p = const sqrt(1 + tan_lambda^2) / |omega| and the covariance of the two.
double relative_momentum_error(event::TrackStates const& states, std::size_t row) {
  auto const& covariance = states.covariance[row];
  double const by_omega = -1.0 / states.omega[row];
  double const tan_lambda = states.tan_lambda[row];
  double const by_tan_lambda = tan_lambda / (1 + tan_lambda * tan_lambda);
  double const variance = by_omega * by_omega * covariance[5] +
                          2 * by_omega * by_tan_lambda * covariance[12] +
                          by_tan_lambda * by_tan_lambda * covariance[14];
  return std::sqrt(std::max(variance, 0.0));  // NaN stays NaN
}

detector::Helix helix_at(event::TrackStates const& states, std::size_t row) {
  return detector::Helix::from_parameters(states.d0[row], states.phi[row], states.omega[row], states.z0[row],
                                          states.tan_lambda[row],
                                          {states.x[row], states.y[row], states.z[row]});
}

/// Transverse distance of the first hit from the beam [mm]; 0 if the file does not tell. EDM4hep 1.x has no
/// member for it, but the track state at the first hit refers to the position of that hit.
double innermost_radius(event::Tracks const& tracks, std::size_t row) {
  if (tracks.innermost_hit_radius[row] > 0) return tracks.innermost_hit_radius[row];
  auto const& states = tracks.at(event::TrackPoint::at_first_hit);
  return states.is_present[row] ? std::hypot(states.x[row], states.y[row]) : 0;
}

TrackPath make_path(detector::Helix const& helix, Vector3 position, Vector3 direction) {
  // The transverse direction (cos phi, sin phi) turns by -omega cos(lambda) per unit of depth.
  double const half_turn = helix.omega * core::transverse_length(direction) / 2;
  return {position, direction, half_turn * Vector3{direction.y, -direction.x, 0}};
}

std::optional<TrackPath> find_path(event::Tracks const& tracks, std::size_t row,
                                   detector::CalorimeterShell const& shell) {
  for (auto point : {event::TrackPoint::at_last_hit, event::TrackPoint::at_ip}) {
    auto const& states = tracks.at(point);
    if (!states.is_present[row]) continue;
    detector::Helix const helix = helix_at(states, row);
    if (auto const crossing = detector::extrapolate(helix, shell))
      return make_path(helix, crossing->position, crossing->direction);
  }
  auto const& states = tracks.at(event::TrackPoint::at_calorimeter);
  if (!states.is_present[row]) return std::nullopt;
  detector::Helix const helix = helix_at(states, row);
  return make_path(helix, helix.origin, helix.direction(0));
}

/// Two tracks on one helix: a clone, or two arcs of one looping particle. All arcs pass the beam at the same
/// place in the transverse plane, so their momenta there agree; an arc found backwards has the opposite
/// momentum and charge.
bool on_same_helix(ChargedTrack const& a, ChargedTrack const& b, double tolerance) {
  Vector3 const difference = a.charge * b.charge * a.momentum - b.momentum;
  return core::transverse_length(difference) < tolerance * b.pt && std::abs(difference.z) < tolerance * b.p;
}

}  // namespace

double TrackPath::distance_of(Vector3 point) const {
  double const depth = std::max(0., depth_of(point));
  return core::length(point - at(depth));
}

std::vector<ChargedTrack> select_tracks(event::Tracks const& tracks, detector::Detector const& detector) {
  detector::ParticleFlow const& cut = detector.particle_flow;
  auto const& at_ip = tracks.at(event::TrackPoint::at_ip);
  std::vector<ChargedTrack> selected;
  for (std::size_t row = 0; row < tracks.size(); ++row) {
    if (!at_ip.is_present[row] || at_ip.omega[row] == 0) continue;
    ChargedTrack track;
    track.impact = std::max(std::abs(at_ip.d0[row]), std::abs(at_ip.z0[row]));
    if (track.impact > cut.track_max_impact) continue;
    if (innermost_radius(tracks, row) > cut.track_max_innermost_radius) continue;
    track.relative_momentum_error = relative_momentum_error(at_ip, row);
    if (!(track.relative_momentum_error <= cut.track_max_relative_momentum_error)) continue;  // nor NaN
    detector::Helix const helix = helix_at(at_ip, row);
    track.id = event::TrackId(row);
    track.origin = helix.origin;
    track.pt = units::bending * std::abs(detector.field / helix.omega);
    track.momentum = track.pt * Vector3{std::cos(helix.phi), std::sin(helix.phi), helix.tan_lambda};
    track.p = core::length(track.momentum);
    track.charge = at_ip.omega[row] * detector.field > 0 ? 1 : -1;
    track.energy = std::hypot(track.p, pion_mass);
    if (!(track.energy < max_momentum)) continue;
    track.path = find_path(tracks, row, detector.ecal);
    selected.push_back(track);
  }
  // All that is used of a track, so that equal keys mean equal tracks.
  auto const key = [](ChargedTrack const& t) {
    TrackPath const path = t.path.value_or(TrackPath{});
    return std::tuple(-t.pt, t.momentum.x, t.momentum.y, t.momentum.z, t.origin.x, t.origin.y, t.origin.z,
                      t.relative_momentum_error, path.position.x, path.position.y, path.position.z,
                      path.direction.x, path.direction.y);
  };
  std::sort(selected.begin(), selected.end(),
            [&](ChargedTrack const& a, ChargedTrack const& b) { return key(a) < key(b); });

  std::vector<ChargedTrack> kept;
  for (ChargedTrack const& track : selected) {
    bool is_duplicate = false;
    for (auto k = kept.rbegin(); k != kept.rend() && k->pt <= (1 + cut.duplicate_tolerance) * track.pt; ++k)
      is_duplicate = is_duplicate || on_same_helix(*k, track, cut.duplicate_tolerance);
    if (!is_duplicate) kept.push_back(track);
  }
  return kept;
}

}  // namespace corpuscle::pf
