#pragma once

#include <torch/torch.h>

#include "corpuscle/model/blocks.hpp"

/// How the elements of a bin tell each other, in the graph network. On a CPU both are one operation of
/// LibTorch's, for derivatives too, whatever the number of bins; elsewhere, and in double, they are made of
/// LibTorch's.
namespace corpuscle::model {

/// graph_kernel within each bin, at least in float.
/// @param x  [n, d] in the order of `bins`
/// @return   [sum of length^2] the matrices of all bins, one after another
torch::Tensor graph_kernels(Blocks const& bins, torch::Tensor const& x);

/// elu((1 - g) self + g (kernel neighbours)) within each bin, with g = sigmoid(gate + gate_bias).
/// @param kernels    of graph_kernels
/// @param parts      [n, 3 width] neighbours, self and gate in the order of `bins`
/// @param gate_bias  [width]
/// @return           [n, width] as `parts` are
torch::Tensor pass_messages(Blocks const& bins, torch::Tensor const& kernels, torch::Tensor const& parts,
                            torch::Tensor const& gate_bias);

}  // namespace corpuscle::model
