// Our side of compare_pytorch.py: takes steps of training with a batch of random events when told to.
//
//   train_steps NETWORK EVENTS SHORTEST LONGEST FILE
//
// First it writes FILE (safetensors) with all that the other side needs to do the same: the weights, the
// batch, its targets, and what the network answers and the loss before the first step. Then, for each line
// "float32 N" or "bfloat16 N" on standard input, it takes N steps (forward, loss, backward, AdamW) and prints
// CPU and wall-clock seconds and the last loss.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "../model/random_batch.hpp"
#include "corpuscle/artifact/safetensors.hpp"
#include "corpuscle/model/network.hpp"
#include "corpuscle/train/loss.hpp"
#include "corpuscle/train/optimiser.hpp"

namespace {

using namespace corpuscle;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

encoding::Layout layout_of(artifact::ModelConfig const& config) {
  if (std::holds_alternative<artifact::WindowTransformerConfig>(config.architecture))
    return encoding::Layout::standard;
  return std::holds_alternative<artifact::AttentionConfig>(config.architecture) ? encoding::Layout::mlpf_2026
                                                                                : encoding::Layout::mlpf_2023;
}

/// Any label for any element, and regression targets of the size that those of events have.
train::Targets random_targets(encoding::Layout layout, std::int64_t n) {
  core::Random random({2});
  auto const draw = [&](std::vector<std::int64_t> const& shape, auto const& next) {
    torch::Tensor const result = torch::empty(shape);
    for (std::int64_t i = 0; i < result.numel(); ++i)
      result.data_ptr<float>()[i] = static_cast<float>(next());
    return result;
  };
  auto const n_regressed = static_cast<std::int64_t>(encoding::regression_names(layout).size());
  train::Targets targets;
  targets.label = draw({n}, [&] { return random.uniform(0, 6); }).to(torch::kInt64);
  targets.possible = torch::ones({n, 6}, torch::kBool);
  targets.charge = draw({n}, [&] { return random.uniform(0, 3); }).to(torch::kInt64);
  targets.regression = draw({n, n_regressed}, [&] { return 0.3 * random.normal(); });
  targets.energy = draw({n}, [&] { return 5 * random.exponential() + 0.1; });
  targets.sin_theta = draw({n}, [&] { return random.uniform(0.3, 1); });
  targets.pt = targets.energy * targets.sin_theta;
  return targets;
}

class Training {
 public:
  Training(artifact::ModelConfig const& config, model::Batch batch)
      : batch_(std::move(batch)),
        targets_(random_targets(layout_of(config), batch_.features.size(0))),
        network_(model::make_network(config, 1)),
        optimiser_(*network_, {}) {
    loss_.layout = layout_of(config);
  }

  void write(std::string const& path) {
    torch::NoGradGuard const no_gradient;
    network_->eval();
    torch::Tensor const outputs = network_->forward(batch_);
    network_->train();
    std::vector<std::pair<std::string, torch::Tensor>> all{
        {"features", batch_.features},
        {"type", batch_.type},
        {"offsets", torch::tensor(batch_.offsets)},
        {"label", targets_.label},
        {"charge", targets_.charge},
        {"regression", targets_.regression},
        {"energy", targets_.energy},
        {"pt", targets_.pt},
        {"sin_theta", targets_.sin_theta},
        {"outputs", outputs},
        {"loss", train::loss(loss_, outputs, targets_).total.view({1})}};
    for (auto const& item : network_->named_parameters())
      all.emplace_back("weight/" + item.key(), item.value());
    for (auto const& item : network_->named_buffers()) all.emplace_back("weight/" + item.key(), item.value());

    std::vector<artifact::Tensor> tensors;
    for (auto& [name, tensor] : all) {
      tensor = tensor.contiguous();
      tensors.push_back({name,
                         tensor.scalar_type() == torch::kInt64 ? artifact::Type::i64 : artifact::Type::f32,
                         {tensor.sizes().begin(), tensor.sizes().end()},
                         {static_cast<std::byte const*>(tensor.data_ptr()), tensor.nbytes()}});
    }
    artifact::write_tensors(path, tensors);
  }

  float step(bool in_16_bits) {
    optimiser_.clear_gradient();
    at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
    at::autocast::set_autocast_enabled(torch::kCPU, in_16_bits);
    torch::Tensor const outputs = network_->forward(batch_).to(torch::kFloat32);
    at::autocast::set_autocast_enabled(torch::kCPU, false);
    at::autocast::clear_cache();
    torch::Tensor const loss = train::loss(loss_, outputs, targets_).total;
    loss.backward();
    optimiser_.step(1e-5, optimiser_.gradient_norm());
    return loss.item<float>();
  }

 private:
  model::Batch batch_;
  train::Targets targets_;
  train::LossConfig loss_;
  std::shared_ptr<model::Network> network_;
  train::Optimiser optimiser_;
};

}  // namespace

int main(int argc, char** argv) try {
  auto const config = argc == 6 ? model::default_config(argv[1]) : std::nullopt;
  if (!config) {
    std::fputs(
        "usage: train_steps window-transformer|attention|gnn-lsh|kernel-transformer "
        "EVENTS SHORTEST LONGEST FILE\n",
        stderr);
    return 2;
  }
  model::flush_subnormals();
  model::keep_memory();
  at::set_num_threads(1);
  Training training(*config, model::random_batch(std::atoll(argv[2]), std::atoll(argv[3]),
                                                 std::atoll(argv[4]), config->features));
  training.write(argv[5]);
  std::puts("ready");
  std::fflush(stdout);
  std::string precision;
  for (int n = 0; std::cin >> precision >> n;) {
    double const cpu = cpu_seconds();
    auto const start = std::chrono::steady_clock::now();
    float loss = 0;
    for (int i = 0; i < n; ++i) loss = training.step(precision == "bfloat16");
    std::chrono::duration<double> const wall = std::chrono::steady_clock::now() - start;
    std::printf("%.6f %.6f %.9g\n", cpu_seconds() - cpu, wall.count(), static_cast<double>(loss));
    std::fflush(stdout);
  }
} catch (std::exception const& error) {
  std::fprintf(stderr, "train_steps: %s\n", error.what());
  return 1;
}
