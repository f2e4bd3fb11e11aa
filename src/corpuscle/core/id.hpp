#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace corpuscle::core {

/// Row of one kind of table, never a bare int: an `Id<Tracks>` does not index clusters.
///
/// A default-constructed id refers to nothing; `is_valid()` tells.
template <class Table>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::size_t row) noexcept : row_(static_cast<std::uint32_t>(row)) {}

  [[nodiscard]] constexpr std::size_t row() const noexcept { return row_; }
  [[nodiscard]] constexpr bool is_valid() const noexcept { return row_ != none; }

  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t row_ = none;
};

}  // namespace corpuscle::core
