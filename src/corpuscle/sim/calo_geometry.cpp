#include "corpuscle/sim/calo_geometry.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numbers>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/detector/cell_id.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;
using detector::Calorimeter;

constexpr double pi = std::numbers::pi;

constexpr int max_sides = 64;
constexpr int max_layers = 1000;
constexpr std::size_t max_pieces = 256;  // of one line; the constructor sees to it

// Slopes below this count as parallel: over the ten metres of a detector they amount to less than 1 nm.
constexpr double parallel = 1e-11;
// Shorter pieces [mm] come from rounding at the edges of volumes.
constexpr double min_length = 1e-7;
constexpr double far = std::numeric_limits<double>::max();
// A line that stays in one layer for more than this many pitches has several entries, so that a shower along
// it is not put into one point.
constexpr double max_pitches = 3;

/// The field `side` of an endcap: 0 is the one at +z.
constexpr std::int64_t side_code(int side) {
  return side == 0 ? 1 : -2;
}

[[noreturn]] void fail(Calorimeter const& calorimeter, std::string_view complaint) {
  throw core::ConfigError(core::cat("simulation: calorimeter '", calorimeter.collection, "': ", complaint));
}

void check(Calorimeter const& c, detector::Simulation const& simulation) {
  auto const expect = [&](bool good, std::string_view complaint) {
    if (!good) fail(c, complaint);
  };
  bool const is_barrel = c.shape == Calorimeter::Shape::barrel;
  expect(c.stack >= 0 && static_cast<std::size_t>(c.stack) < simulation.stacks.size(), "has no such stack");
  detector::Stack const& stack = simulation.stacks[static_cast<std::size_t>(c.stack)];
  expect(c.layers > 0 && c.layers <= max_layers, "the number of layers is not between 1 and 1000");
  expect(is_barrel ? c.sides >= 3 : c.sides == 0 || c.sides >= 3, "a polygon has at least 3 sides");
  expect(c.sides <= max_sides, "has more than 64 sides");
  expect(std::isfinite(c.normal_phi) && std::isfinite(c.grid_phi), "an azimuth is not a number");
  expect(stack.pitch > 0 && std::isfinite(stack.pitch), "the pitch of its layers is not positive");
  expect(stack.sensitive_offset >= 0 && stack.sensitive_offset <= stack.pitch,
         "the sensitive slice is not inside the layer");
  expect(stack.cell_size > 0 && std::isfinite(stack.cell_size), "the size of its cells is not positive");
  expect(stack.x0 >= 0 && stack.lambda >= 0 && std::isfinite(stack.x0 + stack.lambda),
         "the thickness of its layers is not 0 or more");
  expect(c.r_min >= 0 && c.r_min < c.r_max && std::isfinite(c.r_max), "r_min must be less than r_max");
  expect(c.z_min >= 0 && c.z_min < c.z_max && std::isfinite(c.z_max), "z_min must be less than z_max");
  double const front = is_barrel ? c.r_min : c.z_min;
  double const back = is_barrel ? c.r_max : c.z_max;
  expect(front > 0, "its front face must be away from the origin");
  // A micron for sums of decimal fractions.
  expect(front + c.layers * stack.pitch <= back + 1e-3, "its layers do not fit between its faces");
}

/// Part of a line in one stave, one endcap or the coil. Without initial values: a line has room for hundreds.
struct Piece {
  double from, to;         ///< path [mm]
  double distance, slope;  ///< along the normal of the planes: distance + slope * path
  std::size_t volume;
  std::int32_t first_plane;
};

struct Interval {
  double from = 0, to = 0;
};

Interval both(Interval a, Interval b) {
  return {std::max(a.from, b.from), std::min(a.to, b.to)};
}

/// Where low <= distance + slope * path <= high.
Interval clip(Interval in, double distance, double slope, double low, double high) {
  if (std::abs(slope) < parallel) {
    if (distance < low || distance > high) in.to = in.from;
    return in;
  }
  double const a = (low - distance) / slope;
  double const b = (high - distance) / slope;
  return {std::max(in.from, std::min(a, b)), std::min(in.to, std::max(a, b))};
}

}  // namespace

