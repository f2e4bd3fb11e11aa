#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "corpuscle/core/random.hpp"
#include "corpuscle/core/vector3.hpp"

/// Unit vectors, given or drawn.
namespace corpuscle::sim {

struct Across {
  core::Vector3 a, b;
};

/// Two unit vectors across a unit vector and each other; no direction is singular.
/// Source: Duff et al., Journal of Computer Graphics Techniques 6 (2017) 1.
inline Across across(core::Vector3 d) {
  double const sign = std::copysign(1., d.z);
  double const f = -1 / (sign + d.z);
  double const g = d.x * d.y * f;
  return {{1 + sign * d.x * d.x * f, sign * g, -sign * d.x}, {g, sign + d.y * d.y * f, -d.y}};
}

/// At a polar angle from a unit vector, with a random azimuth about it.
inline core::Vector3 direction_around(core::Vector3 axis, double cos_angle, core::Random& random) {
  double const sin_angle = std::sqrt(std::max(0., 1 - cos_angle * cos_angle));
  double const azimuth = random.uniform(0, 2 * std::numbers::pi);
  auto const [a, b] = across(axis);
  return cos_angle * axis + sin_angle * std::cos(azimuth) * a + sin_angle * std::sin(azimuth) * b;
}

/// Uniform on the sphere: Marsaglia, Ann. Math. Statist. 43 (1972) 645.
inline core::Vector3 isotropic(core::Random& random) {
  double a = 0;
  double b = 0;
  double r2 = 2;
  while (r2 >= 1) {
    a = random.uniform(-1, 1);
    b = random.uniform(-1, 1);
    r2 = a * a + b * b;
  }
  double const scale = 2 * std::sqrt(1 - r2);
  return {scale * a, scale * b, 1 - 2 * r2};
}

}  // namespace corpuscle::sim
