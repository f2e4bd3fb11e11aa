#pragma once

#include <optional>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"

namespace corpuscle::detector {

/// The path of a charged particle in a uniform field along z, as LCIO and EDM4hep parametrise it.
///
/// The transverse arc length s [mm] is 0 at the point of closest approach to the reference point and
/// grows along the momentum: direction phi(s) = phi - omega s,
///   x(s) = x0 + [sin phi - sin(phi - omega s)] / omega,  y(s) = y0 + [cos(phi - omega s) - cos phi] / omega,
///   z(s) = z0 + s tan_lambda.  (detector.md 4.1; L3 note / LCIO "TrackParameters".)
/// omega = 0 is a straight line. Stated limits: no energy loss, no scattering.
struct Helix {
  core::Vector3 origin;   ///< position at s = 0 [mm]
  double phi = 0;         ///< azimuth of the momentum at s = 0 [rad]
  double omega = 0;       ///< signed curvature [1/mm]
  double tan_lambda = 0;  ///< pz / pT

  /// From track parameters relative to a reference point.
  static Helix from_parameters(double d0, double phi, double omega, double z0, double tan_lambda,
                               core::Vector3 reference = {});
  /// From a position [mm], a momentum [GeV] with pT > 0, a charge [e] and the field [T]. A neutral one is
  /// straight.
  static Helix from_momentum(core::Vector3 position, core::Vector3 momentum, double charge, double field);

  [[nodiscard]] core::Vector3 position(double s) const;
  [[nodiscard]] core::Vector3 direction(double s) const;               ///< unit vector along the momentum
  [[nodiscard]] core::Vector3 momentum(double s, double field) const;  ///< [GeV]; needs omega != 0
};

/// Where a helix meets the inner face of a calorimeter.
struct FaceCrossing {
  enum class Face { barrel, endcap };
  Face face = Face::barrel;
  double s = 0;             ///< transverse arc length from the helix origin [mm], signed
  core::Vector3 position;   ///< [mm]
  core::Vector3 direction;  ///< unit vector along the momentum
};

enum class Along { momentum, against_momentum };

/// First crossing of the inner surface (polygon prism closed by the two endcap planes), starting at
/// s = 0 and walking along or against the momentum; s has the sign of the walk. A helix that reaches
/// |z| = endcap_z_min before it crosses a face hits the endcap.
///
/// Nothing is returned for a helix that starts outside, that leaves through the beam hole of the endcap
/// (r < endcap_r_min), or that never leaves: a looper with tan_lambda = 0, or with one so small that it
/// would need more than `max_turns` turns to the endcap. A start within 1e-6 mm of the surface is on it.
/// Closed form, cost O(sides); exact to 1e-6 mm for straight lines and circles; deterministic.
std::optional<FaceCrossing> extrapolate(Helix const& helix, CalorimeterShell const& shell,
                                        Along along = Along::momentum, int max_turns = 200);

}  // namespace corpuscle::detector
