#include "corpuscle/graph/plan.hpp"

#include <algorithm>

namespace corpuscle::graph {
namespace {

std::size_t padded(std::size_t width) {
  return (width + Plan::alignment - 1) / Plan::alignment * Plan::alignment;
}

/// Hands out ranges of floats (of every row), again once their owner is dead. First fit.
class Ranges {
 public:
  /// @param first, last  nodes between which it is in use, both included
  std::size_t take(std::size_t size, std::size_t first, std::size_t last) {
    std::erase_if(used_, [&](Range const& range) { return range.last < first; });
    std::sort(used_.begin(), used_.end(), [](Range const& a, Range const& b) { return a.begin < b.begin; });
    std::size_t begin = 0;
    for (Range const& range : used_) {
      if (begin + size <= range.begin) break;
      begin = std::max(begin, range.begin + range.size);
    }
    used_.push_back({begin, size, last});
    peak_ = std::max(peak_, begin + size);
    return begin;
  }

  /// Hands the range at `begin`, whose owner dies, to a new owner.
  void pass_on(std::size_t begin, std::size_t last) {
    for (Range& range : used_)
      if (range.begin == begin) range.last = last;
  }

  [[nodiscard]] std::size_t peak() const noexcept { return peak_; }

 private:
  struct Range {
    std::size_t begin, size, last;
  };
  std::vector<Range> used_;
  std::size_t peak_ = 0;
};

/// Operations that read an entry of their first input before they write that of their value, and none after.
bool works_in_place(Operation const& operation) {
  return std::holds_alternative<Normalise>(operation) || std::holds_alternative<LayerNorm>(operation) ||
         std::holds_alternative<Map>(operation) || std::holds_alternative<Add>(operation) ||
         std::holds_alternative<Turn>(operation) || std::holds_alternative<Elementary>(operation) ||
         std::holds_alternative<Clamp>(operation) || std::holds_alternative<Subtract>(operation) ||
         std::holds_alternative<Multiply>(operation) || std::holds_alternative<Blend>(operation);
}

/// True if the node looks at all rows of a window, which are in one block.
bool looks_at_windows(Node const& node) {
  return std::holds_alternative<PairKernel>(node.operation) ||
         std::holds_alternative<PairSum>(node.operation) ||
         (std::holds_alternative<Attention>(node.operation) && node.type.order.is_valid());
}

/// Rows over which a node is run.
struct Space {
  Rows rows = Rows::elements;
  NodeId order;
  friend bool operator==(Space const&, Space const&) = default;
};

Space space_of(Node const& node) {
  if (node.type.rows == Rows::order) return {Rows::order, {}};
  if (is_reduction(node.operation)) return {};
  if (std::holds_alternative<Scatter>(node.operation)) return {Rows::elements, node.inputs[1]};
  return {node.type.rows, node.type.order};
}

bool attends_to_events(Node const& node) {
  return std::holds_alternative<Attention>(node.operation) && !node.type.order.is_valid();
}

/// True if later nodes of the stage may write over what the stage reads of `value`, block by block: its
/// readers look at rows of their own block only. Attention to events looks ahead, but only at the first rows
/// of each.
bool is_read_in_step(Graph const& graph, Plan::Stage const& stage, NodeId value) {
  auto const looks_elsewhere = [&](NodeId id) {
    Node const& node = graph[id];
    for (std::size_t input = 0; input < node.inputs.size(); ++input)
      if (node.inputs[input] == value && needs_all_rows(graph, id, input) && !attends_to_events(node))
        return true;
    return false;
  };
  // Two would each come again and again to look ahead.
  auto const attending = std::count_if(stage.nodes.begin(), stage.nodes.end(),
                                       [&](NodeId id) { return attends_to_events(graph[id]); });
  return attending <= 1 && std::none_of(stage.nodes.begin(), stage.nodes.end(), looks_elsewhere);
}

}  // namespace

bool needs_all_rows(Graph const& graph, NodeId id, std::size_t input) {
  Node const& node = graph[id];
  if (std::holds_alternative<Gather>(node.operation)) return input == 0;
  if (std::holds_alternative<Scatter>(node.operation)) return input == 2;
  // Windows fit into a block, events need not.
  return attends_to_events(node) && input + 1 == node.inputs.size();
}

Plan plan(Graph const& graph, std::size_t block_rows) {
  Plan plan;
  plan.block_rows = block_rows;
  plan.places.resize(graph.nodes().size());

  std::vector<std::size_t> stage_of(graph.nodes().size());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    Node const& node = graph.nodes()[i];
    if (std::holds_alternative<Features>(node.operation)) {
      stage_of[i] = static_cast<std::size_t>(-1);
      continue;
    }
    plan.block_rows = std::max<std::size_t>(plan.block_rows, longest_window(node.operation));
    Space const space = space_of(node);
    bool joins = !plan.stages.empty() && space.rows != Rows::order && plan.stages.back().rows == space.rows &&
                 plan.stages.back().order == space.order;
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      NodeId const from = node.inputs[input];
      bool const is_here = joins && stage_of[from.row()] == plan.stages.size() - 1;
      if (is_here && (needs_all_rows(graph, NodeId(i), input) ||
                      (graph[from].type.rows == Rows::events && space.rows == Rows::elements)))
        joins = false;
    }
    if (!joins) plan.stages.push_back({space.rows, space.order, false, {}});
    Plan::Stage& stage = plan.stages.back();
    stage.nodes.emplace_back(i);
    stage.whole_windows |= looks_at_windows(node);
    stage_of[i] = plan.stages.size() - 1;
  }

  std::vector<std::size_t> last_use(graph.nodes().size());
  for (std::size_t i = 0; i < last_use.size(); ++i) last_use[i] = i;
  std::vector<bool> outlives_stage(graph.nodes().size());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i)
    for (NodeId const input : graph.nodes()[i].inputs) {
      last_use[input.row()] = i;
      if (stage_of[input.row()] != stage_of[i]) outlives_stage[input.row()] = true;
    }
  last_use[graph.output().row()] = graph.nodes().size();

  Ranges elements;
  Ranges events;
  Ranges block;
  using Where = Plan::Place::Where;
  std::vector<bool> is_replaced(graph.nodes().size());
  auto const dead_in_step = [&](NodeId id) -> NodeId {
    Plan::Stage const& stage = plan.stages[stage_of[id.row()]];
    if (plan.places[id.row()].where != Where::elements ||
        std::holds_alternative<Scatter>(graph[id].operation))
      return {};
    for (std::size_t j = 0; j < id.row(); ++j) {
      Plan::Place const& place = plan.places[j];
      if (place.where == Where::elements && place.stride == plan.places[id.row()].stride && !is_replaced[j] &&
          stage_of[j] < stage_of[id.row()] && last_use[j] >= stage.nodes.front().row() &&
          last_use[j] < id.row() && is_read_in_step(graph, stage, NodeId(j)))
        return NodeId(j);
    }
    return {};
  };
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    Node const& node = graph.nodes()[i];
    Plan::Place& place = plan.places[i];
    if (node.type.rows == Rows::order) continue;
    place.stride = padded(node.type.width);
    if (std::holds_alternative<Features>(node.operation)) {
      place = {Where::features, 0, node.type.width};
    } else if (node.type.rows == Rows::events || outlives_stage[i] ||
               std::holds_alternative<Scatter>(node.operation)) {
      // In use from the beginning of the stage that writes it to the end of the last that reads it: in
      // between, each has blocks to come.
      place.where = node.type.rows == Rows::events ? Where::events : Where::elements;
      Ranges& ranges = node.type.rows == Rows::events ? events : elements;
      std::size_t const last_reader = last_use[i];
      std::size_t const end = last_reader < graph.nodes().size()
                                  ? plan.stages[stage_of[last_reader]].nodes.back().row()
                                  : last_reader;
      // A sum may take the place of what is added, if nobody in this stage reads that: other blocks of it
      // would come too late.
      if (std::holds_alternative<Scatter>(node.operation) && node.inputs.size() == 3) {
        NodeId const added = node.inputs[2];
        std::vector<NodeId> const& here = plan.stages[stage_of[i]].nodes;
        auto const reads_it = [&](NodeId other) {
          std::vector<NodeId> const& inputs = graph[other].inputs;
          return other != NodeId(i) && std::find(inputs.begin(), inputs.end(), added) != inputs.end();
        };
        if (plan.places[added.row()].where == place.where && last_use[added.row()] == i &&
            std::none_of(here.begin(), here.end(), reads_it)) {
          place.offset = plan.places[added.row()].offset;
          ranges.pass_on(place.offset, end);
          continue;
        }
      }
      // What has been read for the last time in these rows makes place for what is written to them.
      if (NodeId const dead = dead_in_step(NodeId(i)); dead.is_valid()) {
        place.offset = plan.places[dead.row()].offset;
        ranges.pass_on(place.offset, end);
        is_replaced[dead.row()] = true;
        continue;
      }
      place.offset = ranges.take(place.stride, plan.stages[stage_of[i]].nodes.front().row(), end);
    } else {
      place.where = Where::block;
      if (works_in_place(node.operation)) {
        NodeId const input = node.inputs[0];
        Plan::Place const& given = plan.places[input.row()];
        if (given.where == Where::block && given.stride == place.stride && last_use[input.row()] == i) {
          place.offset = given.offset;
          block.pass_on(given.offset, last_use[i]);
          continue;
        }
      }
      place.offset = block.take(place.stride, i, last_use[i]);
    }
  }
  plan.floats_per_element = elements.peak();
  plan.floats_per_event = events.peak();
  plan.floats_per_block_row = block.peak();
  return plan;
}

}  // namespace corpuscle::graph
