#pragma once

#include <cstddef>
#include <span>

namespace corpuscle::tune {

/// Quantile of sorted numbers, one or more, with linear interpolation between neighbours (numpy's default); q
/// in [0, 1].
inline double quantile(std::span<double const> sorted, double q) noexcept {
  double const place = q * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

}  // namespace corpuscle::tune
