#include "corpuscle/sim/tracker_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/detector/cell_id.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::sim {
namespace {

using detector::TrackerSurface;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = std::numbers::pi;
constexpr int n_modules = 48;

/// A start this close to a surface [mm] lies on it and does not meet it again.
constexpr double on_surface = 1e-6;

/// Position and width of a field in the cell ids of the tracker.
struct BitField {
  unsigned shift = 0;
  std::uint64_t mask = 0;

  [[nodiscard]] std::uint64_t operator()(std::int64_t value) const {
    return (static_cast<std::uint64_t>(value) & mask) << shift;
  }
  [[nodiscard]] bool holds(int value) const {
    return value >= 0 && static_cast<std::uint64_t>(value) <= mask;
  }
};

std::optional<BitField> bit_field(detector::CellIdDecoder const& encoding, std::string_view name) {
  auto const decode = encoding.field(name);
  if (!decode) return std::nullopt;
  unsigned const width = decode->width();
  return BitField{decode->offset(), ~std::uint64_t{0} >> (64 - width)};
}

/// 2 atan(u) / u: a series where it has converged, since most tracks are nearly straight.
double twice_atan_over(double u) {
  double const u2 = u * u;
  if (u2 < 1e-4) return 2 * (1 - u2 * (1. / 3 - u2 * (1. / 5 - u2 / 7)));
  if (u2 < 0.01)  // the next term is below 1e-13
    return 2 * (1 - u2 * (1. / 3 - u2 * (1. / 5 - u2 * (1. / 7 - u2 * (1. / 9 - u2 * (1. / 11 - u2 / 13))))));
  return 2 * std::atan(u) / u;
}

}  // namespace

HelixPoint::Chord HelixPoint::chord(double s, double omega) noexcept {
  if (omega == 0) return {s, s, 0};
  double const half = omega * s / 2;
  double const h2 = half * half;
  if (h2 < 0.0025) {  // sin(2h)/2h and sin(h)^2/h^2; the next terms are below 1e-13
    double const t = 4 * h2;
    return {s, s * (1 - t / 6 * (1 - t / 20 * (1 - t / 42 * (1 - t / 72)))),
            s * half * (1 - t / 12 * (1 - t / 30 * (1 - t / 56 * (1 - t / 90))))};
  }
  double const sin_half = std::sin(half);
  return {s, 2 * sin_half * std::cos(half) / omega, 2 * sin_half * sin_half / omega};
}

HelixPoint::Chord HelixPoint::chord_of_half_tangent(double w, double omega) noexcept {
  if (omega == 0) return {2 * w, 2 * w, 0};
  double const u = omega * w;
  double const norm = 1 + u * u;
  Chord chord{w * twice_atan_over(u), 2 * w / norm, 2 * omega * w * w / norm};
  if (w < 0) chord.s += 2 * pi / std::abs(omega);
  return chord;
}

void HelixPoint::advance(Chord const& chord) noexcept {
  position.x += cos_phi * chord.along + sin_phi * chord.aside;
  position.y += sin_phi * chord.along - cos_phi * chord.aside;
  position.z += tan_lambda * chord.s;
  if (omega == 0) return;
  double const cos_turn = 1 - omega * chord.aside;
  double const sin_turn = omega * chord.along;
  double const c = cos_phi * cos_turn + sin_phi * sin_turn;
  double const s = sin_phi * cos_turn - cos_phi * sin_turn;
  double const scale = 1.5 - 0.5 * (c * c + s * s);  // keeps the length 1 over thousands of steps
  cos_phi = scale * c;
  sin_phi = scale * s;
}

double HelixPoint::cos_lambda() const noexcept {
  return 1 / std::sqrt(1 + tan_lambda * tan_lambda);
}

core::Vector3 HelixPoint::direction() const noexcept {
  double const cosine = cos_lambda();
  return {cosine * cos_phi, cosine * sin_phi, cosine * tan_lambda};
}

