#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/sim/tracker_geometry.hpp"

/// Track parameters as a global fit to the hits would give them.
namespace corpuscle::sim {

/// A charged particle passes a surface of the tracker: what truly happened, and what was measured.
struct Passage {
  HelixPoint before;        ///< where it arrives
  double omega_behind = 0;  ///< with what curvature it leaves [1/mm] ...
  double tan_lambda_behind = 0;
  double s = 0;  ///< transverse arc length since the particle's birth [mm]
  bool is_cylinder = true;
  // the measurement, if the surface is sensitive
  double sigma_u = 0;            ///< along r-phi [mm]; 0 for passive material
  double sigma_v = 0;            ///< along z (cylinder) or r (disc) [mm]
  double u = 0, v = 0;           ///< its errors in this event [mm]
  core::Vector3 measured;        ///< [mm]
  std::uint32_t hit = 0;         ///< row in the table of tracker hits
  float deposit_per_length = 0;  ///< [GeV/mm]
  // the material
  double angle_variance = 0;  ///< of the projected scattering angle [rad^2]
  double kick_phi = 0;        ///< change of azimuth [rad] ...
  double kick_tan_lambda = 0;
  double kick_omega = 0;  ///< ... and of curvature by unexpected energy loss [1/mm]

  [[nodiscard]] bool is_measured() const noexcept { return sigma_u > 0; }
};

/// Parameters of a helix near a reference point in the convention of event::TrackStates.
struct TrackParameters {
  double d0 = 0, phi = 0, omega = 0, z0 = 0, tan_lambda = 0;
  core::Vector3 reference;
  std::array<float, 15> covariance{};  ///< as in event::TrackStates
};

struct TrackFit {
  TrackParameters at_ip, at_first_hit, at_last_hit;
  HelixPoint last;  ///< the fitted helix at the last hit
  double chi2 = 0;
  int ndf = 0;  ///< 2 hits - 5
  std::array<double, 15> covariance_last{};

  /// The fit at the last hit, carried on along the helix by this chord.
  [[nodiscard]] TrackParameters carried(HelixPoint::Chord const& chord) const;
};

/// Fits a helix to the measurements among these passages, which are in order along the track; at least three.
///
/// The model is that of detector.md 4.2, a least-squares fit of all measurements with the multiple scattering
/// of all surfaces in its covariance, here along the true arc, so that it holds for tracks that are displaced
/// or strongly curved. It is solved as a Kalman filter on the deviations of five parameters from the true
/// helix, inwards for the states at the first hit and at the interaction point, outwards for the last hit:
/// linear in the number of surfaces, 0.1 us for each. Energy loss by ionisation counts as known, that by
/// bremsstrahlung does not and pulls the fit, as it does in the real one.
///
/// Nothing is returned if the result is no number.
std::optional<TrackFit> fit_track(std::span<Passage const> passages);

}  // namespace corpuscle::sim