/// A straight line of finite length.
struct CaloGeometry::Line {
  Vector3 start, direction;
  double length = 0;
  double a = 0, b = 0, c = 0;  ///< radius^2 = a path^2 + 2 b path + c
  double r2_min = 0, r2_max = 0;

  Line(Vector3 s, Vector3 d, double l) : start(s), direction(d), length(l) {
    a = d.x * d.x + d.y * d.y;
    b = s.x * d.x + s.y * d.y;
    c = s.x * s.x + s.y * s.y;
    double const r2_end = r2(length);
    r2_max = std::max(c, r2_end);
    bool const approaches = b < 0 && -b < a * length;
    r2_min = approaches ? std::max(0.0, c - b * b / a) : std::min(c, r2_end);
  }
  [[nodiscard]] double r2(double path) const { return (a * path + 2 * b) * path + c; }
  [[nodiscard]] double x(double path) const { return start.x + direction.x * path; }
  [[nodiscard]] double y(double path) const { return start.y + direction.y * path; }

  /// Where the line is inside a circle; empty if nowhere.
  [[nodiscard]] Interval inside(double radius) const {
    double const excess = c - radius * radius;
    if (a < parallel * parallel) return excess < 0 ? Interval{-far, far} : Interval{far, far};
    double const root2 = b * b - a * excess;
    if (root2 <= 0) return {far, far};
    double const root = std::sqrt(root2);
    return {(-b - root) / a, (-b + root) / a};
  }
};

/// The pieces of one line.
struct CaloGeometry::Pieces {
  Line const& line;
  std::array<Piece, max_pieces> list;
  std::size_t count = 0;

  explicit Pieces(Line const& l) : line(l) {}

  void add(Interval in, double distance, double slope, std::size_t volume, std::int32_t first_plane) {
    if (in.to - in.from < min_length || count == list.size()) return;
    // Nearly always in order: volumes are listed from the inside to the outside.
    std::size_t at = count++;
    for (; at > 0 && list[at - 1].from > in.from; --at) list[at] = list[at - 1];
    list[at] = {in.from, in.to, distance, slope, volume, first_plane};
  }

  /// Part of an interval inside a circle, or the polygon about it.
  [[nodiscard]] Interval inside(Interval in, double radius, Volume const& v) const {
    if (line.r2(in.from) <= radius * radius && line.r2(in.to) <= radius * radius) return in;
    if (v.normals.empty()) return both(in, line.inside(radius));
    for (Azimuth const n : v.normals) {
      in = clip(in, n.x * line.start.x + n.y * line.start.y, n.x * line.direction.x + n.y * line.direction.y,
                -far, radius);
      if (in.to <= in.from) break;
    }
    return in;
  }

  /// Calls f for what is before and what is behind a hole.
  template <class F>
  static void without(Interval in, Interval hole, F f) {
    if (hole.to <= hole.from) return f(in);
    f(Interval{in.from, std::min(in.to, hole.from)});
    f(Interval{std::max(in.from, hole.to), in.to});
  }

  void add_endcap(Volume const& v, std::size_t index, int side) {
    double const sign = side == 0 ? 1 : -1;
    double const distance = sign * line.start.z;
    double const slope = sign * line.direction.z;
    double const end = distance + slope * line.length;
    if (std::max(distance, end) < v.front || std::min(distance, end) > v.back) return;
    Interval const slab = clip({0, line.length}, distance, slope, v.front, v.back);
    if (slab.to <= slab.from) return;
    Interval const outline = inside(slab, v.r_max, v);
    if (outline.to <= outline.from) return;
    Interval const hole =
        line.r2_min > v.hole_corner * v.hole_corner ? Interval{} : inside(outline, v.r_min, v);
    Interval ceded;
    if (line.r2_min < v.ceded_radius * v.ceded_radius) {
      ceded = both(clip(outline, distance, slope, v.ceded_from, v.ceded_to), line.inside(v.ceded_radius));
    }
    without(outline, hole, [&](Interval ring) {
      without(ring, ceded,
              [&](Interval in) { add(in, distance, slope, index, v.first_plane + side * v.layers); });
    });
  }

