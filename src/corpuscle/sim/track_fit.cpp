#include "corpuscle/sim/track_fit.hpp"

#include <cmath>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/expect.hpp"

namespace corpuscle::sim {
namespace {

enum Parameter : std::size_t { eta, psi, curvature, zeta, slope };

/// Deviations of an estimate from the true helix at one of its points, with their covariance:
/// eta to the left of the track and psi in azimuth, both where a line across the track meets the estimate;
/// curvature in omega; zeta in z there; slope in tan(lambda).
struct Deviation {
  std::array<double, 5> x{};
  std::array<double, 15> c{};  ///< lower triangle by rows: (i, j) at i (i + 1) / 2 + j

  static constexpr std::size_t at(std::size_t i, std::size_t j) {
    return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
  }

  /// Knows nothing: far less than any three hits tell.
  static Deviation unknown(HelixPoint const& point) {
    Deviation d;
    double const slope_scale = 1 + point.tan_lambda * point.tan_lambda;
    double const omega_scale = std::abs(point.omega) + 1e-3;
    d.c[at(eta, eta)] = 100 * 100;
    d.c[at(psi, psi)] = 1;
    d.c[at(curvature, curvature)] = omega_scale * omega_scale;
    d.c[at(zeta, zeta)] = 100 * 100 * slope_scale;
    d.c[at(slope, slope)] = slope_scale * slope_scale;
    return d;
  }

  /// Along a helix of these parameters by this chord. The deviation obeys eta' = psi,
  /// psi' = -omega^2 eta - curvature, zeta' = slope + tan_lambda omega eta (a path further out is longer),
  /// so that it is multiplied by the matrix
  ///   F = {C S -K 0 0}  {-omega^2 S  C -S 0 0}  {0 0 1 0 0}  {Z0 Z1 Z2 1 s}  {0 0 0 0 1}.
  /// Runs twice per surface of each track, hence written out: zeros left out, one triangle of F c F^T.
  void transport(HelixPoint::Chord const& chord, double omega, double tan_lambda) {
    double const s = chord.s;
    double const turn = omega * s;
    double const S = chord.along;
    double const C = 1 - omega * chord.aside;
    double const D = -omega * omega * S;
    // (1 - cos turn) / omega^2 and (turn - sin turn) / omega^3, by series where they cancel.
    bool const is_small = std::abs(turn) < 1e-2;  // the next terms are below 1e-9 of the result
    double const K = is_small ? s * s / 2 * (1 - turn * turn / 12) : chord.aside / omega;
    double const M = is_small ? s * s * s / 6 * (1 - turn * turn / 20) : (s - S) / (omega * omega);
    double const stretch = tan_lambda * omega;
    double const Z0 = stretch * S;
    double const Z1 = stretch * K;
    double const Z2 = -stretch * M;

    auto const [x0, x1, x2, x3, x4] = x;
    x = {C * x0 + S * x1 - K * x2, D * x0 + C * x1 - S * x2, x2, Z0 * x0 + Z1 * x1 + Z2 * x2 + x3 + s * x4,
         x4};

    auto const [c00, c10, c11, c20, c21, c22, c30, c31, c32, c33, c40, c41, c42, c43, c44] = c;
    double const a00 = C * c00 + S * c10 - K * c20;  // F c
    double const a01 = C * c10 + S * c11 - K * c21;
    double const a02 = C * c20 + S * c21 - K * c22;
    double const a04 = C * c40 + S * c41 - K * c42;
    double const a10 = D * c00 + C * c10 - S * c20;
    double const a11 = D * c10 + C * c11 - S * c21;
    double const a12 = D * c20 + C * c21 - S * c22;
    double const a14 = D * c40 + C * c41 - S * c42;
    double const a30 = Z0 * c00 + Z1 * c10 + Z2 * c20 + c30 + s * c40;
    double const a31 = Z0 * c10 + Z1 * c11 + Z2 * c21 + c31 + s * c41;
    double const a32 = Z0 * c20 + Z1 * c21 + Z2 * c22 + c32 + s * c42;
    double const a33 = Z0 * c30 + Z1 * c31 + Z2 * c32 + c33 + s * c43;
    double const a34 = Z0 * c40 + Z1 * c41 + Z2 * c42 + c43 + s * c44;
    c = {C * a00 + S * a01 - K * a02,  // row 0, then 1 ...
         C * a10 + S * a11 - K * a12,
         D * a10 + C * a11 - S * a12,
         a02,
         a12,
         c22,
         C * a30 + S * a31 - K * a32,
         D * a30 + C * a31 - S * a32,
         a32,
         Z0 * a30 + Z1 * a31 + Z2 * a32 + a33 + s * a34,
         a04,
         a14,
         c42,
         a34,
         c44};
  }

