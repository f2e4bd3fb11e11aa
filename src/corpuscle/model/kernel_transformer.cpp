// The transformer with random features of arXiv:2309.06782, as its code of version 1.6 computes it
// (mlpf.md 3.2).
#include <cmath>

#include "corpuscle/core/text.hpp"
#include "corpuscle/model/architectures.hpp"
#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/decoder_2023.hpp"
#include "corpuscle/model/kernel_attention.hpp"
#include "corpuscle/model/layers.hpp"

namespace corpuscle::model {
namespace {

class KernelLayer : public torch::nn::Module {
 public:
  /// What the query of a layer is.
  enum class Query : std::uint8_t { elements, learned };

  KernelLayer(artifact::KernelTransformerConfig const& c, core::Random& random, Query query)
      : norm_(register_module("norm", std::make_shared<LayerNorm>(c.width, 1e-3))),
        attention_(register_module(
            "attention",
            std::make_shared<KernelAttention>(random, c.width, c.heads, c.random_features, c.features))),
        output_norm_(register_module("output_norm", std::make_shared<LayerNorm>(c.width, 1e-3))),
        output_(register_module("output", std::make_shared<FeedForward>(
                                              random, widths(c.width, {c.width}, c.width), Start::glorot))) {
    if (query == Query::learned) query_ = register_parameter("query", normal(random, {1, c.width}, 0.05));
  }

  /// @param x  [n, width] in the order of `events`
  [[nodiscard]] torch::Tensor forward(Blocks const& events, torch::Tensor const& x) const {
    torch::Tensor const keys = norm_->forward(x);
    // A learned query is the same for all elements, and its answer for all elements of an event.
    torch::Tensor const queries = query_.defined() ? query_.expand_as(x) : x;
    return output_->forward(output_norm_->forward(keys + attention_->forward(events, queries, keys)));
  }

 private:
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<KernelAttention> attention_;
  std::shared_ptr<LayerNorm> output_norm_;
  std::shared_ptr<FeedForward> output_;
  torch::Tensor query_;
};

class KernelTransformer : public Network {
 public:
  KernelTransformer(artifact::ModelConfig const& model, artifact::KernelTransformerConfig const& c,
                    core::Random& random)
      : Network(model),
        embedding_(register_module(
            "embedding",
            std::make_shared<FeedForward>(random, widths(model.types + model.features, {c.width}, c.width),
                                          Start::glorot))) {
    using Query = KernelLayer::Query;
    auto const add = [&](Layers& layers, char const* name, std::int64_t n, Query first) {
      for (std::int64_t i = 0; i < n; ++i)
        layers.push_back(register_module(
            core::cat(name, i), std::make_shared<KernelLayer>(c, random, i == 0 ? first : Query::elements)));
    };
    add(encoder_, "encoder_", c.encoder_layers, Query::elements);
    add(id_, "id_", c.id_layers, Query::learned);
    add(reg_, "reg_", c.reg_layers, Query::learned);
    decoder_ = register_module(
        "decoder", std::make_shared<Decoder2023>(random, c.width, c.class_hidden, c.other_hidden, c.dropout));
  }

 protected:
  [[nodiscard]] torch::Tensor compute(Input const& input) const override {
    Blocks const events(lengths_of(input.offsets));
    torch::Tensor const x =
        stack(encoder_, events, embedding_->forward(encode_2023(input.x, input.type, config().types)));
    return decoder_->forward(stack(id_, events, x), stack(reg_, events, x), input.measured);
  }

 private:
  using Layers = std::vector<std::shared_ptr<KernelLayer>>;

  static torch::Tensor stack(Layers const& layers, Blocks const& events, torch::Tensor x) {
    for (auto const& layer : layers) x = layer->forward(events, x);
    return x;
  }

  std::shared_ptr<FeedForward> embedding_;
  Layers encoder_, id_, reg_;
  std::shared_ptr<Decoder2023> decoder_;
};

}  // namespace

std::shared_ptr<Network> make(artifact::ModelConfig const& model,
                              artifact::KernelTransformerConfig const& config, core::Random& random) {
  return std::make_shared<KernelTransformer>(model, config, random);
}

}  // namespace corpuscle::model
