// Softmax attention among all elements (mlpf.md 3.4), as model/attention.cpp trains it.
#include <cmath>

#include "corpuscle/core/text.hpp"
#include "corpuscle/graph/weights.hpp"

namespace corpuscle::graph {
namespace {

constexpr double epsilon = 1e-5;
constexpr std::uint32_t n_classes = 6;

class Builder {
 public:
  Builder(Graph& graph, Weights& weights, artifact::AttentionConfig const& c)
      : graph_(graph),
        weights_(weights),
        width_(static_cast<std::uint32_t>(c.width)),
        heads_(static_cast<std::uint32_t>(c.heads)),
        n_layers_(c.layers) {}

  void operator()() {
    auto const [measured, x] = add_features(graph_, weights_);
    NodeId const embedded =
        add(weights_.dense_per_type("embedding.last", width_, width_),
            {norm("embedding.norm", elu(dense("embedding.first", graph_.n_features(), width_, x)))},
            "embedding.last");
    NodeId h = embedded;
    for (std::int64_t i = 0; i < n_layers_; ++i)  // the last one asks with what the elements were at first
      h = layer(core::cat("layer_", i), h, i + 1 == n_layers_ ? embedded : NodeId());
    NodeId const id = norm("id_norm", readout("id_readout", h));
    NodeId const reg = norm("reg_norm", readout("reg_readout", h));
    add_heads(id, reg, measured);
  }

 private:
  NodeId add(Operation operation, std::vector<NodeId> inputs, std::string const& name) {
    return graph_.add(std::move(operation), std::move(inputs), name);
  }
  NodeId dense(std::string const& name, std::uint32_t n_in, std::uint32_t n_out, NodeId x) {
    return add(weights_.dense(name, n_in, n_out), {x}, name);
  }
  NodeId norm(std::string const& name, NodeId x) {
    return add(weights_.layer_norm(name, width_, epsilon), {x}, name);
  }
  NodeId elu(NodeId x) { return add(Map{Function::elu}, {x}, graph_[x].name); }

  /// Several dense layers of one input as one: their outputs side by side.
  Dense side_by_side(std::vector<std::string> const& names) {
    Constant weight{{0, width_}, {}};
    Constant bias{{0}, {}};
    for (std::string const& name : names) {
      Dense::Affine const each = weights_.affine(name, width_, width_);
      for (auto [all, part] : {std::pair{&weight, each.weight}, std::pair{&bias, each.bias}}) {
        all->shape[0] += width_;
        all->values.insert(all->values.end(), graph_[part].values.begin(), graph_[part].values.end());
      }
    }
    ConstantId const weights = graph_.add(std::move(weight));
    return {{{weights, graph_.add(std::move(bias))}}, Function::identity};
  }

  /// x + act(W2 act(W1 LN(x)))
  NodeId residual(std::string const& name, NodeId x) {
    NodeId const added =
        elu(weights_.feed_forward(name + ".layers", {width_, width_, width_}, norm(name + ".norm", x)));
    return add(Add{}, {x, added}, name);
  }

  /// @param queries  invalid: the normalised x
  NodeId layer(std::string const& name, NodeId x, NodeId queries) {
    NodeId const seen = norm(name + ".norm", x);
    std::string const of = name + ".attention.";
    std::vector<NodeId> inputs;
    if (queries.is_valid())
      inputs = {dense(of + "query", width_, width_, queries),
                add(side_by_side({of + "key", of + "value"}), {seen}, of + "key_value")};
    else
      inputs = {add(side_by_side({of + "query", of + "key", of + "value"}), {seen}, of + "query_key_value")};
    NodeId const answer = add(Attention{heads_}, inputs, name + ".attention");
    return residual(name + ".residual",
                    add(Add{}, {x, dense(of + "output", width_, width_, answer)}, name + ".add"));
  }

  /// What the learned query of a readout asks each element, for each head: its scores are x asked^T. The bias
  /// of the keys is the same for all elements, so softmax does not see it.
  ConstantId asked(std::string const& name) {
    std::string const of = name + ".attention.";
    auto const values = [&](ConstantId id) {
      return std::vector<double>(graph_[id].values.begin(), graph_[id].values.end());
    };
    std::vector<double> query = values(weights_(name + ".query", {1, width_}));
    LayerNorm const query_norm = weights_.layer_norm(name + ".query_norm", width_, epsilon);
    Dense::Affine const to_query = weights_.affine(of + "query", width_, width_);
    Dense::Affine const to_key = weights_.affine(of + "key", width_, width_);

    double mean = 0;
    for (double const each : query) mean += each / width_;
    double variance = 0;
    for (double const each : query) variance += (each - mean) * (each - mean) / width_;
    for (std::size_t j = 0; j < width_; ++j)
      query[j] = (query[j] - mean) / std::sqrt(variance + epsilon) * values(query_norm.weight)[j] +
                 values(query_norm.bias)[j];

    std::vector<double> const w_q = values(to_query.weight);
    std::vector<double> const w_k = values(to_key.weight);
    std::vector<double> q = values(to_query.bias);
    for (std::size_t i = 0; i < width_; ++i)
      for (std::size_t j = 0; j < width_; ++j) q[i] += w_q[i * width_ + j] * query[j];

    std::size_t const d = width_ / heads_;
    Constant result{{heads_, width_}, {}};
    for (std::size_t head = 0; head < heads_; ++head) {
      for (std::size_t column = 0; column < width_; ++column) {
        double sum = 0;
        for (std::size_t j = head * d; j < (head + 1) * d; ++j) sum += q[j] * w_k[j * width_ + column];
        result.values.push_back(static_cast<float>(sum / std::sqrt(static_cast<double>(d))));
      }
    }
    return graph_.add(std::move(result));
  }

