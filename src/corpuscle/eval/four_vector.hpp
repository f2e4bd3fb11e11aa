#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/particles.hpp"

namespace corpuscle::eval {

/// Momentum and energy [GeV].
struct FourVector {
  double px = 0;
  double py = 0;
  double pz = 0;
  double energy = 0;

  [[nodiscard]] core::Vector3 momentum() const noexcept { return {px, py, pz}; }
  friend FourVector operator+(FourVector a, FourVector b) {
    return {a.px + b.px, a.py + b.py, a.pz + b.pz, a.energy + b.energy};
  }
  friend bool operator==(FourVector const&, FourVector const&) = default;
};

inline double transverse_momentum(FourVector const& p) {
  return std::hypot(p.px, p.py);
}
/// Pseudorapidity; infinite along the beam.
inline double eta(FourVector const& p) {
  return std::asinh(p.pz / transverse_momentum(p));
}
inline double phi(FourVector const& p) {
  return std::atan2(p.py, p.px);
}
inline double theta(FourVector const& p) {
  return std::atan2(transverse_momentum(p), p.pz);
}
/// 0 for a momentum of 0.
inline double cos_theta(FourVector const& p) {
  double const length = core::length(p.momentum());
  return length > 0 ? p.pz / length : 0;
}
/// Minus the root of minus the square where the square is negative, as rounding makes it.
inline double mass(FourVector const& p) {
  double const square = p.energy * p.energy - core::dot(p.momentum(), p.momentum());
  return std::copysign(std::sqrt(std::abs(square)), square);
}
/// Angle between two momenta [rad], exact for small ones too.
inline double angle(core::Vector3 a, core::Vector3 b) {
  core::Vector3 const cross{a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
  return std::atan2(core::length(cross), core::dot(a, b));
}

/// No row of a table.
inline constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();

/// What the evaluation needs of one particle.
struct Particle {
  FourVector p;
  event::ParticleClass particle_class = event::ParticleClass::charged_hadron;
  float charge = 0;            ///< [e]
  std::uint32_t row = no_row;  ///< in the table it comes from
};

/// The particles of a table that have a direction: four-momentum finite, energy and momentum above 0. By
/// falling energy, then momentum, class and charge, so that nothing computed from them depends on the order
/// of rows.
std::vector<Particle> usable_particles(event::Particles const& particles);

/// Rows by falling energy, then momentum.
std::vector<std::uint32_t> canonical_order(std::span<FourVector const> particles);

}  // namespace corpuscle::eval
