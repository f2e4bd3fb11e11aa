#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace corpuscle::core {

/// Rows of different lengths, packed end to end: row i is `values[offsets[i], offsets[i+1])`.
///
/// Invariant: `offsets` starts with 0, never decreases and ends with `values.size()`.
template <class T>
struct Ragged {
  std::vector<std::uint32_t> offsets{0};
  std::vector<T> values;

  [[nodiscard]] std::size_t size() const noexcept { return offsets.size() - 1; }

  [[nodiscard]] std::span<T const> operator[](std::size_t row) const noexcept {
    return {values.data() + offsets[row], offsets[row + 1] - offsets[row]};
  }

  void push_back(std::span<T const> row) {
    values.insert(values.end(), row.begin(), row.end());
    end_row();
  }
  void push_back(std::initializer_list<T> row) { push_back(std::span<T const>(row)); }

  /// Closes a row whose elements were appended to `values` directly.
  void end_row() { offsets.push_back(static_cast<std::uint32_t>(values.size())); }

  friend bool operator==(Ragged const&, Ragged const&) = default;
};

}  // namespace corpuscle::core