TrackerGeometry::TrackerGeometry(detector::Detector const& detector) : face_(detector.ecal) {
  if (face_.sides < 3 || !(face_.barrel_r_min > 0) || !(face_.endcap_z_min > 0))
    throw core::ConfigError(core::cat("detector '", detector.name,
                                      "': the simulation needs an ECAL with sides >= 3, barrel_r_min > 0 and "
                                      "endcap_z_min > 0"));
  std::vector<TrackerSurface> sorted = detector.simulation.tracking.surfaces;
  std::stable_sort(sorted.begin(), sorted.end(), [](TrackerSurface const& a, TrackerSurface const& b) {
    return a.shape != b.shape ? a.shape < b.shape : a.position < b.position;
  });

  std::optional<BitField> system, side, layer;
  if (!sorted.empty()) {
    detector::CellIdDecoder const encoding(detector.tracker_cell_id);
    system = bit_field(encoding, "system");
    side = bit_field(encoding, "side");
    layer = bit_field(encoding, "layer");
    if (auto const module = bit_field(encoding, "module"); module && module->mask >= n_modules - 1) {
      has_modules_ = true;
      module_shift_ = module->shift;
    }
  }

  std::vector<Sheet> discs;
  for (TrackerSurface const& surface : sorted) {
    bool const is_cylinder = surface.shape == TrackerSurface::Shape::cylinder;
    double const limit = is_cylinder ? face_.barrel_r_min : face_.endcap_z_min;
    if (!(surface.position > 0 && surface.position < limit && surface.from >= 0 &&
          surface.to > surface.from && surface.x0 >= 0 && surface.sigma_u >= 0 && surface.sigma_v >= 0))
      throw core::ConfigError(core::cat(
          "detector '", detector.name, "': tracker ", is_cylinder ? "cylinder at radius " : "disc at |z| = ",
          surface.position, " mm: must lie inside the ECAL, with 0 <= from < to, x0 >= 0, sigma >= 0"));
    bool const fits = (!system || system->holds(surface.system)) && (!layer || layer->holds(surface.layer));
    if (!fits)
      throw core::ConfigError(core::cat("detector '", detector.name, "': tracker system ", surface.system,
                                        ", layer ", surface.layer, ": does not fit into tracker_cell_id"));
    Surface prepared{surface, {0, 0}};
    if (surface.sigma_u > 0)
      for (int end : {0, 1}) {
        int const side_value = is_cylinder ? 0 : end == 0 ? 1 : -1;
        prepared.cell_id[end] = (system ? (*system)(surface.system) : 0) | (side ? (*side)(side_value) : 0) |
                                (layer ? (*layer)(surface.layer) : 0);
      }
    auto const row = static_cast<std::uint32_t>(surfaces_.size());
    surfaces_.push_back(prepared);
    std::vector<Sheet>& sheets = is_cylinder ? shells_ : discs;
    if (!sheets.empty() && surface.position - sheets.back().position < on_surface) {
      sheets.back().last = row + 1;
    } else {
      sheets.push_back({surface.position, row, row + 1});
    }
  }
  planes_.push_back({-face_.endcap_z_min, 0, 0});
  for (auto disc = discs.rbegin(); disc != discs.rend(); ++disc)
    planes_.push_back({-disc->position, disc->first, disc->last});
  planes_.insert(planes_.end(), discs.begin(), discs.end());
  planes_.push_back({face_.endcap_z_min, 0, 0});
}

std::uint64_t TrackerGeometry::cell_id(Surface const& surface, core::Vector3 position) const noexcept {
  std::uint64_t id = surface.cell_id[position.z < 0];
  if (has_modules_) {
    double const turns = std::atan2(position.y, position.x) / (2 * pi) + 0.5;
    auto const module = std::min(n_modules - 1, static_cast<int>(turns * n_modules));
    id |= static_cast<std::uint64_t>(module) << module_shift_;
  }
  return id;
}

bool TrackerGeometry::encloses(core::Vector3 position) const noexcept {
  if (!(std::abs(position.z) < face_.endcap_z_min)) return false;
  double const r2 = position.x * position.x + position.y * position.y;
  if (r2 < face_.barrel_r_min * face_.barrel_r_min) return true;
  for (int side = 0; side < face_.sides; ++side) {
    double const normal = face_.normal_phi + 2 * pi * side / face_.sides;
    if (!(position.x * std::cos(normal) + position.y * std::sin(normal) < face_.barrel_r_min)) return false;
  }
  return true;
}

Walk::Walk(TrackerGeometry const& geometry, HelixPoint const& start)
    : geometry_(&geometry), on_shell_(no_shell) {
  double const r = core::transverse_length(start.position);
  double const radial = start.position.x * start.cos_phi + start.position.y * start.sin_phi;
  for (TrackerGeometry::Sheet const& shell : geometry.shells()) {
    bool const is_on = std::abs(shell.position - r) < on_surface;
    if (is_on) on_shell_ = n_shells_inside_;
    if (is_on ? radial <= 0 : shell.position > r) break;
    ++n_shells_inside_;
  }
  double const z = start.position.z;
  auto const planes = geometry.planes();
  n_planes_below_ = 1;  // the first and the last are faces, and the start is between them
  while (n_planes_below_ + 1 < planes.size()) {
    double const plane = planes[n_planes_below_].position;
    bool const is_on = std::abs(plane - z) < on_surface;
    if (is_on ? start.tan_lambda <= 0 : plane > z) break;
    ++n_planes_below_;
  }
}

