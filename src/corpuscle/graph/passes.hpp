#pragma once

#include "corpuscle/graph/graph.hpp"

/// Graphs to graphs that compute the same with less. Each pass takes any graph and may be used alone.
namespace corpuscle::graph {

/// The normalisation goes into the weights of the dense layers behind it, in double precision:
/// W' = W diag(scale), b' = b - W' mean.
///
/// That is done only where it costs less than three bits: x W' and b' are larger than their sum by
/// |mean| * scale, so a column in which that is above 8 keeps the normalisation where it is.
Graph fold_constants(Graph const& graph);

/// A dense layer takes on the function behind it, then a sum behind that, and so do rows that are put back
/// into the order of the batch; if nobody else uses what is between.
Graph fuse(Graph const& graph);

/// Equal operations on equal inputs are computed once (common subexpressions); equal constants are kept once.
Graph merge_equal(Graph const& graph);

/// Without nodes and constants that the output does not need.
Graph remove_dead(Graph const& graph);

/// All of them. O(nodes^2).
Graph simplify(Graph const& graph);

}  // namespace corpuscle::graph
