#pragma once

#include <optional>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/tracks.hpp"

namespace corpuscle::pf {

/// The way of a charged particle into the calorimeter: at depth L it is at position + L direction + L^2 bend.
/// This parabola is L^3 / 6R^2 off the helix: 7 mm at L = 300 mm for a pT of 1 GeV in 4 T.
struct TrackPath {
  core::Vector3 position;   ///< on the surface of the ECAL [mm]
  core::Vector3 direction;  ///< there, a unit vector
  core::Vector3 bend;       ///< half the curvature [1/mm], at right angles to the direction

  [[nodiscard]] core::Vector3 at(double depth) const {
    return position + depth * direction + depth * depth * bend;
  }
  [[nodiscard]] double depth_of(core::Vector3 point) const { return core::dot(point - position, direction); }
  /// Of a point from the path [mm]; in front of the calorimeter from its begin.
  [[nodiscard]] double distance_of(core::Vector3 point) const;
};

/// A track that may carry the energy of a particle.
struct ChargedTrack {
  event::TrackId id;
  core::Vector3 origin;    ///< point of closest approach to the beam [mm]
  core::Vector3 momentum;  ///< there [GeV]
  double p = 0;            ///< [GeV]
  double pt = 0;           ///< [GeV]
  double charge = 0;       ///< [e]
  double energy = 0;       ///< with the mass of a pion [GeV]
  double impact = 0;       ///< the larger of |d0| and |z0| [mm]
  double relative_momentum_error = 0;
  std::optional<TrackPath> path;  ///< none if it does not reach the calorimeter
};

/// Tracks good enough (the cuts track_* of detector::ParticleFlow), each helix once, hardest first, in an
/// order that follows from the tracks and not from their rows.
///
/// The last hit is the better start of the path, as it knows of the energy lost on the way. The calorimeter
/// state of the file is used only where the helix misses the surface: not all of them are sound
/// (detector.md 2.6).
std::vector<ChargedTrack> select_tracks(event::Tracks const& tracks, detector::Detector const& detector);

}  // namespace corpuscle::pf
