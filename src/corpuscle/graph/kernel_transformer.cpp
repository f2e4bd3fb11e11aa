// The transformer with random features of arXiv:2309.06782, as model/kernel_transformer.cpp trains it
// (mlpf.md 3.2).
#include <algorithm>
#include <cmath>

#include "corpuscle/core/text.hpp"
#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {
namespace {

constexpr double epsilon = 1e-3;

class Builder {
 public:
  Builder(Graph& graph, Weights& weights, artifact::KernelTransformerConfig const& c)
      : graph_(graph),
        weights_(weights),
        c_(c),
        width_(static_cast<std::uint32_t>(c.width)),
        heads_(static_cast<std::uint32_t>(c.heads)),
        n_random_(static_cast<std::uint32_t>(c.random_features)) {}

  void operator()() {
    auto const [measured, features] = add_features(graph_, weights_);
    NodeId x = add(weights_.dense_with_type_code("embedding.0", width_), {features}, "embedding.0");
    x = add(Map{Function::elu}, {x}, "embedding.0");
    x = add(weights_.dense("embedding.1", width_, width_), {x}, "embedding.1");
    auto const stack = [&](char const* name, std::int64_t n, bool first_is_learned, NodeId y) {
      for (std::int64_t i = 0; i < n; ++i) y = layer(core::cat(name, i), y, i == 0 && first_is_learned);
      return y;
    };
    x = stack("encoder_", c_.encoder_layers, false, x);
    NodeId const id = stack("id_", c_.id_layers, true, x);
    NodeId const reg = stack("reg_", c_.reg_layers, true, x);
    add_decoder_2023(graph_, weights_, width_, c_.class_hidden, c_.other_hidden, id, reg, measured);
  }

 private:
  NodeId add(Operation operation, std::vector<NodeId> inputs, std::string const& name) {
    return graph_.add(std::move(operation), std::move(inputs), name);
  }

  /// The dense layer to queries or keys of all heads, shrunk so that products are divided by sqrt(width).
  Dense::Affine shrunk(std::string const& name) {
    Dense::Affine const dense = weights_.affine(name, width_, heads_ * width_);
    double const shrink = std::pow(width_, -0.25);
    auto const times = [&](ConstantId id) {
      Constant result = graph_[id];
      for (float& value : result.values) value = static_cast<float>(shrink * static_cast<double>(value));
      return graph_.add(std::move(result));
    };
    ConstantId const weight = times(dense.weight);
    return {weight, times(dense.bias)};
  }

  /// The dense layer from x to the products with the directions, of all heads: that to queries or keys, then
  /// the directions. Both are linear.
  Dense::Affine to_directions(Dense::Affine const& dense, ConstantId directions) {
    Constant weight{{heads_ * n_random_, width_}, std::vector<float>(heads_ * n_random_ * width_)};
    Constant bias{{heads_ * n_random_}, std::vector<float>(heads_ * n_random_)};
    std::vector<double> sums;
    for (std::size_t i = 0; i < bias.values.size(); ++i) {
      sums.assign(width_ + 1, 0);
      for (std::size_t j = 0; j < width_; ++j) {
        double const direction = graph_[directions].values[i % n_random_ * width_ + j];
        std::size_t const row = i / n_random_ * width_ + j;
        for (std::size_t k = 0; k < width_; ++k)
          sums[k] += direction * graph_[dense.weight].values[row * width_ + k];
        sums[width_] += direction * graph_[dense.bias].values[row];
      }
      for (std::size_t k = 0; k < width_; ++k) weight.values[i * width_ + k] = static_cast<float>(sums[k]);
      bias.values[i] = static_cast<float>(sums[width_]);
    }
    ConstantId const weights = graph_.add(std::move(weight));
    return {weights, graph_.add(std::move(bias))};
  }

  /// From squares of queries or keys to -|x|^2 / 2, for every feature of its head.
  ConstantId minus_half_of_heads() {
    std::size_t const n_in = heads_ * width_;
    Constant result{{heads_ * n_random_, n_in}, std::vector<float>(heads_ * n_random_ * n_in)};
    for (std::size_t i = 0; i < heads_ * n_random_; ++i)
      std::fill_n(result.values.begin() + static_cast<std::ptrdiff_t>(i * n_in + i / n_random_ * width_),
                  width_, -0.5F);
    return graph_.add(std::move(result));
  }

