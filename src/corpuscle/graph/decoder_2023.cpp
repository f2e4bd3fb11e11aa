// The heads of the networks of 2023, as model/decoder_2023.cpp trains them.
#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {
namespace {

constexpr std::uint32_t n_classes = 6;
constexpr std::uint32_t n_charges = 3;

}  // namespace

void add_decoder_2023(Graph& graph, Weights& weights, std::uint32_t width,
                      std::vector<std::int64_t> const& class_hidden,
                      std::vector<std::int64_t> const& other_hidden, NodeId id, NodeId reg, NodeId measured) {
  auto const add = [&](Operation operation, std::vector<NodeId> inputs, char const* name) {
    return graph.add(std::move(operation), std::move(inputs), name);
  };
  auto const head = [&](char const* name, std::uint32_t n_in, std::uint32_t n_out, NodeId x) {
    bool const is_class = n_out == n_classes;
    return weights.feed_forward(std::string("decoder.") + name,
                                widths(n_in, is_class ? class_hidden : other_hidden, n_out), x);
  };
  auto const column = [&](std::uint32_t first, std::uint32_t last) {
    return add(Columns{first, last}, {measured}, "decoder.measured");
  };
  NodeId const u = add(weights.layer_norm("decoder.norm", width, 1e-3), {id}, "decoder.norm");
  NodeId const logits = head("class", width, n_classes, u);
  NodeId const charge = head("charge", width, n_charges, u);
  NodeId const v = add(Concat{}, {u, logits}, "decoder.v");
  NodeId const w = add(Concat{}, {v, reg, logits}, "decoder.w");
  NodeId const eta =
      add(Clamp{-7, 7}, {add(Add{}, {column(2, 3), head("eta", width + n_classes, 1, v)}, "decoder.eta")},
          "decoder.eta");
  NodeId const phi =
      add(Clamp{-1, 1}, {add(Add{}, {column(3, 5), head("phi", width + n_classes, 2, v)}, "decoder.phi")},
          "decoder.phi");
  std::uint32_t const all = 2 * width + 2 * n_classes;
  Elementary const absolute{Elementary::Kind::absolute};
  NodeId const energy = add(
      absolute, {add(Add{}, {column(5, 6), head("energy", all, 1, w)}, "decoder.energy")}, "decoder.energy");
  // The second output was never used.
  NodeId const pt = add(absolute, {add(Columns{0, 1}, {head("pt", all, 2, w)}, "decoder.pt")}, "decoder.pt");
  graph.set_output(add(Concat{}, {logits, charge, pt, eta, phi, energy}, "outputs"));
}

}  // namespace corpuscle::graph
