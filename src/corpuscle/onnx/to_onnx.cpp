// Each operation of a graph as a few standard nodes. Shapes in comments: N elements, n windows of at most L
// rows; rows in an order are the n L rows of its windows, padded.
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/onnx/annotation.hpp"
#include "corpuscle/onnx/convert.hpp"

namespace corpuscle::onnx {
namespace {

using core::cat;
using graph::NodeId;
using Name = std::string;
using Attributes = std::map<std::string, Attribute>;
using Integers = std::vector<std::int64_t>;

/// Hilbert's curve through 32 x 32 cells from each of the four ways in which it may lie: as it is, turned by
/// half, with the axes swapped, and both. The curve through 1024 x 1024 cells is one such table after the
/// other.
struct HilbertTable {
  static constexpr int bits = 5;
  static constexpr std::int64_t side = 1 << bits;
  Integers code = Integers(4 * side * side);  ///< [way, x, y] the place on the curve
  Integers way = Integers(side * side);       ///< [x, y] in which the curve lies within this cell

  HilbertTable() {
    for (std::int64_t i = 0; i < 4 * side * side; ++i) {
      bool is_turned = (i / (side * side) & 1) != 0;
      bool is_swapped = (i / (side * side) & 2) != 0;
      std::int64_t x = i / side % side;
      std::int64_t y = i % side;
      if (is_turned) {
        x = side - 1 - x;
        y = side - 1 - y;
      }
      if (is_swapped) std::swap(x, y);
      for (std::int64_t half = side / 2; half > 0; half /= 2) {
        bool const right = (x & half) != 0;
        bool const upper = (y & half) != 0;
        // As in runtime/window_order.cpp, quadrant by quadrant.
        code[i] = 4 * code[i] + static_cast<int>(right != upper) + 2 * static_cast<int>(right);
        if (upper) continue;
        if (right) {
          x ^= half - 1;
          y ^= half - 1;
        }
        std::swap(x, y);
        is_turned ^= right;
        is_swapped = !is_swapped;
      }
      if (i < side * side) way[i] = static_cast<int>(is_turned) + 2 * static_cast<int>(is_swapped);
    }
  }
};

/// What the constants of an operation are, one after the other, and again.
std::vector<char const*> roles_of(graph::Operation const& operation) {
  if (std::holds_alternative<graph::Normalise>(operation)) return {"mean", "scale"};
  if (std::holds_alternative<graph::LshOrder>(operation)) return {"codebook"};
  if (std::holds_alternative<graph::EventRow>(operation)) return {"row"};
  auto const* const dense = std::get_if<graph::Dense>(&operation);
  if (dense != nullptr && !dense->of_type.front().bias.is_valid()) return {"weight"};
  return {"weight", "bias"};
}

class Converter {
 public:
  explicit Converter(graph::Graph const& graph) : graph_(graph) {}

  Model operator()() {
    model_.graph_name = "corpuscle";
    model_.inputs = {{features_name, ElementType::f32, {"elements", std::int64_t{graph_.n_features()}}},
                     {types_name, ElementType::i64, {"elements"}}};
    model_.outputs = {{outputs_name, ElementType::f32, {"elements", std::int64_t{graph_.n_outputs()}}}};
    model_.metadata["corpuscle.types"] = cat(graph_.n_types());
    values_.resize(graph_.nodes().size());
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) convert(NodeId(i));
    return std::move(model_);
  }

 private:
  void convert(NodeId id) {
    node_ = id;
    if (std::holds_alternative<graph::Features>(node().operation)) {
      values_[id.row()] = features_name;
      return;
    }
    group_ = unique(node().name.empty() ? "node" : node().name);
    std::vector<Name> constants;
    std::vector<char const*> const roles = roles_of(node().operation);
    for_each_constant(node().operation, [&](graph::ConstantId constant) {
      constants.push_back(keep(constant, roles[constants.size() % roles.size()]));
    });
    std::visit([this](auto const& operation) { make(operation); }, node().operation);

    Node& last = model_.nodes.back();
    if (id == graph_.output()) last.outputs.front() = outputs_name;
    values_[id.row()] = last.outputs.front();
    Annotation annotation{node().operation, node().name, {}, std::move(constants)};
    for (NodeId const each : node().inputs) annotation.inputs.push_back(values_[each.row()]);
    last.doc = to_json(annotation);
  }