  void add_barrel(Volume const& v, std::size_t index) {
    double const z_end = line.start.z + line.direction.z * line.length;
    if (std::min(line.start.z, z_end) > v.half_length || std::max(line.start.z, z_end) < -v.half_length)
      return;
    Interval const slab =
        clip({0, line.length}, line.start.z, line.direction.z, -v.half_length, v.half_length);
    if (slab.to <= slab.from) return;
    Interval const hole = line.r2_min > v.r_min * v.r_min ? Interval{} : both(slab, line.inside(v.r_min));
    without(slab, hole, [&](Interval in) {
      if (v.first_plane < 0) {
        add(both(in, line.inside(v.r_max)), 0, 0, index, -1);
      } else if (in.to > in.from) {
        walk_staves(in, v, index);
      }
    });
  }

  /// Adds the staves that the line passes in an interval in which it does not come near the axis. A straight
  /// line turns about the axis in one sense only, by less than half a turn: from stave to neighbour.
  void walk_staves(Interval in, Volume const& v, std::size_t index) {
    Vector3 const s = line.start;
    Vector3 const d = line.direction;
    std::size_t const sides = v.normals.size();
    std::size_t stave = v.face(line.x(in.from), line.y(in.from));
    double const sense = s.x * d.y - s.y * d.x < 0 ? -1 : 1;
    double at = in.from;
    for (std::size_t step = 0; step <= sides; ++step) {
      Azimuth const n = v.normals[stave];
      double const distance = n.x * s.x + n.y * s.y;
      double const slope = n.x * d.x + n.y * d.y;
      double const room = distance * v.edge_slope - sense * (n.x * s.y - n.y * s.x);
      double const closing = slope * v.edge_slope - sense * (n.x * d.y - n.y * d.x);
      double const exit = closing < 0 ? std::clamp(-room / closing, at, in.to) : in.to;
      add(clip({at, exit}, distance, slope, v.front, v.back), distance, slope, index,
          v.first_plane + static_cast<std::int32_t>(stave) * v.layers);
      if (exit >= in.to) return;
      at = exit;
      stave = (stave + (sense > 0 ? sides - 1 : 1)) % sides;  // staves count against phi
    }
  }
};

/// Turns pieces, in their order, into crossings, adding up the material. Runs for every layer of every
/// shower: measure before changing.
struct CaloGeometry::Depths {
  std::vector<Crossing>& out;
  double x0 = 0, lambda = 0;

  explicit Depths(std::vector<Crossing>& o) : out(o) {}

  void add(Piece const& piece, Volume const& v) {
    if (piece.first_plane < 0) {
      pass(v, -1, 0.5 * (piece.from + piece.to), piece.to - piece.from, false);
      return;
    }
    auto const layer_at = [&](double path) {
      double const layer = (piece.distance + piece.slope * path - v.front) / v.pitch;
      return std::clamp(static_cast<int>(layer), 0, v.layers - 1);
    };
    bool const is_parallel = std::abs(piece.slope) < parallel;
    int const step = piece.slope < 0 ? -1 : 1;
    int const last = layer_at(is_parallel ? piece.from : piece.to);
    double const inverse = is_parallel ? 0 : 1 / piece.slope;
    double const to_next = piece.slope < 0 ? 0 : v.pitch;
    double from = piece.from;
    for (int layer = layer_at(piece.from);; layer += step) {
      double const front = v.front + layer * v.pitch - piece.distance;
      double const to = layer == last ? piece.to : std::min(piece.to, (front + to_next) * inverse);
      double const plane_at = is_parallel ? far : (front + v.offset) * inverse;
      if (to - from >= min_length) add_layer(v, piece.first_plane + layer, {from, to}, plane_at);
      if (layer == last) return;
      from = to;
    }
  }

