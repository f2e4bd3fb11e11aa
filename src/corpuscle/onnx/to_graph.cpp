#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/onnx/annotation.hpp"
#include "corpuscle/onnx/convert.hpp"

namespace corpuscle::onnx {
namespace {

using core::cat;
using graph::ConstantId;
using graph::NodeId;

constexpr char const* way_out = ". This version reads what 'corpuscle export' writes";

class Reader {
 public:
  Reader(Model const& model, std::string_view where) : model_(model), where_(where) {}

  graph::Graph operator()() {
    graph::Graph graph(n_features(), n_types());
    values_[features_name] = graph.add(graph::Features{}, {}, features_name);
    for (Tensor const& tensor : model_.initializers)
      if (!tensors_.emplace(tensor.name, &tensor).second)
        fail(cat("there are two tensors '", tensor.name, "'"));
    for (Node const& node : model_.nodes)
      if (!node.doc.empty()) add(node, graph);
    NodeId const output = value(outputs_name, "the model");
    graph.set_output(output);
    verify(graph);
    return graph;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const {
    throw core::DataError(cat(where_, ": ", what, way_out));
  }

  [[nodiscard]] std::uint32_t n_features() const {
    for (Value const& input : model_.inputs) {
      if (input.name != features_name || input.shape.size() != 2) continue;
      auto const* const width = std::get_if<std::int64_t>(&input.shape[1]);
      if (width != nullptr && *width > 0 && *width < 1 << 20) return static_cast<std::uint32_t>(*width);
    }
    fail(cat("has no input '", features_name, "' of a known number of columns"));
  }

  [[nodiscard]] std::uint32_t n_types() const {
    auto const found = model_.metadata.find("corpuscle.types");
    if (found != model_.metadata.end()) {
      char const* const end = found->second.data() + found->second.size();
      std::uint32_t n = 0;
      auto const [stop, error] = std::from_chars(found->second.data(), end, n);
      if (error == std::errc() && stop == end && n >= 1 && n <= artifact::max_types) return n;
    }
    fail("has no number of types of elements, 'corpuscle.types', in its metadata");
  }

  [[nodiscard]] NodeId value(std::string const& name, std::string const& who) const {
    auto const found = values_.find(name);
    if (found == values_.end()) fail(cat(who, " uses '", name, "', which no operation before makes"));
    return found->second;
  }

  void add(Node const& node, graph::Graph& graph) {
    std::string const who = cat("node '", node.name, "' (", node.op_type, ')');
    Annotation annotation = annotation_from_json(node.doc, cat(where_, ": ", who));
    std::vector<NodeId> inputs;
    for (std::string const& input : annotation.inputs) inputs.push_back(value(input, who));
    std::vector<ConstantId> constants;
    for (std::string const& name : annotation.constants) constants.push_back(constant(name, who, graph));
    for_each_constant(annotation.operation, [&](ConstantId& id) { id = constants[id.row()]; });
    if (node.outputs.empty()) fail(cat(who, " has no output"));
    NodeId id;
    try {
      id = graph.add(std::move(annotation.operation), std::move(inputs), std::move(annotation.name));
    } catch (core::DataError const& error) {
      throw core::DataError(cat(where_, ": ", who, ": ", error.what()));
    }
    graph::Type const& type = graph[id].type;
    std::uint32_t const most = type.rows == graph::Rows::events ? max_row : max_size;
    if (type.rows != graph::Rows::order && (type.width == 0 || type.width > most))
      fail(cat(who, " makes arrays of ", type.width, " columns"));
    if (!values_.emplace(node.outputs.front(), id).second)
      fail(cat(who, " makes '", node.outputs.front(), "' a second time"));
  }

  ConstantId constant(std::string const& name, std::string const& who, graph::Graph& graph) {
    auto const [place, is_new] = constants_.try_emplace(name);
    if (is_new) {
      auto const found = tensors_.find(name);
      if (found == tensors_.end() || found->second->type != ElementType::f32)
        fail(cat(who, " uses the tensor '", name, "', which is missing, or not of float"));
      Tensor const& tensor = *found->second;
      place->second = graph.add({{tensor.shape.begin(), tensor.shape.end()}, tensor.floats});
    }
    return place->second;
  }

  /// What the nodes say that they are, they must be.
  void verify(graph::Graph const& graph) const {
    Model const expected = to_onnx(graph);
    if (model_.opset != expected.opset) fail(cat("is of opset ", model_.opset, ", not ", expected.opset));
    if (model_.inputs != expected.inputs || model_.outputs != expected.outputs)
      fail("has other inputs or outputs than its operations");
    for (std::size_t i = 0; i < std::max(model_.nodes.size(), expected.nodes.size()); ++i) {
      if (i >= model_.nodes.size()) fail(cat("node '", expected.nodes[i].name, "' is missing"));
      Node const& node = model_.nodes[i];
      if (i >= expected.nodes.size() || node != expected.nodes[i])
        fail(cat("node '", node.name, "' (", node.op_type,
                 ") is not what its operation is made of: it is of others, or has been changed"));
    }
    std::set<std::string> known;
    for (Tensor const& tensor : expected.initializers) {
      auto const found = tensors_.find(tensor.name);
      if (found == tensors_.end() || *found->second != tensor)
        fail(cat("tensor '", tensor.name, "' is missing, or not what its operation needs"));
      known.insert(tensor.name);
    }
    for (Tensor const& tensor : model_.initializers)
      if (!known.contains(tensor.name)) fail(cat("tensor '", tensor.name, "' is used by nobody"));
  }

  Model const& model_;
  std::string_view where_;
  std::map<std::string, NodeId> values_;
  std::map<std::string, Tensor const*> tensors_;
  std::map<std::string, ConstantId> constants_;
};

}  // namespace

graph::Graph to_graph(Model const& model, std::string_view where) {
  return Reader(model, where)();
}

}  // namespace corpuscle::onnx
