#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"

namespace corpuscle::eval {

/// Finds directions close to a given one in constant time: unit vectors in a grid of cubes.
///
/// Cubes, because cells in polar angle and azimuth would need care at the poles and at phi = pi. Angles are
/// compared as chords 2 sin(angle / 2), which order the same way.
class DirectionGrid {
 public:
  /// @param momenta  each longer than 0
  explicit DirectionGrid(std::span<core::Vector3 const> momenta);

  [[nodiscard]] std::size_t size() const noexcept { return units_.size(); }
  [[nodiscard]] core::Vector3 unit(std::size_t row) const { return units_[row]; }

  /// Calls `visit(row, chord)` for each direction whose chord to `unit` is at most `max_chord`.
  template <class Visit>
  void for_each_within(core::Vector3 unit, double max_chord, Visit&& visit) const;

  /// Angle [rad] from direction `row` to the nearest other one; pi if there is no other.
  [[nodiscard]] double nearest_angle(std::size_t row) const;

 private:
  static constexpr int cells_per_axis = 20;
  static constexpr double cell_size = 2.0 / cells_per_axis;
  static int cell(double coordinate) {
    return std::clamp(static_cast<int>((coordinate + 1) / cell_size), 0, cells_per_axis - 1);
  }
  static std::size_t index(int x, int y, int z) {
    return static_cast<std::size_t>((x * cells_per_axis + y) * cells_per_axis + z);
  }

  std::vector<core::Vector3> units_;
  std::vector<std::uint32_t> offsets_;  ///< of each cube in `rows_`
  std::vector<std::uint32_t> rows_;
};

template <class Visit>
void DirectionGrid::for_each_within(core::Vector3 unit, double max_chord, Visit&& visit) const {
  auto const range = [&](double at) { return std::array{cell(at - max_chord), cell(at + max_chord)}; };
  auto const [x_min, x_max] = range(unit.x);
  auto const [y_min, y_max] = range(unit.y);
  auto const [z_min, z_max] = range(unit.z);
  for (int x = x_min; x <= x_max; ++x)
    for (int y = y_min; y <= y_max; ++y)
      for (std::size_t k = offsets_[index(x, y, z_min)]; k < offsets_[index(x, y, z_max) + 1]; ++k) {
        double const chord = core::length(units_[rows_[k]] - unit);
        if (chord <= max_chord) visit(rows_[k], chord);
      }
}

}  // namespace corpuscle::eval
