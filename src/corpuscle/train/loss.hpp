#pragma once

#include <torch/torch.h>

#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/model/batch.hpp"
#include "corpuscle/train/config.hpp"

namespace corpuscle::train {

/// What a network should say about the elements of a batch, and what makes an error there bad.
struct Targets {
  torch::Tensor label;       ///< [n] int64; 0: no particle, else 1 + ParticleClass
  torch::Tensor possible;    ///< [n, 6] bool: the labels that encoding::decode looks at, and the target's own
  torch::Tensor charge;      ///< [n] int64: 0, 1, 2 for -1, 0, +1
  torch::Tensor regression;  ///< [n, regression_names(layout).size()]
  torch::Tensor energy;      ///< [n] of the target; where there is none, of the element [GeV]
  torch::Tensor pt;          ///< [n] of the target [GeV]
  torch::Tensor sin_theta;   ///< [n] of the element
};

struct TensorBatch {
  model::Batch input;
  Targets targets;
};

/// Copies a batch into tensors.
/// @param schema  of the examples: tells the order of types
TensorBatch to_tensors(encoding::Layout layout, encoding::Schema const& schema,
                       dataset::ExamplesView const& examples, torch::Device device = torch::kCPU);

/// How wrong the outputs are: a sum, and what it is the sum of (weights included), for the history.
struct Loss {
  torch::Tensor total;
  std::vector<std::pair<std::string_view, torch::Tensor>> parts;
};

/// The loss of a layout. All real rows count, and there are no others: nothing depends on how events are
/// batched but the denominators.
///
/// **mlpf-2023** (mlpf.md 4.1), means over all n rows: 100 x sigmoid focal loss of the six logits (alpha
/// 0.25, gamma 2, summed over classes) + softmax cross-entropy of the charge + 10 x Huber (delta 1) of each
/// of pt, eta, sin phi, cos phi, energy where there is a particle. The published denominator counts padding
/// too, which makes the learning rate depend on it; here it counts real rows.
///
/// **mlpf-2026** (4.2): 10 x softmax cross-entropy of "is there a particle", mean over rows; softmax focal
/// loss (gamma 2) of the class where there is one, over n; squared errors of ln pt and ln E weighted with
/// sqrt(pt), and 0.01 x those of eta, sin phi, cos phi, over the number of particles.
///
/// **standard**, made for jets:
/// - Class: cross-entropy (or focal) over the labels that the element can have, since decoding ignores the
/// others.
///   Each element counts with (1 + E / GeV)^class_power: lost energy grows with E, efficiencies count heads;
///   the square root is between the two.
/// - Momentum: Huber (delta 1) of z = (ln p ratio - target) / (sigma / E), sigma the resolution of the
/// detector for
///   the class, so that a residual which no network can avoid is of order 1 whatever the energy, and tails
///   are linear. It is weighted with sigma^2: the sum of sigma^2 z^2 is that of (E - E_true)^2, the squared
///   error of the energy of a jet with independent particles. A jet is what is learned; a track's momentum,
///   well known, is left alone.
/// - Direction: the same of each angle, in units of its resolution, same weights.
/// Every term is a weighted mean, so terms stay of order 1 for all samples.
Loss loss(LossConfig const& config, torch::Tensor const& outputs, Targets const& targets);

}  // namespace corpuscle::train
