#include "corpuscle/graph/build.hpp"

#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {

Graph build(artifact::ModelConfig const& config, std::span<artifact::Tensor const> tensors,
            std::string_view where) {
  check(config, where);
  Graph graph(static_cast<std::uint32_t>(config.features), static_cast<std::uint32_t>(config.types));
  Weights weights(tensors, where, graph);
  std::visit([&](auto const& architecture) { build(graph, weights, architecture); }, config.architecture);
  weights.expect_all_used();
  return graph;
}

}  // namespace corpuscle::graph
