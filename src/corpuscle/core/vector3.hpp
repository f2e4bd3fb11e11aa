#pragma once

#include <cmath>

namespace corpuscle::core {

/// A point [mm] or a momentum [GeV] in the detector frame: z along the beam axis, x horizontal, y up.
struct Vector3 {
  double x = 0;
  double y = 0;
  double z = 0;

  friend Vector3 operator+(Vector3 a, Vector3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vector3 operator-(Vector3 a, Vector3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vector3 operator*(double s, Vector3 a) { return {s * a.x, s * a.y, s * a.z}; }
  friend bool operator==(Vector3 const&, Vector3 const&) = default;
};

inline double dot(Vector3 a, Vector3 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline double length(Vector3 a) {
  return std::sqrt(dot(a, a));
}
inline double transverse_length(Vector3 a) {
  return std::hypot(a.x, a.y);
}

}  // namespace corpuscle::core
