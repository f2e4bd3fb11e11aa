#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace corpuscle::model {

/// Bins of elements that are likely to be near each other, from locality-sensitive hashing.
struct LshBins {
  torch::Tensor order;                ///< [n] int64: the rows, by event, then code, then row
  std::vector<std::int64_t> lengths;  ///< of the bins, which are consecutive rows of `order`
};

/// Cuts events into bins (mlpf.md 3.1, steps c to e).
///
/// An event of N elements gets ceil(N / bin_size) bins: its rows in the order of their codes, cut at every
/// bin_size, so that the last bin is short. That is exactly what padding does which appends rows to an event
/// of its own: they sort behind all others and end up in the last bin, where they are masked. (Padding to the
/// length of the longest event of a batch, as published for training, makes the bins of an event depend on
/// its neighbours; this does not.) The code of x is the position of the largest of [xR, -xR], R the first
/// max(1, n_bins / 2) directions of the codebook. An event of one bin keeps its order, and has no codes.
///
/// @param x         [n, d]; only directions matter
/// @param codebook  [d, r]
/// @param offsets   of the events, which come by length
LshBins lsh_bins(torch::Tensor const& x, torch::Tensor const& codebook,
                 std::vector<std::int64_t> const& offsets, std::int64_t bin_size);

/// The codes alone, for events of `n_bins` bins. [n] int64, 0 to 2 max(1, n_bins / 2) - 1.
torch::Tensor lsh_codes(torch::Tensor const& x, torch::Tensor const& codebook, std::int64_t n_bins);

/// exp(-0.1 D_ij) with D_ij = sqrt(max(|x_i|^2 - 2 x_i x_j + |x_j|^2, 1e-6)), at least in float whatever x
/// is. At the floor its gradient is zero.
/// @param x  [blocks, length, d]
/// @return   [blocks, length, length]
torch::Tensor graph_kernel(torch::Tensor const& x);

}  // namespace corpuscle::model
