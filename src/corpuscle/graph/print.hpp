#pragma once

#include <string>

#include "corpuscle/graph/graph.hpp"
#include "corpuscle/graph/plan.hpp"

namespace corpuscle::graph {

/// A table for people: a line for each operation, by stages, with its inputs, columns, parameters and
/// operations per element, then the sums and the memory.
/// @param length  elements of an event, for what depends on it
std::string to_text(Graph const& graph, Plan const& plan, std::uint32_t length = 100);

}  // namespace corpuscle::graph
