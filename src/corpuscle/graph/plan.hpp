#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corpuscle/graph/graph.hpp"

namespace corpuscle::graph {

/// How a graph is run: in which pieces, and where its values are kept.
///
/// A stage is a run of nodes over the same rows. It is run block by block, all its nodes on one block of rows
/// before the next: what only its own nodes use needs room for one block and stays in the cache. Only what
/// later stages use is kept for all rows. So memory is a number of bytes per element, known beforehand.
struct Plan {
  /// Where the value of a node is. Rows are padded to `stride` floats, a multiple of `alignment`.
  struct Place {
    enum class Where : std::uint8_t {
      none,      ///< no array: an order
      features,  ///< the caller's features
      elements,  ///< kept for all elements
      events,    ///< kept for all events
      block,     ///< of one block of a stage
    };
    Where where = Where::none;
    std::size_t offset = 0;  ///< of the first row, in floats times the number of rows there is room for
    std::size_t stride = 0;  ///< floats from row to row
  };

  struct Stage {
    Rows rows = Rows::elements;  ///< `order`: the one node makes an order
    NodeId order;                ///< of the elements
    /// Blocks end where windows end: a node looks at whole windows. Else anywhere, and `order` is invalid or
    /// only moves rows.
    bool whole_windows = false;
    std::vector<NodeId> nodes;
  };

  static constexpr std::size_t alignment = 16;  ///< floats: one cache line, one AVX-512 vector

  std::vector<Stage> stages;
  std::vector<Place> places;  ///< of each node
  std::size_t block_rows = 0;
  std::size_t floats_per_element = 0, floats_per_event = 0, floats_per_block_row = 0;
};

/// @param block_rows  of a block, at least; more where windows are longer
Plan plan(Graph const& graph, std::size_t block_rows = 128);

/// True if the node looks at all rows of this input, not only at those of its own block: the input must be
/// complete before.
bool needs_all_rows(Graph const& graph, NodeId node, std::size_t input);

}  // namespace corpuscle::graph
