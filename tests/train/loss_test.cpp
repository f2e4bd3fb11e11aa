#include "corpuscle/train/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

using encoding::Layout;

Targets targets_of(Layout layout, std::uint64_t first = 0, std::uint64_t n = 2) {
  dataset::Examples events(dataset::toy_schema().width());
  for (std::uint64_t i = first; i < first + n; ++i)
    dataset::append(events, dataset::view(learnable_example(i)), 0, 1);
  return to_tensors(layout, dataset::toy_schema(), dataset::view(events)).targets;
}

LossConfig config_of(Layout layout, double gamma = 0) {
  LossConfig config;
  config.layout = layout;
  config.focal_gamma = gamma;
  return config;
}

/// Targets of one element: class 1, everything else as good as nothing.
Targets one_element(std::int64_t n_regressed) {
  Targets t;
  t.label = torch::tensor({1}, torch::kInt64);
  t.possible = torch::ones({1, 6}, torch::kBool);
  t.charge = torch::tensor({2}, torch::kInt64);
  t.regression = torch::zeros({1, n_regressed});
  t.energy = t.pt = t.sin_theta = torch::ones({1});
  return t;
}

double part(Loss const& loss, std::string_view name) {
  for (auto const& [known, value] : loss.parts)
    if (known == name) return value.item<double>();
  ADD_FAILURE() << "no part " << name;
  return NAN;
}

class EveryLayout : public testing::TestWithParam<Layout> {};
INSTANTIATE_TEST_SUITE_P(Layouts, EveryLayout,
                         testing::Values(Layout::standard, Layout::mlpf_2023, Layout::mlpf_2026));

TEST_P(EveryLayout, TheSumIsThatOfItsParts) {
  Targets const targets = targets_of(GetParam());
  torch::manual_seed(1);
  auto const n_outputs = static_cast<std::int64_t>(encoding::output_names(GetParam()).size());
  Loss const loss =
      train::loss(config_of(GetParam()), torch::randn({targets.label.size(0), n_outputs}), targets);
  double sum = 0;
  for (auto const& [name, value] : loss.parts) sum += value.item<double>();
  EXPECT_NEAR(loss.total.item<double>(), sum, 1e-5 * sum);  // a few float additions of terms of one sign
}

TEST_P(EveryLayout, GradientsAreThoseOfFiniteDifferences) {
  for (double const gamma : {0., 2.}) {
    LossConfig const config = config_of(GetParam(), gamma);
    Targets const targets = targets_of(GetParam(), 5, 1);
    auto const n_outputs = static_cast<std::int64_t>(encoding::output_names(GetParam()).size());
    torch::manual_seed(2);
    torch::Tensor const x =
        torch::randn({targets.label.size(0), n_outputs}, torch::kFloat64).requires_grad_();
    train::loss(config, x, targets).total.backward();
    torch::NoGradGuard const no_gradient;
    double const h = 1e-6;
    for (int i = 0; i < 60; ++i) {
      auto const row = i % x.size(0);
      auto const column = (7 * i) % n_outputs;
      torch::Tensor const step = torch::zeros_like(x);
      step[row][column] = h;
      double const up = train::loss(config, x + step, targets).total.item<double>();
      double const down = train::loss(config, x - step, targets).total.item<double>();
      double const expected = x.grad()[row][column].item<double>();
      // Second differences: h^2 ~ 1e-12; rounding of a loss of up to 1e3: 1e3 x 1e-16 / h = 1e-7.
      EXPECT_NEAR((up - down) / (2 * h), expected, 1e-6 * std::max(1., std::abs(expected)))
          << row << ' ' << column;
    }
  }
}

TEST_P(EveryLayout, WhatTheTargetsSayCostsLeast) {
  Targets const targets = targets_of(GetParam());
  LossConfig const config = config_of(GetParam());
  auto const n = targets.label.size(0);
  auto const n_outputs = static_cast<std::int64_t>(encoding::output_names(GetParam()).size());
  torch::Tensor ideal = torch::zeros({n, n_outputs});
  auto const n_regressed = targets.regression.size(1);
  ideal.slice(1, n_outputs - n_regressed) = targets.regression;
  std::int64_t const first = GetParam() == Layout::mlpf_2026 ? 2 : 0;
  ideal.slice(1, first, first + 6) = 60 * torch::one_hot(targets.label, 6) - 30;
  if (GetParam() == Layout::mlpf_2023) ideal.slice(1, 6, 9) = 60 * torch::one_hot(targets.charge, 3) - 30;
  if (GetParam() == Layout::mlpf_2026)
    ideal.slice(1, 0, 2) = 60 * torch::one_hot((targets.label != 0).to(torch::kInt64), 2) - 30;
  double const least = train::loss(config, ideal, targets).total.item<double>();
  EXPECT_LT(least, 1e-6);  // e^-30
  torch::manual_seed(3);
  for (int i = 0; i < 20; ++i)
    EXPECT_GT(train::loss(config, ideal + torch::randn_like(ideal), targets).total.item<double>(), least);
}

TEST_P(EveryLayout, NoElementsCostNothing) {
  Targets const targets = targets_of(GetParam(), 0, 0);
  auto const n_outputs = static_cast<std::int64_t>(encoding::output_names(GetParam()).size());
  EXPECT_EQ(train::loss(config_of(GetParam()), torch::zeros({0, n_outputs}), targets).total.item<double>(),
            0);
}

