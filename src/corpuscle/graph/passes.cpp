#include "corpuscle/graph/passes.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace corpuscle::graph {
namespace {

/// A graph under construction out of another. Constants are taken over as they are used.
class Copy {
 public:
  explicit Copy(Graph const& from)
      : from_(from), to_(from.n_features(), from.n_types()), node_(from.nodes().size()) {}

  /// Where a node of the old graph is in the new one; may be called for nodes that have been dealt with.
  [[nodiscard]] NodeId operator()(NodeId old) const { return node_[old.row()]; }
  void replace(NodeId old, NodeId by) { node_[old.row()] = by; }

  void keep(NodeId old) {
    Node const& node = from_[old];
    Operation operation = node.operation;
    take_constants(operation);
    replace(old, to_.add(std::move(operation), inputs_of(node), node.name));
  }

  [[nodiscard]] std::vector<NodeId> inputs_of(Node const& node) const {
    std::vector<NodeId> inputs;
    for (NodeId const input : node.inputs) inputs.push_back((*this)(input));
    return inputs;
  }

  /// Makes the constants of an operation of the old graph those of the new one.
  void take_constants(Operation& operation) {
    for_each_constant(operation, [this](ConstantId& constant) { constant = take(constant); });
  }

  Graph& graph() { return to_; }

  Graph finish() {
    to_.set_output((*this)(from_.output()));
    return std::move(to_);
  }

 private:
  ConstantId take(ConstantId old) {
    auto const [place, is_new] = constant_.try_emplace(old);
    if (is_new) place->second = to_.add(from_.constants()[old.row()]);
    return place->second;
  }

  Graph const& from_;
  Graph to_;
  std::vector<NodeId> node_;
  std::map<ConstantId, ConstantId> constant_;
};

std::vector<NodeId> ids(Graph const& graph) {
  std::vector<NodeId> result;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) result.emplace_back(i);
  return result;
}

/// The only user of each node's value; invalid if there is none, or more than one, or if it is the output.
std::vector<NodeId> only_users(Graph const& graph) {
  std::vector<NodeId> user(graph.nodes().size());
  std::vector<int> uses(graph.nodes().size());
  for (NodeId const node : ids(graph))
    for (NodeId const input : graph[node].inputs) {
      user[input.row()] = node;
      ++uses[input.row()];
    }
  ++uses[graph.output().row()];
  for (std::size_t i = 0; i < user.size(); ++i)
    if (uses[i] != 1 || i == graph.output().row()) user[i] = {};
  return user;
}

bool folds_without_loss(Graph const& graph, Normalise const& op) {
  constexpr float most = 8;
  std::vector<float> const& mean = graph[op.mean].values;
  std::vector<float> const& scale = graph[op.scale].values;
  for (std::size_t i = 0; i < mean.size(); ++i)
    if (!(std::abs(mean[i] * scale[i]) <= most)) return false;
  return true;
}

/// The dense layer that does what `normalise` and `dense` do one after the other.
Dense with_normalisation(Graph const& from, Normalise const& normalise, Dense const& dense, Graph& to) {
  std::size_t const n_in = from.n_features();
  Dense result{{}, dense.function};
  for (std::size_t type = 0; type < from.n_types(); ++type) {
    Dense::Affine const& affine = dense.of_type[dense.of_type.size() > 1 ? type : 0];
    float const* const mean = from[normalise.mean].values.data() + type * n_in;
    float const* const scale = from[normalise.scale].values.data() + type * n_in;
    Constant weight = from[affine.weight];
    std::size_t const n_out = weight.shape[0];
    Constant bias{{n_out}, std::vector<float>(n_out)};
    for (std::size_t row = 0; row < n_out; ++row) {
      double sum = affine.bias.is_valid() ? static_cast<double>(from[affine.bias].values[row]) : 0.;
      for (std::size_t column = 0; column < n_in; ++column) {
        float& w = weight.values[row * n_in + column];
        double const folded = static_cast<double>(w) * scale[column];
        sum -= folded * mean[column];
        w = static_cast<float>(folded);
      }
      bias.values[row] = static_cast<float>(sum);
    }
    ConstantId const new_weight = to.add(std::move(weight));
    result.of_type.push_back({new_weight, to.add(std::move(bias))});
  }
  return result;
}

}  // namespace

Graph fold_constants(Graph const& graph) {
  Copy copy(graph);
  for (NodeId const id : ids(graph)) {
    Node const& node = graph[id];
    auto const* const dense = std::get_if<Dense>(&node.operation);
    auto const* const normalise =
        dense == nullptr ? nullptr : std::get_if<Normalise>(&graph[node.inputs[0]].operation);
    if (normalise == nullptr || !folds_without_loss(graph, *normalise)) {
      copy.keep(id);
      continue;
    }
    std::vector<NodeId> inputs = copy.inputs_of(node);
    inputs[0] = copy(graph[node.inputs[0]].inputs[0]);
    copy.replace(id, copy.graph().add(with_normalisation(graph, *normalise, *dense, copy.graph()),
                                      std::move(inputs), node.name));
  }
  return remove_dead(copy.finish());
}

