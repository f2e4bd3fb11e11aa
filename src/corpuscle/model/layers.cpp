#include "corpuscle/model/layers.hpp"

#include <cmath>

#include "corpuscle/core/text.hpp"

namespace corpuscle::model {
namespace {

template <class Draw>
torch::Tensor draw(torch::IntArrayRef shape, Draw const& next) {
  torch::Tensor const result = torch::empty(shape, torch::kFloat);
  std::int64_t const n = result.numel();
  auto* out = result.data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(next());
  return result;
}

torch::Tensor begin(core::Random& random, torch::IntArrayRef shape, std::int64_t n_in, std::int64_t n_out,
                    Start start) {
  bool const is_bias = shape.size() == 1;
  auto const from = static_cast<double>(n_in);
  auto const to = static_cast<double>(n_out);
  if (start == Start::fan_in) return uniform(random, shape, 1 / std::sqrt(from));
  if (start == Start::zero || is_bias) return torch::zeros(shape);
  if (start == Start::small) return normal(random, shape, 0.05);
  return uniform(random, shape, std::sqrt(6 / (from + to)));
}

}  // namespace

torch::Tensor uniform(core::Random& random, torch::IntArrayRef shape, double limit) {
  return draw(shape, [&] { return random.uniform(-limit, limit); });
}

torch::Tensor normal(core::Random& random, torch::IntArrayRef shape, double width) {
  return draw(shape, [&] { return width * random.normal(); });
}

Dense::Dense(core::Random& random, std::int64_t n_in, std::int64_t n_out, Start start, Bias with_bias)
    : weight_(register_parameter("weight", begin(random, {n_out, n_in}, n_in, n_out, start))) {
  if (with_bias == Bias::yes) bias_ = register_parameter("bias", begin(random, {n_out}, n_in, n_out, start));
}

DensePerType::DensePerType(core::Random& random, std::int64_t n_types, std::int64_t n_in, std::int64_t n_out,
                           Start start) {
  for (std::int64_t type = 0; type < n_types; ++type)
    of_type_.push_back(register_module(core::cat(type), std::make_shared<Dense>(random, n_in, n_out, start)));
}

torch::Tensor DensePerType::forward(torch::Tensor const& x, Types const& types) const {
  return types.map(
      x, [this](std::size_t type, torch::Tensor const& rows) { return of_type_[type]->forward(rows); });
}

LayerNorm::LayerNorm(std::int64_t width, double epsilon)
    : epsilon_(epsilon),
      weight_(register_parameter("weight", torch::ones(width))),
      bias_(register_parameter("bias", torch::zeros(width))) {}

torch::Tensor LayerNorm::forward(torch::Tensor const& x) const {
  return torch::layer_norm(x, {x.size(-1)}, weight_, bias_, epsilon_);
}

torch::Tensor gelu_tanh(torch::Tensor const& x) {
  return torch::gelu(x, "tanh");
}

FeedForward::FeedForward(core::Random& random, std::vector<std::int64_t> const& widths, Start start,
                         double dropout)
    : dropout_(dropout) {
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    layers_.push_back(
        register_module(core::cat(i), std::make_shared<Dense>(random, widths[i], widths[i + 1], start)));
}

torch::Tensor FeedForward::forward(torch::Tensor x) const {
  for (auto const& layer : layers_) {
    x = layer->forward(x);
    if (layer == layers_.back()) break;
    x = torch::elu(x);
    if (dropout_ > 0) x = torch::dropout(x, dropout_, is_training());
  }
  return x;
}

std::vector<std::int64_t> widths(std::int64_t first, std::vector<std::int64_t> hidden, std::int64_t last) {
  hidden.insert(hidden.begin(), first);
  hidden.push_back(last);
  return hidden;
}

}  // namespace corpuscle::model