  [[noreturn]] void fail(char const* what) const {
    throw core::DataError(
        cat("network: '", node().name, "' ", what, ", which ONNX files of ours have no form for"));
  }

  // The node that is being converted.

  [[nodiscard]] graph::Node const& node() const { return graph_[node_]; }
  [[nodiscard]] std::int64_t width() const { return node().type.width; }
  [[nodiscard]] Name const& input(std::size_t i) const { return values_[node().inputs[i].row()]; }
  [[nodiscard]] graph::Type const& type_of_input(std::size_t i) const {
    return graph_[node().inputs[i]].type;
  }

  // Nodes and initializers.

  Name unique(Name const& name) {
    int const n = ++n_of_name_[name];
    return n == 1 ? name : cat(name, '#', n);
  }

  std::vector<Name> add(char const* op_type, std::vector<Name> inputs, Attributes attributes,
                        std::size_t n_outputs) {
    Name const name = unique(cat(group_, '/', op_type));
    Node& added =
        model_.nodes.emplace_back(Node{name, op_type, "", std::move(inputs), {}, std::move(attributes), ""});
    for (std::size_t i = 0; i < n_outputs; ++i) added.outputs.push_back(i == 0 ? name : cat(name, ':', i));
    return added.outputs;
  }
  Name add(char const* op_type, std::vector<Name> inputs, Attributes attributes = {}) {
    return add(op_type, std::move(inputs), std::move(attributes), 1).front();
  }

  /// A constant of the graph, under one name wherever it is used.
  Name keep(graph::ConstantId id, char const* role) {
    auto const [place, is_new] = constants_.try_emplace(id);
    if (is_new) {
      graph::Constant const& from = graph_[id];
      Tensor& tensor = model_.initializers.emplace_back();
      tensor.name = place->second = unique(cat(group_, '.', role));
      tensor.shape.assign(from.shape.begin(), from.shape.end());
      tensor.floats = from.values;
    }
    return place->second;
  }
  [[nodiscard]] Name const& constant(graph::ConstantId id) const { return constants_.at(id); }

  /// Numbers that operations need beside those of the graph, each kept once.
  Name keep(Tensor tensor) {
    for (std::size_t const i : helpers_) {
      Tensor const& known = model_.initializers[i];
      if (known.type == tensor.type && known.shape == tensor.shape && known.floats == tensor.floats &&
          known.integers == tensor.integers)
        return known.name;
    }
    tensor.name = cat("constants/", helpers_.size());
    helpers_.push_back(model_.initializers.size());
    return model_.initializers.emplace_back(std::move(tensor)).name;
  }
  Name number(float value) { return keep({"", ElementType::f32, {}, {value}, {}}); }
  Name integer(std::int64_t value) { return keep({"", ElementType::i64, {}, {}, {value}}); }
  Name integers(Integers values) {
    auto const n = static_cast<std::int64_t>(values.size());
    return keep({"", ElementType::i64, {n}, {}, std::move(values)});
  }

  /// What is computed once, at its first use. @param make  the nodes
  template <class Make>
  Name once(std::string const& what, Make const& make) {
    if (auto const found = once_.find(what); found != once_.end()) return found->second;
    return once_[what] = make();
  }

  // Of the event.

  Name n_elements() {  // [1]
    return once("n", [&] {
      return add("Shape", {types_name}, {{"start", std::int64_t{0}}, {"end", std::int64_t{1}}});
    });
  }
  Name range(Name const& n) {  // 0, 1, ...; n is [1]
    return add("Range", {integer(0), add("Squeeze", {n}), integer(1)});
  }
  Name elements() {  // [N]
    return once("elements", [&] { return range(n_elements()); });
  }
  Name is_of_type(std::size_t type) {  // [N, 1]
    return once(cat("type ", type), [&] {
      return add("Unsqueeze",
                 {add("Equal", {types_name, integer(static_cast<std::int64_t>(type))}), integers({1})});
    });
  }
  Name feature(std::int64_t column) {  // [N]
    return once(cat("feature ", column), [&] {
      return add("Gather", {features_name, integer(column)}, {{"axis", std::int64_t{1}}});
    });
  }
  /// The angle whose sine and cosine columns 3 and 4 are, in [-pi, pi]: ONNX has no atan2.
  Name phi() {  // [N]
    return once("phi", [&] {
      constexpr auto pi = std::numbers::pi_v<float>;
      Name const y = feature(3);
      Name const x = feature(4);
      Name const y_size = add("Abs", {y});
      Name const x_size = add("Abs", {x});
      Name const larger =
          add("Max", {add("Max", {x_size, y_size}), number(std::numeric_limits<float>::min())});
      Name angle = add("Atan", {add("Div", {add("Min", {x_size, y_size}), larger})});
      auto const reflect = [&](Name const& where, float sum) {
        angle = add("Where", {where, add("Sub", {number(sum), angle}), angle});
      };
      reflect(add("Greater", {y_size, x_size}), pi / 2);
      reflect(add("Less", {x, number(0)}), pi);
      reflect(add("Less", {y, number(0)}), 0);
      return angle;
    });
  }

