#include "corpuscle/train/loss.hpp"

#include <algorithm>
#include <cmath>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::train {
namespace {

using encoding::Layout;
using encoding::n_labels;
using torch::Tensor;

constexpr auto n_logits = static_cast<std::int64_t>(n_labels);

/// Resolutions by label, as CLIC's design has them (arXiv:1812.07337, sections 5 and 7, rounded): only their
/// order of magnitude matters.
struct Resolution {
  double stochastic, constant;  ///< sigma_E / E = stochastic / sqrt(E / GeV) + constant, in quadrature
  double angle;                 ///< [rad]
};
constexpr Resolution resolutions[n_labels] = {
    {0, 1, 1},            // no particle: not used
    {0, 0.01, 0.001},     // charged hadron, on a track
    {0.55, 0.05, 0.01},   // neutral hadron
    {0.17, 0.01, 0.003},  // photon
    {0, 0.01, 0.001},     // electron
    {0, 0.01, 0.001},     // muon
};

template <class T, class From>
Tensor copy(From const& values, c10::ScalarType type, torch::Device device) {
  return torch::from_blob(const_cast<T*>(reinterpret_cast<T const*>(values.data())),
                          {static_cast<std::int64_t>(values.size())}, type)
      .clone()
      .to(device);
}

Tensor floats(std::vector<float> const& values, torch::Device device) {
  return copy<float>(values, torch::kFloat32, device);
}
Tensor integers(std::vector<std::int64_t> const& values, torch::Device device) {
  return copy<std::int64_t>(values, torch::kInt64, device);
}

/// Cross-entropy of softmax against the label, row by row, times (1 - p)^gamma with p that of the label.
Tensor softmax_focal(Tensor const& logits, Tensor const& label, double gamma) {
  Tensor const log_p = torch::log_softmax(logits, 1).gather(1, label.unsqueeze(1)).squeeze(1);
  if (gamma == 0) return -log_p;
  // From below, so that the power has a gradient where p is 1.
  return -log_p * (1 - log_p.exp()).clamp_min(1e-6).pow(gamma);
}

/// Half the square up to 1, linear beyond.
Tensor huber(Tensor const& x) {
  Tensor const size = x.abs();
  return torch::where(size < 1, 0.5 * x * x, size - 0.5);
}

Tensor weighted_mean(Tensor const& x, Tensor const& weight) {
  return (x * weight).sum() / weight.sum().clamp_min(1e-12);
}

Loss sum(std::vector<std::pair<std::string_view, Tensor>> parts) {
  Tensor total = parts.front().second;
  for (std::size_t i = 1; i < parts.size(); ++i) total = total + parts[i].second;
  return {total, std::move(parts)};
}

Loss loss_2023(Tensor const& outputs, Targets const& t) {
  constexpr double alpha = 0.25;
  auto const n = static_cast<double>(std::max<std::int64_t>(1, outputs.size(0)));
  Tensor const logits = outputs.slice(1, 0, n_logits);
  Tensor const truth = torch::one_hot(t.label, n_logits).to(outputs.scalar_type());
  Tensor const sign = 2 * truth - 1;
  Tensor const log_p = torch::log_sigmoid(sign * logits);  // of the true binary outcome
  Tensor const scale = alpha * truth + (1 - alpha) * (1 - truth);
  Tensor const focal = -(scale * torch::sigmoid(-sign * logits).square() * log_p).sum() / n;

  Tensor const charge = softmax_focal(outputs.slice(1, n_logits, n_logits + 3), t.charge, 0).sum() / n;
  Tensor const is_particle = (t.label != 0).to(outputs.scalar_type()).unsqueeze(1);
  Tensor const error = huber(outputs.slice(1, n_logits + 3) - t.regression.to(outputs.scalar_type()));
  Tensor const each = (error * is_particle).sum(0) / n;
  return sum({{"class", 100 * focal},
              {"charge", charge},
              {"pt", 10 * each[0]},
              {"eta", 10 * each[1]},
              {"sin_phi", 10 * each[2]},
              {"cos_phi", 10 * each[3]},
              {"energy", 10 * each[4]}});
}

Loss loss_2026(Tensor const& outputs, Targets const& t) {
  auto const n = static_cast<double>(std::max<std::int64_t>(1, outputs.size(0)));
  Tensor const is_particle = (t.label != 0);
  Tensor const mask = is_particle.to(outputs.scalar_type());
  Tensor const n_particles = mask.sum().clamp_min(1);
  Tensor const binary = softmax_focal(outputs.slice(1, 0, 2), is_particle.to(torch::kInt64), 0).sum() / n;
  Tensor const pid = (softmax_focal(outputs.slice(1, 2, 2 + n_logits), t.label, 2) * mask).sum() / n;

  Tensor const square =
      (outputs.slice(1, 2 + n_logits) - t.regression.to(outputs.scalar_type())).square() * mask.unsqueeze(1);
  Tensor const root_pt = t.pt.to(outputs.scalar_type()).clamp_min(1e-6).sqrt();
  auto const weighted = [&](std::int64_t column) {
    return (square.select(1, column) * root_pt).sum() / n_particles;
  };
  auto const plain = [&](std::int64_t column) { return 0.01 * square.select(1, column).sum() / n_particles; };
  return sum({{"is_particle", 10 * binary},
              {"class", pid},
              {"pt", weighted(0)},
              {"eta", plain(1)},
              {"sin_phi", plain(2)},
              {"cos_phi", plain(3)},
              {"energy", weighted(4)}});
}

Loss loss_standard(LossConfig const& config, Tensor const& outputs, Targets const& t) {
  auto const type = outputs.scalar_type();
  Tensor const energy = t.energy.to(type).clamp_min(0.01);
  Tensor const logits =
      outputs.slice(1, 0, n_logits).masked_fill(~t.possible, -std::numeric_limits<float>::infinity());
  Tensor const class_weight = (1 + energy).pow(config.class_power);
  Tensor const by_class = weighted_mean(softmax_focal(logits, t.label, config.focal_gamma), class_weight);

  auto const per_label = [&](double Resolution::*member) {
    std::vector<double> values;
    for (Resolution const& each : resolutions) values.push_back(each.*member);
    return torch::tensor(values, outputs.options()).index_select(0, t.label);
  };
  // Relative, of the energy.
  Tensor const resolution =
      (per_label(&Resolution::stochastic).square() / energy + per_label(&Resolution::constant).square())
          .sqrt();
  Tensor const weight = (resolution * energy).square() * (t.label != 0).to(type);
  Tensor const error = outputs.slice(1, n_logits) - t.regression.to(type);
  // d_eta sin(theta) is d_theta, and d_phi sin(theta) the arc.
  Tensor const angle_unit = t.sin_theta.to(type) / per_label(&Resolution::angle);
  auto const term = [&](std::int64_t column, Tensor const& unit) {
    return weighted_mean(huber(error.select(1, column) * unit), weight);
  };
  return sum({{"class", by_class},
              {"momentum", config.momentum * term(0, 1 / resolution)},
              {"eta", config.direction * term(1, angle_unit)},
              {"phi", config.direction * term(2, angle_unit)}});
}

}  // namespace

