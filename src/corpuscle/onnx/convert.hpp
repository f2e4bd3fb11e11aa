#pragma once

#include <string_view>

#include "corpuscle/graph/graph.hpp"
#include "corpuscle/onnx/model.hpp"

/// Graphs to ONNX and back (docs/formats/onnx.md).
namespace corpuscle::onnx {

/// Names in the files.
inline constexpr char const* features_name = "features";
inline constexpr char const* types_name = "types";
inline constexpr char const* outputs_name = "outputs";

/// A graph as standard operations of opset 17, for one event of any number of elements, at least one.
///
/// Inputs: "features" [elements, n_features] as encoded, and "types" [elements] int64, the position of an
/// element's type in the schema. Output: "outputs" [elements, n_outputs]. Each operation of ours becomes
/// a few standard nodes, the last of which says in its documentation what they are.
///
/// Orders are computed in the model, and windows padded there: to the longest window of the event, which is
/// at most one element in each window of graph::WindowOrder, and less than a window in all for LshOrder.
/// Of elements whose places on Hilbert's curve, or whose codes, lie within rounding of a border, another
/// program may come to another order than ours.
/// @throws core::DataError if the graph has an operation that files have no form for
Model to_onnx(graph::Graph const& graph);

/// The reverse, of models that to_onnx made: operations are taken from what the nodes say that they are, and
/// believed only if the nodes are those that to_onnx would make of them. Bit for bit the same graph.
/// @param where  names the file in messages
/// @throws core::DataError naming the node that is of another kind, or has been changed
graph::Graph to_graph(Model const& model, std::string_view where);

}  // namespace corpuscle::onnx
