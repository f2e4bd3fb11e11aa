#include "corpuscle/model/windows.hpp"

#include <algorithm>
#include <numbers>

#include "corpuscle/model/blocks.hpp"

namespace corpuscle::model {
namespace {

constexpr int bits = 10;

/// Cells of [0, 1), of which there are 2^bits.
torch::Tensor cell(torch::Tensor const& x) {
  constexpr std::int64_t n = std::int64_t{1} << bits;
  return (x * static_cast<double>(n)).floor().to(torch::kInt64).clamp(0, n - 1);
}

}  // namespace

torch::Tensor hilbert_code(torch::Tensor const& eta, torch::Tensor const& phi) {
  torch::Tensor const turns = phi / (2 * std::numbers::pi) + 0.5;
  torch::Tensor x = cell(eta / 8 + 0.5);
  torch::Tensor y = cell(turns - turns.floor());
  torch::Tensor code = torch::zeros_like(x);
  for (int bit = bits - 1; bit >= 0; --bit) {
    std::int64_t const side = std::int64_t{1} << bit;
    torch::Tensor const right = x.bitwise_and(side).ne(0);
    torch::Tensor const upper = y.bitwise_and(side).ne(0);
    // Quadrants are passed in the order lower left, upper left, upper right, lower right.
    code = code + (right.logical_xor(upper).to(torch::kInt64) + 2 * right.to(torch::kInt64)) * (side * side);
    // The curve in the lower quadrants lies on its side, in the lower right one it is also turned round.
    torch::Tensor const flip = right.logical_and(upper.logical_not());
    torch::Tensor const fx = torch::where(flip, x.bitwise_xor(side - 1), x);
    torch::Tensor const fy = torch::where(flip, y.bitwise_xor(side - 1), y);
    x = torch::where(upper, x, fy);
    y = torch::where(upper, y, fx);
  }
  return code;
}

Windows windows(torch::Tensor const& key, std::vector<std::int64_t> const& offsets, std::int64_t size) {
  Windows result;
  std::int64_t first = offsets.back();  // row of the events of several windows, which come last
  for (std::size_t event = 1; event < offsets.size(); ++event) {
    std::int64_t const length = offsets[event] - offsets[event - 1];
    std::int64_t const n = (length + size - 1) / size;
    for (std::int64_t i = 0; i < n; ++i) result.lengths.push_back((i + 1) * length / n - i * length / n);
    if (n > 1) first = std::min(first, offsets[event - 1]);
  }
  torch::Tensor const event = event_of_row(offsets).slice(0, first).to(key.device());
  torch::Tensor const by_event = event * (std::int64_t{1} << 32) + key.slice(0, first);
  torch::Tensor const sorted = std::get<1>(by_event.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
  result.order = torch::cat({torch::arange(first, key.options()), sorted + first});
  return result;
}

}  // namespace corpuscle::model