  /// The surface changes the true direction and curvature by its kicks, `sign` times: +1 backwards in time,
  /// when the change is undone, -1 forwards. The estimate does not know, and loses precision.
  void scatter(Passage const& passage, double sign) {
    double const slope_scale = 1 + passage.before.tan_lambda * passage.before.tan_lambda;
    x[psi] += sign * passage.kick_phi;
    x[curvature] += sign * passage.kick_omega;
    x[slope] += sign * passage.kick_tan_lambda;
    c[at(psi, psi)] += passage.angle_variance * slope_scale;
    c[at(slope, slope)] += passage.angle_variance * slope_scale * slope_scale;
  }

  /// Takes account of h_eta eta + h_zeta zeta = value +- sigma. Returns the contribution to chi2.
  double measure(double h_eta, double h_zeta, double value, double sigma) {
    std::array<double, 5> ch;
    for (std::size_t i = 0; i < 5; ++i) ch[i] = c[at(i, eta)] * h_eta + c[at(i, zeta)] * h_zeta;
    double const variance = h_eta * ch[eta] + h_zeta * ch[zeta] + sigma * sigma;
    double const weight = 1 / variance;
    double const innovation = value - h_eta * x[eta] - h_zeta * x[zeta];
    for (std::size_t i = 0; i < 5; ++i) {
      double const gain = weight * ch[i];
      x[i] += gain * innovation;
      for (std::size_t j = 0; j <= i; ++j) c[at(i, j)] -= gain * ch[j];
    }
    return weight * innovation * innovation;
  }

  /// Both coordinates of a hit. A track displaced by (eta, zeta) across its direction meets the surface
  /// further along or earlier, where the surface says so.
  double measure(Passage const& passage) {
    HelixPoint const& point = passage.before;
    double const inverse_r =
        1 / std::sqrt(point.position.x * point.position.x + point.position.y * point.position.y);
    double const cos_a = inverse_r * (point.position.x * point.cos_phi + point.position.y * point.sin_phi);
    double const sin_a = inverse_r * (point.position.x * point.sin_phi - point.position.y * point.cos_phi);
    if (passage.is_cylinder) {
      if (std::abs(cos_a) < 0.05) return 0;  // grazing: no linear relation
      double const tan_a = sin_a / cos_a;
      return measure(1 / cos_a, 0, passage.u, passage.sigma_u) +
             measure(tan_a * point.tan_lambda, 1, passage.v, passage.sigma_v);
    }
    double const back = -1 / point.tan_lambda;
    return measure(cos_a, back * sin_a, passage.u, passage.sigma_u) +
           measure(-sin_a, back * cos_a, passage.v, passage.sigma_v);
  }
};

/// The estimate as a helix.
HelixPoint estimate(HelixPoint const& truth, Deviation const& d) {
  HelixPoint point = truth;
  point.position.x -= truth.sin_phi * d.x[eta];
  point.position.y += truth.cos_phi * d.x[eta];
  point.position.z += d.x[zeta];
  double const cos_psi = std::cos(d.x[psi]);
  double const sin_psi = std::sin(d.x[psi]);
  point.cos_phi = truth.cos_phi * cos_psi - truth.sin_phi * sin_psi;
  point.sin_phi = truth.sin_phi * cos_psi + truth.cos_phi * sin_psi;
  point.omega += d.x[curvature];
  point.tan_lambda += d.x[slope];
  constexpr double straightest = 1e-9;  // 10^6 GeV at 4 T; readers divide by omega
  if (std::abs(point.omega) < straightest) point.omega = std::copysign(straightest, point.omega);
  return point;
}

/// Chord from a helix point to the point of closest approach to the reference, the nearest way.
HelixPoint::Chord to_closest_approach(HelixPoint const& point, core::Vector3 reference) {
  core::Vector3 const x = point.position - reference;
  double const radial = x.x * point.cos_phi + x.y * point.sin_phi;
  double const aside = x.y * point.cos_phi - x.x * point.sin_phi;
  if (point.omega == 0) return HelixPoint::chord(-radial, 0);
  double const turn = std::atan2(-radial * point.omega, 1 - aside * point.omega);
  return HelixPoint::chord(turn / point.omega, point.omega);
}

/// Parameters at the closest approach to `reference` of a helix with this covariance (of a Deviation), given
/// at a point where the closest approach already is, to first order.
TrackParameters parameters(HelixPoint point, std::array<double, 15> const& c, core::Vector3 reference) {
  point.advance(to_closest_approach(point, reference));
  core::Vector3 const x = point.position - reference;
  TrackParameters p;
  p.d0 = x.y * point.cos_phi - x.x * point.sin_phi;
  p.phi = core::wrap_phi(std::atan2(point.sin_phi, point.cos_phi));
  p.omega = point.omega;
  p.z0 = x.z;
  p.tan_lambda = point.tan_lambda;
  p.reference = reference;

  // The point of closest approach of a helix turned by psi lies d0 psi / (1 - omega d0) further back.
  double const turn = 1 / (1 - p.omega * p.d0);
  double const lift = -p.tan_lambda * p.d0 * turn;
  auto const element = [&](std::size_t i, std::size_t j) { return c[Deviation::at(i, j)]; };
  std::size_t k = 0;
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double value = element(i, j);
      if (i == zeta) value += lift * element(psi, j);
      if (j == zeta) value += lift * element(i, psi);
      if (i == zeta && j == zeta) value += lift * lift * element(psi, psi);
      if (i == psi) value *= turn;
      if (j == psi) value *= turn;
      p.covariance[k++] = static_cast<float>(value);
    }
  return p;
}

bool is_number(TrackParameters const& p) {
  double sum = p.d0 + p.phi + p.omega + p.z0 + p.tan_lambda;
  for (float value : p.covariance) sum += value;
  return std::isfinite(sum);
}

}  // namespace

