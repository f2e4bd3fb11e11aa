#pragma once

#include <cmath>
#include <numbers>

namespace corpuscle::core {

/// Maps an angle [rad] into [-pi, pi). Every azimuth and every difference of azimuths passes here.
inline double wrap_phi(double phi) noexcept {
  constexpr double pi = std::numbers::pi;
  if (phi >= -pi && phi < pi) return phi;
  double const wrapped = phi - 2 * pi * std::floor((phi + pi) / (2 * pi));
  return wrapped < pi ? wrapped : -pi;  // rounding may land on +pi
}

}  // namespace corpuscle::core
