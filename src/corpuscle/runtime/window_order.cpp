#include "corpuscle/runtime/window_order.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace corpuscle::runtime {
namespace {

constexpr int bits = 10;
constexpr std::uint32_t n_cells = 1U << bits;

/// The cell of [0, 1) in which x is; NaN is in the first.
std::uint32_t cell(float x) noexcept {
  float const scaled = std::floor(x * static_cast<float>(n_cells));
  if (!(scaled > 0)) return 0;
  return scaled < static_cast<float>(n_cells) ? static_cast<std::uint32_t>(scaled) : n_cells - 1;
}

/// Sorts the events that are longer than a window, and cuts all of them.
/// @param key_of(row)          by which rows are sorted
/// @param end_of(i, length, n)  where the i-th of n windows of an event ends, from 1
template <class KeyOf, class EndOf>
void fill(std::span<std::uint32_t const> offsets, std::uint64_t size, std::uint64_t* keys, OrderView& order,
          KeyOf const& key_of, EndOf const& end_of) {
  order.n_windows = 0;
  order.moves_rows = false;
  order.windows[0] = 0;
  for (std::size_t event = 0; event + 1 < offsets.size(); ++event) {
    std::uint32_t const begin = offsets[event];
    std::uint32_t const end = offsets[event + 1];
    std::uint64_t const n = (end - begin + size - 1) / size;
    for (std::uint64_t i = 1; i <= n; ++i) {
      order.events[order.n_windows] = static_cast<std::uint32_t>(event);
      order.windows[++order.n_windows] = begin + static_cast<std::uint32_t>(end_of(i, end - begin, n));
    }
    if (n <= 1) {
      for (std::uint32_t i = begin; i < end; ++i) order.rows[i] = i;
      continue;
    }
    // By key, then row: all differ, so every way of sorting gives the same.
    order.moves_rows = true;
    for (std::uint32_t i = begin; i < end; ++i) keys[i] = std::uint64_t{key_of(i)} << 32 | i;
    std::sort(keys + begin, keys + end);
    for (std::uint32_t i = begin; i < end; ++i) order.rows[i] = static_cast<std::uint32_t>(keys[i]);
  }
}

}  // namespace

std::uint32_t hilbert_code(float eta, float phi) noexcept {
  float const turns = phi / static_cast<float>(2 * std::numbers::pi) + 0.5F;
  std::uint32_t x = cell(eta / 8 + 0.5F);
  std::uint32_t y = cell(turns - std::floor(turns));
  std::uint32_t code = 0;
  for (int bit = bits - 1; bit >= 0; --bit) {
    std::uint32_t const side = 1U << bit;
    bool const right = (x & side) != 0;
    bool const upper = (y & side) != 0;
    // Quadrants are passed in the order lower left, upper left, upper right, lower right.
    code +=
        (static_cast<std::uint32_t>(right != upper) + 2 * static_cast<std::uint32_t>(right)) * side * side;
    if (upper) continue;
    // The curve in the lower quadrants lies on its side, in the lower right one it is also turned round.
    if (right) {
      x ^= side - 1;
      y ^= side - 1;
    }
    std::swap(x, y);
  }
  return code;
}

std::uint32_t sort_key(graph::SortKey key, float const* row) noexcept {
  switch (key) {
    case graph::SortKey::place: return hilbert_code(row[2], std::atan2(row[3], row[4]));
    case graph::SortKey::moved_place: return hilbert_code(row[2] + 0.7F, std::atan2(row[3], row[4]) + 1);
    case graph::SortKey::energy: {
      // Logarithms of energies of e^-16 to e^16 GeV, the highest first, in steps finer than their rounding.
      float const steps = (16 - row[0]) * 0x1p22F;
      if (!(steps > 0)) return 0;
      return steps < 0x1p27F ? static_cast<std::uint32_t>(steps) : 1U << 27;
    }
  }
  return 0;
}

std::size_t most_windows(std::size_t n_elements, std::size_t n_events, std::size_t size) noexcept {
  return n_elements / size + n_events;
}

void make_window_order(graph::WindowOrder const& op, std::span<float const> features, std::size_t n_features,
                       std::span<std::uint32_t const> offsets, std::uint64_t* keys, OrderView& order) {
  fill(
      offsets, op.size, keys, order,
      [&](std::uint32_t row) { return sort_key(op.key, features.data() + row * n_features); },
      // As equal as can be.
      [](std::uint64_t i, std::uint64_t length, std::uint64_t n) { return i * length / n; });
}

std::uint32_t lsh_code(float const* z, std::size_t n_directions, std::size_t n_used) noexcept {
  std::size_t highest = 0;
  std::size_t lowest = 0;
  for (std::size_t j = 1; j < n_used; ++j) {
    if (z[j] > z[highest]) highest = j;
    if (z[j] < z[lowest]) lowest = j;
  }
  return static_cast<std::uint32_t>(z[highest] >= -z[lowest] ? highest : n_directions + lowest);
}

std::size_t lsh_directions(std::size_t length, std::size_t size, std::size_t n_directions) noexcept {
  return std::min(n_directions, std::max<std::size_t>(1, (length + size - 1) / size / 2));
}

void make_lsh_order(graph::LshOrder const& op, std::span<std::uint32_t const> offsets, std::uint64_t* keys,
                    OrderView& order) {
  fill(
      offsets, op.size, keys, order, [&](std::uint32_t row) { return static_cast<std::uint32_t>(keys[row]); },
      [&](std::uint64_t i, std::uint64_t length, std::uint64_t) {
        return std::min<std::uint64_t>(i * op.size, length);
      });
}

}  // namespace corpuscle::runtime
