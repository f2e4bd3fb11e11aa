#pragma once

#include <cstddef>
#include <cstdint>

/// What the graph network does to each number on its own between its matrix products, and its derivative, on
/// a CPU: one pass over memory where operations of LibTorch's take three and eight.
///
/// The code is compiled for several CPUs, of which the best is taken; the bits are the same on all. Needs no
/// LibTorch. Thread-safe.
namespace corpuscle::model {

/// Rows of `width` numbers, either float or, as std::uint16_t, the bits of bfloat16.
template <class Number>
struct MixInput {
  Number const* self;     ///< row i begins at self + i stride
  Number const* gate;     ///< likewise
  std::ptrdiff_t stride;  ///< of these two
  Number const* sums;     ///< [n, width] of the neighbours
  float const* bias;      ///< [width] of the gate
  std::int64_t n, width;
};

/// out = elu(self + (sums - self) sigmoid(gate + bias)), computed in float and rounded once. [n, width]
template <class Number>
void mix(MixInput<Number> const& in, Number* out);

/// The derivatives.
/// @param out_gradient   [n, width]
/// @param d_self, d_gate out: rows at in.stride
/// @param d_sums         out: [n, width]
/// @param d_bias         out: [width], summed over the rows from the first to the last
template <class Number>
void derive_mix(MixInput<Number> const& in, Number const* out_gradient, Number* d_self, Number* d_gate,
                Number* d_sums, float* d_bias);

}  // namespace corpuscle::model
