#include "corpuscle/graph/graph.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::graph {
namespace {

using core::cat;

/// Says of what type the value of an operation is, or that it cannot be.
class TypeOf {
 public:
  TypeOf(Graph const& graph, std::span<NodeId const> inputs, std::string const& name)
      : graph_(graph), inputs_(inputs), name_(name) {}

  Type operator()(Features const&) const {
    expect_inputs(0, 0);
    return {Rows::elements, graph_.n_features(), {}};
  }

  Type operator()(Normalise const& op) const {
    expect_inputs(1, 1);
    Type const x = elements_as_they_came(0);
    expect_shape(op.mean, {graph_.n_types(), x.width});
    expect_shape(op.scale, {graph_.n_types(), x.width});
    return x;
  }

  Type operator()(Dense const& op) const {
    expect_inputs(1, 2);
    Type result = array(0);
    if (op.of_type.empty() || (op.of_type.size() > 1 && op.of_type.size() != graph_.n_types()))
      fail(cat("has weights for ", op.of_type.size(), " of ", graph_.n_types(), " types of elements"));
    if (op.of_type.size() > 1) (void)elements_as_they_came(0);
    for (Dense::Affine const& affine : op.of_type) {
      std::vector<std::size_t> const& shape = graph_[affine.weight].shape;
      if (shape.size() != 2 || shape[1] != result.width ||
          shape[0] != graph_[op.of_type.front().weight].shape[0])
        fail(cat("has weights that do not go with an input of ", result.width, " columns"));
      if (affine.bias.is_valid()) expect_shape(affine.bias, {shape[0]});
    }
    result.width = static_cast<std::uint32_t>(graph_[op.of_type.front().weight].shape[0]);
    if (inputs_.size() == 2 && array(1) != result) fail("adds arrays of different types");
    return result;
  }

  Type operator()(LayerNorm const& op) const {
    expect_inputs(1, 1);
    expect_shape(op.weight, {array(0).width});
    expect_shape(op.bias, {array(0).width});
    return array(0);
  }

  Type operator()(Map const&) const {
    expect_inputs(1, 1);
    return array(0);
  }

  Type operator()(Elementary const&) const {
    expect_inputs(1, 1);
    return array(0);
  }

  Type operator()(Clamp const& op) const {
    expect_inputs(1, 1);
    if (!(op.low <= op.high)) fail("has no numbers between its limits");
    return array(0);
  }

  Type operator()(Subtract const&) const { return of_equals(2); }
  Type operator()(Multiply const&) const { return of_equals(2); }
  Type operator()(Blend const&) const { return of_equals(3); }

  Type operator()(Columns const& op) const {
    expect_inputs(1, 1);
    Type x = array(0);
    if (op.first >= op.last || op.last > x.width) fail(cat("takes columns that ", x.width, " do not have"));
    x.width = op.last - op.first;
    return x;
  }

  Type operator()(Add const&) const {
    expect_inputs(2, 2);
    Type const a = array(0);
    Type const b = array(1);
    if (a.width != b.width || !(a == b || b.rows == Rows::events)) fail("adds arrays of different types");
    return a;
  }

  Type operator()(Concat const&) const {
    expect_inputs(1, 100);
    Type result = array(0);
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      Type const next = array(i);
      if (next.rows != result.rows || next.order != result.order) fail("joins arrays of different types");
      result.width += next.width;
    }
    return result;
  }

  Type operator()(WindowOrder const& op) const {
    expect_inputs(1, 1);
    expect_directions(elements_as_they_came(0));
    if (op.size == 0) fail("has windows of no elements");
    return {Rows::order, 0, {}};
  }

  Type operator()(LshOrder const& op) const {
    expect_inputs(1, 1);
    Type const x = elements_as_they_came(0);
    std::vector<std::size_t> const& shape = graph_[op.codebook].shape;
    if (shape.size() != 2 || shape[0] == 0 || shape[1] != x.width)
      fail(cat("has directions that do not go with ", x.width, " columns"));
    if (op.size == 0) fail("has windows of no elements");
    return {Rows::order, 0, {}};
  }

  Type operator()(Gather const&) const {
    expect_inputs(2, 2);
    return {Rows::elements, elements_as_they_came(0).width, order(1)};
  }

  Type operator()(Scatter const&) const {
    expect_inputs(2, 3);
    if (array(0).order != order(1)) fail("puts rows back that are in another order");
    Type const result{Rows::elements, array(0).width, {}};
    if (inputs_.size() == 3 && array(2) != result) fail("adds arrays of different types");
    return result;
  }

