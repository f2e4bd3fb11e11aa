#include "corpuscle/pf/hit_boxes.hpp"

#include <algorithm>
#include <cmath>

namespace corpuscle::pf {
namespace {

constexpr int bits = 20;  // of a cube's number along one axis

struct Cube {
  int x, y, z;

  [[nodiscard]] std::uint64_t key() const {
    auto const part = [](int b) {
      return static_cast<std::uint64_t>(b + (1 << (bits - 1))) & ((1U << bits) - 1);
    };
    return part(x) << 2 * bits | part(y) << bits | part(z);
  }
};

Cube cube_of(core::Vector3 place, double size) {
  double const end = size * ((1 << (bits - 1)) - 2);
  auto const part = [&](double v) { return static_cast<int>(std::floor(std::clamp(v, -end, end) / size)); };
  return {part(place.x), part(place.y), part(place.z)};
}

}  // namespace

HitBoxes::HitBoxes(std::span<ShowerHit const> hits, std::span<std::uint32_t const> which, double size)
    : hits_(hits), size_(size) {
  entries_.reserve(which.size());
  for (std::uint32_t i : which) entries_.emplace_back(cube_of(hits[i].position, size).key(), i);
  std::sort(entries_.begin(), entries_.end());
}

std::optional<std::uint32_t> HitBoxes::nearest(core::Vector3 place) const {
  Cube const cube = cube_of(place, size_);
  std::optional<std::uint32_t> found;
  double least = size_ * size_;
  for (int dx = -1; dx <= 1; ++dx)
    for (int dy = -1; dy <= 1; ++dy) {
      // Cubes along z have successive keys.
      std::uint64_t const first = Cube{cube.x + dx, cube.y + dy, cube.z - 1}.key();
      auto entry = std::lower_bound(entries_.begin(), entries_.end(), std::pair(first, std::uint32_t{0}));
      for (; entry != entries_.end() && entry->first <= first + 2; ++entry) {
        core::Vector3 const d = hits_[entry->second].position - place;
        double const square = core::dot(d, d);
        if (square > least || (found && square == least && entry->second > *found)) continue;
        least = square;
        found = entry->second;
      }
    }
  return found;
}

}  // namespace corpuscle::pf