  void add_layer(Volume const& v, std::int32_t plane, Interval in, double plane_at) {
    double const most = max_pitches * v.pitch;
    int const parts = in.to - in.from > most ? static_cast<int>((in.to - in.from) / most) + 1 : 1;
    double const length = parts == 1 ? in.to - in.from : (in.to - in.from) / parts;
    for (int k = 0; k < parts; ++k) {
      double const begin = in.from + k * length;
      bool const hits_plane = plane_at >= begin && plane_at < begin + length;
      pass(v, plane, hits_plane ? plane_at : begin + 0.5 * length, length, hits_plane);
    }
  }

  void pass(Volume const& v, std::int32_t plane, double path, double length, bool hits_plane) {
    Crossing crossing;
    crossing.plane = plane;
    crossing.path = static_cast<float>(path);
    crossing.x0_from = static_cast<float>(x0);
    crossing.lambda_from = static_cast<float>(lambda);
    x0 += v.x0 * length;
    lambda += v.lambda * length;
    crossing.x0_to = static_cast<float>(x0);
    crossing.lambda_to = static_cast<float>(lambda);
    crossing.hits_plane = hits_plane;
    out.push_back(crossing);
  }
};

std::size_t CaloGeometry::Volume::face(double x, double y) const noexcept {
  std::size_t best = 0;
  double largest = -far;
  for (std::size_t k = 0; k < normals.size(); ++k) {
    double const distance = normals[k].x * x + normals[k].y * y;
    if (distance > largest) {
      largest = distance;
      best = k;
    }
  }
  return best;
}

double CaloGeometry::Volume::reach(double x, double y) const noexcept {
  if (normals.empty()) return std::hypot(x, y);
  Azimuth const n = normals[face(x, y)];
  return n.x * x + n.y * y;
}

CaloGeometry::CaloGeometry(detector::Detector const& detector) : description_(detector.simulation) {
  if (!description_.is_described()) {
    throw core::ConfigError(core::cat("detector '", detector.name,
                                      "' cannot be simulated: its file has no `simulation` section"));
  }
  detector::CellIdDecoder const encoding(detector.calorimeter_cell_id);
  auto const bits = [&](std::string_view name) {
    auto const field = encoding.field(name);
    if (!field) {
      throw core::ConfigError(core::cat("detector '", detector.name, "': calorimeter_cell_id '",
                                        detector.calorimeter_cell_id, "' has no field '", name, "'"));
    }
    return BitField{field->offset(), ~std::uint64_t{0} >> (64 - field->width())};
  };
  system_ = bits("system");
  side_ = bits("side");
  module_ = bits("module");
  layer_ = bits("layer");
  x_ = bits("x");
  y_ = bits("y");

  std::size_t pieces = 4;  // of the coil
  for (std::size_t i = 0; i < description_.calorimeters.size(); ++i) {
    Calorimeter const& c = description_.calorimeters[i];
    check(c, description_);
    bool const is_barrel = c.shape == Calorimeter::Shape::barrel;
    if (is_barrel ? c.r_min < detector.ecal.barrel_r_min : c.z_min < detector.ecal.endcap_z_min)
      fail(c, "begins inside the tracker, in front of `ecal: barrel_r_min` or `endcap_z_min`");
    add_calorimeter(c, i);
    add_planes(c, i);
    pieces += is_barrel ? static_cast<std::size_t>(c.sides) + 4 : 4;
  }
  if (pieces > max_pieces) throw core::ConfigError("simulation: too many calorimeters, or sides of them");
  if (description_.coil.r_max > description_.coil.r_min) add_coil();
  cede_room_to_forward_calorimeters();
  check_overlaps();

  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    Volume const& v = volumes_[i];
    if (v.r_max > volumes_[outermost_].r_max) outermost_ = i;
    z_enclosed_ = std::max(z_enclosed_, v.is_barrel ? v.half_length : v.back);
  }
}

