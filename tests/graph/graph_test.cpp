#include "corpuscle/graph/graph.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "corpuscle/graph/plan.hpp"
#include "corpuscle/graph/print.hpp"

namespace corpuscle::graph {
namespace {

class Sketch : public ::testing::Test {
 protected:
  ConstantId constant(std::vector<std::size_t> const& shape) {
    std::size_t n = 1;
    for (std::size_t const size : shape) n *= size;
    return graph.add(Constant{shape, std::vector<float>(n, 1)});
  }
  Dense dense(std::size_t n_in, std::size_t n_out) {
    return {{{constant({n_out, n_in}), constant({n_out})}}, Function::identity};
  }
  Dense dense_per_type(std::size_t n_in, std::size_t n_out) {
    Dense result = dense(n_in, n_out);
    result.of_type.push_back(dense(n_in, n_out).of_type.front());
    return result;
  }

  Graph graph{7, 2};
  NodeId features = graph.add(Features{}, {}, "features");
  NodeId order = graph.add(WindowOrder{SortKey::energy, 128}, {features}, "order");
  NodeId sorted = graph.add(Gather{}, {features, order}, "sorted");
};

TEST_F(Sketch, TypesFollowFromOperations) {
  EXPECT_EQ(graph[features].type, (Type{Rows::elements, 7, {}}));
  EXPECT_EQ(graph[order].type.rows, Rows::order);
  EXPECT_EQ(graph[sorted].type, (Type{Rows::elements, 7, order}));
  NodeId const hidden = graph.add(dense(7, 12), {sorted}, "hidden");
  EXPECT_EQ(graph[hidden].type, (Type{Rows::elements, 12, order}));
  NodeId const seen = graph.add(Attention{2}, {hidden}, "seen");
  EXPECT_EQ(graph[seen].type, (Type{Rows::elements, 4, order}));
  NodeId const back = graph.add(Scatter{}, {seen, order}, "back");
  EXPECT_EQ(graph[back].type, (Type{Rows::elements, 4, {}}));
  NodeId const mean = graph.add(EventMean{}, {back}, "mean");
  EXPECT_EQ(graph[mean].type, (Type{Rows::events, 4, {}}));
  EXPECT_EQ(graph[graph.add(Add{}, {seen, mean}, "sum")].type, graph[seen].type);
  EXPECT_EQ(graph[graph.add(Concat{}, {back, features}, "both")].type.width, 11U);
}

TEST_F(Sketch, WhatDoesNotGoTogetherIsRefused) {
  auto const refuses = [&](Operation operation, std::vector<NodeId> inputs) {
    EXPECT_THROW(graph.add(std::move(operation), std::move(inputs), "wrong"), core::DataError);
  };
  refuses(dense(6, 3), {features});                    // columns
  refuses(dense(7, 3), {});                            // inputs
  refuses(dense(7, 3), {NodeId(1000)});                // no such node
  refuses(dense(7, 3), {order});                       // no array
  refuses(dense_per_type(7, 3), {sorted});             // types are known in the order of the batch
  refuses(Dense{{}, Function::identity}, {features});  // no weights
  refuses(LayerNorm{constant({7}), constant({6}), 1e-5}, {features});
  refuses(Add{}, {features, sorted});  // rows in different orders
  refuses(Concat{}, {features, sorted});
  refuses(Gather{}, {features, features});  // no order
  refuses(Gather{}, {sorted, order});       // sorted already
  refuses(Scatter{}, {features, order});    // not sorted
  refuses(Attention{2}, {features});        // 7 columns are not 3 x 2 x d
  refuses(TurnTable{2, 7}, {features});     // odd
  refuses(TurnTable{2, 6}, {features});     // 6 < 4 x 2
  refuses(Turn{1}, {features, sorted});     // rows in different orders
  refuses(EventMean{}, {sorted});
  refuses(WindowOrder{SortKey::place, 0}, {features});
  refuses(Dense{{{ConstantId(1000), {}}}, Function::identity}, {features});
}

TEST_F(Sketch, TheOutputIsARowForEachElementInTheOrderOfTheBatch) {
  EXPECT_THROW(graph.set_output(sorted), core::DataError);
  EXPECT_THROW(graph.set_output(order), core::DataError);
  graph.set_output(features);
  EXPECT_EQ(graph.n_outputs(), 7U);
}

TEST_F(Sketch, CostsAreThoseCountedByHand) {
  NodeId const layer = graph.add(dense(7, 12), {sorted}, "layer");
  EXPECT_EQ(cost_of(graph, layer, 100).parameters, 7U * 12U + 12U);
  EXPECT_EQ(cost_of(graph, layer, 100).operations, 2. * 7 * 12);
  NodeId const seen = graph.add(Attention{2}, {layer}, "seen");
  // 4 columns of q k and of p v for each of those in the window, and 3 for each weight of each head.
  EXPECT_EQ(cost_of(graph, seen, 100).operations, 100 * (4 * 4 + 3 * 2));
  EXPECT_EQ(cost_of(graph, seen, 256).operations, 128 * (4 * 4 + 3 * 2));
  EXPECT_EQ(cost_of(graph, seen, 258).operations, 86 * (4 * 4 + 3 * 2));  // three windows
}

TEST_F(Sketch, TheTableNamesEveryNodeAndTheSums) {
  NodeId const layer = graph.add(dense(7, 12), {features}, "some layer");
  graph.set_output(layer);
  std::string const text = to_text(graph, plan(graph), 100);
  for (Node const& node : graph.nodes()) EXPECT_NE(text.find(node.name), std::string::npos) << node.name;
  for (char const* const part : {"some layer", "window order of 128, energy", "gather", "96 parameters"})
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
}

}  // namespace
}  // namespace corpuscle::graph
