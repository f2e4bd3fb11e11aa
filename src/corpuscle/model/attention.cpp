// Softmax attention among all elements, as the code of August 2026 computes it (mlpf.md 3.4), but within
// events only: padding, which that code lets take part, does not exist here.
#include <cmath>

#include "corpuscle/core/text.hpp"
#include "corpuscle/model/architectures.hpp"
#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/layers.hpp"

namespace corpuscle::model {
namespace {

constexpr double epsilon = 1e-5;
constexpr std::int64_t n_classes = 6;

/// Dense layer, activation, norm, dense layer.
template <class Last>
class NormedHead : public torch::nn::Module {
 public:
  /// @param last  makes the second dense layer
  template <class Make>
  NormedHead(core::Random& random, std::int64_t n_in, std::int64_t width, double dropout, Make const& last)
      : dropout_(dropout),
        first_(register_module("first", std::make_shared<Dense>(random, n_in, width, Start::fan_in))),
        norm_(register_module("norm", std::make_shared<LayerNorm>(width, epsilon))),
        last_(register_module("last", last())) {}

  template <class... Type>
  [[nodiscard]] torch::Tensor forward(torch::Tensor const& x, Type const&... type) const {
    torch::Tensor const hidden = norm_->forward(torch::elu(first_->forward(x)));
    return last_->forward(dropout_ > 0 ? torch::dropout(hidden, dropout_, is_training()) : hidden, type...);
  }

 private:
  double dropout_;
  std::shared_ptr<Dense> first_;
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<Last> last_;
};

/// x + act(W2 act(W1 LN(x)))
class Residual : public torch::nn::Module {
 public:
  Residual(artifact::AttentionConfig const& c, core::Random& random)
      : dropout_(c.dropout),
        norm_(register_module("norm", std::make_shared<LayerNorm>(c.width, epsilon))),
        layers_(register_module(
            "layers",
            std::make_shared<FeedForward>(random, std::vector{c.width, c.width, c.width}, Start::fan_in))) {}

  [[nodiscard]] torch::Tensor forward(torch::Tensor const& x) const {
    torch::Tensor const added = torch::elu(layers_->forward(norm_->forward(x)));
    return x + (dropout_ > 0 ? torch::dropout(added, dropout_, is_training()) : added);
  }

 private:
  double dropout_;
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<FeedForward> layers_;
};

/// Weights of softmax attention: from queries and elements to q, k and v of all heads, and back.
struct Projections : torch::nn::Module {
  Projections(artifact::AttentionConfig const& c, core::Random& random)
      : query(register_module("query", std::make_shared<Dense>(random, c.width, c.width, Start::glorot))),
        key(register_module("key", std::make_shared<Dense>(random, c.width, c.width, Start::glorot))),
        value(register_module("value", std::make_shared<Dense>(random, c.width, c.width, Start::glorot))),
        output(register_module("output", std::make_shared<Dense>(random, c.width, c.width, Start::fan_in))) {}

  std::shared_ptr<Dense> query, key, value, output;
};

class AttentionLayer : public torch::nn::Module {
 public:
  AttentionLayer(artifact::AttentionConfig const& c, core::Random& random)
      : heads_(c.heads),
        norm_(register_module("norm", std::make_shared<LayerNorm>(c.width, epsilon))),
        projections_(register_module("attention", std::make_shared<Projections>(c, random))),
        residual_(register_module("residual", std::make_shared<Residual>(c, random))) {}

  /// @param queries  [n, width], or undefined: the normalised x
  [[nodiscard]] torch::Tensor forward(Blocks const& events, torch::Tensor const& x,
                                      torch::Tensor const& queries) const {
    torch::Tensor const seen = norm_->forward(x);
    Projections const& p = *projections_;
    torch::Tensor const qkv = torch::cat(
        {p.query->forward(queries.defined() ? queries : seen), p.key->forward(seen), p.value->forward(seen)},
        1);
    return residual_->forward(x + p.output->forward(block_attention(events, qkv, heads_)));
  }

