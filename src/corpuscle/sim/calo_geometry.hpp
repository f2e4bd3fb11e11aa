#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"

namespace corpuscle::sim {

/// One sensitive plane: layer k of one stave of a barrel, or of one endcap. Planes have local coordinates
/// u, v [mm] along the unit vectors `u`, `v`, from `origin` on; u x v = normal.
struct Plane {
  core::Vector3 normal;  ///< unit vector, outwards: the direction in which layers are counted
  core::Vector3 u, v;
  core::Vector3 origin;          ///< in the middle of the sensitive slice, on its axis of symmetry
  double distance = 0;           ///< normal . origin [mm]
  std::uint64_t base_id = 0;     ///< cell id with x = y = 0
  std::int16_t calorimeter = 0;  ///< index in Simulation::calorimeters
  std::int16_t stack = 0;        ///< index in Simulation::stacks
  std::int16_t layer = 0;        ///< from 0
  double half_u = 0;             ///< barrel: half width of the box in u [mm]; endcaps: 0
  double half_v = 0;             ///< barrel: half length
  double r_min = 0, r_max = 0;   ///< endcaps: of a ring that is inside the edges of all corners [mm]
  double cell_size = 0;          ///< [mm]
  double cells_per_mm = 0;       ///< its inverse
  double signal = 1;             ///< CaloGeometry::relative_signal of its calorimeter
  double cell_shift = 0;         ///< v of the centre of cell y = 0 [mm]
};

/// Where a straight line passes one layer (its absorber and its sensitive plane).
struct Crossing {
  std::int32_t plane = -1;  ///< index in CaloGeometry::planes(); -1 for dead material (coil)
  /// From the start of the line to the sensitive plane [mm]; if the line does not reach the plane: to the
  /// middle of its way through the layer.
  float path = 0;
  float x0_from = 0;      ///< depth along the line at the front of the layer [radiation lengths] ...
  float x0_to = 0;        ///< ... and at its back
  float lambda_from = 0;  ///< the same in nuclear interaction lengths
  float lambda_to = 0;
  bool hits_plane = false;  ///< the line passes the sensitive plane: a single particle gives a signal
};

/// The calorimeters of a detector as planes with cells. Immutable, thread-safe.
///
/// Frames, cell ids and the counting of staves are those of detector::Calorimeter; layers count from 0. An
/// endcap without `sides` is round. Where a forward calorimeter reaches into an endcap, the endcap makes
/// room: it begins at the outer radius of the forward one.
///
/// Material fills the whole of a stave, from one edge to the next; the sensitive boxes are a little narrower,
/// as they are in the real detector, so that a point between two staves may have no cell.
class CaloGeometry {
 public:
  /// @throws core::ConfigError if the detector has no simulation section, or one that cannot be built.
  explicit CaloGeometry(detector::Detector const& detector);

  [[nodiscard]] detector::Simulation const& description() const noexcept { return description_; }
  [[nodiscard]] std::span<Plane const> planes() const noexcept { return planes_; }

  /// Replaces `out` by the layers that the line from `start` [mm] along the unit vector `direction` passes
  /// within `max_path` [mm], in the order of their paths. Depths count from `start`; a start inside a layer
  /// counts the rest of that layer. Every piece of material on the way has an entry, one layer several of
  /// them if the line runs along it for long. About 10 ns per layer.
  void trace(core::Vector3 start, core::Vector3 direction, double max_path, std::vector<Crossing>& out) const;

  /// The cell of a plane at local coordinates; 0 outside the plane. The hot path of every shower.
  [[nodiscard]] std::uint64_t cell(Plane const& plane, double u, double v) const noexcept {
    if (plane.half_u > 0) {
      if (!(std::abs(u) <= plane.half_u && std::abs(v) <= plane.half_v)) return 0;
    } else {
      double const r2 = u * u + v * v;
      bool const is_safe = r2 >= plane.r_min * plane.r_min && r2 <= plane.r_max * plane.r_max;
      if (!is_safe && !is_inside_edges(plane, u, v)) return 0;
    }
    return plane.base_id | x_.pack(nearest(u * plane.cells_per_mm)) |
           y_.pack(nearest((v - plane.cell_shift) * plane.cells_per_mm));
  }

  /// The cell at a point off the plane that one expected (a spot that falls into the next stave): projects
  /// the point on the sensitive plane of the layer it is in, of whatever calorimeter is there; 0 if none is.
  [[nodiscard]] std::uint64_t cell_near(core::Vector3 point) const noexcept;

