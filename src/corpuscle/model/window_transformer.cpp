// Our own network (docs/decisions/0004-default-network.md).
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "corpuscle/core/text.hpp"
#include "corpuscle/model/architectures.hpp"
#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/layers.hpp"
#include "corpuscle/model/precision.hpp"
#include "corpuscle/model/windows.hpp"

namespace corpuscle::model {
namespace {

constexpr double epsilon = 1e-5;

/// Turns queries and keys as one operation of LibTorch's: written with its own it is a dozen, which take
/// longer than attention itself.
class TurnQueriesAndKeys : public torch::autograd::Function<TurnQueriesAndKeys> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// @param qkv           [n, 3 heads d]
  /// @param cosine, sine  [n, d / 2]
  static torch::Tensor forward(Context* context, torch::Tensor const& qkv, torch::Tensor const& cosine,
                               torch::Tensor const& sine) {
    context->save_for_backward({cosine, sine});
    return turn(qkv, cosine, sine);
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 torch::autograd::variable_list const& gradients) {
    torch::autograd::variable_list const saved = context->get_saved_variables();
    return {turn(gradients[0], saved[0], -saved[1]), {}, {}};
  }

 private:
  static torch::Tensor turn(torch::Tensor const& qkv, torch::Tensor const& cosine,
                            torch::Tensor const& sine) {
    if (qkv.is_cpu() && qkv.scalar_type() == torch::kFloat) return turn_rows(qkv.contiguous(), cosine, sine);
    torch::Tensor const qk = qkv.narrow(1, 0, qkv.size(1) / 3 * 2).unflatten(1, {-1, 2, cosine.size(1)});
    torch::Tensor const c = cosine.unsqueeze(1), s = sine.unsqueeze(1);
    torch::Tensor const a = qk.select(2, 0), b = qk.select(2, 1);
    torch::Tensor const turned = torch::stack({a * c - b * s, a * s + b * c}, 2);
    return torch::cat({turned.flatten(1), qkv.narrow(1, qkv.size(1) / 3 * 2, qkv.size(1) / 3)}, 1);
  }

  /// The same in one pass.
  static torch::Tensor turn_rows(torch::Tensor const& qkv, torch::Tensor const& cosine,
                                 torch::Tensor const& sine) {
    torch::Tensor const result = torch::empty_like(qkv);
    std::int64_t const width = qkv.size(1), half = cosine.size(1), turned = width / 3 * 2;
    float const* const in = qkv.data_ptr<float>();
    float const* const c = cosine.data_ptr<float>();
    float const* const s = sine.data_ptr<float>();
    float* const out = result.data_ptr<float>();
    at::parallel_for(0, qkv.size(0), 256, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        float const* const from = in + row * width;
        float* const to = out + row * width;
        for (std::int64_t first = 0; first < turned; first += 2 * half)
          for (std::int64_t j = 0; j < half; ++j) {
            float const a = from[first + j], b = from[first + half + j];
            to[first + j] = a * c[row * half + j] - b * s[row * half + j];
            to[first + half + j] = a * s[row * half + j] + b * c[row * half + j];
          }
        std::copy(from + turned, from + width, to + turned);
      }
    });
    return result;
  }
};

/// Where the angles of an element turn its queries and keys, so that q k depends on differences of angles
/// only
/// ("rotary embedding", arXiv:2104.09864). Column pairs (j, j + d / 2) of each head are turned by frequency_j
/// * eta, then by frequency_j * phi, with frequencies 2, 4, 8 ...: whole, so that phi = -pi and pi are the
/// same. The rest stay.
struct Turn {
  torch::Tensor cosine, sine;  ///< [n, d / 2]

  static Turn of(torch::Tensor const& eta, torch::Tensor const& phi, std::int64_t n_frequencies,
                 std::int64_t d) {
    torch::Tensor const frequency = torch::exp2(torch::arange(1, n_frequencies + 1, eta.options()));
    torch::Tensor const still = torch::zeros({eta.size(0), d / 2 - 2 * n_frequencies}, eta.options());
    torch::Tensor const angle =
        torch::cat({torch::outer(eta, frequency), torch::outer(phi, frequency), still}, 1);
    return {angle.cos(), angle.sin()};
  }