  Type operator()(TurnTable const& op) const {
    expect_inputs(1, 1);
    expect_directions(elements_as_they_came(0));
    if (op.d % 2 != 0 || op.d < 4 * op.frequencies) fail(cat("turns too many of ", op.d, " columns"));
    return {Rows::elements, op.d, {}};
  }

  Type operator()(Turn const& op) const {
    expect_inputs(2, 2);
    if (array(1).order != array(0).order || array(0).width < op.blocks * array(1).width)
      fail("does not go with its angles");
    return array(0);
  }

  Type operator()(Attention const& op) const {
    expect_inputs(1, 2);
    Type result = array(0);
    result.width = inputs_.size() == 1 ? result.width / 3 : result.width;
    std::uint32_t const last = array(inputs_.size() - 1).width;
    if (result.rows != Rows::elements || array(inputs_.size() - 1).order != result.order || op.heads == 0 ||
        result.width % op.heads != 0 || last != (inputs_.size() == 1 ? 3 : 2) * result.width)
      fail(cat("cannot make ", op.heads, " heads of ", last, " columns"));
    return result;
  }

  Type operator()(EventPool const&) const {
    expect_inputs(2, 2);
    return {Rows::events, elements_as_they_came(0).width * elements_as_they_came(1).width, {}};
  }

  Type operator()(GroupedDense const& op) const {
    expect_inputs(1, 1);
    Type result = array(0);
    std::vector<std::size_t> const& shape = graph_[op.weight].shape;
    if (shape.size() != 2 || op.groups == 0 || shape[0] % op.groups != 0 ||
        shape[1] * op.groups != result.width)
      fail(cat("has weights that do not go with an input of ", result.width, " columns"));
    expect_shape(op.bias, {shape[0]});
    result.width = static_cast<std::uint32_t>(shape[0]);
    return result;
  }

  Type operator()(EventRow const& op) const {
    expect_inputs(0, 0);
    return {Rows::events, static_cast<std::uint32_t>(graph_[op.row].values.size()), {}};
  }

  Type operator()(KernelSums const& op) const {
    expect_inputs(2, 2);
    std::uint32_t const f = elements_as_they_came(0).width;
    std::uint32_t const v = elements_as_they_came(1).width;
    if (op.heads == 0 || f % op.heads != 0 || v % op.heads != 0)
      fail(cat("cannot make ", op.heads, " heads"));
    return {Rows::events, f * (v / op.heads + 1), {}};
  }

  Type operator()(KernelReadout const& op) const {
    expect_inputs(2, 2);
    Type result = array(0);
    Type const sums = array(1);
    if (sums.rows != Rows::events || result.order.is_valid() || op.heads == 0 ||
        result.width % op.heads != 0 || sums.width % result.width != 0)
      fail("does not go with its sums");
    result.width = (sums.width / result.width - 1) * op.heads;
    return result;
  }

  Type operator()(PairKernel const&) const {
    expect_inputs(1, 1);
    Type const x = array(0);
    if (!x.order.is_valid()) fail("needs windows");
    return {Rows::elements, longest_window(graph_[x.order].operation), x.order};
  }

  Type operator()(PairSum const&) const {
    expect_inputs(2, 2);
    if (!std::holds_alternative<PairKernel>(graph_[inputs_[0]].operation) || array(0).order != array(1).order)
      fail("needs a kernel of the same windows");
    return array(1);
  }

  Type operator()(EventMean const&) const {
    expect_inputs(1, 1);
    return {Rows::events, elements_as_they_came(0).width, {}};
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw core::DataError(cat("network: '", name_, "' ", what));
  }

  void expect_inputs(std::size_t low, std::size_t high) const {
    if (inputs_.size() < low || inputs_.size() > high) fail(cat("has ", inputs_.size(), " inputs"));
  }

  [[nodiscard]] Type array(std::size_t input) const {
    Type const type = graph_[inputs_[input]].type;
    if (type.rows == Rows::order) fail("computes with an order");
    return type;
  }

  [[nodiscard]] Type of_equals(std::size_t n) const {
    expect_inputs(n, n);
    for (std::size_t i = 1; i < n; ++i)
      if (array(i) != array(0)) fail("takes arrays of different types together");
    return array(0);
  }