  /// Plane of a cell id that `cell` made, and the centre of the cell.
  [[nodiscard]] Plane const& plane_of(std::uint64_t cell_id) const noexcept;
  [[nodiscard]] core::Vector3 center(std::uint64_t cell_id) const noexcept;

  /// What the cell id of any file says: the index of its calorimeter, -1 if there is no such system; and the
  /// layer, which may be one that the calorimeter does not have.
  [[nodiscard]] std::int32_t calorimeter_of(std::uint64_t cell_id) const noexcept {
    std::uint64_t const system = system_.unpack(cell_id);
    return system < calorimeter_of_system_.size() ? calorimeter_of_system_[system] : -1;
  }
  [[nodiscard]] std::uint64_t layer_of(std::uint64_t cell_id) const noexcept {
    return layer_.unpack(cell_id);
  }

  /// Deposits of a calorimeter relative to those in the first one of the same stack. Calibrations that differ
  /// for one stack (detector.md 2.5) say that the deposits do, for reasons beyond the layers.
  [[nodiscard]] double relative_signal(detector::Calorimeter const& calorimeter) const;

  /// Whether a point is inside the volume that the calorimeters and the coil fill or enclose.
  [[nodiscard]] bool encloses(core::Vector3 point) const noexcept;

 private:
  struct BitField {
    unsigned shift = 0;
    std::uint64_t mask = 0;  ///< before the shift
    [[nodiscard]] std::uint64_t pack(std::int64_t value) const noexcept {
      return (static_cast<std::uint64_t>(value) & mask) << shift;
    }
    [[nodiscard]] std::uint64_t unpack(std::uint64_t id) const noexcept { return (id >> shift) & mask; }
    [[nodiscard]] std::int64_t unpack_signed(std::uint64_t id) const noexcept {
      std::uint64_t const sign = (mask >> 1) + 1;
      return static_cast<std::int64_t>((unpack(id) ^ sign) - sign);
    }
  };

  /// A unit vector in the transverse plane.
  struct Azimuth {
    double x = 1, y = 0;
  };

  /// A calorimeter, or the coil, prepared for tracing.
  struct Volume {
    bool is_barrel = true;
    std::int32_t first_plane = -1;  ///< planes follow by stave, or endcap, then layer; -1: dead
    std::int32_t layers = 1;
    double front = 0, back = 0;           ///< of the layers: inscribed radius (barrel), |z| (endcap)
    double pitch = 0;                     ///< of the layers
    double offset = 0;                    ///< of the sensitive plane in its layer
    double x0 = 0, lambda = 0;            ///< per mm of path
    double r_min = 0, r_max = 0;          ///< inscribed radii of the inner and the outer edge
    double r_corner = 0;                  ///< circumscribed radius of the outer edge
    double hole_corner = 0;               ///< and of the inner one
    double half_length = 0;               ///< barrel
    double edge_slope = 0;                ///< barrel: half width of a stave over its distance
    double ceded_radius = 0;              ///< endcap: leaves what is inside this radius ...
    double ceded_from = 0, ceded_to = 0;  ///< ... and between these |z| to a forward calorimeter
    std::vector<Azimuth> normals;         ///< of the faces of the polygons; none if they are round

    /// The face towards a point, and the point's distance from the axis along the normal of that face.
    [[nodiscard]] std::size_t face(double x, double y) const noexcept;
    [[nodiscard]] double reach(double x, double y) const noexcept;
  };

  struct Line;
  struct Pieces;
  struct Depths;

  /// The nearest integer, for |x| < 2^20: lifted above 0, where truncation is the floor.
  static std::int64_t nearest(double x) noexcept {
    constexpr int lift = 1 << 20;
    return static_cast<std::int64_t>(x + (lift + 0.5)) - lift;
  }

  void add_calorimeter(detector::Calorimeter const& calorimeter, std::size_t index);
  void add_planes(detector::Calorimeter const& calorimeter, std::size_t index);
  void add_coil();
  void cede_room_to_forward_calorimeters();
  void check_overlaps() const;
  [[nodiscard]] bool is_inside_edges(Plane const& plane, double u, double v) const noexcept;
  [[nodiscard]] std::size_t plane_index(std::uint64_t cell_id) const noexcept;

  detector::Simulation description_;
  std::vector<Plane> planes_;
  std::vector<Volume> volumes_;                      ///< by calorimeter; then, if there is one, the coil
  std::vector<std::int32_t> calorimeter_of_system_;  ///< -1 for none
  BitField system_, side_, module_, layer_, x_, y_;
  std::size_t outermost_ = 0;  ///< volume with the largest radius
  double z_enclosed_ = 0;
};

}  // namespace corpuscle::sim
