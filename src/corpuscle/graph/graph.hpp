#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/graph/operation.hpp"

/// A network as a small typed graph of operations over ragged arrays: events of any length, packed end to
/// end, one row for each element. What inference runs (corpuscle::runtime), and what files of other formats
/// are made of.
namespace corpuscle::graph {

/// What a row of an array stands for.
enum class Rows : std::uint8_t {
  elements,  ///< an element of an event
  events,    ///< an event
  order,     ///< no array of numbers, but an order of the elements and the windows in it
};

/// What is known of an array before there is an event. Numbers are float.
struct Type {
  Rows rows = Rows::elements;
  std::uint32_t width = 0;  ///< columns
  NodeId order;             ///< in which the elements come; invalid: as they are in the batch

  friend bool operator==(Type const&, Type const&) = default;
};

/// Trained or computed numbers, row-major.
struct Constant {
  std::vector<std::size_t> shape;
  std::vector<float> values;  ///< as many as the product of `shape`

  friend bool operator==(Constant const&, Constant const&) = default;
};

/// An operation in its place.
struct Node {
  Operation operation;
  std::vector<NodeId> inputs;  ///< nodes before this one
  Type type;                   ///< of what it makes
  std::string name;            ///< as in the network: "layer_0.norm"
};

/// Nodes in an order in which they can be computed. What `add` accepts is consistent in types and sizes.
class Graph {
 public:
  /// @param features  columns of the input
  /// @param types     of elements
  Graph(std::uint32_t features, std::uint32_t types) : n_features_(features), n_types_(types) {}

  ConstantId add(Constant constant) { return add(std::make_shared<Constant const>(std::move(constant))); }
  /// Graphs made of one another share their constants.
  ConstantId add(std::shared_ptr<Constant const> constant);
  /// @throws core::DataError naming the node if inputs or constants do not go with the operation
  NodeId add(Operation operation, std::vector<NodeId> inputs, std::string name);
  /// The answer: a row for each element, in the order of the batch.
  /// @throws core::DataError if it is not that
  void set_output(NodeId node);

  [[nodiscard]] std::uint32_t n_features() const noexcept { return n_features_; }
  [[nodiscard]] std::uint32_t n_types() const noexcept { return n_types_; }
  [[nodiscard]] std::span<Node const> nodes() const noexcept { return nodes_; }
  [[nodiscard]] Node const& operator[](NodeId node) const noexcept { return nodes_[node.row()]; }
  [[nodiscard]] Constant const& operator[](ConstantId constant) const noexcept {
    return *constants_[constant.row()];
  }
  [[nodiscard]] std::span<std::shared_ptr<Constant const> const> constants() const noexcept {
    return constants_;
  }
  [[nodiscard]] NodeId output() const noexcept { return output_; }
  [[nodiscard]] std::uint32_t n_outputs() const noexcept { return (*this)[output_].type.width; }

 private:
  std::uint32_t n_features_, n_types_;
  std::vector<Node> nodes_;
  std::vector<std::shared_ptr<Constant const>> constants_;
  NodeId output_;
};

/// The constants that an operation uses.
std::vector<ConstantId> constants_of(Operation const& operation);

/// What an operation costs.
struct Cost {
  std::uint64_t parameters = 0;  ///< numbers in its constants
  double operations = 0;  ///< per row: multiplications and additions, two for each weight that a row meets;
                          ///< a transcendental function counts as one
};

/// @param length  elements of an event, for what depends on it
Cost cost_of(Graph const& graph, NodeId node, std::uint32_t length);

/// The operations of a node for an element of such an event: what is done once for the event costs each of
/// its elements a part of that.
double operations_per_element(Graph const& graph, NodeId node, std::uint32_t length);

}  // namespace corpuscle::graph