 private:
  std::int64_t heads_;
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<Projections> projections_;
  std::shared_ptr<Residual> residual_;
};

/// One learned query asks each event; the answer goes to all its elements.
class Readout : public torch::nn::Module {
 public:
  Readout(artifact::AttentionConfig const& c, core::Random& random)
      : heads_(c.heads),
        query_(register_parameter("query", normal(random, {1, c.width}, 0.02))),
        query_norm_(register_module("query_norm", std::make_shared<LayerNorm>(c.width, epsilon))),
        norm_(register_module("norm", std::make_shared<LayerNorm>(c.width, epsilon))),
        projections_(register_module("attention", std::make_shared<Projections>(c, random))),
        residual_(register_module("residual", std::make_shared<Residual>(c, random))) {}

  /// As there is one query, k and v need not be made of every element: the products with their weights are
  /// taken with the query before, and with the weighted sum of elements after. The bias of k is the same for
  /// all elements, so softmax does not see it.
  [[nodiscard]] torch::Tensor forward(Blocks const& events, torch::Tensor const& x) const {
    Projections const& p = *projections_;
    torch::Tensor const seen = norm_->forward(x);
    std::int64_t const width = x.size(1);
    std::int64_t const d = width / heads_;
    torch::Tensor const q = p.query->forward(query_norm_->forward(query_)).view({heads_, 1, d});
    torch::Tensor const asked = torch::matmul(q, p.key->weight().view({heads_, d, width})).squeeze(1);
    torch::Tensor const scores =
        torch::matmul(seen, asked.t()) / std::sqrt(static_cast<double>(d));  // [n, heads]

    std::vector<torch::Tensor> sums = events.split(seen);
    std::vector<torch::Tensor> const scores_of_group = events.split(scores);
    for (std::size_t i = 0; i < sums.size(); ++i)  // [events, heads, width]
      sums[i] = torch::matmul(scores_of_group[i].softmax(1).transpose(1, 2), sums[i]);
    torch::Tensor const values = torch::matmul(p.value->weight().view({heads_, d, width}),
                                               torch::cat(sums).unsqueeze(-1));  // [events, heads, d, 1]
    torch::Tensor const answers = p.output->forward(values.flatten(1) + p.value->bias());
    return residual_->forward(x + events.spread(answers));
  }

 private:
  std::int64_t heads_;
  torch::Tensor query_;
  std::shared_ptr<LayerNorm> query_norm_, norm_;
  std::shared_ptr<Projections> projections_;
  std::shared_ptr<Residual> residual_;
};

class Attention : public Network {
 public:
  using Head = NormedHead<Dense>;
  using HeadPerType = NormedHead<DensePerType>;

  Attention(artifact::ModelConfig const& model, artifact::AttentionConfig const& c, core::Random& random)
      : Network(model) {
    auto const dense = [&](char const* name, std::int64_t n_in, std::int64_t n_out) {
      return register_module(name, std::make_shared<Head>(random, n_in, c.width, c.dropout, [&] {
                               return std::make_shared<Dense>(random, c.width, n_out, Start::fan_in);
                             }));
    };
    embedding_ = register_module(
        "embedding", std::make_shared<HeadPerType>(random, model.features, c.width, c.dropout, [&] {
          return std::make_shared<DensePerType>(random, model.types, c.width, c.width, Start::fan_in);
        }));
    for (std::int64_t i = 0; i < c.layers; ++i)
      layers_.push_back(register_module(core::cat("layer_", i), std::make_shared<AttentionLayer>(c, random)));
    id_ = branch("id", c, random);
    reg_ = branch("reg", c, random);
    is_particle_ = dense("is_particle", c.width, 2);
    class_ = dense("class", c.width, n_classes);
    eta_ = dense("eta", c.width, 2);
    sin_phi_ = dense("sin_phi", c.width, 2);
    cos_phi_ = dense("cos_phi", c.width, 2);
    pt_ = per_type("pt", model, c, random);
    energy_ = per_type("energy", model, c, random);
  }

