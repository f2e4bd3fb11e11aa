// The graph network of arXiv:2309.06782, as model/gnn_lsh.cpp trains it (mlpf.md 3.1).
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {
namespace {

/// A window's kernel has size^2 entries, in the memory of a block.
constexpr std::int64_t largest_bin = 4096;

/// [n_in, n_out] the other way round.
ConstantId transposed(Graph& graph, ConstantId id) {
  Constant const& from = graph[id];
  std::size_t const rows = from.shape[0];
  std::size_t const columns = from.shape[1];
  Constant to{{columns, rows}, std::vector<float>(from.values.size())};
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) to.values[j * rows + i] = from.values[i * columns + j];
  return graph.add(std::move(to));
}

/// Each element takes in a sum over its bin, weighted by the kernel, through a gate.
NodeId add_message(Graph& graph, Weights& weights, std::string const& name, std::uint32_t width,
                   NodeId kernel, NodeId x) {
  auto const plain = [&](char const* part) {
    return graph.add(weights.dense_without_bias(name + part, width, width), {x}, name + part);
  };
  NodeId const sums = graph.add(PairSum{}, {kernel, plain(".neighbours")}, name + ".sums");
  NodeId const self = plain(".self");
  NodeId gate = graph.add(weights.dense(name + ".gate", width, width), {x}, name + ".gate");
  gate = graph.add(Map{Function::sigmoid}, {gate}, name + ".gate");
  return graph.add(Map{Function::elu}, {graph.add(Blend{}, {self, sums, gate}, name + ".blend")}, name);
}

NodeId add_layer(Graph& graph, Weights& weights, artifact::GnnLshConfig const& c, std::string const& name,
                 NodeId h) {
  auto const width = static_cast<std::uint32_t>(c.width);
  NodeId x = graph.add(weights.layer_norm(name + ".norm", width, 1e-6), {h}, name + ".norm");
  NodeId d =
      weights.feed_forward(name + ".distance", widths(c.width, c.distance_hidden, c.distance_width), x);
  d = graph.add(Map{Function::elu}, {d}, name + ".distance");

  ConstantId const codebook = weights(name + ".codebook", {static_cast<std::size_t>(c.distance_width),
                                                           static_cast<std::size_t>(c.max_bins / 2)});
  NodeId const order = graph.add(
      LshOrder{transposed(graph, codebook), static_cast<std::uint32_t>(c.bin_size)}, {d}, name + ".bins");
  d = graph.add(Gather{}, {d, order}, name + ".gather");
  x = graph.add(Gather{}, {x, order}, name + ".gather");
  NodeId const kernel = graph.add(PairKernel{}, {d}, name + ".kernel");
  for (char const* const message : {".first", ".second"})
    x = add_message(graph, weights, name + message, width, kernel, x);
  x = graph.add(Scatter{}, {x, order}, name + ".scatter");
  return graph.add(Add{}, {h, x}, name + ".add");
}

}  // namespace

void build(Graph& graph, Weights& weights, artifact::GnnLshConfig const& c) {
  if (c.bin_size > largest_bin)
    throw core::ConfigError(core::cat("network: bins of ", c.bin_size,
                                      " elements are more than the native runtime's ", largest_bin));
  auto const [measured, x] = add_features(graph, weights);
  auto const width = static_cast<std::uint32_t>(c.width);
  NodeId h = graph.add(weights.dense_with_type_code("encoder.0", width), {x}, "encoder.0");
  h = graph.add(Map{Function::elu}, {h}, "encoder.0");
  h = graph.add(weights.dense("encoder.1", width, width), {h}, "encoder.1");
  h = graph.add(Map{Function::elu}, {h}, "encoder.1");
  auto const stack = [&](char const* name, std::int64_t n) {
    NodeId y = h;
    for (std::int64_t i = 0; i < n; ++i) y = add_layer(graph, weights, c, core::cat(name, i), y);
    return y;
  };
  NodeId const id = stack("id_", c.id_layers);
  NodeId const reg = stack("reg_", c.reg_layers);
  add_decoder_2023(graph, weights, width, c.class_hidden, c.other_hidden, id, reg, measured);
}

}  // namespace corpuscle::graph