TensorBatch to_tensors(Layout layout, encoding::Schema const& schema, dataset::ExamplesView const& examples,
                       torch::Device device) {
  std::size_t const n = examples.n_elements();
  auto const rows = static_cast<std::int64_t>(n);
  bool const has_tracks = schema.columns(encoding::ElementType::track) != nullptr;
  dataset::TargetMatrix const matrix = dataset::encode_targets(layout, examples);

  std::vector<std::int64_t> type(n), label(n), charge(n);
  std::vector<float> energy(n), pt(n), sin_theta(n);
  Tensor possible = torch::zeros({rows, n_logits}, torch::kBool);
  auto* allowed = possible.data_ptr<bool>();
  for (std::size_t i = 0; i < n; ++i) {
    encoding::Reference const& element = examples.reference[i];
    dataset::TargetParticle const& target = examples.target[i];
    type[i] = static_cast<std::int64_t>(schema.position(examples.type[i]));
    label[i] = matrix.label[i];
    charge[i] = std::clamp<int>(matrix.charge[i], -1, 1) + 1;
    energy[i] = matrix.label[i] != 0 ? target.energy : element.energy;
    pt[i] = std::hypot(target.px, target.py);
    sin_theta[i] = 1 / std::cosh(element.eta);
    allowed[i * n_labels] = true;
    allowed[i * n_labels + matrix.label[i]] = true;
    for (std::size_t k = 1; k < n_labels && element.energy > 0; ++k)
      allowed[i * n_labels + k] |=
          encoding::can_be(examples.type[i], has_tracks, static_cast<event::ParticleClass>(k - 1));
  }
  auto const n_regressed = static_cast<std::int64_t>(encoding::regression_names(layout).size());
  TensorBatch batch;
  batch.input.features = copy<float>(examples.features, torch::kFloat32, device)
                             .view({rows, static_cast<std::int64_t>(examples.width)});
  batch.input.type = integers(type, device);
  batch.input.offsets.assign(examples.offsets.begin(), examples.offsets.end());
  batch.targets.label = integers(label, device);
  batch.targets.possible = possible.to(device);
  batch.targets.charge = integers(charge, device);
  batch.targets.regression = floats(matrix.regression, device).view({rows, n_regressed});
  batch.targets.energy = floats(energy, device);
  batch.targets.pt = floats(pt, device);
  batch.targets.sin_theta = floats(sin_theta, device);
  return batch;
}

Loss loss(LossConfig const& config, Tensor const& outputs, Targets const& targets) {
  CORPUSCLE_EXPECT(outputs.size(0) == targets.label.size(0));
  switch (config.layout) {
    case Layout::mlpf_2023: return loss_2023(outputs, targets);
    case Layout::mlpf_2026: return loss_2026(outputs, targets);
    case Layout::standard: break;
  }
  return loss_standard(config, outputs, targets);
}

}  // namespace corpuscle::train