  [[nodiscard]] Type elements_as_they_came(std::size_t input) const {
    Type const type = array(input);
    if (type.rows != Rows::elements || type.order.is_valid())
      fail("needs a row for each element, in the order of the batch");
    return type;
  }

  [[nodiscard]] NodeId order(std::size_t input) const {
    if (graph_[inputs_[input]].type.rows != Rows::order) fail("needs an order");
    return inputs_[input];
  }

  void expect_directions(Type const& features) const {
    if (features.width < 5) fail("needs features with a direction, columns 2 to 4");
  }

  void expect_shape(ConstantId constant, std::vector<std::size_t> const& shape) const {
    if (graph_[constant].shape != shape) fail("has a constant of another shape than its input asks for");
  }

  Graph const& graph_;
  std::span<NodeId const> inputs_;
  std::string const& name_;
};

/// Elements that one of an event of `length` sees through the windows of an order.
double window_length(Graph const& graph, NodeId order, std::uint32_t length) {
  if (!order.is_valid()) return length;
  std::uint32_t const size = longest_window(graph[order].operation);
  std::uint32_t const n_windows = std::max(1U, (length + size - 1) / size);
  return static_cast<double>(length) / n_windows;
}

}  // namespace

std::string_view name(Function function) noexcept {
  switch (function) {
    case Function::identity: return "identity";
    case Function::gelu_tanh: return "gelu";
    case Function::elu: return "elu";
    case Function::sigmoid: return "sigmoid";
  }
  return "";
}

std::string_view name(SortKey key) noexcept {
  switch (key) {
    case SortKey::place: return "place";
    case SortKey::moved_place: return "moved place";
    case SortKey::energy: return "energy";
  }
  return "";
}

std::string_view name(Operation const& operation) noexcept {
  struct {
    std::string_view operator()(Features const&) const { return "features"; }
    std::string_view operator()(Normalise const&) const { return "normalise"; }
    std::string_view operator()(Dense const& op) const {
      return op.of_type.size() > 1 ? "dense per type" : "dense";
    }
    std::string_view operator()(LayerNorm const&) const { return "layer norm"; }
    std::string_view operator()(Map const& op) const { return graph::name(op.function); }
    std::string_view operator()(Elementary const& op) const {
      switch (op.kind) {
        case Elementary::Kind::absolute: return "absolute";
        case Elementary::Kind::relu: return "relu";
        case Elementary::Kind::log: return "log";
        case Elementary::Kind::log_cosh: return "log cosh";
      }
      return "";
    }
    std::string_view operator()(Clamp const&) const { return "clamp"; }
    std::string_view operator()(Add const&) const { return "add"; }
    std::string_view operator()(Subtract const&) const { return "subtract"; }
    std::string_view operator()(Multiply const&) const { return "multiply"; }
    std::string_view operator()(Blend const&) const { return "blend"; }
    std::string_view operator()(Columns const&) const { return "columns"; }
    std::string_view operator()(Concat const&) const { return "concat"; }
    std::string_view operator()(WindowOrder const&) const { return "window order"; }
    std::string_view operator()(LshOrder const&) const { return "lsh order"; }
    std::string_view operator()(Gather const&) const { return "gather"; }
    std::string_view operator()(Scatter const&) const { return "scatter"; }
    std::string_view operator()(TurnTable const&) const { return "turn table"; }
    std::string_view operator()(Turn const&) const { return "turn"; }
    std::string_view operator()(Attention const&) const { return "attention"; }
    std::string_view operator()(PairKernel const&) const { return "pair kernel"; }
    std::string_view operator()(PairSum const&) const { return "pair sum"; }
    std::string_view operator()(EventMean const&) const { return "event mean"; }
    std::string_view operator()(EventPool const&) const { return "event pool"; }
    std::string_view operator()(GroupedDense const&) const { return "grouped dense"; }
    std::string_view operator()(EventRow const&) const { return "event row"; }
    std::string_view operator()(KernelSums const&) const { return "kernel sums"; }
    std::string_view operator()(KernelReadout const&) const { return "kernel readout"; }
  } const name_of;
  return std::visit(name_of, operation);
}

std::uint32_t longest_window(Operation const& operation) noexcept {
  if (auto const* const order = std::get_if<WindowOrder>(&operation)) return order->size;
  if (auto const* const order = std::get_if<LshOrder>(&operation)) return order->size;
  return 0;
}

bool is_reduction(Operation const& operation) noexcept {
  return std::holds_alternative<EventMean>(operation) || std::holds_alternative<EventPool>(operation) ||
         std::holds_alternative<KernelSums>(operation);
}

