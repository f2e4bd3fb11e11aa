#include "corpuscle/graph/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "graph/random_networks.hpp"

namespace corpuscle::graph {
namespace {

using Where = Plan::Place::Where;

Graph window_transformer(std::int64_t window = 16) {
  artifact::ModelConfig config = test::small_window_transformer();
  auto& c = std::get<artifact::WindowTransformerConfig>(config.architecture);
  c.window = window;
  return simplify(build(config, test::random_weights(config, c, 1).tensors(), "file"));
}

TEST(Plan, EveryNodeIsInOneStageAndInOrder) {
  Graph const graph = window_transformer();
  std::vector<NodeId> seen;
  for (Plan::Stage const& stage : plan(graph).stages)
    seen.insert(seen.end(), stage.nodes.begin(), stage.nodes.end());
  EXPECT_EQ(seen.size() + 1, graph.nodes().size());  // features are the caller's
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Plan, WhatANodeLooksAtAllRowsOfIsMadeByAnEarlierStage) {
  Graph const graph = window_transformer();
  for (Plan::Stage const& stage : plan(graph).stages)
    for (NodeId const node : stage.nodes)
      for (std::size_t i = 0; i < graph[node].inputs.size(); ++i)
        if (needs_all_rows(graph, node, i)) {
          EXPECT_EQ(std::count(stage.nodes.begin(), stage.nodes.end(), graph[node].inputs[i]), 0)
              << graph[node].name;
        }
}

/// Two layers of attention to the events, h += f(h, h, h).
Graph attention() {
  Graph graph(3, 1);
  NodeId h = graph.add(Map{Function::elu}, {graph.add(Features{}, {}, "x")}, "h");
  for (char const* layer : {"0", "1"}) {
    NodeId const seen = graph.add(Concat{}, {h, h, h}, "query_key_value");
    h = graph.add(Add{}, {h, graph.add(Attention{1}, {seen}, "attention")}, layer);
  }
  graph.set_output(h);
  return graph;
}

std::vector<Graph> networks() {
  std::vector<Graph> found{attention()};
  for (artifact::ModelConfig const& config : test::small_networks())
    found.push_back(simplify(build(config, test::random_weights(config, 1).tensors(), "file")));
  return found;
}

class PlanOf : public testing::TestWithParam<std::size_t> {};

/// Runs the plan with the names of values in place of values: who reads must find what was written.
TEST_P(PlanOf, NoValueIsOverwrittenBeforeItsLastReader) {
  Graph const graph = networks()[GetParam()];
  Plan const plan = graph::plan(graph);
  constexpr std::size_t n_blocks = 2;
  // owner[where][block][float]: the node whose value is there. Values for all rows have a place per block.
  std::vector<std::vector<NodeId>> elements(n_blocks, std::vector<NodeId>(plan.floats_per_element));
  std::vector<std::vector<NodeId>> events(n_blocks, std::vector<NodeId>(plan.floats_per_event));
  std::vector<NodeId> block_memory(plan.floats_per_block_row);
  auto const memory = [&](NodeId node, std::size_t block) -> std::vector<NodeId>* {
    switch (plan.places[node.row()].where) {
      case Where::elements: return &elements[block];
      case Where::events: return &events[block];
      case Where::block: return &block_memory;
      default: return nullptr;
    }
  };
  std::size_t n_checked = 0;
  for (Plan::Stage const& stage : plan.stages) {
    for (std::size_t block = 0; block < n_blocks; ++block) {
      for (NodeId const node : stage.nodes) {
        bool const is_sum = std::holds_alternative<Scatter>(graph[node].operation);
        bool const is_attention = std::holds_alternative<Attention>(graph[node].operation);
        for (std::size_t i = 0; i < graph[node].inputs.size(); ++i) {
          NodeId const input = graph[node].inputs[i];
          Plan::Place const& place = plan.places[input.row()];
          bool reads_all = place.where == Where::events && stage.rows != Rows::events;
          if (needs_all_rows(graph, node, i)) {
            if (is_sum && block > 0) continue;        // reads the term in the rows that it writes, once
            reads_all = block == 0 || !is_attention;  // which looks ahead when an event begins
          }
          for (std::size_t b = 0; b < n_blocks; ++b) {
            if (b != block && !reads_all) continue;
            std::vector<NodeId> const* const found = memory(input, b);
            for (std::size_t k = 0; found != nullptr && k < place.stride; ++k, ++n_checked)
              ASSERT_EQ((*found)[place.offset + k], input)
                  << graph[node].name << " reads " << graph[input].name;
          }
        }
        Plan::Place const& place = plan.places[node.row()];
        for (std::size_t b = 0; b < n_blocks; ++b) {
          if (b != block && !is_sum) continue;  // which writes any rows
          if (std::vector<NodeId>* const to = memory(node, b); to != nullptr)
            std::fill_n(to->begin() + static_cast<std::ptrdiff_t>(place.offset), place.stride, node);
        }
      }
    }
  }
  EXPECT_GT(n_checked, 100U);
}

INSTANTIATE_TEST_SUITE_P(Networks, PlanOf, testing::Range(std::size_t{0}, networks().size()));

TEST(Plan, ALayerOfAttentionTakesThePlaceOfTheOneBefore) {
  EXPECT_EQ(plan(attention()).floats_per_element, 16U + 16U);  // 3 columns in 16, 9 in 16
}

/// h + f(h), f by windows: of h itself, or of what an earlier stage made of it.
Plan sum_of_windows(bool sorts_itself) {
  Graph graph(3, 1);
  NodeId const x = graph.add(Features{}, {}, "x");
  NodeId const h = graph.add(Map{Function::elu}, {x}, "h");
  NodeId const other = graph.add(Map{Function::elu}, {h}, "other");
  NodeId const order = graph.add(LshOrder{graph.add({{1, 3}, {1, 0, 0}}), 4}, {other}, "order");
  NodeId const sorted = graph.add(Gather{}, {sorts_itself ? h : other, order}, "gather");
  NodeId const f = graph.add(Map{Function::elu}, {sorted}, "f");
  NodeId const sum = graph.add(Scatter{}, {f, order, h}, "sum");
  graph.set_output(graph.add(Map{Function::elu}, {sum}, "output"));
  return plan(graph);
}

TEST(Plan, ASumTakesThePlaceOfATermThatNoOtherBlockReads) {
  constexpr std::size_t h = 1;
  constexpr std::size_t sum = 6;
  EXPECT_EQ(sum_of_windows(false).places[sum].offset, sum_of_windows(false).places[h].offset);
  EXPECT_NE(sum_of_windows(true).places[sum].offset, sum_of_windows(true).places[h].offset);
}

TEST(Plan, RowsBeginAtCacheLines) {
  Graph const graph = window_transformer();
  Plan const plan = graph::plan(graph);
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    EXPECT_EQ(plan.places[i].offset % Plan::alignment, 0U);
    EXPECT_EQ(plan.places[i].stride % Plan::alignment, 0U);
    EXPECT_GE(plan.places[i].stride, graph.nodes()[i].type.width);
  }
}

TEST(Plan, ABlockHoldsAWholeWindow) {
  EXPECT_EQ(plan(window_transformer(16)).block_rows, 128U);
  EXPECT_EQ(plan(window_transformer(500)).block_rows, 500U);
}

TEST(Plan, AllRowsAreKeptOnlyOfWhatLayersHandOn) {
  // Before and after a layer, 24 columns in 32 each; the angles, and those of the order that two layers
  // share, 12 columns in 16 each.
  EXPECT_EQ(plan(window_transformer()).floats_per_element, 2U * 32U + 2U * 16U);
}

}  // namespace
}  // namespace corpuscle::graph