  [[nodiscard]] bool is_positive() const { return c_.features == artifact::KernelFeatures::positive; }
  [[nodiscard]] KernelWeight weight() const {
    return is_positive() ? KernelWeight::exponential : KernelWeight::plus_1;
  }

  /// Features as KernelSums and KernelReadout take them.
  NodeId features_of(Dense::Affine const& dense, ConstantId directions, NodeId x, std::string const& name) {
    NodeId const product = add(Dense{{to_directions(dense, directions)}, Function::identity}, {x}, name);
    if (!is_positive()) return add(Map{Function::elu}, {product}, name);
    NodeId const each = add(Dense{{dense}, Function::identity}, {x}, name);
    NodeId const squares = add(Multiply{}, {each, each}, name + ".squares");
    NodeId const sizes =
        add(Dense{{{minus_half_of_heads(), {}}}, Function::identity}, {squares}, name + ".sizes");
    return add(Add{}, {sizes, product}, name);
  }

  /// The features of a learned query, which is the same for all.
  NodeId features_of_learned(Dense::Affine const& dense, ConstantId directions, ConstantId query,
                             std::string const& name) {
    std::vector<double> q(heads_ * width_);
    for (std::size_t i = 0; i < q.size(); ++i) {
      q[i] = graph_[dense.bias].values[i];
      for (std::size_t k = 0; k < width_; ++k)
        q[i] += static_cast<double>(graph_[dense.weight].values[i * width_ + k]) * graph_[query].values[k];
    }
    Constant row{{heads_ * n_random_}, std::vector<float>(heads_ * n_random_)};
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      double const* const of_head = q.data() + i / n_random_ * width_;
      double product = 0;
      double size = 0;
      for (std::size_t j = 0; j < width_; ++j) {
        product += of_head[j] * graph_[directions].values[i % n_random_ * width_ + j];
        size += of_head[j] * of_head[j];
      }
      double const elu = product > 0 ? product : std::expm1(product);
      row.values[i] = static_cast<float>(is_positive() ? product - size / 2 : elu);
    }
    return add(EventRow{graph_.add(std::move(row))}, {}, name);
  }

  NodeId layer(std::string const& name, NodeId x, bool has_learned_query) {
    NodeId const keys = add(weights_.layer_norm(name + ".norm", width_, epsilon), {x}, name + ".norm");
    std::string const of = name + ".attention.";
    ConstantId const directions = weights_(of + "directions", {n_random_, width_});
    Dense::Affine const to_query = shrunk(of + "query");
    NodeId const query =
        has_learned_query
            ? features_of_learned(to_query, directions, weights_(name + ".query", {1, width_}), of + "query")
            : features_of(to_query, directions, x, of + "query");
    NodeId const key = features_of(shrunk(of + "key"), directions, keys, of + "key");
    NodeId const value = add(weights_.dense(of + "value", width_, heads_ * width_), {keys}, of + "value");
    NodeId const sums = add(KernelSums{heads_, weight()}, {key, value}, of + "sums");
    NodeId const read = add(KernelReadout{heads_, weight()}, {query, sums}, of + "readout");
    NodeId const answer = add(weights_.dense(of + "output", heads_ * width_, width_), {read}, of + "output");
    NodeId const both = add(Add{}, {keys, answer}, name + ".add");
    return weights_.feed_forward(
        name + ".output", {width_, width_, width_},
        add(weights_.layer_norm(name + ".output_norm", width_, epsilon), {both}, name + ".output_norm"));
  }

  Graph& graph_;
  Weights& weights_;
  artifact::KernelTransformerConfig const& c_;
  std::uint32_t width_, heads_, n_random_;
};

}  // namespace

void build(Graph& graph, Weights& weights, artifact::KernelTransformerConfig const& config) {
  Builder(graph, weights, config)();
}

}  // namespace corpuscle::graph
