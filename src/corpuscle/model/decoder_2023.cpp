#include "corpuscle/model/decoder_2023.hpp"

#include "corpuscle/model/batch.hpp"

namespace corpuscle::model {
namespace {

constexpr std::int64_t n_classes = 6;
constexpr std::int64_t n_charges = 3;

}  // namespace

Decoder2023::Decoder2023(core::Random& random, std::int64_t width,
                         std::vector<std::int64_t> const& class_hidden,
                         std::vector<std::int64_t> const& other_hidden, double dropout)
    : norm_(register_module("norm", std::make_shared<LayerNorm>(width, 1e-3))) {
  auto const head = [&](char const* name, std::int64_t n_in, std::vector<std::int64_t> const& hidden,
                        std::int64_t n_out) {
    return register_module(
        name, std::make_shared<FeedForward>(random, widths(n_in, hidden, n_out), Start::glorot, dropout));
  };
  class_ = head("class", width, class_hidden, n_classes);
  charge_ = head("charge", width, other_hidden, n_charges);
  eta_ = head("eta", width + n_classes, other_hidden, 1);
  phi_ = head("phi", width + n_classes, other_hidden, 2);
  energy_ = head("energy", 2 * width + 2 * n_classes, other_hidden, 1);
  pt_ = head("pt", 2 * width + 2 * n_classes, other_hidden, 2);
}

torch::Tensor Decoder2023::forward(torch::Tensor const& id, torch::Tensor const& reg,
                                   torch::Tensor const& measured) const {
  torch::Tensor const u = norm_->forward(id);
  torch::Tensor const logits = class_->forward(u);
  torch::Tensor const v = torch::cat({u, logits.detach().to(u.scalar_type())}, 1);
  torch::Tensor const w = torch::cat({v, reg.to(u.scalar_type()), logits.detach().to(u.scalar_type())}, 1);
  torch::Tensor const eta = (columns(measured, 2, 3) + eta_->forward(v)).clamp(-7, 7);
  torch::Tensor const sin_cos_phi = (columns(measured, 3, 5) + phi_->forward(v)).clamp(-1, 1);
  torch::Tensor const energy = (columns(measured, 5, 6) + energy_->forward(w)).abs();
  torch::Tensor const pt = columns(pt_->forward(w), 0, 1).abs();  // the second output was never used
  return torch::cat({logits, charge_->forward(u), pt, eta, sin_cos_phi, energy}, 1);
}

torch::Tensor encode_2023(torch::Tensor const& x, torch::Tensor const& type, std::int64_t n_types) {
  torch::Tensor const code = torch::one_hot(type + 1, n_types + 1).to(x.scalar_type());
  return torch::cat({code, columns(x, 1, x.size(1))}, 1);
}

}  // namespace corpuscle::model
