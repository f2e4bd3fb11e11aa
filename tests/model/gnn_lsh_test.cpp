// The graph network against a plain transcription of mlpf.md 3.1 with padding and masks, from the same
// parameters.
#include <gtest/gtest.h>

#include <string>

#include "corpuscle/model/graph.hpp"
#include "corpuscle/model/network.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

class PaddedGnn {
 public:
  PaddedGnn(Network const& network, artifact::GnnLshConfig const& config) : config_(config) {
    for (auto const& parameter : network.named_parameters()) tensors_[parameter.key()] = parameter.value();
    for (auto const& buffer : network.named_buffers()) tensors_[buffer.key()] = buffer.value();
  }

  /// @param x     [n, features] one event
  /// @param type  [n] 1 or 2
  /// @param n_padded  rows to compute with, a multiple of the bin
  [[nodiscard]] torch::Tensor operator()(torch::Tensor const& x, torch::Tensor const& type,
                                         std::int64_t n_padded) const {
    std::int64_t const n = x.size(0);
    auto const pad = [&](torch::Tensor const& t) {
      return torch::cat({t, torch::zeros({n_padded - n, t.size(1)}, t.options())});
    };
    torch::Tensor const measured = pad(x);
    torch::Tensor const mask = pad(torch::ones({n, 1}));
    torch::Tensor const code = torch::one_hot(pad(type.unsqueeze(1)).squeeze(1), 3).to(torch::kFloat);
    torch::Tensor const encoded = torch::cat({code, measured.slice(1, 1)}, 1);
    torch::Tensor const h = torch::elu(dense("encoder.1", torch::elu(dense("encoder.0", encoded))));
    torch::Tensor id = h;
    torch::Tensor reg = h;
    for (std::int64_t i = 0; i < config_.id_layers; ++i) id = id + layer("id_" + std::to_string(i), id, mask);
    for (std::int64_t i = 0; i < config_.reg_layers; ++i)
      reg = reg + layer("reg_" + std::to_string(i), reg, mask);
    return decode(id, reg, measured).slice(0, 0, n);
  }

 private:
  torch::Tensor at(std::string const& name) const { return tensors_.at(name); }
  torch::Tensor dense(std::string const& name, torch::Tensor const& x) const {
    torch::Tensor const y = x.matmul(at(name + ".weight").t());
    return tensors_.count(name + ".bias") != 0 ? y + at(name + ".bias") : y;
  }
  torch::Tensor norm(std::string const& name, torch::Tensor const& x, double epsilon) const {
    torch::Tensor const centred = x - x.mean(1, true);
    return centred / (centred.square().mean(1, true) + epsilon).sqrt() * at(name + ".weight") +
           at(name + ".bias");
  }
  torch::Tensor feed_forward(std::string const& name, torch::Tensor x, std::size_t n_hidden) const {
    for (std::size_t i = 0; i < n_hidden; ++i) x = torch::elu(dense(name + "." + std::to_string(i), x));
    return dense(name + "." + std::to_string(n_hidden), x);
  }

  torch::Tensor message(std::string const& name, torch::Tensor const& x, torch::Tensor const& a,
                        torch::Tensor const& m) const {
    torch::Tensor const f_hom = a.matmul(dense(name + ".neighbours", x * m) * m);
    torch::Tensor const f_het = dense(name + ".self", x * m);
    torch::Tensor const g = dense(name + ".gate", x).sigmoid();
    return torch::elu(g * f_hom + (1 - g) * f_het) * m;
  }

  torch::Tensor layer(std::string const& name, torch::Tensor const& h, torch::Tensor const& mask) const {
    torch::Tensor const x = norm(name + ".norm", h, 1e-6);
    torch::Tensor const d = torch::elu(feed_forward(name + ".distance", x, config_.distance_hidden.size()));
    std::int64_t const n_bins = h.size(0) / config_.bin_size;
    torch::Tensor order = torch::arange(h.size(0));
    if (n_bins > 1) {
      torch::Tensor const z = d.matmul(at(name + ".codebook").slice(1, 0, n_bins / 2));
      torch::Tensor const bucket =
          torch::cat({z, -z}, 1).argmax(1) + torch::where(mask.squeeze(1) > 0, 0, n_bins - 1);
      order = std::get<1>(bucket.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
    }
    torch::Tensor const result = torch::empty_like(h);
    for (torch::Tensor const& rows : order.chunk(n_bins)) {
      torch::Tensor const m = mask.index_select(0, rows);
      torch::Tensor const a = d.index_select(0, rows) * m;
      torch::Tensor distance2 = a.square().sum(1, true) - 2 * a.matmul(a.t()) + a.square().sum(1, true).t();
      torch::Tensor const kernel = (-0.1 * distance2.clamp_min(1e-6).sqrt()).exp().clamp(0, 1) * m * m.t();
      torch::Tensor const xs = x.index_select(0, rows);
      result.index_copy_(0, rows,
                         message(name + ".second", message(name + ".first", xs, kernel, m), kernel, m));
    }
    return result;
  }

  torch::Tensor decode(torch::Tensor const& id, torch::Tensor const& reg, torch::Tensor const& x) const {
    std::size_t const n_class = config_.class_hidden.size();
    std::size_t const n_other = config_.other_hidden.size();
    auto const head = [&](char const* name, torch::Tensor const& in) {
      return feed_forward(std::string("decoder.") + name, in, n_other);
    };
    torch::Tensor const u = norm("decoder.norm", id, 1e-3);
    torch::Tensor const logits = feed_forward("decoder.class", u, n_class);
    torch::Tensor const v = torch::cat({u, logits}, 1);
    torch::Tensor const w = torch::cat({v, reg, logits}, 1);
    torch::Tensor const eta = (x.slice(1, 2, 3) + head("eta", v)).clamp(-7, 7);
    torch::Tensor const phi = (x.slice(1, 3, 5) + head("phi", v)).clamp(-1, 1);
    torch::Tensor const energy = (x.slice(1, 5, 6) + head("energy", w)).abs();
    return torch::cat({logits, head("charge", u), head("pt", w).slice(1, 0, 1).abs(), eta, phi, energy}, 1);
  }

  artifact::GnnLshConfig config_;
  std::map<std::string, torch::Tensor> tensors_;
};

TEST(GnnLsh, IsThePublishedFormulationWithPadding) {
  torch::NoGradGuard const no_gradient;
  artifact::ModelConfig const model = small_configs()[0];
  auto const config = std::get<artifact::GnnLshConfig>(model.architecture);
  auto const network = make_network(model, 5);
  network->eval();
  PaddedGnn const padded(*network, config);
  std::vector<std::int64_t> const lengths{40, 16, 1, 17, 129, 16, 64};
  Batch const batch = make_batch(lengths, model.features);
  torch::Tensor const ours = network->forward(batch);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    auto const rows = [&](torch::Tensor const& x) {
      return x.slice(0, batch.offsets[i], batch.offsets[i + 1]);
    };
    std::int64_t const bins = (lengths[i] + config.bin_size - 1) / config.bin_size;
    torch::Tensor const theirs = padded(rows(batch.features), rows(batch.type) + 1, bins * config.bin_size);
    // Values of order 1 to 10, through 20 layers of sums of up to 16 numbers.
    EXPECT_LT(largest_difference(rows(ours), theirs), 1e-4) << lengths[i] << " elements";
  }
}

}  // namespace
}  // namespace corpuscle::model