TrackParameters TrackFit::carried(HelixPoint::Chord const& chord) const {
  Deviation d;
  d.c = covariance_last;
  d.transport(chord, last.omega, last.tan_lambda);
  HelixPoint point = last;
  point.advance(chord);
  return parameters(point, d.c, point.position);
}

std::optional<TrackFit> fit_track(std::span<Passage const> passages) {
  CORPUSCLE_EXPECT(passages.size() >= 3);
  std::size_t const n = passages.size();
  std::size_t first = 0;
  while (!passages[first].is_measured()) ++first;
  std::size_t last = n - 1;
  while (!passages[last].is_measured()) --last;

  TrackFit fit;
  fit.ndf = -5;
  auto const way = [&](std::size_t from, double sign) {  // from a passage to the next outer one, or back
    Passage const& inner = passages[from];
    return HelixPoint::chord(sign * (passages[from + 1].s - inner.s), inner.omega_behind);
  };

  Deviation inwards = Deviation::unknown(passages[last].before);
  for (std::size_t i = last + 1; i-- > 0;) {
    Passage const& passage = passages[i];
    if (i < last) {
      inwards.transport(way(i, -1), passage.omega_behind, passage.tan_lambda_behind);
      inwards.scatter(passage, 1);
    }
    if (passage.is_measured()) {
      fit.chi2 += inwards.measure(passage);
      fit.ndf += 2;
    }
    if (i == first)
      fit.at_first_hit = parameters(estimate(passage.before, inwards), inwards.c, passage.measured);
  }
  HelixPoint at_origin = passages[0].before;
  HelixPoint::Chord const back = to_closest_approach(at_origin, {});
  inwards.transport(back, at_origin.omega, at_origin.tan_lambda);
  at_origin.advance(back);
  fit.at_ip = parameters(estimate(at_origin, inwards), inwards.c, {});

  Deviation outwards = Deviation::unknown(passages[first].before);
  for (std::size_t i = first; i <= last; ++i) {
    Passage const& passage = passages[i];
    if (passage.is_measured()) outwards.measure(passage);
    if (i == last) break;
    outwards.scatter(passage, -1);
    outwards.transport(way(i, 1), passage.omega_behind, passage.tan_lambda_behind);
  }
  fit.last = estimate(passages[last].before, outwards);
  fit.at_last_hit = parameters(fit.last, outwards.c, passages[last].measured);
  fit.covariance_last = outwards.c;

  if (!is_number(fit.at_ip) || !is_number(fit.at_first_hit) || !is_number(fit.at_last_hit))
    return std::nullopt;
  return fit;
}

}  // namespace corpuscle::sim
