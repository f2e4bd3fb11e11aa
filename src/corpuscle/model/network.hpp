#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/model/batch.hpp"
#include "corpuscle/model/blocks.hpp"

namespace corpuscle::model {

/// A network of particle flow: elements of many events in, one row of outputs for each element out.
///
/// Its parameters and buffers (random directions, normalisation) have dotted names that never change for an
/// architecture; together with the configuration they are the network. All rows of an event count as its
/// elements, and an event has the same answer whatever else is in the batch, to rounding. Deterministic on a
/// CPU.
class Network : public torch::nn::Module {
 public:
  explicit Network(artifact::ModelConfig const& config);

  /// What the columns of the answer mean: network architectures differ (make_network).
  /// @return [n, n_outputs] in the order of the rows of `batch`
  torch::Tensor forward(Batch const& batch) const;

  /// Features are used as (x - mean) * scale; the answers are relative to those before that. At first 0
  /// and 1.
  /// @param mean, scale  [types, features]
  void set_normalisation(torch::Tensor const& mean, torch::Tensor const& scale);

  [[nodiscard]] artifact::ModelConfig const& config() const noexcept { return config_; }
  [[nodiscard]] std::int64_t n_parameters() const;  ///< trainable ones

 protected:
  /// A batch whose events come by their number of elements.
  struct Input {
    torch::Tensor measured;  ///< [n, features]
    torch::Tensor x;         ///< [n, features] normalised
    torch::Tensor type;      ///< [n]
    Types types;             ///< the same, sorted
    std::vector<std::int64_t> offsets;
  };
  /// @param input  of at least one row
  [[nodiscard]] virtual torch::Tensor compute(Input const& input) const = 0;

 private:
  artifact::ModelConfig config_;
  torch::Tensor mean_, scale_;
};

/// Builds a network with its first weights, which depend on `seed` alone.
///
/// Outputs, by architecture:
/// - gnn-lsh, kernel-transformer: 6 classes (logits; 0: no particle), 3 charges (logits; -1, 0, 1), pt [GeV],
/// eta,
///   sin phi, cos phi, energy [GeV]. Features as in mlpf-2023-clusters or mlpf-2023-hits.
/// - attention: no particle or one (2 logits), 6 classes (logits), ln(pt / measured pt), eta, sin phi, cos
/// phi,
///   ln(energy / measured energy). Features as in mlpf-2026-clusters or mlpf-2026-hits.
/// - window-transformer: `classes` logits, `regressed` numbers. Features as in corpuscle-clusters-1,
///   corpuscle-hit-groups-1 or corpuscle-hits-1.
///
/// @throws core::ConfigError as check(config, "model") does
std::shared_ptr<Network> make_network(artifact::ModelConfig const& config, std::uint64_t seed);

/// Makes this thread, and those it starts from now on, take numbers too small to be normal for 0. The graph
/// network needs it: most of its kernel values are that small, and each would cost a hundred times as much as
/// another number (mlpf.md, pitfall 21). False if the CPU cannot.
bool flush_subnormals();

/// Makes this process keep the memory that it has had, rather than give large pieces back each time: LibTorch
/// takes and frees tens of megabytes per operation, and clean pages would cost more than the operation. With
/// it the time per element is the same from 10,000 to 100,000 elements (1.5 to 2 times less). For programs,
/// at their start; glibc only, nothing elsewhere.
void keep_memory();

}  // namespace corpuscle::model
