// The graph network of arXiv:2309.06782, as its code of version 1.6 computes it (mlpf.md 3.1).
#include "corpuscle/core/text.hpp"
#include "corpuscle/model/architectures.hpp"
#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/decoder_2023.hpp"
#include "corpuscle/model/graph.hpp"
#include "corpuscle/model/layers.hpp"
#include "corpuscle/model/messages.hpp"

namespace corpuscle::model {
namespace {

/// Each element takes in a sum over its bin, weighted by the kernel, through a gate.
class Message : public torch::nn::Module {
 public:
  Message(core::Random& random, std::int64_t width)
      : neighbours_(dense("neighbours", random, width, Start::small, Dense::Bias::no)),
        self_(dense("self", random, width, Start::small, Dense::Bias::no)),
        gate_(dense("gate", random, width, Start::small, Dense::Bias::yes)) {}

  /// @param kernels  of the bins, from graph_kernels
  /// @param x        [n, width] in the order of `bins`
  [[nodiscard]] torch::Tensor forward(Blocks const& bins, torch::Tensor const& kernels,
                                      torch::Tensor const& x) const {
    torch::Tensor const weight = torch::cat({neighbours_->weight(), self_->weight(), gate_->weight()});
    return pass_messages(bins, kernels, torch::linear(x, weight), gate_->bias());
  }

 private:
  std::shared_ptr<Dense> dense(char const* name, core::Random& random, std::int64_t width, Start start,
                               Dense::Bias bias) {
    return register_module(name, std::make_shared<Dense>(random, width, width, start, bias));
  }

  std::shared_ptr<Dense> neighbours_, self_, gate_;
};

class GraphLayer : public torch::nn::Module {
 public:
  GraphLayer(artifact::GnnLshConfig const& config, core::Random& random)
      : bin_size_(config.bin_size),
        norm_(register_module("norm", std::make_shared<LayerNorm>(config.width, 1e-6))),
        distance_(register_module(
            "distance",
            std::make_shared<FeedForward>(
                random, widths(config.width, config.distance_hidden, config.distance_width), Start::glorot))),
        codebook_(
            register_buffer("codebook", normal(random, {config.distance_width, config.max_bins / 2}, 0.05))),
        first_(register_module("first", std::make_shared<Message>(random, config.width))),
        second_(register_module("second", std::make_shared<Message>(random, config.width))) {}

  /// @param h        [n, width]
  /// @param offsets  of the events, which come by length
  [[nodiscard]] torch::Tensor forward(torch::Tensor const& h,
                                      std::vector<std::int64_t> const& offsets) const {
    torch::Tensor x = norm_->forward(h);
    torch::Tensor d = torch::elu(distance_->forward(x));

    LshBins const lsh = lsh_bins(d, codebook_, offsets, bin_size_);
    Blocks const bins(lsh.lengths);
    bool const moves = offsets.end()[-1] - offsets.end()[-2] > bin_size_;  // the longest event is hashed
    torch::Tensor order;
    if (moves) {
      order = lsh.order.index_select(0, bins.rows().to(x.device()));
      x = x.index_select(0, order);
      d = d.index_select(0, order);
    }
    torch::Tensor const kernels = graph_kernels(bins, d);
    torch::Tensor const y = second_->forward(bins, kernels, first_->forward(bins, kernels, x));
    return moves ? y.index_select(0, inverse_of(order)) : y;
  }

 private:
  std::int64_t bin_size_;
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<FeedForward> distance_;
  torch::Tensor codebook_;
  std::shared_ptr<Message> first_, second_;
};

class GnnLsh : public Network {
 public:
  GnnLsh(artifact::ModelConfig const& model, artifact::GnnLshConfig const& config, core::Random& random)
      : Network(model),
        encoder_(register_module(
            "encoder",
            std::make_shared<FeedForward>(
                random, widths(model.types + model.features, {config.width}, config.width), Start::glorot))) {
    for (std::int64_t i = 0; i < config.id_layers; ++i)
      id_.push_back(register_module(core::cat("id_", i), std::make_shared<GraphLayer>(config, random)));
    for (std::int64_t i = 0; i < config.reg_layers; ++i)
      reg_.push_back(register_module(core::cat("reg_", i), std::make_shared<GraphLayer>(config, random)));
    decoder_ =
        register_module("decoder", std::make_shared<Decoder2023>(random, config.width, config.class_hidden,
                                                                 config.other_hidden, config.dropout));
  }

 protected:
  [[nodiscard]] torch::Tensor compute(Input const& input) const override {
    torch::Tensor const h = torch::elu(encoder_->forward(encode_2023(input.x, input.type, config().types)));
    return decoder_->forward(stack(id_, h, input.offsets), stack(reg_, h, input.offsets), input.measured);
  }

 private:
  using Layers = std::vector<std::shared_ptr<GraphLayer>>;

  static torch::Tensor stack(Layers const& layers, torch::Tensor h,
                             std::vector<std::int64_t> const& offsets) {
    for (auto const& layer : layers) h = h + layer->forward(h, offsets);
    return h;
  }

  std::shared_ptr<FeedForward> encoder_;
  Layers id_, reg_;
  std::shared_ptr<Decoder2023> decoder_;
};

}  // namespace

std::shared_ptr<Network> make(artifact::ModelConfig const& model, artifact::GnnLshConfig const& config,
                              core::Random& random) {
  return std::make_shared<GnnLsh>(model, config, random);
}

}  // namespace corpuscle::model