TEST(Loss2023, FocalLossAtLogitsOfZeroIsLnTwo) {  // mlpf.md 10, check 12
  Loss const loss =
      train::loss(config_of(Layout::mlpf_2023), torch::zeros({1, 14}, torch::kFloat64), one_element(5));
  EXPECT_NEAR(part(loss, "class"), 100 * std::numbers::ln2, 1e-12);
  EXPECT_NEAR(part(loss, "charge"), std::log(3), 1e-12);
}

TEST(Loss2023, ErrorsAreSquaredUpToOneAndLinearBeyond) {
  torch::Tensor outputs = torch::zeros({1, 14}, torch::kFloat64);
  outputs[0][9] = 0.5;
  outputs[0][13] = 3;
  Loss const loss = train::loss(config_of(Layout::mlpf_2023), outputs, one_element(5));
  EXPECT_NEAR(part(loss, "pt"), 10 * 0.125, 1e-12);
  EXPECT_NEAR(part(loss, "energy"), 10 * 2.5, 1e-12);
}

TEST(Loss2026, IsThatOfAHandCalculation) {
  torch::Tensor outputs = torch::zeros({1, 13}, torch::kFloat64);
  outputs[0][8] = 0.5;
  outputs[0][9] = 2;
  Targets targets = one_element(5);
  targets.pt = torch::full({1}, 16.);
  Loss const loss = train::loss(config_of(Layout::mlpf_2026), outputs, targets);
  EXPECT_NEAR(part(loss, "is_particle"), 10 * std::numbers::ln2, 1e-12);
  EXPECT_NEAR(part(loss, "class"), std::log(6) * 25 / 36, 1e-12);  // (1 - 1/6)^2
  EXPECT_NEAR(part(loss, "pt"), 0.25 * 4, 1e-12);
  EXPECT_NEAR(part(loss, "eta"), 0.04, 1e-12);
}

TEST(LossStandard, LabelsThatAnElementCannotHaveCostNothing) {
  Targets const targets = targets_of(Layout::standard);
  torch::Tensor outputs = torch::zeros({targets.label.size(0), 9}, torch::kFloat64);
  LossConfig const config = config_of(Layout::standard);
  double const before = train::loss(config, outputs, targets).total.item<double>();
  outputs.slice(1, 0, 6).add_(100 * (~targets.possible).to(torch::kFloat64));
  EXPECT_EQ(train::loss(config, outputs, targets).total.item<double>(), before);
}

TEST(LossStandard, SmallErrorsCostTheirSquareInGeVWhateverTheClassAndEnergy) {
  // A hadron of 4 GeV and a photon of 100 GeV, both wrong by 0.1 GeV: each alone, times its weight, the same.
  LossConfig config = config_of(Layout::standard);
  config.momentum = 1;
  auto const cost = [&](std::int64_t label, double energy) {
    Targets targets = one_element(3);
    targets.label = torch::tensor({label}, torch::kInt64);
    targets.energy = torch::full({1}, energy, torch::kFloat64);
    torch::Tensor outputs = torch::zeros({1, 9}, torch::kFloat64);
    outputs[0][6] = 0.1 / energy;
    double const a = label == 2 ? 0.55 : 0.17;
    double const b = label == 2 ? 0.05 : 0.01;
    return part(train::loss(config, outputs, targets), "momentum") *
           (a * a * energy + b * b * energy * energy);
  };
  EXPECT_NEAR(cost(2, 4), 0.005, 1e-9);
  EXPECT_NEAR(cost(3, 100), 0.005, 1e-9);
}

TEST(ToTensors, ChargesBeyondOneAreOne) {  // a helium nucleus; the networks of 2023 know three charges
  dataset::Examples event = learnable_example(4);
  event.label[0] = 1;
  event.target[0].charge = 2;
  TensorBatch const batch = to_tensors(Layout::mlpf_2023, dataset::toy_schema(), dataset::view(event));
  EXPECT_EQ(batch.targets.charge[0].item<std::int64_t>(), 2);
  event.target[0].charge = -2;
  EXPECT_EQ(to_tensors(Layout::mlpf_2023, dataset::toy_schema(), dataset::view(event))
                .targets.charge[0]
                .item<std::int64_t>(),
            0);
}

TEST(ToTensors, FollowTheExamples) {
  dataset::Examples const event = learnable_example(4);
  TensorBatch const batch = to_tensors(Layout::standard, dataset::toy_schema(), dataset::view(event));
  auto const n = static_cast<std::int64_t>(event.n_elements());
  ASSERT_EQ(batch.input.features.size(0), n);
  EXPECT_EQ(batch.input.offsets, (std::vector<std::int64_t>{0, n}));
  EXPECT_EQ(batch.input.features[1][2].item<float>(), event.features[event.width + 2]);
  EXPECT_EQ(batch.input.type[0].item<std::int64_t>(), 0);
  EXPECT_EQ(batch.input.type[n - 1].item<std::int64_t>(), 1);
  EXPECT_TRUE(batch.targets.possible[0][1].item<bool>());      // a track, a charged hadron
  EXPECT_FALSE(batch.targets.possible[0][3].item<bool>());     // no photon
  EXPECT_TRUE(batch.targets.possible[n - 1][3].item<bool>());  // but a cluster
}

}  // namespace
}  // namespace corpuscle::train