void CaloGeometry::add_calorimeter(Calorimeter const& c, std::size_t index) {
  detector::Stack const& stack = description_.stacks[static_cast<std::size_t>(c.stack)];
  Volume v;
  v.is_barrel = c.shape == Calorimeter::Shape::barrel;
  v.first_plane = static_cast<std::int32_t>(planes_.size());
  v.layers = c.layers;
  v.front = v.is_barrel ? c.r_min : c.z_min;
  v.pitch = stack.pitch;
  v.back = v.front + c.layers * stack.pitch;
  v.offset = stack.sensitive_offset;
  v.x0 = stack.x0 / stack.pitch;
  v.lambda = stack.lambda / stack.pitch;
  v.r_min = c.r_min;
  v.r_max = v.is_barrel ? v.back : c.r_max;
  v.half_length = v.is_barrel ? c.z_max : 0;
  v.edge_slope = c.sides > 0 ? std::tan(pi / c.sides) : 0;
  v.r_corner = v.r_max * std::hypot(1, v.edge_slope);
  v.hole_corner = v.r_min * std::hypot(1, v.edge_slope);
  for (int k = 0; k < c.sides; ++k) {
    double const phi = c.normal_phi - k * 2 * pi / c.sides;
    v.normals.push_back({std::cos(phi), std::sin(phi)});
  }
  volumes_.push_back(std::move(v));

  auto const system = static_cast<std::size_t>(c.system);
  constexpr std::size_t max_systems = 4096;
  if (c.system < 0 || system > system_.mask || system >= max_systems)
    fail(c, "system does not fit into its cell ids");
  if (calorimeter_of_system_.size() <= system) calorimeter_of_system_.resize(system + 1, -1);
  if (calorimeter_of_system_[system] >= 0) fail(c, "another calorimeter has the same system");
  calorimeter_of_system_[system] = static_cast<std::int32_t>(index);
}

void CaloGeometry::add_planes(Calorimeter const& c, std::size_t index) {
  Volume const& volume = volumes_[index];
  detector::Stack const& stack = description_.stacks[static_cast<std::size_t>(c.stack)];
  int const staves = volume.is_barrel ? c.sides : 2;
  auto const fits = [&](BitField const& field, double extent) {
    constexpr std::uint64_t most = (1U << 20) - 1;  // of `nearest`
    return extent / stack.cell_size + 1 < static_cast<double>(std::min(field.mask >> 1, most));
  };
  double const extent_v = volume.is_barrel ? c.z_max + std::abs(c.cell_shift) : volume.r_corner;
  if (!fits(x_, volume.r_corner) || !fits(y_, extent_v) ||
      static_cast<std::uint64_t>(c.layers - 1) > layer_.mask ||
      (volume.is_barrel && static_cast<std::uint64_t>(c.sides - 1) > module_.mask) || side_.mask < 3) {
    fail(c, "its cells do not fit into the bits of calorimeter_cell_id");
  }

  for (int stave = 0; stave < staves; ++stave) {
    Plane plane;
    plane.calorimeter = static_cast<std::int16_t>(index);
    plane.stack = static_cast<std::int16_t>(c.stack);
    plane.cell_size = stack.cell_size;
    plane.cells_per_mm = 1 / stack.cell_size;
    plane.signal = relative_signal(c);
    std::uint64_t base_id = system_.pack(c.system);
    if (volume.is_barrel) {
      Azimuth const n = volume.normals[static_cast<std::size_t>(stave)];
      plane.normal = {n.x, n.y, 0};
      plane.u = {-n.y, n.x, 0};
      plane.v = {0, 0, 1};
      plane.half_v = c.z_max;
      plane.cell_shift = c.cell_shift;
      base_id |= module_.pack(stave);
    } else {
      double const sign = stave == 0 ? 1 : -1;
      plane.normal = {0, 0, sign};
      plane.u = {sign * std::cos(c.grid_phi), sign * std::sin(c.grid_phi), 0};
      plane.v = {-std::sin(c.grid_phi), std::cos(c.grid_phi), 0};
      plane.r_min = volume.hole_corner;
      plane.r_max = c.r_max;
      base_id |= side_.pack(side_code(stave));
    }
    for (int layer = 0; layer < c.layers; ++layer) {
      double const front = volume.front + layer * stack.pitch;
      plane.layer = static_cast<std::int16_t>(layer);
      plane.distance = front + stack.sensitive_offset;
      plane.origin = plane.distance * plane.normal;
      plane.half_u = volume.is_barrel ? front * volume.edge_slope : 0;
      plane.base_id = base_id | layer_.pack(layer);
      planes_.push_back(plane);
    }
  }
}