  // Orders.

  struct Order {
    Name n_windows, length;  ///< [1], n and L
    Name rows;               ///< [n L] the element that is there; where a window is padded, any
    Name is_real;            ///< [n, L] false: padding
  };

  [[nodiscard]] Order const& order_of(NodeId order) const { return orders_.at(order); }
  [[nodiscard]] Name order_name(NodeId order, char const* what) const { return cat(what, ' ', order.row()); }

  /// [n, L, tail...]; for events (no order) [1, N, tail...].
  Name shape_of_windows(NodeId order, Integers const& tail) {
    if (!order.is_valid()) {
      Integers shape{1, -1};
      shape.insert(shape.end(), tail.begin(), tail.end());
      return integers(shape);
    }
    Name const rest = integers(tail);
    return once(cat("shape ", order.row(), ' ', rest), [&] {
      Order const& of = order_of(order);
      return add("Concat", {of.n_windows, of.length, rest}, {{"axis", std::int64_t{0}}});
    });
  }
  /// 0 for keys that are real, else as low as can be. [n, 1, 1, L]
  Name mask(NodeId order) {
    return once(order_name(order, "mask"), [&] {
      Name const lowest = number(std::numeric_limits<float>::lowest());
      return add("Unsqueeze", {add("Where", {order_of(order).is_real, number(0), lowest}), integers({1, 2})});
    });
  }
  /// 1 for rows that are real, else 0. [n L, 1]
  Name weight(NodeId order) {
    return once(order_name(order, "weight"), [&] {
      Name const one_or_zero = add("Cast", {order_of(order).is_real}, {{"to", std::int64_t{1}}});
      return add("Reshape", {one_or_zero, integers({-1, 1})});
    });
  }

  Name place_of(Name const& x, int n_cells) {  // [N] int64, the cell of [0, 1) in which x is
    Name const scaled = add("Floor", {add("Mul", {x, number(static_cast<float>(n_cells))})});
    Name const inside = add("Clip", {scaled, number(0), number(static_cast<float>(n_cells - 1))});
    return add("Cast", {inside}, {{"to", std::int64_t{7}}});
  }

  /// runtime::hilbert_code. [N] int64
  Name hilbert_code(Name const& eta, Name const& angle) {
    static HilbertTable const table;
    constexpr std::int64_t side = HilbertTable::side;
    Name const turns =
        add("Add", {add("Div", {angle, number(static_cast<float>(2 * std::numbers::pi))}), number(0.5F)});
    Name const x = place_of(add("Add", {add("Div", {eta, number(8)}), number(0.5F)}), side * side);
    Name const y = place_of(add("Sub", {turns, add("Floor", {turns})}), side * side);
    auto const both = [&](char const* part) {
      Name const of_x = add(part, {x, integer(side)});
      Name const of_y = add(part, {y, integer(side)});
      return add("Add", {add("Mul", {of_x, integer(side)}), of_y});
    };
    Name const codes = keep({"", ElementType::i64, {4 * side * side}, {}, table.code});
    Name const ways = keep({"", ElementType::i64, {side * side}, {}, table.way});
    Name const coarse = both("Div");
    Name const way = add("Mul", {add("Gather", {ways, coarse}), integer(side * side)});
    Name const fine = add("Add", {both("Mod"), way});
    return add("Add", {add("Mul", {add("Gather", {codes, coarse}), integer(side * side)}),
                       add("Gather", {codes, fine})});
  }