  /// One learned query asks each event; the answer goes to all its elements. As there is one query, values
  /// are made of the weighted means of elements, not of every element.
  NodeId readout(std::string const& name, NodeId x) {
    NodeId const seen = norm(name + ".norm", x);
    NodeId const scores = add(Dense{{{asked(name), {}}}, Function::identity}, {seen}, name + ".scores");
    NodeId const means = add(EventPool{}, {scores, seen}, name + ".pool");
    Dense::Affine const value = weights_.affine(name + ".attention.value", width_, width_);
    NodeId const values = add(GroupedDense{value.weight, value.bias, heads_}, {means}, name + ".value");
    NodeId const answer = dense(name + ".attention.output", width_, width_, values);
    return residual(name + ".residual", add(Add{}, {x, answer}, name + ".add"));
  }

  /// Dense layer, activation, norm, dense layer.
  NodeId head(std::string const& name, std::uint32_t n_out, NodeId x) {
    return dense(name + ".last", width_, n_out,
                 norm(name + ".norm", elu(dense(name + ".first", width_, width_, x))));
  }

  /// A head of one number for each type of element. Scale and shift of its norm go into the layer behind it,
  /// so that one norm serves all types.
  NodeId head_per_type(std::string const& name, NodeId x) {
    Dense first;
    Dense last;
    for (std::uint32_t type = 0; type < graph_.n_types(); ++type) {
      std::string const of = core::cat(name, '_', type);
      first.of_type.push_back(weights_.affine(of + ".first", width_, width_));
      LayerNorm const between = weights_.layer_norm(of + ".norm", width_, epsilon);
      Dense::Affine const whole = weights_.affine(of + ".last", width_, 1);
      Constant weight = graph_[whole.weight];
      double bias = graph_[whole.bias].values[0];
      for (std::size_t j = 0; j < width_; ++j) {
        bias += static_cast<double>(weight.values[j]) * graph_[between.bias].values[j];
        weight.values[j] *= graph_[between.weight].values[j];
      }
      ConstantId const scaled = graph_.add(std::move(weight));
      last.of_type.push_back({scaled, graph_.add({{1}, {static_cast<float>(bias)}})});
    }
    ConstantId const ones = graph_.add({{width_}, std::vector<float>(width_, 1)});
    ConstantId const zeros = graph_.add({{width_}, std::vector<float>(width_, 0)});
    NodeId const hidden = elu(add(std::move(first), {x}, name + ".first"));
    return add(std::move(last), {add(LayerNorm{ones, zeros, epsilon}, {hidden}, name + ".norm")},
               name + ".last");
  }

  void add_heads(NodeId id, NodeId reg, NodeId measured) {
    using Kind = Elementary::Kind;
    auto const column = [&](NodeId x, std::uint32_t i) { return add(Columns{i, i + 1}, {x}, "column"); };
    auto const plus = [&](NodeId a, NodeId b) { return add(Add{}, {a, b}, "sum"); };
    auto const function = [&](Kind kind, NodeId x) { return add(Elementary{kind}, {x}, "function"); };
    auto const linear = [&](char const* name, std::uint32_t i) {
      NodeId const ab = head(name, 2, reg);
      return plus(add(Multiply{}, {column(ab, 0), column(measured, i)}, name), column(ab, 1));
    };
    NodeId const is_particle = head("is_particle", 2, id);
    NodeId const classes = head("class", n_classes, id);
    NodeId const eta = linear("eta", 2);
    NodeId const sin_phi = linear("sin_phi", 3);
    NodeId const cos_phi = linear("cos_phi", 4);
    NodeId const ln_pt = head_per_type("pt", reg);
    // ln(p / E) of the prediction, p = pt cosh(eta): the energy is that or more.
    NodeId const ln_p =
        plus(plus(ln_pt, function(Kind::log, column(measured, 1))), function(Kind::log_cosh, eta));
    NodeId const ln_ratio = add(Subtract{}, {ln_p, function(Kind::log, column(measured, 5))}, "ln_p_ratio");
    NodeId const ln_energy = plus(ln_ratio, function(Kind::relu, head_per_type("energy", reg)));
    graph_.set_output(
        add(Concat{}, {is_particle, classes, ln_pt, eta, sin_phi, cos_phi, ln_energy}, "outputs"));
  }

  Graph& graph_;
  Weights& weights_;
  std::uint32_t width_, heads_;
  std::int64_t n_layers_;
};

}  // namespace

void build(Graph& graph, Weights& weights, artifact::AttentionConfig const& config) {
  Builder(graph, weights, config)();
}

}  // namespace corpuscle::graph