Graph fuse(Graph const& graph) {
  std::vector<NodeId> const user = only_users(graph);
  // Where a node that takes on others is added with all of them: at the last.
  std::map<NodeId, NodeId> first_of_last;
  std::vector<bool> is_taken(graph.nodes().size());
  for (NodeId const id : ids(graph)) {
    auto const* const dense = std::get_if<Dense>(&graph[id].operation);
    bool const adds = graph[id].inputs.size() > (dense != nullptr ? 1 : 2);
    if ((dense == nullptr && !std::holds_alternative<Scatter>(graph[id].operation)) || adds) continue;
    NodeId last = id;
    if (NodeId const next = user[last.row()]; next.is_valid() && dense != nullptr &&
                                              dense->function == Function::identity &&
                                              std::holds_alternative<Map>(graph[next].operation))
      last = next;
    if (NodeId const next = user[last.row()];
        next.is_valid() && std::holds_alternative<Add>(graph[next].operation)) {
      std::vector<NodeId> const& terms = graph[next].inputs;
      bool const is_taken_already = first_of_last.contains(next);
      if (graph[terms[0]].type == graph[terms[1]].type && !is_taken_already) last = next;
    }
    if (last == id) continue;
    for (NodeId node = id; node != last; node = user[node.row()]) is_taken[node.row()] = true;
    first_of_last[last] = id;
  }

  Copy copy(graph);
  for (NodeId const id : ids(graph)) {
    if (is_taken[id.row()]) continue;
    auto const fused = first_of_last.find(id);
    if (fused == first_of_last.end()) {
      copy.keep(id);
      continue;
    }
    Node const& first = graph[fused->second];
    Operation operation = first.operation;
    std::vector<NodeId> inputs = copy.inputs_of(first);
    for (NodeId node = fused->second; node != id;) {
      NodeId const before = std::exchange(node, user[node.row()]);
      if (auto const* const map = std::get_if<Map>(&graph[node].operation)) {
        std::get<Dense>(operation).function = map->function;
      } else {
        std::vector<NodeId> const& terms = graph[node].inputs;
        inputs.push_back(copy(terms[0] == before ? terms[1] : terms[0]));
      }
    }
    copy.take_constants(operation);
    copy.replace(id, copy.graph().add(std::move(operation), std::move(inputs), first.name));
  }
  return copy.finish();
}

Graph merge_equal(Graph const& graph) {
  // Constants first, so that operations with equal ones are equal.
  Graph merged(graph.n_features(), graph.n_types());
  std::vector<ConstantId> constant;
  for (std::shared_ptr<Constant const> const& each : graph.constants()) {
    auto const known = merged.constants();
    auto const found =
        std::find_if(known.begin(), known.end(), [&](auto const& other) { return *other == *each; });
    constant.push_back(found == known.end() ? merged.add(each)
                                            : ConstantId(static_cast<std::size_t>(found - known.begin())));
  }

  std::vector<NodeId> node_of(graph.nodes().size());
  for (NodeId const id : ids(graph)) {
    Node const& node = graph[id];
    Operation operation = node.operation;
    for_each_constant(operation, [&](ConstantId& each) { each = constant[each.row()]; });
    std::vector<NodeId> inputs;
    for (NodeId const input : node.inputs) inputs.push_back(node_of[input.row()]);
    auto const known = merged.nodes();
    auto const found = std::find_if(known.begin(), known.end(), [&](Node const& other) {
      return other.inputs == inputs && other.operation == operation;
    });
    node_of[id.row()] = found == known.end() ? merged.add(std::move(operation), std::move(inputs), node.name)
                                             : NodeId(static_cast<std::size_t>(found - known.begin()));
  }
  merged.set_output(node_of[graph.output().row()]);
  return merged;
}

Graph remove_dead(Graph const& graph) {
  std::vector<bool> is_needed(graph.nodes().size());
  is_needed[graph.output().row()] = true;
  for (std::size_t i = graph.nodes().size(); i-- > 0;)
    if (is_needed[i])
      for (NodeId const input : graph.nodes()[i].inputs) is_needed[input.row()] = true;
  Copy copy(graph);
  for (NodeId const id : ids(graph))
    if (is_needed[id.row()]) copy.keep(id);
  return copy.finish();
}

Graph simplify(Graph const& graph) {
  return remove_dead(fuse(merge_equal(fold_constants(remove_dead(graph)))));
}

}  // namespace corpuscle::graph