  /// runtime::sort_key. [N] int64
  Name sort_key(graph::SortKey key) {
    switch (key) {
      case graph::SortKey::place: return hilbert_code(feature(2), phi());
      case graph::SortKey::moved_place:
        return hilbert_code(add("Add", {feature(2), number(0.7F)}), add("Add", {phi(), number(1)}));
      case graph::SortKey::energy: break;
    }
    Name const steps = add("Mul", {add("Sub", {number(16), feature(0)}), number(0x1p22F)});
    return add("Cast", {add("Clip", {steps, number(0), number(0x1p27F)})}, {{"to", std::int64_t{7}}});
  }

  /// ceil(N / size). [1]
  Name n_windows(std::uint32_t size) {
    return once(cat("windows ", size), [&] {
      return add("Div", {add("Add", {n_elements(), integer(size - 1)}), integer(size)});
    });
  }

  /// Sorts by key, where there is more than one window, and cuts.
  /// @param key          [N] int64
  /// @param length       [1] of the longest window
  /// @param begin_of(i)  where window i begins
  /// @param window_of(p)  the window in which the p-th element is
  template <class BeginOf, class WindowOf>
  void make_order(Name const& key, Name const& n, Name const& length, BeginOf const& begin_of,
                  WindowOf const& window_of) {
    Name const is_cut = add("Min", {add("Sub", {n, integer(1)}), integer(1)});
    // Equal keys stay in their order: TopK promises that.
    Name const sorted = add("TopK", {add("Mul", {key, is_cut}), n_elements()},
                            {{"axis", std::int64_t{0}}, {"largest", std::int64_t{0}}}, 2)[1];
    Name const windows = range(n);
    Name const begins = begin_of(windows);
    Name const ends = begin_of(add("Add", {windows, integer(1)}));
    Name const column = integers({1});
    Name const places = add("Add", {add("Unsqueeze", {begins, column}), range(length)});  // [n, L]
    Name const is_real = add("Less", {places, add("Unsqueeze", {ends, column})});
    Name const inside = add("Min", {places, add("Sub", {n_elements(), integer(1)})});
    Name const rows = add("Gather", {sorted, add("Reshape", {inside, integers({-1})})});
    orders_[node_] = {n, length, rows, is_real};

    // The way back: where, among the padded rows, each element is.
    Name const window = window_of(elements());
    Name const within = add("Sub", {elements(), add("Gather", {begins, window})});
    Name const place = add("Add", {add("Mul", {window, length}), within});
    add("ScatterElements", {elements(), sorted, place}, {{"axis", std::int64_t{0}}});
  }

  void make(graph::WindowOrder const& op) {
    Name const n = n_windows(op.size);
    Name const length =
        add("Div", {add("Sub", {add("Add", {n_elements(), n}), integer(1)}), n});  // ceil(N / n)
    make_order(
        sort_key(op.key), n, length,
        [&](Name const& i) {
          return add("Div", {add("Mul", {i, n_elements()}), n});
        },
        // The last that begins at or before p: i N / n < p + 1.
        [&](Name const& p) {
          Name const next = add("Add", {p, integer(1)});
          return add("Div", {add("Sub", {add("Mul", {next, n}), integer(1)}), n_elements()});
        });
  }

