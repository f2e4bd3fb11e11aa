#include "corpuscle/model/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>

#include "corpuscle/core/error.hpp"
#include "support.hpp"

namespace corpuscle::model {
namespace {

/// Every architecture runs through every test.
class EveryNetwork : public testing::TestWithParam<std::size_t> {
 protected:
  EveryNetwork() : config(small_configs()[GetParam()]), network(make_network(config, 1)) { network->eval(); }

  [[nodiscard]] Batch batch(std::vector<std::int64_t> const& lengths, std::uint64_t seed = 1) const {
    return make_batch(lengths, config.features, seed);
  }

  artifact::ModelConfig config;
  std::shared_ptr<Network> network;
};

std::string name_of(testing::TestParamInfo<std::size_t> const& test) {
  constexpr std::array<char const*, 5> names{"GnnLsh", "KernelTransformer", "PositiveKernelTransformer",
                                             "Attention", "WindowTransformer"};
  return names[test.param];
}
INSTANTIATE_TEST_SUITE_P(, EveryNetwork, testing::Range<std::size_t>(0, 5), name_of);

/// Rounding: what goes through some tens of layers, the values of which are of order 1, differs by some tens
/// of units of 2^-24 times the root of the number of terms of a sum, here less than 32. The energies are sums
/// with features of order 10. Where a network cuts by hash, equal rows make equal codes, so nothing jumps.
constexpr double rounding = 1e-4;

TEST_P(EveryNetwork, GivesEachElementOneRowOfOutputs) {
  torch::NoGradGuard const no_gradient;
  for (std::int64_t n : {0, 1, 15, 16, 17, 255, 256, 257, 10'000}) {
    if (n == 10'000 && std::holds_alternative<artifact::AttentionConfig>(config.architecture))
      continue;  // quadratic
    torch::Tensor const out = network->forward(batch({n}));
    EXPECT_EQ(out.sizes(), (torch::IntArrayRef{n, n_outputs(config)}));
    EXPECT_TRUE(out.isfinite().all().item<bool>());
  }
}

TEST_P(EveryNetwork, AnswersForAnEventWhateverItsNeighbours) {
  torch::NoGradGuard const no_gradient;
  Batch const all = batch({17, 0, 100, 1, 16, 17, 300, 0, 33, 100});
  torch::Tensor const together = network->forward(all);
  for (std::int64_t event = 0; event < all.size(); ++event) {
    auto const i = static_cast<std::size_t>(event);
    torch::Tensor const alone = network->forward(events_of(all, {event}));
    EXPECT_LT(largest_difference(alone, together.slice(0, all.offsets[i], all.offsets[i + 1])), rounding)
        << event;
  }
}

TEST_P(EveryNetwork, AnswersInTheOrderOfTheEvents) {
  torch::NoGradGuard const no_gradient;
  Batch const all = batch({17, 5, 40});
  torch::Tensor const out = network->forward(all);
  torch::Tensor const turned = network->forward(events_of(all, {2, 0, 1}));
  EXPECT_LT(largest_difference(torch::cat({out.slice(0, 22, 62), out.slice(0, 0, 22)}), turned), rounding);
}

TEST_P(EveryNetwork, PermutesItsAnswersWithTheElements) {
  torch::NoGradGuard const no_gradient;
  // 16: one bin, one window; 300: several. Elements of equal hash are many, and their order decides about
  // bins.
  for (std::int64_t n : {16, 300}) {
    if (n == 300 && std::holds_alternative<artifact::GnnLshConfig>(config.architecture)) continue;
    Batch const one = batch({n});
    torch::Tensor const rows = permutation(n, 7);
    EXPECT_LT(
        largest_difference(network->forward(select(one, rows)), network->forward(one).index_select(0, rows)),
        rounding)
        << n;
  }
}

TEST_P(EveryNetwork, IsTheSameFromTheSameSeed) {
  auto const same = make_network(config, 1)->named_parameters();
  auto const other = make_network(config, 2)->named_parameters();
  bool differs = false;
  for (auto const& parameter : network->named_parameters()) {
    EXPECT_TRUE(torch::equal(parameter.value(), *same.find(parameter.key()))) << parameter.key();
    differs = differs || !torch::equal(parameter.value(), *other.find(parameter.key()));
  }
  EXPECT_TRUE(differs);
}

/// Compares the gradients of parameters with difference quotients.
void check_gradients(Network& network, Batch const& events, torch::Tensor const& weight,
                     std::function<bool(std::string const&)> const& is_checked) {
  auto const loss = [&] { return (network.forward(events) * weight).sum(); };
  network.zero_grad();
  loss().backward();
  for (auto const& parameter : network.named_parameters()) {
    if (!is_checked(parameter.key())) continue;
    torch::NoGradGuard const no_gradient;
    torch::Tensor direction = torch::ones_like(parameter.value());
    direction.flatten().slice(0, 0, direction.numel(), 2).mul_(-0.7);
    torch::Tensor const gradient = parameter.value().grad();
    double const got = gradient.defined() ? (gradient * direction).sum().item<double>() : 0;
    constexpr double step = 1e-6;
    parameter.value().add_(direction, step);
    double const above = loss().item<double>();
    parameter.value().sub_(direction, 2 * step);
    double const below = loss().item<double>();
    parameter.value().add_(direction, step);
    double const expected = (above - below) / (2 * step);
    // mlpf.md 10, check 13: 1e-6. The quotient itself is good to step^2 = 1e-12 and 1e-16 |loss| / step =
    // 1e-9.
    EXPECT_NEAR(got, expected, 1e-6 * (1 + std::abs(expected))) << parameter.key();
  }
}

TEST_P(EveryNetwork, ItsGradientIsThatOfFiniteDifferences) {
  network->to(torch::kDouble);
  Batch events = batch({3, 20});  // two bins, two windows
  events.features = events.features.to(torch::kDouble);
  torch::Tensor const weight =
      torch::linspace(-1, 1, 23 * n_outputs(config), torch::kDouble).view({23, -1}).clone();

  // The published heads use others' answers without derivative. Their own parameters are right all the same
  // ...
  std::vector<std::string> const last{"decoder.eta", "decoder.phi", "decoder.energy", "decoder.pt",
                                      "energy_"};
  check_gradients(*network, events, weight, [&](std::string const& name) {
    return std::any_of(last.begin(), last.end(), [&](std::string const& l) { return name.rfind(l, 0) == 0; });
  });
  // ... and all parameters are, for the outputs before these.
  std::int64_t const n_derived = n_outputs(config) == 14   ? 9
                                 : n_outputs(config) == 13 ? 12
                                                           : n_outputs(config);
  weight.slice(1, n_derived).zero_();
  check_gradients(*network, events, weight, [](std::string const&) { return true; });
}

TEST_P(EveryNetwork, NormalisesWhatItSeesButNotWhatItsAnswersAreRelativeTo) {
  torch::NoGradGuard const no_gradient;
  Batch const events = batch({10});
  torch::Tensor const before = network->forward(events);
  network->set_normalisation(torch::full({2, config.features}, 3.F), torch::full({2, config.features}, 0.5F));
  torch::Tensor const after = network->forward(events);
  EXPECT_GT(largest_difference(before, after), 1e-3);
  network->set_normalisation(torch::zeros({2, config.features}), torch::ones({2, config.features}));
  EXPECT_TRUE(torch::equal(network->forward(events), before));
}

TEST_P(EveryNetwork, TellsTypesApart) {
  torch::NoGradGuard const no_gradient;
  Batch events = batch({10});
  torch::Tensor const before = network->forward(events);
  events.type = 1 - events.type;
  EXPECT_GT(largest_difference(before, network->forward(events)), 1e-3);
}

TEST_P(EveryNetwork, EveryElementOfAnEventOfOneWindowIsSeenByAllOthers) {
  torch::NoGradGuard const no_gradient;
  Batch events = batch({16, 16});
  torch::Tensor const before = network->forward(events);
  events.features[15][1] += 1;
  torch::Tensor const moved = (network->forward(events) - before).abs().amax({1});
  EXPECT_TRUE(moved.slice(0, 0, 16).gt(0).all().item<bool>());
  EXPECT_LT(moved.slice(0, 16).max().item<double>(), rounding);
}

TEST(Network, PublishedArchitecturesHaveTheirNumbersOfParameters) {
  auto const count = [](artifact::Architecture const& architecture) {
    return make_network({17, 2, architecture}, 1)->n_parameters();
  };
  artifact::GnnLshConfig const gnn;  // mlpf.md 3.1 and 10, check 1
  EXPECT_EQ(count(gnn), 5'468'815);
  std::int64_t codebooks = 0;
  for (auto const& buffer : make_network({17, 2, gnn}, 1)->named_buffers())
    if (buffer.key().find("codebook") != std::string::npos) codebooks += buffer.value().numel();
  EXPECT_EQ(codebooks, 153'600);

  artifact::GnnLshConfig gnn_before;
  gnn_before.bin_size = 640;
  gnn_before.id_layers = gnn_before.reg_layers = 5;
  gnn_before.distance_hidden = {128, 128};
  gnn_before.class_hidden = {512, 256, 128};
  gnn_before.other_hidden = {256, 128};
  EXPECT_EQ(count(gnn_before), 5'604'495);

  EXPECT_EQ(count(artifact::KernelTransformerConfig{}), 292'559);  // mlpf.md 3.2 and 10, check 2
  artifact::KernelTransformerConfig kernel_before;
  kernel_before.width = 64;
  kernel_before.heads = 16;
  kernel_before.encoder_layers = kernel_before.id_layers = kernel_before.reg_layers = 1;
  kernel_before.class_hidden = {512, 256, 128};
  kernel_before.other_hidden = {256, 128};
  EXPECT_EQ(count(kernel_before), 1'316'367);

  EXPECT_NEAR(static_cast<double>(count(artifact::AttentionConfig{})), 2.72e6, 5e3);  // mlpf.md 3.4
}

TEST(Network, RefusesAnImpossibleConfiguration) {
  artifact::AttentionConfig attention;
  attention.heads = 7;
  EXPECT_THROW(make_network({17, 2, attention}, 1), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::model
