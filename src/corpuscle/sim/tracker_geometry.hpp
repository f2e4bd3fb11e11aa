#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"

namespace corpuscle::sim {

/// A particle at one point of its helix: the momentum has the transverse direction (cos_phi, sin_phi).
struct HelixPoint {
  core::Vector3 position;  ///< [mm]
  double cos_phi = 1, sin_phi = 0;
  double tan_lambda = 0;  ///< pz / pT
  double omega = 0;       ///< signed curvature [1/mm], detector/helix.hpp; 0 for neutral particles

  /// A point further along the helix, given what `Chord` says of the way there.
  struct Chord {
    double s = 0;      ///< transverse arc length [mm]
    double along = 0;  ///< sin(omega s) / omega: advance along the direction here
    double aside = 0;  ///< (1 - cos(omega s)) / omega: to the right of it
  };
  void advance(Chord const& chord) noexcept;

  [[nodiscard]] static Chord chord(double s, double omega) noexcept;
  /// The same, from w = tan(omega s / 2) / omega; w < 0 for more than half a turn.
  [[nodiscard]] static Chord chord_of_half_tangent(double w, double omega) noexcept;

  [[nodiscard]] double cos_lambda() const noexcept;  ///< pT / p
  [[nodiscard]] core::Vector3 direction() const noexcept;
};

/// The surfaces of a tracker, arranged so that a helix finds the next one without looking at the others.
///
/// All cylinders are continued to infinity, and so are the planes of the discs: a helix is always between two
/// cylinders and between two planes. Immutable, thread-safe.
class TrackerGeometry {
 public:
  /// A surface with the constant bits of its cell ids, for z >= 0 and z < 0.
  struct Surface : detector::TrackerSurface {
    std::uint64_t cell_id[2] = {0, 0};
  };
  /// Surfaces at the same radius or z.
  struct Sheet {
    double position = 0;
    std::uint32_t first = 0, last = 0;  ///< rows of surfaces()
  };

  /// @throws core::ConfigError for surfaces outside the calorimeter's inner face or without extent
  explicit TrackerGeometry(detector::Detector const& detector);

  [[nodiscard]] std::span<Surface const> surfaces() const noexcept { return surfaces_; }
  [[nodiscard]] std::span<Sheet const> shells() const noexcept { return shells_; }  ///< by radius
  /// By z, from the endcap calorimeter at z < 0 to that at z > 0: first and last are calorimeter faces.
  [[nodiscard]] std::span<Sheet const> planes() const noexcept { return planes_; }
  [[nodiscard]] detector::CalorimeterShell const& face() const noexcept { return face_; }

  /// Cell id of a hit: system, side (-1, 0 for barrels, 1), layer, and in the field `module`, if there is
  /// one, the azimuth in steps of 1/48 turn, counted from 0.
  [[nodiscard]] std::uint64_t cell_id(Surface const& surface, core::Vector3 position) const noexcept;

  /// Whether a point is inside the inner face of the calorimeters.
  [[nodiscard]] bool encloses(core::Vector3 position) const noexcept;

 private:
  std::vector<Surface> surfaces_;
  std::vector<Sheet> shells_, planes_;
  detector::CalorimeterShell face_;
  unsigned module_shift_ = 0;
  bool has_modules_ = false;
};

/// Leads a helix from surface to surface.
class Walk {
 public:
  enum class Met { shell, plane, barrel_face, endcap_face, nothing };
  struct Step {
    Met what = Met::nothing;
    std::uint32_t sheet = 0;  ///< index in shells() or planes()
    HelixPoint::Chord chord;
  };

  /// @param start  inside the inner face of the calorimeters
  Walk(TrackerGeometry const& geometry, HelixPoint const& start);

  /// What the helix meets next. `point` must be where the last step led, its momentum may have changed.
  /// About 30 ns.
  [[nodiscard]] Step next(HelixPoint const& point);

  /// To be called behind each step, once the material there has changed the momentum.
  void pass(Step const& step, HelixPoint const& point, bool has_kinked) noexcept;

 private:
  [[nodiscard]] HelixPoint::Chord to_shell(std::uint32_t shell, HelixPoint const& point, double radial,
                                           double aside, double r2, bool outwards) const noexcept;

  TrackerGeometry const* geometry_;
  std::uint32_t n_shells_inside_ = 0;
  std::uint32_t n_planes_below_ = 0;
  std::uint32_t on_shell_;  ///< the one the point is on; no_shell if none
  double to_face_ = -1;     ///< arc length to the barrel face; negative if not known
  static constexpr std::uint32_t no_shell = 0xffffffff;
};

}  // namespace corpuscle::sim
