#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"

namespace corpuscle::encoding {

/// Of a quantity that cannot be computed; its feature is 0.
inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Azimuth and pseudorapidity of a direction; NaN where it has none.
struct Angles {
  double eta = unknown;
  double sin_phi = unknown;
  double cos_phi = unknown;

  static Angles of(core::Vector3 v) {
    double const r = std::sqrt(v.x * v.x + v.y * v.y);
    return {std::asinh(v.z / r), v.y / r, v.x / r};
  }
};

/// The inner face of a calorimeter, seen from the origin: where depth begins.
class CalorimeterSurface {
 public:
  explicit CalorimeterSurface(detector::CalorimeterShell const& shell)
      : inverse_r_(1 / shell.barrel_r_min), inverse_z_(1 / shell.endcap_z_min) {
    for (int side = 0; side < shell.sides; ++side) {
      double const phi = shell.normal_phi + 2 * std::numbers::pi * side / shell.sides;
      normals_.push_back({inverse_r_ * std::cos(phi), inverse_r_ * std::sin(phi), 0});
    }
  }

  /// How far a point is behind the face, along its direction from the origin [mm]; cost O(sides).
  [[nodiscard]] double depth(core::Vector3 point) const {
    // The point divided by the face: 1 on it. Of a convex body the farthest face is the one that is crossed.
    double times = inverse_z_ * std::abs(point.z);
    for (core::Vector3 const& normal : normals_)
      times = std::max(times, normal.x * point.x + normal.y * point.y);
    return core::length(point) * (1 - 1 / times);
  }

 private:
  double inverse_r_, inverse_z_;
  std::vector<core::Vector3> normals_;  ///< of the barrel, divided by its radius
};

}  // namespace corpuscle::encoding
