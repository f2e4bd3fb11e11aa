#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "corpuscle/graph/operation.hpp"

namespace corpuscle::runtime {

/// A place on the sphere as a number, so that what is next in it is a neighbour in eta and phi: the position
/// on Hilbert's curve through 1024 x 1024 cells, of eta in [-4, 4] and phi; 0 to 2^20 - 1. In float,
/// operation by operation as model::hilbert_code, so that both cut alike.
std::uint32_t hilbert_code(float eta, float phi) noexcept;

/// By what graph::WindowOrder sorts an element. @param row  its features, as they were encoded
std::uint32_t sort_key(graph::SortKey key, float const* row) noexcept;

/// An order of the elements of a batch, and the windows in it.
struct OrderView {
  std::uint32_t* rows;     ///< [n] the row of the batch that comes i-th
  std::uint32_t* windows;  ///< [n_windows + 1] where they begin in `rows`
  std::uint32_t* events;   ///< [n_windows] the event of each
  std::uint32_t n_windows;
  bool moves_rows;  ///< false: rows is 0, 1, 2, ...
};

/// Most windows that so many elements and events can have.
std::size_t most_windows(std::size_t n_elements, std::size_t n_events, std::size_t size) noexcept;

/// Fills an order.
/// @param offsets  [events + 1]
/// @param keys     [n] scratch
void make_window_order(graph::WindowOrder const& op, std::span<float const> features, std::size_t n_features,
                       std::span<std::uint32_t const> offsets, std::uint64_t* keys, OrderView& order);

/// The code of graph::LshOrder: the position of the largest of [z, -z], the first of equal ones.
/// @param z  [directions] products of a row with all directions, of which the first `n_used` count
std::uint32_t lsh_code(float const* z, std::size_t n_directions, std::size_t n_used) noexcept;

/// Directions that count for an event of so many elements.
std::size_t lsh_directions(std::size_t length, std::size_t size, std::size_t n_directions) noexcept;

/// Fills an order of graph::LshOrder.
/// @param keys  [n] codes, of events longer than a window; scratch afterwards
void make_lsh_order(graph::LshOrder const& op, std::span<std::uint32_t const> offsets, std::uint64_t* keys,
                    OrderView& order);

}  // namespace corpuscle::runtime