  void make(graph::LshOrder const& op) {
    Name const n = n_windows(op.size);
    Name const length = add("Min", {n_elements(), integer(op.size)});
    Name const half = add("Max", {add("Div", {n, integer(2)}), integer(1)});
    auto const n_directions = static_cast<std::int64_t>(graph_[op.codebook].shape[0]);
    Name const n_used = add("Min", {half, integer(n_directions)});
    Name const used = add("Slice", {constant(op.codebook), integers({0}), n_used, integers({0})});
    Name const z = add("Gemm", {input(0), used}, {{"transB", std::int64_t{1}}});
    Name const both = add("Concat", {z, add("Neg", {z})}, {{"axis", std::int64_t{1}}});
    Name const code = add("ArgMax", {both}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
    // Many codes are equal, and not every runtime keeps the promise of TopK: here, where the numbers are
    // small enough for those that compute in 32 bits, no two keys are.
    Name const key = add("Add", {add("Mul", {code, n_elements()}), elements()});
    make_order(
        key, n, length,
        [&](Name const& i) {
          return add("Min", {add("Mul", {i, integer(op.size)}), n_elements()});
        },
        [&](Name const& p) {
          return add("Div", {p, integer(op.size)});
        });
  }

  void make(graph::Gather const&) {
    add("Gather", {input(0), order_of(node().inputs[1]).rows}, {{"axis", std::int64_t{0}}});
  }
  void make(graph::Scatter const&) {
    Name const rows = add("Gather", {input(0), input(1)}, {{"axis", std::int64_t{0}}});
    if (node().inputs.size() == 3) add("Add", {rows, input(2)});
  }

  // Row by row.

  void make(graph::Features const&) {}

  void make(graph::Normalise const& op) {
    auto const of_type = [&](graph::ConstantId table) {
      return add("Gather", {constant(table), types_name});
    };
    add("Mul", {add("Sub", {input(0), of_type(op.mean)}), of_type(op.scale)});
  }

  Name apply(graph::Function function, Name const& x) {
    switch (function) {
      case graph::Function::identity: break;
      case graph::Function::elu: return add("Elu", {x}, {{"alpha", 1.F}});
      case graph::Function::sigmoid: return add("Sigmoid", {x});
      case graph::Function::gelu_tanh: {
        // x / (1 + exp(-2 u)) = x / 2 (1 + tanh u), written as runtimes know and fuse it.
        Name const square = add("Mul", {add("Mul", {x, number(0.044715F)}), x});
        Name const sum = add("Add", {square, number(1)});
        Name const u = add("Mul", {add("Mul", {x, number(0.7978845608F)}), sum});
        Name const both = add("Add", {add("Tanh", {u}), number(1)});
        return add("Mul", {add("Mul", {x, number(0.5F)}), both});
      }
    }
    return x;
  }

  void make(graph::Dense const& op) {
    Name y;
    for (std::size_t type = 0; type < op.of_type.size(); ++type) {
      graph::Dense::Affine const& affine = op.of_type[type];
      if (affine.bias.is_valid() != op.of_type.front().bias.is_valid())
        fail("has a bias for some types of elements only");
      std::vector<Name> inputs{input(0), constant(affine.weight)};
      if (affine.bias.is_valid()) inputs.push_back(constant(affine.bias));
      Name const of_type = add("Gemm", std::move(inputs), {{"transB", std::int64_t{1}}});
      y = type == 0 ? of_type : add("Where", {is_of_type(type), of_type, y});
    }
    y = apply(op.function, y);
    if (node().inputs.size() == 2) add("Add", {y, input(1)});
  }

  void make(graph::LayerNorm const& op) {
    add("LayerNormalization", {input(0), constant(op.weight), constant(op.bias)},
        {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(op.epsilon)}});
  }

  void make(graph::Map const& op) {
    if (op.function == graph::Function::identity)
      add("Identity", {input(0)});
    else
      apply(op.function, input(0));
  }

  void make(graph::Elementary const& op) {
    using Kind = graph::Elementary::Kind;
    switch (op.kind) {
      case Kind::absolute: add("Abs", {input(0)}); break;
      case Kind::relu: add("Relu", {input(0)}); break;
      case Kind::log: add("Log", {add("Max", {input(0), number(1e-6F)})}); break;
      case Kind::log_cosh: {
        Name const size = add("Abs", {input(0)});
        Name const rest = add("Softplus", {add("Mul", {size, number(-2)})});
        add("Sub", {add("Add", {size, rest}), number(std::numbers::ln2_v<float>)});
      }
    }
  }

  void make(graph::Clamp const& op) { add("Clip", {input(0), number(op.low), number(op.high)}); }
  void make(graph::Add const&) { add("Add", {input(0), input(1)}); }
  void make(graph::Subtract const&) { add("Sub", {input(0), input(1)}); }
  void make(graph::Multiply const&) { add("Mul", {input(0), input(1)}); }
  void make(graph::Blend const&) {
    add("Add", {input(0), add("Mul", {add("Sub", {input(1), input(0)}), input(2)})});
  }
  void make(graph::Columns const& op) {
    add("Slice", {input(0), integers({op.first}), integers({op.last}), integers({1})});
  }
  void make(graph::Concat const&) {
    std::vector<Name> inputs;
    for (std::size_t i = 0; i < node().inputs.size(); ++i) inputs.push_back(input(i));
    add("Concat", std::move(inputs), {{"axis", std::int64_t{1}}});
  }