void CaloGeometry::add_coil() {
  detector::DeadCylinder const& coil = description_.coil;
  bool const is_finite = std::isfinite(coil.r_max + coil.z_max + coil.x0 + coil.lambda);
  if (!(is_finite && coil.r_min > 0 && coil.z_max > 0 && coil.x0 >= 0 && coil.lambda >= 0)) {
    throw core::ConfigError(
        "simulation: the coil must have a positive radius and length, and a thickness of 0 or more");
  }
  Volume v;
  v.front = v.r_min = coil.r_min;
  v.back = v.r_max = v.r_corner = coil.r_max;
  v.half_length = coil.z_max;
  v.x0 = coil.x0 / (coil.r_max - coil.r_min);
  v.lambda = coil.lambda / (coil.r_max - coil.r_min);
  volumes_.push_back(std::move(v));
}

void CaloGeometry::cede_room_to_forward_calorimeters() {
  std::vector<Calorimeter> const& all = description_.calorimeters;
  for (std::size_t f = 0; f < all.size(); ++f) {
    Volume const& forward = volumes_[f];
    if (all[f].kind != Calorimeter::Kind::forward || forward.is_barrel) continue;
    for (std::size_t i = 0; i < all.size(); ++i) {
      Volume& v = volumes_[i];
      bool const meet = forward.front < v.back && v.front < forward.back && v.r_min < forward.r_max;
      if (v.is_barrel || all[i].kind == Calorimeter::Kind::forward || !meet) continue;
      v.ceded_radius = forward.r_max;
      v.ceded_from = forward.front;
      v.ceded_to = forward.back;
    }
  }
  for (Plane& plane : planes_) {
    Volume const& v = volumes_[static_cast<std::size_t>(plane.calorimeter)];
    if (plane.distance >= v.ceded_from && plane.distance <= v.ceded_to)
      plane.r_min = std::max(plane.r_min, v.ceded_radius);
  }
}

void CaloGeometry::check_overlaps() const {
  constexpr double tolerance = 1e-3;  // [mm]; sums of decimal fractions
  auto const meet = [](double a_from, double a_to, double b_from, double b_to) {
    return a_from < b_to - tolerance && b_from < a_to - tolerance;
  };
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      Volume const& a = volumes_[i];
      Volume const& b = volumes_[k];
      auto const z_from = [](Volume const& v) { return v.is_barrel ? 0 : v.front; };
      auto const z_to = [](Volume const& v) { return v.is_barrel ? v.half_length : v.back; };
      bool const cedes = a.ceded_radius > 0 || b.ceded_radius > 0;
      if (cedes || !meet(a.r_min, a.r_max, b.r_min, b.r_max) || !meet(z_from(a), z_to(a), z_from(b), z_to(b)))
        continue;
      // The coil is the last of the volumes.
      fail(description_.calorimeters[k],
           i < description_.calorimeters.size()
               ? core::cat("overlaps with '", description_.calorimeters[i].collection, "'")
               : std::string("overlaps with the coil"));
    }
  }
}

void CaloGeometry::trace(Vector3 start, Vector3 direction, double max_path,
                         std::vector<Crossing>& out) const {
  out.clear();
  // Beyond, there is nothing: whatever the start, the way to the detector and through it is shorter.
  double const farthest = std::abs(start.x) + std::abs(start.y) + std::abs(start.z) + 2 * z_enclosed_ +
                          2 * volumes_[outermost_].r_corner;
  Line const line(start, direction, std::min(max_path, farthest));
  if (!(line.length > 0 && std::isfinite(line.r2_max))) return;

  Pieces pieces(line);
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    Volume const& v = volumes_[i];
    if (line.r2_max < v.r_min * v.r_min || line.r2_min > v.r_corner * v.r_corner) continue;
    if (v.is_barrel) {
      pieces.add_barrel(v, i);
    } else {
      pieces.add_endcap(v, i, 0);
      pieces.add_endcap(v, i, 1);
    }
  }

  Depths depths(out);
  for (std::size_t i = 0; i < pieces.count; ++i) depths.add(pieces.list[i], volumes_[pieces.list[i].volume]);
}

