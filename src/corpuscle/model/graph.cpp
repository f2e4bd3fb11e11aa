#include "corpuscle/model/graph.hpp"

#include <algorithm>
#include <limits>

#include "corpuscle/model/blocks.hpp"
#include "corpuscle/model/layers.hpp"
#include "corpuscle/model/precision.hpp"

namespace corpuscle::model {
namespace {

/// Position of the largest of [z, -z], where column j counts if j < n_directions.
torch::Tensor largest(torch::Tensor const& z, torch::Tensor const& n_directions) {
  torch::Tensor const unused = torch::arange(z.size(1), n_directions.options()) >= n_directions;
  double const never = -std::numeric_limits<double>::infinity();
  return torch::cat({z.masked_fill(unused, never), (-z).masked_fill(unused, never)}, 1).argmax(1);
}

torch::Tensor project(torch::Tensor const& x, torch::Tensor const& codebook) {
  NoAutocast const in_float;
  return at_least_float(x.detach()).matmul(codebook);
}

std::int64_t bins_of(std::int64_t length, std::int64_t bin_size) {
  return (length + bin_size - 1) / bin_size;
}

std::int64_t directions_of(std::int64_t n_bins) {
  return std::max<std::int64_t>(1, n_bins / 2);
}

}  // namespace

torch::Tensor lsh_codes(torch::Tensor const& x, torch::Tensor const& codebook, std::int64_t n_bins) {
  torch::Tensor const z = project(x, codebook.slice(1, 0, directions_of(n_bins)));
  return torch::cat({z, -z}, 1).argmax(1);
}

LshBins lsh_bins(torch::Tensor const& x, torch::Tensor const& codebook,
                 std::vector<std::int64_t> const& offsets, std::int64_t bin_size) {
  LshBins bins;
  std::vector<std::int64_t> n_directions;  // of each row of an event of several bins
  std::int64_t first = offsets.back();     // of these rows, which come last
  for (std::size_t event = 1; event < offsets.size(); ++event) {
    std::int64_t const length = offsets[event] - offsets[event - 1];
    for (std::int64_t left = length; left > 0; left -= bin_size)
      bins.lengths.push_back(std::min(left, bin_size));
    if (length <= bin_size) continue;
    first = std::min(first, offsets[event - 1]);
    n_directions.insert(n_directions.end(), static_cast<std::size_t>(length),
                        directions_of(bins_of(length, bin_size)));
  }

  torch::Tensor const rows =
      torch::arange(offsets.back(), torch::TensorOptions(torch::kInt64).device(x.device()));
  if (n_directions.empty()) {
    bins.order = rows;
    return bins;
  }
  torch::Tensor const directions = torch::tensor(n_directions, torch::kInt64).unsqueeze(1).to(x.device());
  torch::Tensor const code = largest(project(x.slice(0, first), codebook), directions);
  torch::Tensor const event = event_of_row(offsets).slice(0, first).to(x.device());
  // A stable sort of integers: equal codes keep the canonical order of the elements, on every device.
  torch::Tensor const key = event * (2 * codebook.size(1)) + code;
  torch::Tensor const sorted = std::get<1>(key.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
  bins.order = torch::cat({rows.slice(0, 0, first), sorted + first});
  return bins;
}

torch::Tensor graph_kernel(torch::Tensor const& x) {
  NoAutocast const in_float;
  torch::Tensor const a = at_least_float(x);
  torch::Tensor const norm2 = a.square().sum(-1, true);
  torch::Tensor const distance2 = torch::baddbmm(norm2 + norm2.transpose(1, 2), a, a.transpose(1, 2), 1, -2);
  // Below the floor clamp_min has no gradient, so the root of 0 is never derived. The published clip to [0,
  // 1] has nothing to do: the distance is 0.001 or more.
  return distance2.clamp_min(1e-6).sqrt().mul(-0.1).exp();
}

}  // namespace corpuscle::model