  void make(graph::TurnTable const& op) {
    std::vector<float> factors;
    for (std::uint32_t k = 0; k < op.frequencies; ++k)
      factors.push_back(std::ldexp(1.F, static_cast<int>(k) + 1));
    Name const powers = keep({"", ElementType::f32, {1, std::int64_t{op.frequencies}}, factors, {}});
    auto const angles = [&](Name const& angle) {
      return add("Mul", {add("Unsqueeze", {angle, integers({1})}), powers});
    };
    Name const all = add("Concat", {angles(feature(2)), angles(phi())}, {{"axis", std::int64_t{1}}});
    Name const padding = integers({0, 0, 0, op.d / 2 - 2 * op.frequencies});
    Name const cosines = add("Pad", {add("Cos", {all}), padding, number(1)});
    Name const sines = add("Pad", {add("Sin", {all}), padding, number(0)});
    add("Concat", {cosines, sines}, {{"axis", std::int64_t{1}}});
  }

  /// Parts of these widths along an axis.
  std::vector<Name> split(Name const& x, Integers widths, std::int64_t axis) {
    std::size_t const n = widths.size();
    return add("Split", {x, integers(std::move(widths))}, {{"axis", axis}}, n);
  }
  Name reshape(Name const& x, Integers shape) { return add("Reshape", {x, integers(std::move(shape))}); }
  Name transpose(Name const& x, Integers axes) { return add("Transpose", {x}, {{"perm", std::move(axes)}}); }

  void make(graph::Turn const& op) {
    std::int64_t const d = type_of_input(1).width;
    std::int64_t const turned = op.blocks * d;
    Name x = input(0);
    Name rest;
    if (turned < width()) {
      std::vector<Name> const parts = split(x, {turned, width() - turned}, 1);
      x = parts[0];
      rest = parts[1];
    }
    std::vector<Name> const table = split(reshape(input(1), {-1, 1, d}), {d / 2, d / 2}, 2);
    std::vector<Name> const pair = split(reshape(x, {-1, op.blocks, d}), {d / 2, d / 2}, 2);
    Name const first = add("Sub", {add("Mul", {pair[0], table[0]}), add("Mul", {pair[1], table[1]})});
    Name const second = add("Add", {add("Mul", {pair[0], table[1]}), add("Mul", {pair[1], table[0]})});
    Name const y = reshape(add("Concat", {first, second}, {{"axis", std::int64_t{2}}}), {-1, turned});
    if (!rest.empty()) add("Concat", {y, rest}, {{"axis", std::int64_t{1}}});
  }

  // Within windows, or events.

  void make(graph::Attention const& op) {
    NodeId const order = node().type.order;
    std::int64_t const heads = op.heads;
    std::int64_t const d = width() / heads;
    std::vector<Name> parts{input(0)};
    if (node().inputs.size() == 1) {
      parts = split(input(0), {width(), width(), width()}, 1);
    } else {
      for (Name const& part : split(input(1), {width(), width()}, 1)) parts.push_back(part);
    }
    auto const of_heads = [&](Name const& x, Integers axes) {
      return transpose(add("Reshape", {x, shape_of_windows(order, {heads, d})}), std::move(axes));
    };
    Name const scaled = add("Mul", {parts[0], number(1 / std::sqrt(static_cast<float>(d)))});
    Name const q = of_heads(scaled, {0, 2, 1, 3});    // [n, heads, L, d]
    Name const k = of_heads(parts[1], {0, 2, 3, 1});  // [n, heads, d, L]
    Name const v = of_heads(parts[2], {0, 2, 1, 3});
    Name scores = add("MatMul", {q, k});
    if (order.is_valid()) scores = add("Add", {scores, mask(order)});
    Name const answer = add("MatMul", {add("Softmax", {scores}, {{"axis", std::int64_t{-1}}}), v});
    reshape(transpose(answer, {0, 2, 1, 3}), {-1, width()});
  }

  void make(graph::PairKernel const&) {
    std::int64_t const d = type_of_input(0).width;
    Name const x = add("Reshape", {input(0), shape_of_windows(node().type.order, {d})});
    Name const squares = add("ReduceSum", {add("Mul", {x, x}), integers({2})});  // [n, L, 1]
    Name const products = add("MatMul", {add("Mul", {x, number(-2)}), transpose(x, {0, 2, 1})});
    Name const sums = add("Add", {add("Add", {products, squares}), transpose(squares, {0, 2, 1})});
    Name const distance = add("Sqrt", {add("Max", {sums, number(1e-6F)})});
    add("Exp", {add("Mul", {distance, number(-0.1F)})});  // [n, L, L]
  }

