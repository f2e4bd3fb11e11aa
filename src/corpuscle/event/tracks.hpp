#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/event/ids.hpp"

namespace corpuscle::event {

/// Where along a track its parameters are given.
enum class TrackPoint : std::uint8_t { at_ip, at_first_hit, at_last_hit, at_calorimeter };
inline constexpr std::size_t n_track_points = 4;

/// Helix parameters of many tracks at one kind of point, in the LCIO/EDM4hep convention.
///
/// A row describes the helix relative to its reference point: with direction phi of the momentum at
/// the point of closest approach in the transverse plane, that point is
/// (x_ref - d0 sin phi, y_ref + d0 cos phi, z_ref + z0). detector/helix.hpp turns a row into a curve.
/// Rows with `is_present == 0` hold zeros and mean nothing.
struct TrackStates {
  std::vector<std::uint8_t> is_present;
  std::vector<float> d0;          ///< signed transverse impact parameter [mm]
  std::vector<float> phi;         ///< azimuth of the momentum [rad], in [-pi, pi)
  std::vector<float> omega;       ///< signed curvature [1/mm]; the sign is the charge's for B_z > 0
  std::vector<float> z0;          ///< longitudinal impact parameter [mm]
  std::vector<float> tan_lambda;  ///< pz / pT
  std::vector<float> x, y, z;     ///< reference point [mm]
  /// Lower triangle, by rows, of the covariance of (d0, phi, omega, z0, tan_lambda), in the units above.
  std::vector<std::array<float, 15>> covariance;

  [[nodiscard]] std::size_t size() const noexcept { return is_present.size(); }
  void resize(std::size_t rows);
};

/// Reconstructed tracks of one event: one row per track, one column per quantity.
struct Tracks {
  std::array<TrackStates, n_track_points> states;  ///< indexed by TrackPoint; all of size()
  std::vector<float> chi2;                         ///< of the fit, >= 0
  std::vector<std::int32_t> ndf;                   ///< degrees of freedom of the fit
  std::vector<float> dedx, dedx_error;             ///< specific energy loss [GeV/mm]; 0 if not measured
  std::vector<float> innermost_hit_radius;         ///< in the transverse plane [mm]; 0 if unknown
  std::vector<float> time;                         ///< at the interaction point [ns]; 0 if unknown
  core::Ragged<TrackerHitId> hits;                 ///< those present in the file

  [[nodiscard]] std::size_t size() const noexcept { return chi2.size(); }
  [[nodiscard]] TrackStates const& at(TrackPoint point) const {
    return states[static_cast<std::size_t>(point)];
  }
  [[nodiscard]] TrackStates& at(TrackPoint point) { return states[static_cast<std::size_t>(point)]; }
};

}  // namespace corpuscle::event
