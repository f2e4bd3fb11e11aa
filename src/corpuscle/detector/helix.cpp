#include "corpuscle/detector/helix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::detector {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = std::numbers::pi;

/// A start this close to a face [mm] lies on it, so that a walk can begin where another one ended.
constexpr double on_surface = 1e-6;

/// sin(a) / a, smooth through 0.
double sinc(double a) {
  return std::abs(a) < 1e-4 ? 1 - a * a / 6 : std::sin(a) / a;  // the next term is below 1e-18
}

/// 2 atan(omega w) / omega: the arc length of a turn with half-angle tangent omega w, omega = 0 included.
double arc_length(double w, double omega) {
  double const u = omega * w;
  return std::abs(u) < 1e-4 ? 2 * w * (1 - u * u / 3) : 2 * std::atan(u) / omega;
}

/// Smallest s >= 0 at which the helix leaves through a plane along z; infinity if it never does. The start
/// has distance h >= 0 to the plane, and b is the angle in the transverse plane from its normal to the
/// momentum. Runs once per track and face.
///
/// On the way normal . x gains [sin b - sin(b - omega s)] / omega, which shall be h. So
/// sin(b - omega s) = v, where v = sin b - omega h, and of the two solutions the outward one has
/// cos(b - omega s) = +sqrt(1 - v^2) = c. In w = tan(omega s / 2) / omega the equation is
///   omega (sin b + v) w^2 + 2 w cos b - h = 0,
/// solved for that root by the form that does not cancel; nothing is divided by omega.
double leaves_through(double h, double sin_b, double cos_b, double omega) {
  double const sum = 2 * sin_b - omega * h;  // sin b + v
  double const c_squared = cos_b * cos_b + omega * h * sum;
  if (!(c_squared > 0)) return infinity;  // the circle ends before the plane, or only touches it
  double const c = std::sqrt(c_squared);
  if (cos_b > 0) return arc_length(h / (cos_b + c), omega);

  // Moving away at first: the crossing, if any, is on the way back round the circle.
  if (omega == 0) return infinity;
  double const half_turn = std::atan2(c - cos_b, sum);  // in [0, pi]
  return 2 * (omega > 0 ? half_turn : pi - half_turn) / std::abs(omega);
}

}  // namespace

Helix Helix::from_parameters(double d0, double phi, double omega, double z0, double tan_lambda,
                             core::Vector3 reference) {
  core::Vector3 const offset{-d0 * std::sin(phi), d0 * std::cos(phi), z0};
  return {reference + offset, phi, omega, tan_lambda};
}

Helix Helix::from_momentum(core::Vector3 position, core::Vector3 momentum, double charge, double field) {
  double const pt = core::transverse_length(momentum);
  CORPUSCLE_EXPECT(pt > 0);
  return {position, std::atan2(momentum.y, momentum.x), charge * units::bending * field / pt,
          momentum.z / pt};
}

core::Vector3 Helix::position(double s) const {
  double const half_turn = omega * s / 2;
  double const chord = s * sinc(half_turn);
  double const along = phi - half_turn;
  return origin + core::Vector3{chord * std::cos(along), chord * std::sin(along), s * tan_lambda};
}

core::Vector3 Helix::direction(double s) const {
  double const azimuth = phi - omega * s;
  double const cos_lambda = 1 / std::hypot(1., tan_lambda);
  return cos_lambda * core::Vector3{std::cos(azimuth), std::sin(azimuth), tan_lambda};
}

core::Vector3 Helix::momentum(double s, double field) const {
  CORPUSCLE_EXPECT(omega != 0);
  double const pt = units::bending * std::abs(field / omega);
  return (pt * std::hypot(1., tan_lambda)) * direction(s);
}

std::optional<FaceCrossing> extrapolate(Helix const& helix, CalorimeterShell const& shell, Along along,
                                        int max_turns) {
  CORPUSCLE_EXPECT(shell.sides >= 3);
  // Walking backwards is walking forwards on the same curve with the momentum reversed.
  Helix walk = helix;
  if (along == Along::against_momentum) {
    walk.phi = core::wrap_phi(helix.phi + pi);
    walk.omega = -helix.omega;
    walk.tan_lambda = -helix.tan_lambda;
  }

  double s_endcap = infinity;
  if (!(std::abs(walk.origin.z) <= shell.endcap_z_min + on_surface)) return std::nullopt;
  if (walk.tan_lambda != 0) {
    double const z_endcap = std::copysign(shell.endcap_z_min, walk.tan_lambda);
    s_endcap = std::max(0., (z_endcap - walk.origin.z) / walk.tan_lambda);
  }

  // The inside of the polygon is convex: the first face plane that is crossed outwards is where the
  // helix leaves. In the transverse plane every turn repeats the first, so one turn decides.
  double s_barrel = infinity;
  double const cos_phi = std::cos(walk.phi);
  double const sin_phi = std::sin(walk.phi);
  double const cos_step = std::cos(2 * pi / shell.sides);
  double const sin_step = std::sin(2 * pi / shell.sides);
  double nx = std::cos(shell.normal_phi);
  double ny = std::sin(shell.normal_phi);
  for (int side = 0; side < shell.sides; ++side) {
    double const distance = shell.barrel_r_min - (nx * walk.origin.x + ny * walk.origin.y);
    if (!(distance >= -on_surface)) return std::nullopt;
    double const h = distance > on_surface ? distance : 0;
    double const sin_b = nx * sin_phi - ny * cos_phi;
    double const cos_b = nx * cos_phi + ny * sin_phi;
    s_barrel = std::min(s_barrel, leaves_through(h, sin_b, cos_b, walk.omega));
    double const turned = nx * cos_step - ny * sin_step;
    ny = nx * sin_step + ny * cos_step;
    nx = turned;
  }

  double const s = std::min(s_barrel, s_endcap);
  if (!std::isfinite(s)) return std::nullopt;
  FaceCrossing::Face const face =
      s_barrel <= s_endcap ? FaceCrossing::Face::barrel : FaceCrossing::Face::endcap;
  if (face == FaceCrossing::Face::endcap && std::abs(walk.omega) * s > 2 * pi * max_turns)
    return std::nullopt;

  double const signed_s = along == Along::momentum ? s : -s;
  FaceCrossing const crossing{face, signed_s, helix.position(signed_s), helix.direction(signed_s)};
  bool const in_beam_hole =
      face == FaceCrossing::Face::endcap && core::transverse_length(crossing.position) < shell.endcap_r_min;
  if (in_beam_hole) return std::nullopt;
  return crossing;
}

}  // namespace corpuscle::detector
