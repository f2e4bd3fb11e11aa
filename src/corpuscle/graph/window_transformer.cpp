// Our own network (docs/decisions/0004-default-network.md), as model/window_transformer.cpp trains it.
#include <array>

#include "corpuscle/core/text.hpp"
#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {
namespace {

constexpr double epsilon = 1e-5;

/// One layer. @param x  [n, width] in the order of the batch, as is what comes out
NodeId add_layer(Graph& graph, Weights& weights, artifact::WindowTransformerConfig const& c,
                 std::string const& name, NodeId x, NodeId order, NodeId angles) {
  auto const width = static_cast<std::uint32_t>(c.width);
  auto const hidden = static_cast<std::uint32_t>(c.hidden);
  auto const heads = static_cast<std::uint32_t>(c.heads);
  std::uint32_t const narrow = (width + 3) / 4;
  auto const norm = [&](char const* part, NodeId in) {
    return graph.add(weights.layer_norm(name + part, width, epsilon), {in}, name + part);
  };
  auto const dense = [&](char const* part, std::uint32_t n_in, std::uint32_t n_out, NodeId in) {
    return graph.add(weights.dense(name + part, n_in, n_out), {in}, name + part);
  };
  auto const gelu = [&](NodeId in) { return graph.add(Map{Function::gelu_tanh}, {in}, name + ".gelu"); };
  auto const add = [&](NodeId a, NodeId b) { return graph.add(Add{}, {a, b}, name + ".add"); };

  // What an element gets to know of its whole event.
  NodeId const said = gelu(dense(".to_summary", width, narrow, norm(".summary_norm", x)));
  NodeId const mean = graph.add(EventMean{}, {said}, name + ".summary");
  NodeId const summary = dense(".from_summary", narrow, width, mean);

  x = add(graph.add(Gather{}, {x, order}, name + ".gather"), summary);
  NodeId const table = graph.add(Gather{}, {angles, order}, name + ".angles");
  NodeId const qkv = dense(".query_key_value", width, 3 * width, norm(".norm", x));
  NodeId const turned = graph.add(Turn{2 * heads}, {qkv, table}, name + ".turn");
  NodeId const answer = graph.add(Attention{heads}, {turned}, name + ".attention");
  x = add(x, dense(".output", width, width, answer));
  x = add(x, dense(".from_hidden", hidden, width,
                   gelu(dense(".to_hidden", width, hidden, norm(".hidden_norm", x)))));
  return graph.add(Scatter{}, {x, order}, name + ".scatter");
}

}  // namespace

void build(Graph& graph, Weights& weights, artifact::WindowTransformerConfig const& c) {
  auto const width = static_cast<std::uint32_t>(c.width);
  auto const head_hidden = static_cast<std::uint32_t>(c.head_hidden);
  auto const [features, normalised] = add_features(graph, weights);
  std::array<NodeId, 3> orders;
  for (SortKey const key : {SortKey::place, SortKey::moved_place, SortKey::energy})
    orders[static_cast<std::size_t>(key)] = graph.add(WindowOrder{key, static_cast<std::uint32_t>(c.window)},
                                                      {features}, core::cat("by_", name(key)));
  NodeId const angles = graph.add(
      TurnTable{static_cast<std::uint32_t>(c.frequencies), static_cast<std::uint32_t>(c.width / c.heads)},
      {features}, "angles");

  NodeId x = graph.add(weights.dense_per_type("input", graph.n_features(), width), {normalised}, "input");
  x = graph.add(Map{Function::gelu_tanh}, {x}, "gelu");
  x = graph.add(weights.dense("embedding", width, width), {x}, "embedding");
  for (std::int64_t i = 0; i < c.layers; ++i)
    x = add_layer(graph, weights, c, core::cat("layer_", i), x, orders[static_cast<std::size_t>(i) % 3],
                  angles);
  x = graph.add(weights.layer_norm("norm", width, epsilon), {x}, "norm");

  auto const head = [&](std::string const& name, std::int64_t n_out) {
    NodeId const first =
        graph.add(weights.dense(name + "_hidden", width, head_hidden), {x}, name + "_hidden");
    NodeId const hidden = graph.add(Map{Function::gelu_tanh}, {first}, name + "_gelu");
    return graph.add(weights.dense_per_type(name, head_hidden, static_cast<std::uint32_t>(n_out)), {hidden},
                     name);
  };
  NodeId const classes = head("class", c.classes);
  NodeId const regression = head("regression", c.regressed);
  graph.set_output(graph.add(Concat{}, {classes, regression}, "outputs"));
}

}  // namespace corpuscle::graph
