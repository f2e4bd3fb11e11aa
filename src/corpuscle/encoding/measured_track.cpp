#include "corpuscle/encoding/measured_track.hpp"

#include <algorithm>
#include <cmath>

#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"
#include "corpuscle/encoding/encoding.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::TrackPoint;
using event::TrackStates;

detector::Helix helix_of(TrackStates const& s, std::size_t row) {
  return detector::Helix::from_parameters(s.d0[row], s.phi[row], s.omega[row], s.z0[row], s.tan_lambda[row],
                                          {s.x[row], s.y[row], s.z[row]});
}

/// sigma(p)/p by linear propagation through p = const * sqrt(1 + tan_lambda^2) / |omega|.
double relative_momentum_error(TrackStates const& s, std::size_t row) {
  auto const& covariance = s.covariance[row];
  double const omega = s.omega[row];
  double const tan_lambda = s.tan_lambda[row];
  double const slope = tan_lambda / (1 + tan_lambda * tan_lambda);
  double const variance =
      covariance[5] / (omega * omega) - 2 * slope * covariance[12] / omega + slope * slope * covariance[14];
  return variance > 0 ? std::sqrt(variance) : unknown;
}

double standard_error(float variance) {
  return variance > 0 ? std::sqrt(static_cast<double>(variance)) : unknown;
}

Named first_broken_of(TrackStates const& s, std::size_t row) {
  if (!s.is_present[row]) return {};
  return first_broken({{"d0", s.d0[row]},
                       {"phi", s.phi[row]},
                       {"omega", s.omega[row]},
                       {"z0", s.z0[row]},
                       {"tan_lambda", s.tan_lambda[row]},
                       {"x", s.x[row]},
                       {"y", s.y[row]},
                       {"z", s.z[row]}});
}

bool is_finite(TrackStates const& s, std::size_t row) {
  return first_broken_of(s, row).name == nullptr;
}

/// The first input of a track, but for its time and dE/dx, that is not a finite number.
Named first_broken_of(event::Tracks const& tracks, std::size_t row) {
  for (TrackStates const& states : tracks.states)
    if (Named const broken = first_broken_of(states, row); broken.name != nullptr) return broken;
  for (float const covariance : tracks.at(TrackPoint::at_ip).covariance[row])
    if (!std::isfinite(covariance)) return {"covariance", covariance};
  return first_broken(
      {{"chi2", tracks.chi2[row]}, {"innermost_hit_radius", tracks.innermost_hit_radius[row]}});
}

void enter_calorimeter(MeasuredTrack& track, event::Tracks const& tracks, std::size_t row,
                       detector::CalorimeterShell const& ecal) {
  double const depth = ecal.barrel_r_max - ecal.barrel_r_min;
  auto const enter = [&](detector::Helix const& helix, double s) {
    track.reaches_calorimeter = true;
    track.entry = Angles::of(helix.position(s));
    track.direction = helix.direction(s);
    double const transverse_depth = depth * core::transverse_length(track.direction);
    track.centre = Angles::of(helix.position(s + transverse_depth));
  };
  for (TrackPoint const point : {TrackPoint::at_last_hit, TrackPoint::at_ip}) {
    TrackStates const& states = tracks.at(point);
    if (!states.is_present[row] || !is_finite(states, row)) continue;
    detector::Helix const helix = helix_of(states, row);
    if (auto const crossing = detector::extrapolate(helix, ecal)) return enter(helix, crossing->s);
  }
  TrackStates const& states = tracks.at(TrackPoint::at_calorimeter);
  if (states.is_present[row] && is_finite(states, row)) enter(helix_of(states, row), 0);
}

}  // namespace

std::optional<MeasuredTrack> measure_track(event::Tracks const& tracks, std::size_t row,
                                           detector::Detector const& detector) {
  TrackStates const& s = tracks.at(TrackPoint::at_ip);
  if (!s.is_present[row]) return std::nullopt;
  MeasuredTrack track;
  detector::Helix const helix = helix_of(s, row);
  track.pt = units::bending * std::abs(detector.field / helix.omega);
  track.p = track.pt * std::sqrt(1 + helix.tan_lambda * helix.tan_lambda);
  track.at_origin = {std::asinh(helix.tan_lambda), std::sin(helix.phi), std::cos(helix.phi)};
  track.charge = helix.omega * detector.field > 0 ? 1 : -1;
  track.momentum_error = relative_momentum_error(s, row);
  track.d0 = s.d0[row];
  track.z0 = s.z0[row];
  track.d0_error = standard_error(s.covariance[row][0]);
  track.z0_error = standard_error(s.covariance[row][9]);
  track.ndf = tracks.ndf[row];
  track.chi2_per_ndf = track.ndf > 0 && tracks.chi2[row] > 0 ? tracks.chi2[row] / track.ndf : unknown;

  TrackStates const& first = tracks.at(TrackPoint::at_first_hit);
  double radius = tracks.innermost_hit_radius[row];
  if (radius == 0 && first.is_present[row]) radius = std::hypot(first.x[row], first.y[row]);
  track.innermost_radius = radius > 0 ? radius : unknown;
  TrackStates const& last = tracks.at(TrackPoint::at_last_hit);
  track.last_radius = last.is_present[row] ? std::hypot(last.x[row], last.y[row]) : unknown;
  track.last_z = last.is_present[row] ? last.z[row] : unknown;

  enter_calorimeter(track, tracks, row, detector.ecal);
  track.reference = make_reference(track.p, track.pt, track.at_origin.eta, track.at_origin.sin_phi,
                                   track.at_origin.cos_phi, track.charge, helix.origin);
  track.broken = first_broken_of(tracks, row);
  return track;
}

}  // namespace corpuscle::encoding