 protected:
  [[nodiscard]] torch::Tensor compute(Input const& input) const override {
    Blocks const events(lengths_of(input.offsets));
    torch::Tensor const embedded = embedding_->forward(input.x, input.types);
    torch::Tensor x = embedded;
    for (auto const& layer : layers_)  // the last one asks with what the elements were at first
      x = layer->forward(events, x, layer == layers_.back() ? embedded : torch::Tensor());
    return heads(id_.forward(events, x), reg_.forward(events, x), input);
  }

 private:
  struct Branch {
    std::shared_ptr<Readout> readout;
    std::shared_ptr<LayerNorm> norm;
    [[nodiscard]] torch::Tensor forward(Blocks const& events, torch::Tensor const& x) const {
      return norm->forward(readout->forward(events, x));
    }
  };

  Branch branch(std::string const& name, artifact::AttentionConfig const& c, core::Random& random) {
    return {register_module(name + "_readout", std::make_shared<Readout>(c, random)),
            register_module(name + "_norm", std::make_shared<LayerNorm>(c.width, epsilon))};
  }

  /// One head for each type, of which each element has that of its own type.
  std::vector<std::shared_ptr<Head>> per_type(char const* name, artifact::ModelConfig const& model,
                                              artifact::AttentionConfig const& c, core::Random& random) {
    std::vector<std::shared_ptr<Head>> heads;
    for (std::int64_t type = 0; type < model.types; ++type)
      heads.push_back(register_module(core::cat(name, "_", type),
                                      std::make_shared<Head>(random, c.width, c.width, c.dropout, [&] {
                                        return std::make_shared<Dense>(random, c.width, 1, Start::fan_in);
                                      })));
    return heads;
  }

  static torch::Tensor of_type(std::vector<std::shared_ptr<Head>> const& heads, torch::Tensor const& x,
                               Types const& types) {
    return types.map(x,
                     [&](std::size_t type, torch::Tensor const& rows) { return heads[type]->forward(rows); });
  }

  [[nodiscard]] torch::Tensor heads(torch::Tensor const& id, torch::Tensor const& reg,
                                    Input const& input) const {
    auto const measured = [&](std::int64_t column) { return columns(input.measured, column, column + 1); };
    auto const linear = [&](Head const& head, std::int64_t column) {
      torch::Tensor const ab = head.forward(reg);
      return columns(ab, 0, 1) * measured(column) + columns(ab, 1, 2);
    };
    torch::Tensor const ln_pt = of_type(pt_, reg, input.types);
    torch::Tensor const eta = linear(*eta_, 2);
    // ln(p / E) of the prediction, p = pt cosh(eta): the energy is that or more.
    torch::Tensor const size = eta.detach().abs();
    torch::Tensor const ln_cosh_eta = size + torch::log1p(torch::exp(-2 * size)) - std::log(2.);
    auto const ln = [&](std::int64_t column) { return measured(column).clamp_min(1e-6).log(); };
    torch::Tensor const ln_p = ln_pt.detach() + ln(1) + ln_cosh_eta - ln(5);
    torch::Tensor const ln_energy = ln_p + torch::relu(of_type(energy_, reg, input.types));
    return torch::cat({is_particle_->forward(id), class_->forward(id), ln_pt, eta, linear(*sin_phi_, 3),
                       linear(*cos_phi_, 4), ln_energy},
                      1);
  }

  std::shared_ptr<HeadPerType> embedding_;
  std::vector<std::shared_ptr<AttentionLayer>> layers_;
  Branch id_, reg_;
  std::shared_ptr<Head> is_particle_, class_, eta_, sin_phi_, cos_phi_;
  std::vector<std::shared_ptr<Head>> pt_, energy_;
};

}  // namespace

std::shared_ptr<Network> make(artifact::ModelConfig const& model, artifact::AttentionConfig const& config,
                              core::Random& random) {
  return std::make_shared<Attention>(model, config, random);
}

}  // namespace corpuscle::model
