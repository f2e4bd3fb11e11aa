#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "corpuscle/pf/shower_hit.hpp"

namespace corpuscle::pf {

/// Some of the hits of an event in cubes of space, so that neighbours are found without looking at the
/// others.
class HitBoxes {
 public:
  /// @param size  edge of a cube [mm]
  HitBoxes(std::span<ShowerHit const> hits, std::span<std::uint32_t const> which, double size);

  /// The one nearest to a place, if there is one within `size`; of equals the first in the list of hits.
  [[nodiscard]] std::optional<std::uint32_t> nearest(core::Vector3 place) const;

 private:
  std::span<ShowerHit const> hits_;
  double size_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> entries_;  ///< key of a cube and hit in it, ascending
};

}  // namespace corpuscle::pf