ConstantId Graph::add(std::shared_ptr<Constant const> constant) {
  constants_.push_back(std::move(constant));
  return ConstantId(constants_.size() - 1);
}

NodeId Graph::add(Operation operation, std::vector<NodeId> inputs, std::string name) {
  for (NodeId const input : inputs)
    if (!input.is_valid() || input.row() >= nodes_.size())
      throw core::DataError(cat("network: '", name, "' uses a value that is not there"));
  for (ConstantId const constant : constants_of(operation))
    if (constant.row() >= constants_.size())
      throw core::DataError(cat("network: '", name, "' uses a constant that is not there"));
  Type const type = std::visit(TypeOf(*this, inputs, name), operation);
  nodes_.push_back({std::move(operation), std::move(inputs), type, std::move(name)});
  return NodeId(nodes_.size() - 1);
}

void Graph::set_output(NodeId node) {
  Type const type = (*this)[node].type;
  if (type.rows != Rows::elements || type.order.is_valid())
    throw core::DataError(cat("network: '", (*this)[node].name, "' is no answer for each element"));
  output_ = node;
}

std::vector<ConstantId> constants_of(Operation const& operation) {
  std::vector<ConstantId> result;
  for_each_constant(operation, [&](ConstantId constant) { result.push_back(constant); });
  return result;
}

Cost cost_of(Graph const& graph, NodeId id, std::uint32_t length) {
  Node const& node = graph[id];
  Cost cost;
  for (ConstantId const constant : constants_of(node.operation))
    cost.parameters += graph[constant].values.size();
  double const width = node.type.width;
  auto const input_width = [&](std::size_t input) { return double(graph[node.inputs[input]].type.width); };
  auto const seen = [&] { return window_length(graph, node.type.order, length); };
  cost.operations = std::visit(
      [&]<class Op>(Op const& op) -> double {
        if constexpr (std::is_same_v<Op, Dense>)
          return 2 * width * input_width(0) + (op.function == Function::identity ? 0 : width) +
                 (node.inputs.size() == 2 ? width : 0);
        else if constexpr (std::is_same_v<Op, Scatter>)
          return node.inputs.size() == 3 ? width : 0;
        else if constexpr (std::is_same_v<Op, Attention>)
          return seen() * (4 * width + 3 * op.heads);
        else if constexpr (std::is_same_v<Op, PairKernel>)
          return seen() * (2 * input_width(0) + 5);
        else if constexpr (std::is_same_v<Op, PairSum>)
          return seen() * 2 * width;
        else if constexpr (std::is_same_v<Op, LshOrder>)  // events of one window have no codes
          return length <= op.size
                     ? 0
                     : 2 * input_width(0) *
                           std::min(double(graph[op.codebook].shape[0]), double(length) / op.size / 2);
        else if constexpr (std::is_same_v<Op, LayerNorm>)
          return 8 * width;
        else if constexpr (std::is_same_v<Op, Turn>)
          return 3 * op.blocks * input_width(1);
        else if constexpr (std::is_same_v<Op, EventMean>)
          return input_width(0);  // of each element, not of the event
        else if constexpr (std::is_same_v<Op, EventPool> || std::is_same_v<Op, KernelSums>)
          return 2 * width;  // likewise
        else if constexpr (std::is_same_v<Op, GroupedDense>)
          return 2 * width * input_width(0) / op.groups;
        else if constexpr (std::is_same_v<Op, KernelReadout>)
          return 2 * input_width(1);
        else if constexpr (std::is_same_v<Op, Normalise>)
          return 2 * width;
        else if constexpr (std::is_same_v<Op, Blend>)
          return 3 * width;
        else if constexpr (std::is_same_v<Op, Add> || std::is_same_v<Op, Subtract> ||
                           std::is_same_v<Op, Multiply> || std::is_same_v<Op, Map> ||
                           std::is_same_v<Op, Elementary> || std::is_same_v<Op, Clamp> ||
                           std::is_same_v<Op, TurnTable>)
          return width;
        else
          return 0;  // moves numbers
      },
      node.operation);
  return cost;
}

double operations_per_element(Graph const& graph, NodeId id, std::uint32_t length) {
  Node const& node = graph[id];
  double const operations = cost_of(graph, id, length).operations;
  return node.type.rows == Rows::events && !is_reduction(node.operation) ? operations / length : operations;
}

}  // namespace corpuscle::graph