std::uint64_t CaloGeometry::cell_near(Vector3 point) const noexcept {
  double const r2 = point.x * point.x + point.y * point.y;
  double const z = std::abs(point.z);
  for (Volume const& v : volumes_) {
    if (v.first_plane < 0 || r2 < v.r_min * v.r_min || r2 > v.r_corner * v.r_corner) continue;
    std::size_t stave = point.z < 0 ? 1 : 0;
    double distance = z;
    if (v.is_barrel) {
      if (z > v.half_length) continue;
      stave = v.face(point.x, point.y);
      distance = v.normals[stave].x * point.x + v.normals[stave].y * point.y;
    }
    if (distance < v.front || distance >= v.back) continue;
    auto const layer = std::min(static_cast<std::int32_t>((distance - v.front) / v.pitch), v.layers - 1);
    Plane const& plane =
        planes_[static_cast<std::size_t>(v.first_plane + layer) + stave * static_cast<std::size_t>(v.layers)];
    std::uint64_t const id = cell(plane, core::dot(plane.u, point), core::dot(plane.v, point));
    if (id != 0) return id;
  }
  return 0;
}

std::size_t CaloGeometry::plane_index(std::uint64_t cell_id) const noexcept {
  std::uint64_t const system = system_.unpack(cell_id);
  CORPUSCLE_EXPECT(system < calorimeter_of_system_.size() && calorimeter_of_system_[system] >= 0);
  Volume const& v = volumes_[static_cast<std::size_t>(calorimeter_of_system_[system])];
  std::uint64_t const stave =
      v.is_barrel ? module_.unpack(cell_id) : (side_.unpack_signed(cell_id) == side_code(0) ? 0U : 1U);
  return static_cast<std::size_t>(v.first_plane) + stave * static_cast<std::size_t>(v.layers) +
         layer_.unpack(cell_id);
}

Plane const& CaloGeometry::plane_of(std::uint64_t cell_id) const noexcept {
  std::size_t const index = plane_index(cell_id);
  CORPUSCLE_EXPECT(index < planes_.size());
  return planes_[index];
}

Vector3 CaloGeometry::center(std::uint64_t cell_id) const noexcept {
  Plane const& plane = plane_of(cell_id);
  double const u = static_cast<double>(x_.unpack_signed(cell_id)) * plane.cell_size;
  double const v = static_cast<double>(y_.unpack_signed(cell_id)) * plane.cell_size + plane.cell_shift;
  return plane.origin + u * plane.u + v * plane.v;
}

bool CaloGeometry::is_inside_edges(Plane const& plane, double u, double v) const noexcept {
  Volume const& volume = volumes_[static_cast<std::size_t>(plane.calorimeter)];
  Vector3 const point = u * plane.u + v * plane.v;
  bool const is_ceded = plane.distance >= volume.ceded_from && plane.distance <= volume.ceded_to &&
                        std::hypot(u, v) < volume.ceded_radius;
  double const reach = volume.reach(point.x, point.y);
  return !is_ceded && reach >= volume.r_min && reach <= volume.r_max;
}

double CaloGeometry::relative_signal(detector::Calorimeter const& calorimeter) const {
  auto const& all = description_.calorimeters;
  auto const first = std::find_if(all.begin(), all.end(),
                                  [&](auto const& other) { return other.stack == calorimeter.stack; });
  return first->calibration / calorimeter.calibration;
}

bool CaloGeometry::encloses(Vector3 point) const noexcept {
  if (!(std::abs(point.z) <= z_enclosed_)) return false;
  Volume const& v = volumes_[outermost_];
  double const r2 = point.x * point.x + point.y * point.y;
  return r2 <= v.r_max * v.r_max || v.reach(point.x, point.y) <= v.r_max;
}

}  // namespace corpuscle::sim