  [[nodiscard]] Turn select(torch::Tensor const& rows) const {
    return {cosine.index_select(0, rows), sine.index_select(0, rows)};
  }

  /// @param qkv  [n, 3 heads d]
  [[nodiscard]] torch::Tensor operator()(torch::Tensor const& qkv) const {
    return TurnQueriesAndKeys::apply(qkv, cosine, sine);
  }
};

/// The elements of a batch in windows, in one of several orders.
struct Neighbours {
  Blocks windows;
  torch::Tensor rows, inverse_rows;  ///< undefined where the order of the batch is kept
  Turn turn;
};

class WindowLayer : public torch::nn::Module {
 public:
  WindowLayer(artifact::WindowTransformerConfig const& c, core::Random& random)
      : heads_(c.heads), dropout_(c.dropout) {
    auto const dense = [&](char const* name, std::int64_t n_in, std::int64_t n_out) {
      return register_module(name, std::make_shared<Dense>(random, n_in, n_out, Start::fan_in));
    };
    summary_norm_ = register_module("summary_norm", std::make_shared<LayerNorm>(c.width, epsilon));
    to_summary_ = dense("to_summary", c.width, (c.width + 3) / 4);
    from_summary_ = dense("from_summary", (c.width + 3) / 4, c.width);
    norm_ = register_module("norm", std::make_shared<LayerNorm>(c.width, epsilon));
    query_key_value_ = dense("query_key_value", c.width, 3 * c.width);
    output_ = dense("output", c.width, c.width);
    hidden_norm_ = register_module("hidden_norm", std::make_shared<LayerNorm>(c.width, epsilon));
    to_hidden_ = dense("to_hidden", c.width, c.hidden);
    from_hidden_ = dense("from_hidden", c.hidden, c.width);
  }

  /// @param x  [n, width] in the order of `events`
  [[nodiscard]] torch::Tensor forward(Blocks const& events, Neighbours const& neighbours,
                                      torch::Tensor x) const {
    x = x + summary(events, x);
    if (neighbours.rows.defined()) x = x.index_select(0, neighbours.rows);
    x = x + drop(output_->forward(attention(neighbours, norm_->forward(x))));
    x = x + drop(from_hidden_->forward(gelu_tanh(to_hidden_->forward(hidden_norm_->forward(x)))));
    if (neighbours.rows.defined()) x = x.index_select(0, neighbours.inverse_rows);
    return x;
  }

 private:
  /// What an element gets to know of its whole event.
  [[nodiscard]] torch::Tensor summary(Blocks const& events, torch::Tensor const& x) const {
    torch::Tensor const said = gelu_tanh(to_summary_->forward(summary_norm_->forward(x)));
    std::vector<torch::Tensor> means = events.split(said);
    for (torch::Tensor& group : means) group = group.mean(1);
    return events.spread(from_summary_->forward(torch::cat(means)));
  }

  [[nodiscard]] torch::Tensor attention(Neighbours const& neighbours, torch::Tensor const& x) const {
    torch::Tensor const qkv = query_key_value_->forward(x);
    NoAutocast const in_float;
    return block_attention(neighbours.windows, neighbours.turn(at_least_float(qkv)), heads_);
  }

  [[nodiscard]] torch::Tensor drop(torch::Tensor const& x) const {
    return dropout_ > 0 ? torch::dropout(x, dropout_, is_training()) : x;
  }

  std::int64_t heads_;
  double dropout_;
  std::shared_ptr<LayerNorm> summary_norm_, norm_, hidden_norm_;
  std::shared_ptr<Dense> to_summary_, from_summary_, query_key_value_, output_, to_hidden_, from_hidden_;
};

