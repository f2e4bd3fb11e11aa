#include "corpuscle/graph/passes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "corpuscle/graph/build.hpp"
#include "graph/random_weights.hpp"

namespace corpuscle::graph {
namespace {

template <class Op>
std::size_t count(Graph const& graph) {
  return static_cast<std::size_t>(
      std::count_if(graph.nodes().begin(), graph.nodes().end(),
                    [](Node const& node) { return std::holds_alternative<Op>(node.operation); }));
}

Graph normalised_dense(std::vector<float> mean, std::vector<float> scale) {
  Graph graph(2, 1);
  NodeId const features = graph.add(Features{}, {}, "features");
  Normalise const normalise{graph.add({{1, 2}, std::move(mean)}), graph.add({{1, 2}, std::move(scale)})};
  NodeId const x = graph.add(normalise, {features}, "normalise");
  Dense const dense{{{graph.add({{1, 2}, {3, 5}}), graph.add({{1}, {7}})}}, Function::elu};
  graph.set_output(graph.add(dense, {x}, "dense"));
  return graph;
}

TEST(Passes, TheNormalisationGoesIntoTheWeights) {
  Graph const graph = fold_constants(normalised_dense({0.5F, -2}, {4, 0.25F}));
  ASSERT_EQ(graph.nodes().size(), 2U);
  auto const& dense = std::get<Dense>(graph[graph.output()].operation);
  // 3 (4 (x - 0.5)) + 5 (0.25 (y + 2)) + 7
  EXPECT_EQ(graph[dense.of_type[0].weight].values, (std::vector<float>{12, 1.25F}));
  EXPECT_EQ(graph[dense.of_type[0].bias].values, (std::vector<float>{7 - 6 + 2.5F}));
  EXPECT_EQ(dense.function, Function::elu);
  EXPECT_EQ(graph.constants().size(), 2U);
}

TEST(Passes, ANormalisationThatWouldCostBitsStays) {
  // 9 standard deviations from 0: x W' and b' are nine times as large as their sum.
  EXPECT_EQ(count<Normalise>(fold_constants(normalised_dense({9, 0}, {1, 1}))), 1U);
  EXPECT_EQ(count<Normalise>(fold_constants(normalised_dense({8, 0}, {1, 1}))), 0U);
}

class Fusion : public ::testing::Test {
 protected:
  NodeId dense(NodeId from, char const* name) {
    return graph.add(Dense{{{graph.add({{3, 3}, std::vector<float>(9, 1)}), {}}}, Function::identity}, {from},
                     name);
  }
  Graph graph{3, 1};
  NodeId x = graph.add(Features{}, {}, "x");
};

TEST_F(Fusion, ADenseLayerTakesOnFunctionAndSum) {
  NodeId const map = graph.add(Map{Function::gelu_tanh}, {dense(x, "dense")}, "map");
  graph.set_output(graph.add(Add{}, {x, map}, "sum"));
  Graph const fused = fuse(graph);
  ASSERT_EQ(fused.nodes().size(), 2U);
  Node const& node = fused[fused.output()];
  EXPECT_EQ(std::get<Dense>(node.operation).function, Function::gelu_tanh);
  EXPECT_EQ(node.inputs, (std::vector<NodeId>{NodeId(0), NodeId(0)}));
  EXPECT_EQ(node.name, "dense");
}

TEST_F(Fusion, WhatSomebodyElseUsesStaysApart) {
  NodeId const layer = dense(x, "dense");
  NodeId const map = graph.add(Map{Function::elu}, {layer}, "map");
  graph.set_output(graph.add(Add{}, {layer, map}, "sum"));
  EXPECT_EQ(fuse(graph).nodes().size(), graph.nodes().size());
}

TEST_F(Fusion, OfTwoLayersInASumOneTakesItOn) {
  NodeId const a = dense(x, "a");
  NodeId const b = dense(x, "b");
  graph.set_output(graph.add(Add{}, {a, b}, "sum"));
  Graph const fused = fuse(graph);
  ASSERT_EQ(fused.nodes().size(), 3U);
  EXPECT_EQ(fused[fused.output()].inputs.size(), 2U);
}

TEST_F(Fusion, TheFunctionOfASumStaysBehindIt) {
  NodeId const sum = graph.add(Add{}, {x, dense(x, "dense")}, "sum");
  graph.set_output(graph.add(Map{Function::elu}, {sum}, "map"));
  Graph const fused = fuse(graph);
  ASSERT_EQ(fused.nodes().size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Map>(fused[fused.output()].operation));
}

TEST_F(Fusion, ASumPerEventStaysApart) {
  NodeId const mean = graph.add(EventMean{}, {x}, "mean");
  graph.set_output(graph.add(Add{}, {dense(x, "dense"), mean}, "sum"));
  EXPECT_EQ(count<Add>(fuse(graph)), 1U);
}

TEST_F(Fusion, RowsThatArePutBackTakeOnASum) {
  NodeId const order = graph.add(LshOrder{graph.add({{1, 3}, {1, 0, 0}}), 4}, {x}, "order");
  NodeId const sorted = graph.add(Gather{}, {x, order}, "gather");
  NodeId const back = graph.add(Scatter{}, {sorted, order}, "scatter");
  graph.set_output(graph.add(Add{}, {x, back}, "sum"));
  Graph const fused = fuse(graph);
  ASSERT_EQ(count<Add>(fused), 0U);
  EXPECT_EQ(fused[fused.output()].inputs, (std::vector<NodeId>{sorted, order, x}));
}

TEST_F(Fusion, EqualOperationsAreOne) {
  NodeId const a = graph.add(Map{Function::elu}, {dense(x, "a")}, "map a");
  NodeId const b = graph.add(Map{Function::elu}, {dense(x, "b")}, "map b");
  graph.set_output(graph.add(Add{}, {a, b}, "sum"));
  Graph const merged = remove_dead(merge_equal(graph));
  EXPECT_EQ(merged.nodes().size(), 4U);
  EXPECT_EQ(merged.constants().size(), 1U);
  EXPECT_EQ(merged[merged.output()].inputs[0], merged[merged.output()].inputs[1]);
}

TEST_F(Fusion, WhatTheOutputDoesNotNeedGoes) {
  (void)dense(x, "nobody needs this");
  graph.set_output(graph.add(Map{Function::elu}, {x}, "map"));
  Graph const live = remove_dead(graph);
  EXPECT_EQ(live.nodes().size(), 2U);
  EXPECT_TRUE(live.constants().empty());
}

TEST(Passes, AllOfThemLeaveAWindowTransformerOnlyWhatMustBe) {
  artifact::ModelConfig const config = test::small_window_transformer();
  auto const& c = std::get<artifact::WindowTransformerConfig>(config.architecture);
  Graph const graph = simplify(build(config, test::random_weights(config, c, 1).tensors(), "file"));
  EXPECT_EQ(count<Normalise>(graph), 0U);
  EXPECT_EQ(count<Map>(graph), 0U);
  EXPECT_EQ(count<Add>(graph), static_cast<std::size_t>(c.layers));  // that of the summary, per event
  EXPECT_EQ(count<TurnTable>(graph), 1U);
  EXPECT_EQ(count<WindowOrder>(graph), 3U);
  Graph const again = simplify(graph);
  EXPECT_EQ(again.nodes().size(), graph.nodes().size());
}

}  // namespace
}  // namespace corpuscle::graph
