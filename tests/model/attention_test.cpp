// Attention against a plain transcription of mlpf.md 3.4 for one event without padding, from the same
// parameters.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "corpuscle/model/network.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

class PlainAttention {
 public:
  PlainAttention(Network const& network, artifact::AttentionConfig const& config) : config_(config) {
    for (auto const& parameter : network.named_parameters()) tensors_[parameter.key()] = parameter.value();
  }

  /// @param x     [n, features] one event
  /// @param type  [n] 0 or 1
  [[nodiscard]] torch::Tensor operator()(torch::Tensor const& x, torch::Tensor const& type) const {
    auto const own = [&](torch::Tensor const& of_0, torch::Tensor const& of_1) {
      return torch::where(type.unsqueeze(1) == 0, of_0, of_1);
    };
    torch::Tensor const hidden = norm("embedding.norm", torch::elu(dense("embedding.first", x)));
    torch::Tensor const embedded = own(dense("embedding.last.0", hidden), dense("embedding.last.1", hidden));
    torch::Tensor h = embedded;
    for (std::int64_t i = 0; i < config_.layers; ++i) {
      std::string const name = "layer_" + std::to_string(i);
      torch::Tensor const seen = norm(name + ".norm", h);
      torch::Tensor const query = i == config_.layers - 1 ? embedded : seen;
      h = residual(name, h + attention(name, query, seen));
    }
    torch::Tensor const id = branch("id", h);
    torch::Tensor const reg = branch("reg", h);
    auto const linear = [&](char const* name, std::int64_t column) {
      torch::Tensor const ab = head(name, reg);
      return ab.slice(1, 0, 1) * x.slice(1, column, column + 1) + ab.slice(1, 1, 2);
    };
    torch::Tensor const ln_pt = own(head("pt_0", reg), head("pt_1", reg));
    torch::Tensor const eta = linear("eta", 2);
    torch::Tensor const pt = ln_pt.exp() * x.slice(1, 1, 2);
    torch::Tensor const pz = pt * eta.sinh();
    torch::Tensor const ln_energy = ((pt.square() + pz.square()).sqrt() / x.slice(1, 5, 6)).log() +
                                    own(head("energy_0", reg), head("energy_1", reg)).clamp_min(0);
    return torch::cat({head("is_particle", id), head("class", id), ln_pt, eta, linear("sin_phi", 3),
                       linear("cos_phi", 4), ln_energy},
                      1);
  }

 private:
  torch::Tensor at(std::string const& name) const { return tensors_.at(name); }
  torch::Tensor dense(std::string const& name, torch::Tensor const& x) const {
    return x.matmul(at(name + ".weight").t()) + at(name + ".bias");
  }
  torch::Tensor norm(std::string const& name, torch::Tensor const& x) const {
    torch::Tensor const centred = x - x.mean(1, true);
    return centred / (centred.square().mean(1, true) + 1e-5).sqrt() * at(name + ".weight") +
           at(name + ".bias");
  }
  torch::Tensor head(std::string const& name, torch::Tensor const& x) const {
    return dense(name + ".last", norm(name + ".norm", torch::elu(dense(name + ".first", x))));
  }
  torch::Tensor residual(std::string const& name, torch::Tensor const& x) const {
    torch::Tensor const hidden =
        torch::elu(dense(name + ".residual.layers.0", norm(name + ".residual.norm", x)));
    return x + torch::elu(dense(name + ".residual.layers.1", hidden));
  }
  torch::Tensor attention(std::string const& name, torch::Tensor const& queries,
                          torch::Tensor const& x) const {
    auto const heads = [&](char const* which, torch::Tensor const& y) {  // [heads, n, d]
      return dense(name + ".attention." + which, y).unflatten(1, {config_.heads, -1}).transpose(0, 1);
    };
    torch::Tensor const k = heads("key", x);
    torch::Tensor const weight =
        (heads("query", queries).matmul(k.transpose(1, 2)) / std::sqrt(double(k.size(2)))).softmax(-1);
    return dense(name + ".attention.output", weight.matmul(heads("value", x)).transpose(0, 1).flatten(1));
  }
  torch::Tensor branch(std::string const& name, torch::Tensor const& x) const {
    std::string const readout = name + "_readout";
    torch::Tensor const query = norm(readout + ".query_norm", at(readout + ".query"));
    return norm(name + "_norm", residual(readout, x + attention(readout, query, norm(readout + ".norm", x))));
  }

  artifact::AttentionConfig config_;
  std::map<std::string, torch::Tensor> tensors_;
};

TEST(Attention, IsThePublishedFormulationWithoutPadding) {
  torch::NoGradGuard const no_gradient;
  artifact::ModelConfig const model = small_configs()[3];
  auto const network = make_network(model, 5);
  network->eval();
  for (auto& parameter : network->named_parameters())  // biases too should tell when they are forgotten
    if (parameter.value().dim() == 1) parameter.value().add_(0.1);
  PlainAttention const plain(*network, std::get<artifact::AttentionConfig>(model.architecture));
  std::vector<std::int64_t> const lengths{40, 1, 17, 40};
  Batch const batch = make_batch(lengths, model.features);
  torch::Tensor const ours = network->forward(batch);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    auto const rows = [&](torch::Tensor const& x) {
      return x.slice(0, batch.offsets[i], batch.offsets[i + 1]);
    };
    // Values of order 1 to 10, through some 20 layers of sums of up to 40 numbers.
    EXPECT_LT(largest_difference(rows(ours), plain(rows(batch.features), rows(batch.type))), 1e-4)
        << lengths[i];
  }
}

}  // namespace
}  // namespace corpuscle::model
