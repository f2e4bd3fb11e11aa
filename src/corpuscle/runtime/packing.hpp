#pragma once

#include <cstddef>
#include <cstdint>

#include "corpuscle/graph/graph.hpp"
#include "corpuscle/runtime/arena.hpp"
#include "corpuscle/runtime/kernels/kernels.hpp"

/// Inside of the library: weights in the order in which kernels read them.
namespace corpuscle::runtime {

/// Hands out pieces of one allocation, each 64-byte aligned. Without memory it only counts.
class Pieces {
 public:
  Pieces() = default;
  explicit Pieces(std::byte* memory) : memory_(memory) {}

  template <class T>
  T* take(std::size_t n) {
    std::size_t const at = n_bytes_;
    n_bytes_ += (n * sizeof(T) + Arena::alignment - 1) / Arena::alignment * Arena::alignment;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
  }
  [[nodiscard]] std::size_t n_bytes() const noexcept { return n_bytes_; }

 private:
  std::byte* memory_ = nullptr;
  std::size_t n_bytes_ = 0;
};

/// How kernels want the numbers of a dense layer.
enum class Packing : std::uint8_t {
  fp32,
  rounded,  ///< float, rounded to bf16
  pairs,    ///< bf16, two rows together
};

/// @param bias    null: 0
/// @param pieces  where the result lies; without memory, it has null pointers
PackedDense pack(graph::Constant const& weight, graph::Constant const* bias, Packing packing,
                 std::size_t panel, Pieces& pieces);

}  // namespace corpuscle::runtime
