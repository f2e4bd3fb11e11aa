#include "corpuscle/eval/direction_grid.hpp"

#include <cmath>
#include <numbers>

namespace corpuscle::eval {

DirectionGrid::DirectionGrid(std::span<core::Vector3 const> momenta) {
  offsets_.assign(static_cast<std::size_t>(cells_per_axis * cells_per_axis * cells_per_axis) + 1, 0);
  std::vector<std::size_t> cells;
  cells.reserve(momenta.size());
  units_.reserve(momenta.size());
  for (core::Vector3 const& p : momenta) {
    core::Vector3 const unit = (1 / core::length(p)) * p;
    units_.push_back(unit);
    cells.push_back(index(cell(unit.x), cell(unit.y), cell(unit.z)));
    ++offsets_[cells.back() + 1];
  }
  for (std::size_t k = 1; k < offsets_.size(); ++k) offsets_[k] += offsets_[k - 1];
  rows_.resize(momenta.size());
  std::vector<std::uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (std::size_t row = 0; row < momenta.size(); ++row)
    rows_[next[cells[row]]++] = static_cast<std::uint32_t>(row);
}

double DirectionGrid::nearest_angle(std::size_t row) const {
  if (size() < 2) return std::numbers::pi;
  // Most have a neighbour close by; the search widens for those that have not.
  for (double reach = cell_size / 2;; reach *= 4) {
    double nearest = 3;
    for_each_within(units_[row], std::min(reach, 2.1), [&](std::uint32_t other, double chord) {
      if (other != row) nearest = std::min(nearest, chord);
    });
    if (nearest < 3) return 2 * std::asin(std::min(1.0, nearest / 2));
  }
}

}  // namespace corpuscle::eval