  void make(graph::PairSum const&) {
    NodeId const order = node().type.order;
    Name const x = add("Mul", {input(1), weight(order)});
    Name const of_windows = add("Reshape", {x, shape_of_windows(order, {width()})});
    reshape(add("MatMul", {input(0), of_windows}), {-1, width()});
  }

  // Of events: rows [1, width].

  void make(graph::EventMean const&) { add("ReduceMean", {input(0)}, {{"axes", Integers{0}}}); }

  void make(graph::EventPool const&) {
    Name const weights = transpose(add("Softmax", {input(0)}, {{"axis", std::int64_t{0}}}), {1, 0});
    reshape(add("MatMul", {weights, input(1)}), {1, -1});
  }

  void make(graph::GroupedDense const& op) {
    if (node().type.rows != graph::Rows::events) fail("has groups of columns of elements");
    std::int64_t const n_in = type_of_input(0).width / op.groups;
    std::int64_t const n_out = width() / op.groups;
    Name const weights = transpose(reshape(constant(op.weight), {op.groups, n_out, n_in}), {0, 2, 1});
    Name const products = add("MatMul", {reshape(input(0), {op.groups, 1, n_in}), weights});
    add("Add", {reshape(products, {1, -1}), constant(op.bias)});
  }

  void make(graph::EventRow const& op) { reshape(constant(op.row), {1, -1}); }

  /// The weights of kernel attention. [heads, rows, F]
  /// @param f      [rows, heads F]
  /// @param axes   over which the highest is taken, of [rows, heads, F]
  Name kernel_weights(graph::KernelWeight weight, Name const& f, std::int64_t heads, std::int64_t n_features,
                      Integers axes) {
    Name const of_heads = reshape(f, {-1, heads, n_features});
    Name weights;
    if (weight == graph::KernelWeight::plus_1) {
      weights = add("Add", {of_heads, number(1)});
    } else {
      Name const highest = add("ReduceMax", {of_heads}, {{"axes", std::move(axes)}});
      weights = add("Exp", {add("Sub", {of_heads, highest})});
    }
    return transpose(weights, {1, 0, 2});
  }

  void make(graph::KernelSums const& op) {
    std::int64_t const heads = op.heads;
    std::int64_t const n_features = type_of_input(0).width / heads;
    std::int64_t const n = type_of_input(1).width / heads;
    Name const weights = kernel_weights(op.weight, input(0), heads, n_features, {0, 2});
    Name const values = transpose(reshape(input(1), {-1, heads, n}), {1, 0, 2});  // [heads, N, n]
    Name const sums = reshape(add("MatMul", {transpose(weights, {0, 2, 1}), values}), {1, -1});
    Name const totals = reshape(add("ReduceSum", {weights, integers({1})}), {1, -1});
    add("Concat", {sums, totals}, {{"axis", std::int64_t{1}}});
  }

  void make(graph::KernelReadout const& op) {
    std::int64_t const heads = op.heads;
    std::int64_t const n_features = type_of_input(0).width / heads;
    std::int64_t const n = width() / heads;
    float const scale = 1 / static_cast<float>(n_features);
    Name const asked = kernel_weights(op.weight, input(0), heads, n_features, {2});
    std::vector<Name> const sums = split(input(1), {heads * n_features * n, heads * n_features}, 1);
    Name const both =
        add("Concat", {reshape(sums[0], {heads, n_features, n}), reshape(sums[1], {heads, n_features, 1})},
            {{"axis", std::int64_t{2}}});
    Name const products = add("MatMul", {asked, both});  // [heads, rows, n + 1]
    std::vector<Name> const parts = split(add("Mul", {products, number(scale)}), {n, 1}, 2);
    Name const answer = add("Div", {parts[0], add("Add", {parts[1], number(1e-6F)})});
    reshape(transpose(answer, {1, 0, 2}), {-1, width()});
  }

  graph::Graph const& graph_;
  Model model_;
  NodeId node_;
  Name group_;                ///< of the nodes that are being added
  std::vector<Name> values_;  ///< [nodes of the graph] the name of what each makes
  std::map<Name, int> n_of_name_;
  std::map<graph::ConstantId, Name> constants_;
  std::vector<std::size_t> helpers_;  ///< initializers that are none of the graph's
  std::map<std::string, Name> once_;
  std::map<NodeId, Order> orders_;
};

}  // namespace

Model to_onnx(graph::Graph const& graph) {
  return Converter(graph)();
}

}  // namespace corpuscle::onnx
