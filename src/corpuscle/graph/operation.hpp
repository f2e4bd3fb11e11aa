#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "corpuscle/core/id.hpp"

/// What a network is made of. Every operation is a plain struct of its constants and sizes; its inputs stand
/// in the node that holds it (graph.hpp). Rows are elements unless said otherwise.
namespace corpuscle::graph {

using NodeId = core::Id<struct Nodes>;          ///< an operation, and the one value that it makes
using ConstantId = core::Id<struct Constants>;  ///< an array of trained or computed numbers

/// Functions of one number.
enum class Function : std::uint8_t {
  identity,
  gelu_tanh,  ///< x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3); arXiv:1606.08415
  elu,        ///< x if x > 0, else exp(x) - 1; arXiv:1511.07289
  sigmoid,    ///< 1 / (1 + exp(-x))
};
std::string_view name(Function function) noexcept;

/// Features of the batch as they were encoded. No inputs.
struct Features {
  friend bool operator==(Features const&, Features const&) = default;
};

/// (x - mean) * scale with the row of mean and scale, [types, width], of the element's type.
struct Normalise {
  ConstantId mean, scale;
  friend bool operator==(Normalise const&, Normalise const&) = default;
};

/// function(x weight^T + bias), and plus the second input, if there is one.
struct Dense {
  /// weight [n_out, n_in], bias [n_out]; no bias: 0. One for all elements, or one for each type of element.
  struct Affine {
    ConstantId weight, bias;
    friend bool operator==(Affine const&, Affine const&) = default;
  };
  std::vector<Affine> of_type;
  Function function = Function::identity;
  friend bool operator==(Dense const&, Dense const&) = default;
};

/// Each row to mean 0 and variance 1, then times weight plus bias, both [width]; arXiv:1607.06450.
struct LayerNorm {
  ConstantId weight, bias;
  double epsilon = 1e-5;
  friend bool operator==(LayerNorm const&, LayerNorm const&) = default;
};

/// A function of every entry.
struct Map {
  Function function = Function::identity;
  friend bool operator==(Map const&, Map const&) = default;
};

/// Functions of one number that heads need, a few per element.
struct Elementary {
  enum class Kind : std::uint8_t {
    absolute,
    relu,
    log,       ///< of x, at least 1e-6
    log_cosh,  ///< ln cosh x, which does not overflow
  };
  Kind kind = Kind::absolute;
  friend bool operator==(Elementary const&, Elementary const&) = default;
};

/// x, but at least low and at most high.
struct Clamp {
  float low = 0, high = 1;
  friend bool operator==(Clamp const&, Clamp const&) = default;
};

/// Sum of two arrays. Where the second has a row per event, that row is for all elements of the event.
struct Add {
  friend bool operator==(Add const&, Add const&) = default;
};

/// Difference and product of two arrays, entry by entry.
struct Subtract {
  friend bool operator==(Subtract const&, Subtract const&) = default;
};
struct Multiply {
  friend bool operator==(Multiply const&, Multiply const&) = default;
};

/// a + (b - a) c of three arrays, entry by entry.
struct Blend {
  friend bool operator==(Blend const&, Blend const&) = default;
};

/// Columns [first, last).
struct Columns {
  std::uint32_t first = 0, last = 1;
  friend bool operator==(Columns const&, Columns const&) = default;
};

/// The columns of all inputs, one after the other.
struct Concat {
  friend bool operator==(Concat const&, Concat const&) = default;
};

/// How WindowOrder sorts the elements of an event.
enum class SortKey : std::uint8_t {
  place,        ///< along Hilbert's curve in (eta, phi)
  moved_place,  ///< along the same curve, of (eta + 0.7, phi + 1)
  energy,       ///< by falling energy
};
std::string_view name(SortKey key) noexcept;

/// An order of the elements in which each event is cut into as few windows of at most `size` as will do, all
/// of which are equally long to one row. Events that fit into one window keep their order. Input: features
/// (docs/formats/encoding.md) of which column 0 is ln E, column 2 eta, 3 and 4 sine and cosine of phi.
struct WindowOrder {
  SortKey key = SortKey::place;
  std::uint32_t size = 128;
  friend bool operator==(WindowOrder const&, WindowOrder const&) = default;
};

/// An order of the elements by locality-sensitive hashing (mlpf.md 3.1, steps c to e): events of more than
/// `size` elements are sorted by their codes, and cut at every `size`, so that the last window is short. The
/// code of x is the position of the largest of [x R, -x R], R the first max(1, windows / 2) columns of the
/// codebook.
struct LshOrder {
  ConstantId codebook;  ///< [directions, width of the input]: R, transposed
  std::uint32_t size = 256;
  friend bool operator==(LshOrder const&, LshOrder const&) = default;
};

/// Rows of the first input in the order that is the second.
struct Gather {
  friend bool operator==(Gather const&, Gather const&) = default;
};

/// The reverse: rows that are in the order which is the second input, as the elements came; and plus the
/// third input, which is as the elements came, if there is one.
struct Scatter {
  friend bool operator==(Scatter const&, Scatter const&) = default;
};

/// Cosine (columns 0 to d / 2) and sine (the rest) of the angles by which Turn turns: 2^(j + 1) eta for
/// column j < frequencies, then as many of phi, then 0. Input: features, as of WindowOrder.
struct TurnTable {
  std::uint32_t frequencies = 6;
  std::uint32_t d = 32;  ///< columns of a head, even, at least 4 frequencies
  friend bool operator==(TurnTable const&, TurnTable const&) = default;
};

/// Turns the first `blocks` blocks of d columns of the first input, column pairs (j, j + d / 2), by the
/// angles of the second, of width d ("rotary embedding", arXiv:2104.09864). The other columns stay.
struct Turn {
  std::uint32_t blocks = 1;
  friend bool operator==(Turn const&, Turn const&) = default;
};

/// softmax(q k^T / sqrt(d)) v for each head, within each window (of the order of its input) or event (where
/// that has none). Input [n, 3 heads d]: q of all heads, then k, then v; or two inputs, of q and of k and v.
struct Attention {
  std::uint32_t heads = 1;
  friend bool operator==(Attention const&, Attention const&) = default;
};

/// exp(-0.1 D_ij) of each row i with each row j of its window, D_ij = sqrt(max(|x_i - x_j|^2, 1e-6)); column
/// j is the j-th row of the window, those behind its end are unspecified. As wide as windows may be long.
struct PairKernel {
  friend bool operator==(PairKernel const&, PairKernel const&) = default;
};

/// Sums over the window: the first input, from PairKernel, times the second.
struct PairSum {
  friend bool operator==(PairSum const&, PairSum const&) = default;
};

/// Mean over the elements of each event, summed in the order of the elements: a row per event.
struct EventMean {
  friend bool operator==(EventMean const&, EventMean const&) = default;
};

/// Mean over the elements of each event for each head, weighted by softmax over the event of the scores, the
/// first input [n, heads], of the rows of the second: a row of heads * width per event.
struct EventPool {
  friend bool operator==(EventPool const&, EventPool const&) = default;
};

/// A dense layer of each of `groups` groups of columns: weight [n_out, columns of a group], bias [n_out]; the
/// first n_out / groups outputs see the first group. For rows of events, of which there are few.
struct GroupedDense {
  ConstantId weight, bias;
  std::uint32_t groups = 1;
  friend bool operator==(GroupedDense const&, GroupedDense const&) = default;
};

/// The same row for each event. No inputs.
struct EventRow {
  ConstantId row;  ///< [width]
  friend bool operator==(EventRow const&, EventRow const&) = default;
};

/// What kernel attention (arXiv:2009.14794) makes of its features f, [n, heads F].
enum class KernelWeight : std::uint8_t {
  plus_1,       ///< f + 1, f an ELU
  exponential,  ///< exp(f - highest), of a query over its head, of keys over all of their event and head
};

/// Sums over each event of w (v, 1) for each head: w from f, the first input, v, the second, [n, heads W]; a
/// row per event of heads * F * W sums, then heads * F of the weights alone.
struct KernelSums {
  std::uint32_t heads = 1;
  KernelWeight weight = KernelWeight::plus_1;
  friend bool operator==(KernelSums const&, KernelSums const&) = default;
};

/// Kernel attention: w S / (w z + 1e-6), with S and z from KernelSums, the second input, each divided by F. w
/// from f, the first input, of elements or of events.
struct KernelReadout {
  std::uint32_t heads = 1;
  KernelWeight weight = KernelWeight::plus_1;
  friend bool operator==(KernelReadout const&, KernelReadout const&) = default;
};

using Operation = std::variant<Features, Normalise, Dense, LayerNorm, Map, Elementary, Clamp, Add, Subtract,
                               Multiply, Blend, Columns, Concat, WindowOrder, LshOrder, Gather, Scatter,
                               TurnTable, Turn, Attention, PairKernel, PairSum, EventMean, EventPool,
                               GroupedDense, EventRow, KernelSums, KernelReadout>;

/// "dense", "layer norm", ...: for people.
std::string_view name(Operation const& operation) noexcept;

/// The most elements of a window, of an operation that makes an order; else 0.
std::uint32_t longest_window(Operation const& operation) noexcept;

/// True if the operation makes a row per event of the rows of its elements.
bool is_reduction(Operation const& operation) noexcept;

/// Calls f(constant) for every constant that an operation uses; f may change it where the operation may be
/// changed. The one list of them.
template <class AnyOperation, class F>
void for_each_constant(AnyOperation& operation, F const& f) {
  auto const use = [&](auto& constant) {
    if (constant.is_valid()) f(constant);
  };
  std::visit(
      [&]<class Op>(Op& op) {
        if constexpr (requires { op.of_type; })
          for (auto& affine : op.of_type) {
            use(affine.weight);
            use(affine.bias);
          }
        if constexpr (requires { op.bias; }) {
          use(op.weight);
          use(op.bias);
        }
        if constexpr (requires { op.mean; }) {
          use(op.mean);
          use(op.scale);
        }
        if constexpr (requires { op.codebook; }) use(op.codebook);
        if constexpr (requires { op.row; }) use(op.row);
      },
      operation);
}

}  // namespace corpuscle::graph