/// With w = tan(omega s / 2) / omega, radial = position . direction and aside = position . (left of it), both
/// in the transverse plane, the squared radius on the helix is
///   r^2(w) = r^2(0) + 4 [radial w + (1 - omega aside) w^2] / (1 + omega^2 w^2),
/// so that a crossing of radius R solves A w^2 + 4 radial w - (R^2 - r^2) = 0 with
/// A = 4 (1 - omega aside) - omega^2 (R^2 - r^2). Roots w > 0 lie within half a turn, the others behind it.
HelixPoint::Chord Walk::to_shell(std::uint32_t shell, HelixPoint const& point, double radial, double aside,
                                 double r2, bool outwards) const noexcept {
  HelixPoint::Chord const never{infinity, 0, 0};
  double const R = geometry_->shells()[shell].position;
  double w = 0;
  if (shell == on_shell_) {
    w = -radial / (1 - point.omega * aside);  // the other root is here
    if (!std::isfinite(w)) return never;
  } else {
    constexpr double least = 1e-9;  // rounding must not put the point on the wrong side of a shell
    double const gain = outwards ? std::max(least, R * R - r2) : std::min(-least, R * R - r2);
    double const A = 4 * (1 - point.omega * aside) - point.omega * point.omega * gain;
    double const discriminant = 4 * radial * radial + A * gain;
    if (!(discriminant >= 0)) return never;
    bool const goes_out = radial >= 0;  // so for -0, too
    double const root = std::sqrt(discriminant);
    double const q = -(2 * radial + (goes_out ? root : -root));
    if (A > 0) {  // nearly always: one root of each sign outwards, two of one sign inwards
      bool const is_second = (gain > 0) == goes_out;
      w = is_second ? -gain / q : q / A;
    } else {
      double const w1 = q / A;
      double const w2 = -gain / q;
      bool const is_same_half = (w1 > 0) == (w2 > 0);
      w = is_same_half ? std::min(w1, w2) : std::max(w1, w2);
    }
  }
  if (w == 0 || (w < 0 && point.omega == 0) || !std::isfinite(w)) return never;
  return HelixPoint::chord_of_half_tangent(w, point.omega);
}

Walk::Step Walk::next(HelixPoint const& point) {
  core::Vector3 const& x = point.position;
  double const r2 = x.x * x.x + x.y * x.y;
  double const radial = x.x * point.cos_phi + x.y * point.sin_phi;
  double const aside = x.y * point.cos_phi - x.x * point.sin_phi;
  auto const n_shells = static_cast<std::uint32_t>(geometry_->shells().size());
  bool const is_outermost = n_shells_inside_ == n_shells;

  // Outwards the shell above comes first if it is reached at all, inwards the one below.
  Step step;
  step.chord.s = infinity;
  auto const try_above = [&] {
    if (is_outermost) return false;
    step = {Met::shell, n_shells_inside_, to_shell(n_shells_inside_, point, radial, aside, r2, true)};
    return step.chord.s < infinity;
  };
  auto const try_below = [&] {
    if (n_shells_inside_ == 0) return false;
    step = {Met::shell, n_shells_inside_ - 1,
            to_shell(n_shells_inside_ - 1, point, radial, aside, r2, false)};
    return step.chord.s < infinity;
  };
  if (radial >= 0) {
    if (!try_above()) try_below();
  } else {
    if (!try_below()) try_above();
  }

  if (is_outermost) {
    if (to_face_ < 0) {
      detector::Helix const helix{x, std::atan2(point.sin_phi, point.cos_phi), point.omega, point.tan_lambda};
      auto const crossing = detector::extrapolate(helix, geometry_->face());
      bool const is_barrel = crossing && crossing->face == detector::FaceCrossing::Face::barrel;
      to_face_ = is_barrel ? crossing->s : infinity;
    }
    if (to_face_ < step.chord.s) step = {Met::barrel_face, 0, HelixPoint::chord(to_face_, point.omega)};
  }

  if (point.tan_lambda != 0) {
    bool const forward = point.tan_lambda > 0;
    std::uint32_t const plane = forward ? n_planes_below_ : n_planes_below_ - 1;
    double const s = std::max(0., (geometry_->planes()[plane].position - x.z) / point.tan_lambda);
    if (s < step.chord.s) {
      bool const is_face = plane == 0 || plane + 1 == geometry_->planes().size();
      step = {is_face ? Met::endcap_face : Met::plane, plane, HelixPoint::chord(s, point.omega)};
    }
  }
  if (!(step.chord.s < infinity)) step.what = Met::nothing;
  return step;
}

void Walk::pass(Step const& step, HelixPoint const& point, bool has_kinked) noexcept {
  if (to_face_ >= 0) to_face_ = has_kinked ? -1 : std::max(0., to_face_ - step.chord.s);
  on_shell_ = no_shell;
  if (step.what == Met::shell) {
    on_shell_ = step.sheet;
    double const radial = point.position.x * point.cos_phi + point.position.y * point.sin_phi;
    n_shells_inside_ = radial > 0 ? step.sheet + 1 : step.sheet;
    to_face_ = -1;
  } else if (step.what == Met::plane) {
    n_planes_below_ = point.tan_lambda > 0 ? step.sheet + 1 : step.sheet;
  }
}

}  // namespace corpuscle::sim
