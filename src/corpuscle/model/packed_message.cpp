#include "corpuscle/model/packed_message.hpp"

#include <algorithm>
#include <numbers>

#include "corpuscle/model/lanes.hpp"

namespace corpuscle::model {
namespace {

/// What both directions need of sixteen numbers of a row.
struct Mixed {
  Lanes difference;   ///< sums - self
  Lanes gate;         ///< its sigmoid
  Lanes value;        ///< before the ELU
  Lanes power, rest;  ///< of exp(value), where that is not above 0: power (1 + rest)
};

template <class Number>
CORPUSCLE_INLINE void mix_at(MixInput<Number> const& in, std::int64_t row, std::int64_t c, std::int64_t n,
                             Mixed& mixed) {
  Lanes self, sums, gate, bias;
  load(in.self + row * in.stride + c, n, self);
  load(in.gate + row * in.stride + c, n, gate);
  load(in.sums + row * in.width + c, n, sums);
  load(in.bias + c, n, bias);
  gate += bias;
  Lanes shrunk;  // exp(-|gate|)
  exp2((gate < 0.F ? gate : -gate) * std::numbers::log2e_v<float>, shrunk);
  mixed.gate = (gate < 0.F ? shrunk : Lanes{} + 1.F) / (shrunk + 1.F);
  mixed.difference = sums - self;
  mixed.value = self + mixed.difference * mixed.gate;
  split_exp2((mixed.value > 0.F ? Lanes{} : mixed.value) * std::numbers::log2e_v<float>, mixed.power,
             mixed.rest);
}

template <class Number>
CORPUSCLE_INLINE void forward(MixInput<Number> const& in, Number* out) {
  for (std::int64_t row = 0; row < in.n; ++row)
    for_columns(in.width, [&](std::int64_t c, std::int64_t n) {
      Mixed mixed;
      mix_at(in, row, c, n, mixed);
      // exp(value) - 1, without loss of digits near 0
      Lanes const below = mixed.power * mixed.rest + (mixed.power - 1.F);
      store(mixed.value > 0.F ? mixed.value : below, n, out + row * in.width + c);
    });
}

template <class Number>
CORPUSCLE_INLINE void backward(MixInput<Number> const& in, Number const* out_gradient, Number* d_self,
                               Number* d_gate, Number* d_sums, float* d_bias) {
  std::fill_n(d_bias, in.width, 0.F);
  for (std::int64_t row = 0; row < in.n; ++row)
    for_columns(in.width, [&](std::int64_t c, std::int64_t n) {
      Mixed mixed;
      mix_at(in, row, c, n, mixed);
      Lanes gradient, bias;
      load(out_gradient + row * in.width + c, n, gradient);
      gradient = mixed.value > 0.F ? gradient : gradient * (mixed.power * (mixed.rest + 1.F));
      Lanes const of_sums = gradient * mixed.gate;
      Lanes const of_gate = of_sums * mixed.difference * (1.F - mixed.gate);
      store(of_sums, n, d_sums + row * in.width + c);
      store(gradient - of_sums, n, d_self + row * in.stride + c);
      store(of_gate, n, d_gate + row * in.stride + c);
      load(d_bias + c, n, bias);
      store(bias + of_gate, n, d_bias + c);
    });
}

// The same code for several CPUs.
#ifdef __x86_64__
template <class Number>
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void forward_v4(MixInput<Number> const& in, Number* out) {
  forward(in, out);
}
template <class Number>
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void forward_v3(MixInput<Number> const& in, Number* out) {
  forward(in, out);
}
template <class Number>
[[gnu::target("arch=x86-64-v4"), gnu::flatten]] void backward_v4(MixInput<Number> const& in,
                                                                 Number const* out_gradient, Number* d_self,
                                                                 Number* d_gate, Number* d_sums,
                                                                 float* d_bias) {
  backward(in, out_gradient, d_self, d_gate, d_sums, d_bias);
}
template <class Number>
[[gnu::target("arch=x86-64-v3"), gnu::flatten]] void backward_v3(MixInput<Number> const& in,
                                                                 Number const* out_gradient, Number* d_self,
                                                                 Number* d_gate, Number* d_sums,
                                                                 float* d_bias) {
  backward(in, out_gradient, d_self, d_gate, d_sums, d_bias);
}
#endif

}  // namespace

template <class Number>
void mix(MixInput<Number> const& in, Number* out) {
#ifdef __x86_64__
  if (has_v4) return forward_v4(in, out);
  if (has_v3) return forward_v3(in, out);
#endif
  forward(in, out);
}

template <class Number>
void derive_mix(MixInput<Number> const& in, Number const* out_gradient, Number* d_self, Number* d_gate,
                Number* d_sums, float* d_bias) {
#ifdef __x86_64__
  if (has_v4) return backward_v4(in, out_gradient, d_self, d_gate, d_sums, d_bias);
  if (has_v3) return backward_v3(in, out_gradient, d_self, d_gate, d_sums, d_bias);
#endif
  backward(in, out_gradient, d_self, d_gate, d_sums, d_bias);
}

template void mix(MixInput<float> const&, float*);
template void mix(MixInput<std::uint16_t> const&, std::uint16_t*);
template void derive_mix(MixInput<float> const&, float const*, float*, float*, float*, float*);
template void derive_mix(MixInput<std::uint16_t> const&, std::uint16_t const*, std::uint16_t*, std::uint16_t*,
                         std::uint16_t*, float*);

}  // namespace corpuscle::model
