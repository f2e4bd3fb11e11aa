#include "corpuscle/graph/print.hpp"

#include <iomanip>
#include <sstream>

namespace corpuscle::graph {
namespace {

void add_inputs(std::ostream& out, Node const& node) {
  std::ostringstream inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs << (i == 0 ? "" : " ") << node.inputs[i].row();
  out << std::setw(12) << inputs.str();
}

std::string what(Node const& node) {
  std::ostringstream out;
  out << name(node.operation);
  if (auto const* const dense = std::get_if<Dense>(&node.operation)) {
    if (dense->function != Function::identity) out << ", " << name(dense->function);
    if (node.inputs.size() == 2) out << ", add";
  } else if (std::holds_alternative<Scatter>(node.operation)) {
    if (node.inputs.size() == 3) out << ", add";
  } else if (auto const* const order = std::get_if<WindowOrder>(&node.operation)) {
    out << " of " << order->size << ", " << name(order->key);
  } else if (auto const* const lsh = std::get_if<LshOrder>(&node.operation)) {
    out << " of " << lsh->size;
  } else if (auto const* const attention = std::get_if<Attention>(&node.operation)) {
    out << ", " << attention->heads << " heads";
  }
  return out.str();
}

}  // namespace

std::string to_text(Graph const& graph, Plan const& plan, std::uint32_t length) {
  std::ostringstream out;
  out << std::left << std::setw(5) << "node" << std::setw(30) << "name" << std::setw(36) << "operation"
      << std::setw(12) << "inputs" << std::right << std::setw(8) << "columns" << std::setw(12) << "parameters"
      << std::setw(14) << "operations"
      << "  rows\n";
  double operations = 0;
  auto const add_line = [&](NodeId id) {
    Node const& node = graph[id];
    double const per_element = operations_per_element(graph, id, length);
    operations += per_element;
    out << std::left << std::setw(5) << id.row() << std::setw(30) << node.name << std::setw(36) << what(node);
    add_inputs(out, node);
    out << std::right << std::setw(8) << node.type.width << std::setw(12)
        << cost_of(graph, id, length).parameters << std::setw(14) << static_cast<std::uint64_t>(per_element)
        << "  " << (plan.places[id.row()].where == Plan::Place::Where::block ? "block" : "all") << '\n';
  };
  for (std::size_t i = 0; i < graph.nodes().size(); ++i)
    if (plan.places[i].where == Plan::Place::Where::features) add_line(NodeId(i));
  std::size_t stage_number = 0;
  for (Plan::Stage const& stage : plan.stages) {
    out << "stage " << ++stage_number << ": "
        << (stage.rows == Rows::order    ? "an order"
            : stage.rows == Rows::events ? "events"
            : stage.order.is_valid()     ? "elements, sorted"
                                         : "elements")
        << (stage.whole_windows ? ", by whole windows" : "") << '\n';
    for (NodeId const id : stage.nodes) add_line(id);
  }
  std::uint64_t parameters = 0;
  for (auto const& constant : graph.constants()) parameters += constant->values.size();
  out << parameters << " parameters; " << static_cast<std::uint64_t>(operations)
      << " operations per element of an event of " << length << "; memory "
      << plan.floats_per_element * sizeof(float) << " bytes per element, "
      << plan.floats_per_event * sizeof(float) << " per event, "
      << plan.floats_per_block_row * plan.block_rows * sizeof(float) << " for a block of " << plan.block_rows
      << " rows\n";
  return out.str();
}

}  // namespace corpuscle::graph
