#include "corpuscle/runtime/packing.hpp"

#include <algorithm>

#include "corpuscle/graph/plan.hpp"
#include "corpuscle/runtime/bf16.hpp"

namespace corpuscle::runtime {

PackedDense pack(graph::Constant const& weight, graph::Constant const* bias, Packing packing,
                 std::size_t panel, Pieces& pieces) {
  PackedDense result;
  result.n_out = weight.shape[0];
  result.n_in = weight.shape[1];
  result.stride =
      (result.n_out + graph::Plan::alignment - 1) / graph::Plan::alignment * graph::Plan::alignment;
  std::size_t const n_rows = packing == Packing::pairs ? (result.n_in + 1) / 2 * 2 : result.n_in;

  auto* const biases = pieces.take<float>(result.stride);
  auto* const floats = packing == Packing::pairs ? nullptr : pieces.take<float>(n_rows * result.stride);
  auto* const pairs =
      packing == Packing::pairs ? pieces.take<std::uint16_t>(n_rows * result.stride) : nullptr;
  result.bias = biases;
  result.weight = floats;
  result.pairs = pairs;
  if (biases == nullptr) return result;

  for (std::size_t column = 0; column < result.stride; ++column) {
    bool const is_padding = column >= result.n_out;
    biases[column] = bias == nullptr || is_padding ? 0.F : bias->values[column];
    std::size_t const first = column / panel * panel;
    std::size_t const columns = std::min(panel, result.stride - first);
    for (std::size_t k = 0; k < n_rows; ++k) {
      float const value = is_padding || k >= result.n_in ? 0.F : weight.values[column * result.n_in + k];
      if (packing == Packing::pairs)
        pairs[first * n_rows + (k / 2 * columns + column - first) * 2 + k % 2] = to_bf16(value);
      else
        floats[first * n_rows + k * columns + column - first] =
            packing == Packing::rounded ? from_bf16(to_bf16(value)) : value;
    }
  }
  return result;
}

}  // namespace corpuscle::runtime