class WindowTransformer : public Network {
 public:
  WindowTransformer(artifact::ModelConfig const& model, artifact::WindowTransformerConfig const& c,
                    core::Random& random)
      : Network(model), size_(c) {
    auto const dense = [&](char const* name, std::int64_t n_in, std::int64_t n_out) {
      return register_module(name, std::make_shared<Dense>(random, n_in, n_out, Start::fan_in));
    };
    auto const per_type = [&](char const* name, std::int64_t n_in, std::int64_t n_out) {
      return register_module(name,
                             std::make_shared<DensePerType>(random, model.types, n_in, n_out, Start::fan_in));
    };
    input_ = per_type("input", model.features, c.width);
    embedding_ = dense("embedding", c.width, c.width);
    for (std::int64_t i = 0; i < c.layers; ++i)
      layers_.push_back(register_module(core::cat("layer_", i), std::make_shared<WindowLayer>(c, random)));
    norm_ = register_module("norm", std::make_shared<LayerNorm>(c.width, epsilon));
    class_hidden_ = dense("class_hidden", c.width, c.head_hidden);
    class_ = per_type("class", c.head_hidden, c.classes);
    regression_hidden_ = dense("regression_hidden", c.width, c.head_hidden);
    regression_ = per_type("regression", c.head_hidden, c.regressed);
  }

 protected:
  [[nodiscard]] torch::Tensor compute(Input const& input) const override {
    Blocks const events(lengths_of(input.offsets));
    std::vector<Neighbours> const orders = neighbours(input);
    torch::Tensor x = embedding_->forward(gelu_tanh(input_->forward(input.x, input.types)));
    for (std::size_t i = 0; i < layers_.size(); ++i)
      x = layers_[i]->forward(events, orders[i % orders.size()], x);
    x = norm_->forward(x);
    return torch::cat({class_->forward(gelu_tanh(class_hidden_->forward(x)), input.types),
                       regression_->forward(gelu_tanh(regression_hidden_->forward(x)), input.types)},
                      1);
  }

 private:
  /// The orders that the layers take in turn. One if every event fits into a window; else two of place, the
  /// windows of which end at other places, and one of energy.
  [[nodiscard]] std::vector<Neighbours> neighbours(Input const& input) const {
    torch::Tensor const energy = input.measured.select(1, 0);
    torch::Tensor const eta = input.measured.select(1, 2);
    torch::Tensor const phi = torch::atan2(input.measured.select(1, 3), input.measured.select(1, 4));
    Turn const turn = Turn::of(eta, phi, size_.frequencies, size_.width / size_.heads);

    std::vector<Neighbours> result;
    if (input.offsets.end()[-1] - input.offsets.end()[-2] <= size_.window) {  // the longest
      result.push_back({Blocks(lengths_of(input.offsets)), {}, {}, turn});
      return result;
    }
    // Logarithms of energies of e^-16 to e^16 GeV, the highest first, in steps finer than their rounding.
    torch::Tensor const by_energy = ((16 - energy) * 0x1p22).clamp(0, 0x1p27).to(torch::kInt64);
    for (torch::Tensor const& key : {hilbert_code(eta, phi), hilbert_code(eta + 0.7, phi + 1), by_energy}) {
      Windows const cut = windows(key, input.offsets, size_.window);
      Blocks blocks(cut.lengths);
      torch::Tensor const rows = cut.order.index_select(0, blocks.rows().to(key.device()));
      result.push_back({std::move(blocks), rows, inverse_of(rows), turn.select(rows)});
    }
    return result;
  }

  artifact::WindowTransformerConfig size_;
  std::shared_ptr<DensePerType> input_;
  std::shared_ptr<Dense> embedding_;
  std::vector<std::shared_ptr<WindowLayer>> layers_;
  std::shared_ptr<LayerNorm> norm_;
  std::shared_ptr<Dense> class_hidden_, regression_hidden_;
  std::shared_ptr<DensePerType> class_, regression_;
};

}  // namespace

std::shared_ptr<Network> make(artifact::ModelConfig const& model,
                              artifact::WindowTransformerConfig const& config, core::Random& random) {
  return std::make_shared<WindowTransformer>(model, config, random);
}

}  // namespace corpuscle::model
