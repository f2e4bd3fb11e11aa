#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

/// The networks of particle flow, as LibTorch modules: what `train` trains. All of them work on events packed
/// end to end, without padding, and what they say about an event does not depend on its neighbours in a
/// batch.
namespace corpuscle::model {

/// Events packed end to end, as dataset::Examples has them.
struct Batch {
  torch::Tensor features;  ///< [n, features] as encoded: finite, not normalised
  /// [n] int64: which of the element types of the encoding's schema, in the schema's order. So 0 for tracks
  /// and 1 for clusters or hits; 0 for tracker hits and 1 for hits where there are no tracks.
  torch::Tensor type;
  /// [events + 1] Event i is the rows [offsets[i], offsets[i + 1]); the first is 0, the last n.
  std::vector<std::int64_t> offsets;

  [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

/// A part [first, last) of the columns of a matrix.
inline torch::Tensor columns(torch::Tensor const& x, std::int64_t first, std::int64_t last) {
  return x.slice(-1, first, last);
}

}  // namespace corpuscle::model
