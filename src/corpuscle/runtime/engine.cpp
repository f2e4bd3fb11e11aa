#include "corpuscle/runtime/engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/runtime/packing.hpp"
#include "corpuscle/runtime/window_order.hpp"

namespace corpuscle::runtime {

using graph::NodeId;
using graph::Plan;
namespace {

/// Rows of an array, `stride` floats apart.
struct Matrix {
  float* data;
  std::size_t stride;
  [[nodiscard]] float* row(std::size_t i) const noexcept { return data + i * stride; }
};

/// True for layers that see features, and for those of few outputs, which are answers.
bool needs_float(graph::Graph const& graph, graph::Node const& dense) {
  graph::Node const& before = graph[dense.inputs[0]];
  return dense.type.width < 16 || std::holds_alternative<graph::Features>(before.operation) ||
         std::holds_alternative<graph::Normalise>(before.operation);
}

}  // namespace

std::string_view name(Precision precision) noexcept {
  return precision == Precision::fp32 ? "fp32" : "bf16";
}

/// Where everything is in the scratch memory of an inference.
struct Engine::Layout {
  float *elements, *events, *block;
  std::size_t n_elements, n_events, block_rows;  ///< that there is room for
  double* sums;
  float* rounded;          ///< [block_rows, widest_input_]
  std::byte* keys_of_all;  ///< of attention
  std::byte* scratch;      ///< of kernels
  std::uint64_t* keys;
  OrderView* orders;  ///< [nodes]
  std::size_t n_bytes;
};

Engine::Engine(graph::Graph const& graph, EngineConfig config)
    : config_(config),
      kernels_(&kernels_for(config.instructions)),
      plan_(graph::plan(graph)),
      nodes_(graph.nodes().begin(), graph.nodes().end()),
      output_(graph.output()),
      n_features_(graph.n_features()),
      n_outputs_(graph.n_outputs()) {
  auto const pack_all = [&](Pieces pieces) {
    constants_.assign(graph.constants().size(), nullptr);
    layers_.assign(nodes_.size(), {});
    auto const keep = [&](graph::ConstantId id) {
      std::vector<float> const& values = graph[id].values;
      auto* const copy = pieces.take<float>(values.size());
      if (copy != nullptr) std::copy(values.begin(), values.end(), copy);
      constants_[id.row()] = copy;
    };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (auto const* const dense = std::get_if<graph::Dense>(&nodes_[i].operation)) {
        Layer& layer = layers_[i];
        layer.in_bf16 = config.precision == Precision::bf16 && !needs_float(graph, nodes_[i]);
        Packing const packing = !layer.in_bf16    ? Packing::fp32
                                : kernels_->pairs ? Packing::pairs
                                                  : Packing::rounded;
        for (graph::Dense::Affine const& affine : dense->of_type)
          layer.of_type.push_back(pack(graph[affine.weight],
                                       affine.bias.is_valid() ? &graph[affine.bias] : nullptr, packing,
                                       kernels_->panel, pieces));
      } else if (auto const* const lsh = std::get_if<graph::LshOrder>(&nodes_[i].operation)) {
        layers_[i].of_type.push_back(
            pack(graph[lsh->codebook], nullptr, Packing::fp32, kernels_->panel, pieces));
      } else {
        for (graph::ConstantId const constant : constants_of(nodes_[i].operation)) keep(constant);
      }
    }
    return pieces.n_bytes();
  };
  pack_all(Pieces(weights_.reserve(pack_all(Pieces()))));

  sums_.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    graph::Node const& node = nodes_[i];
    if (std::holds_alternative<graph::EventMean>(node.operation)) {
      sums_[i] = n_sums_;
      n_sums_ += node.type.width;
    } else if (std::holds_alternative<graph::EventPool>(node.operation)) {
      sums_[i] = n_sums_;
      n_sums_ += 2 * std::size_t{nodes_[node.inputs[0].row()].type.width};
    } else if (std::holds_alternative<graph::Dense>(node.operation)) {
      if (layers_[i].in_bf16)
        widest_input_ = std::max(widest_input_, plan_.places[node.inputs[0].row()].stride);
    } else if (auto const* const attention = std::get_if<graph::Attention>(&node.operation)) {
      widest_head_ = std::max<std::size_t>(widest_head_, node.type.width / attention->heads);
      most_heads_ = std::max<std::size_t>(most_heads_, attention->heads);
      attends_to_events_ |= !node.type.order.is_valid();
    } else if (auto const* const sums = std::get_if<graph::KernelSums>(&node.operation)) {
      sums_[i] = n_sums_;
      n_sums_ += sums->heads;
      widest_weights_ = std::max(widest_weights_, plan_.places[node.inputs[0].row()].stride);
    } else if (std::holds_alternative<graph::KernelReadout>(node.operation)) {
      widest_weights_ = std::max(widest_weights_, plan_.places[node.inputs[0].row()].stride);
    } else if (std::holds_alternative<graph::PairSum>(node.operation)) {
      widest_pair_sum_ = std::max(widest_pair_sum_, plan_.places[i].stride);
    } else if (std::holds_alternative<graph::PairKernel>(node.operation)) {
      widest_pair_ = std::max<std::size_t>(widest_pair_, nodes_[node.inputs[0].row()].type.width);
    } else if (std::holds_alternative<graph::LshOrder>(node.operation)) {
      widest_code_ = std::max(widest_code_, layers_[i].of_type.front().stride);
    }
    longest_window_ = std::max<std::size_t>(longest_window_, longest_window(node.operation));
  }
}

Engine::Layout Engine::layout(std::size_t n_elements, std::size_t n_events, std::size_t longest,
                              std::byte* memory) const {
  Pieces pieces(memory);
  Layout result{};
  result.n_elements = n_elements;
  result.n_events = n_events;
  result.block_rows = std::min(plan_.block_rows, std::max(n_elements, n_events));
  result.elements = pieces.take<float>(plan_.floats_per_element * n_elements);
  result.events = pieces.take<float>(plan_.floats_per_event * n_events);
  result.block = pieces.take<float>(plan_.floats_per_block_row * result.block_rows);
  result.sums = pieces.take<double>(n_sums_);

  std::size_t const window = std::min(longest, longest_window_);
  std::size_t const attended = attends_to_events_ ? longest : window;
  result.rounded = pieces.take<float>(result.block_rows * widest_input_);
  result.keys_of_all = pieces.take<std::byte>(
      most_heads_ > 0 ? kernels_->attention_keys(attended, most_heads_, widest_head_) : 0);
  result.scratch = pieces.take<std::byte>(std::max(
      {kernels_->attention_scratch(attended, widest_head_), kernels_->pair_scratch(window, widest_pair_),
       kernels_->pair_sum_scratch(window, widest_pair_sum_),
       result.block_rows * std::max(widest_code_, widest_weights_) * sizeof(float)}));
  result.keys = pieces.take<std::uint64_t>(longest_window_ > 0 ? n_elements : 0);
  result.orders = pieces.take<OrderView>(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    std::size_t const size = longest_window(nodes_[i].operation);
    if (size == 0) continue;
    std::size_t const n_windows = most_windows(n_elements, n_events, size);
    OrderView view{};
    view.rows = pieces.take<std::uint32_t>(n_elements);
    view.windows = pieces.take<std::uint32_t>(n_windows + 1);
    view.events = pieces.take<std::uint32_t>(n_windows);
    if (memory != nullptr) new (result.orders + i) OrderView(view);
  }
  result.n_bytes = pieces.n_bytes();
  return result;
}

std::size_t Engine::scratch_bytes(std::size_t n_elements, std::size_t n_events, std::size_t longest) const {
  return layout(n_elements, n_events, longest, nullptr).n_bytes;
}

/// One inference.
class Engine::Run {
 public:
  Run(Engine const& engine, Batch const& batch, std::span<float> outputs, Layout const& layout)
      : engine_(engine), kernels_(*engine.kernels_), batch_(batch), outputs_(outputs), layout_(layout) {}

  void operator()() {
    for (Plan::Stage const& stage : engine_.plan_.stages) run(stage);
  }

 private:
  /// Consecutive rows of a stage, all nodes of which are run on them before the next block.
  struct Block {
    std::size_t first, last;
    std::size_t segment;  ///< the one that `first` is in
    [[nodiscard]] std::size_t size() const noexcept { return last - first; }
  };

  /// The events, or the windows of an order, as they lie end to end in the rows of a stage.
  struct Segments {
    std::uint32_t const* offsets;
    std::uint32_t const* events;  ///< null: segment i is event i
    std::size_t n;
  };

  [[nodiscard]] Segments segments_of(NodeId order) const {
    if (!order.is_valid()) return {batch_.offsets.data(), nullptr, batch_.n_events()};
    OrderView const& view = layout_.orders[order.row()];
    return {view.windows, view.events, view.n_windows};
  }

  void run(Plan::Stage const& stage) {
    if (stage.rows == graph::Rows::order) {
      node_ = stage.nodes.front();
      std::visit([&](auto const& operation) { make_order(operation); }, node().operation);
      return;
    }
    std::size_t const step = layout_.block_rows;
    if (stage.rows == graph::Rows::events) {
      for (std::size_t first = 0; first < batch_.n_events(); first += step)
        run(stage, {first, std::min(first + step, batch_.n_events()), first});
      return;
    }
    segments_ = segments_of(stage.order);
    std::size_t const n = batch_.n_elements();
    for (Block block{0, 0, 0}; block.first < n; block.first = block.last) {
      while (segments_.offsets[block.segment + 1] <= block.first) ++block.segment;
      block.last = std::min(block.first + step, n);
      if (stage.whole_windows && block.last < n) {
        std::size_t next = block.segment + 1;
        while (segments_.offsets[next + 1] <= block.last) ++next;
        block.last = segments_.offsets[next];
      }
      run(stage, block);
    }
  }

  template <class Other>
  void make_order(Other const&) {}

  void make_order(graph::WindowOrder const& op) {
    make_window_order(op, batch_.features, engine_.n_features_, batch_.offsets, layout_.keys,
                      layout_.orders[node_.row()]);
  }

  void make_order(graph::LshOrder const& op) {
    Matrix const x = all_rows(input(0));
    PackedDense const& codebook = engine_.layers_[node_.row()].of_type.front();
    auto* const z = reinterpret_cast<float*>(layout_.scratch);
    for (std::size_t event = 0; event < batch_.n_events(); ++event) {
      std::size_t const end = batch_.offsets[event + 1];
      std::size_t const length = end - batch_.offsets[event];
      if (length <= op.size) continue;
      std::size_t const n_used = lsh_directions(length, op.size, codebook.n_out);
      for (std::size_t first = batch_.offsets[event]; first < end; first += layout_.block_rows) {
        std::size_t const n = std::min(layout_.block_rows, end - first);
        kernels_.dense({&codebook, graph::Function::identity, x.row(first), x.stride, nullptr, 0, z,
                        codebook.stride, n});
        for (std::size_t i = 0; i < n; ++i)
          layout_.keys[first + i] = lsh_code(z + i * codebook.stride, codebook.n_out, n_used);
      }
    }
    make_lsh_order(op, batch_.offsets, layout_.keys, layout_.orders[node_.row()]);
  }

  void run(Plan::Stage const& stage, Block const& block) {
    rounded_ = {};
    for (NodeId const node : stage.nodes) {
      node_ = node;
      std::visit([&](auto const& operation) { compute(operation, block); },
                 engine_.nodes_[node.row()].operation);
      if (node == engine_.output_) {
        Matrix const answer = matrix(node, block);
        for (std::size_t i = 0; i < block.size(); ++i)
          std::copy_n(answer.row(i), engine_.n_outputs_,
                      outputs_.data() + (block.first + i) * engine_.n_outputs_);
      }
    }
  }

  // Where values are. For rows of events, a block's rows are events.

  [[nodiscard]] Matrix all_rows(NodeId node) const {
    Plan::Place const& place = engine_.plan_.places[node.row()];
    switch (place.where) {
      case Plan::Place::Where::features: return {const_cast<float*>(batch_.features.data()), place.stride};
      case Plan::Place::Where::elements:
        return {layout_.elements + place.offset * layout_.n_elements, place.stride};
      case Plan::Place::Where::events:
        return {layout_.events + place.offset * layout_.n_events, place.stride};
      case Plan::Place::Where::block:
        return {layout_.block + place.offset * layout_.block_rows, place.stride};
      case Plan::Place::Where::none: break;
    }
    return {nullptr, 0};
  }

  [[nodiscard]] Matrix matrix(NodeId id, Block const& block) const {
    graph::Node const& node = engine_.nodes_[id.row()];
    if (std::holds_alternative<graph::Gather>(node.operation) &&
        !layout_.orders[node.inputs[1].row()].moves_rows &&
        engine_.plan_.places[id.row()].where == Plan::Place::Where::block)
      return matrix(node.inputs[0], block);
    Matrix const all = all_rows(id);
    if (engine_.plan_.places[id.row()].where == Plan::Place::Where::block) return all;
    return {all.row(block.first), all.stride};
  }

  [[nodiscard]] bool in_bf16() const { return engine_.config_.precision == Precision::bf16; }
  [[nodiscard]] graph::Node const& node() const { return engine_.nodes_[node_.row()]; }
  [[nodiscard]] std::size_t width() const { return node().type.width; }
  [[nodiscard]] NodeId input(std::size_t i) const { return node().inputs[i]; }
  [[nodiscard]] Matrix in(std::size_t i, Block const& block) const { return matrix(input(i), block); }
  [[nodiscard]] Matrix out(Block const& block) const { return matrix(node_, block); }
  [[nodiscard]] float const* constant(graph::ConstantId id) const { return engine_.constants_[id.row()]; }

  /// A part of a block that lies in one segment.
  struct Part {
    std::size_t segment, event;
    std::size_t first, last;  ///< rows from the beginning of the block
  };
  template <class F>
  void for_each_part(Block const& block, F const& f) const {
    std::size_t first = block.first;
    for (std::size_t segment = block.segment; first < block.last; ++segment) {
      std::size_t const last = std::min<std::size_t>(segments_.offsets[segment + 1], block.last);
      if (last <= first) continue;
      f(Part{segment, segments_.events == nullptr ? segment : segments_.events[segment], first - block.first,
             last - block.first});
      first = last;
    }
  }

  void compute(graph::Features const&, Block const&) {}
  void compute(graph::WindowOrder const&, Block const&) {}
  void compute(graph::LshOrder const&, Block const&) {}

  void compute(graph::Normalise const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::size_t const type = batch_.types[block.first + i];
      float const* const mean = constant(op.mean) + type * width();
      float const* const scale = constant(op.scale) + type * width();
      for (std::size_t j = 0; j < width(); ++j) y.row(i)[j] = (x.row(i)[j] - mean[j]) * scale[j];
    }
  }

  /// The value of a node in bf16, as kernels take it. Several layers may ask for the same.
  Matrix rounded(NodeId id, Block const& block) {
    Matrix const x = matrix(id, block);
    Matrix const result{layout_.rounded, engine_.widest_input_};
    if (rounded_ != id)
      kernels_.pack_bf16(x.data, x.stride, block.size(), engine_.nodes_[id.row()].type.width, result.data,
                         result.stride);
    rounded_ = id;
    return result;
  }

  void compute(graph::Dense const& op, Block const& block) {
    Layer const& layer = engine_.layers_[node_.row()];
    Matrix const x = layer.in_bf16 ? rounded(input(0), block) : in(0, block);
    Matrix const y = out(block);
    Matrix const added = node().inputs.size() == 2 ? in(1, block) : Matrix{nullptr, 0};
    auto const multiply = [&](std::size_t type, std::size_t first, std::size_t last) {
      DenseCall const call{&layer.of_type[type],
                           op.function,
                           x.row(first),
                           x.stride,
                           added.data == nullptr ? nullptr : added.row(first),
                           added.stride,
                           y.row(first),
                           y.stride,
                           last - first};
      (layer.in_bf16 ? kernels_.dense_bf16 : kernels_.dense)(call);
    };
    if (layer.of_type.size() == 1) {
      multiply(0, 0, block.size());
      return;
    }
    for (std::size_t first = 0; first < block.size();) {  // elements of one type come together
      std::uint8_t const type = batch_.types[block.first + first];
      std::size_t last = first + 1;
      while (last < block.size() && batch_.types[block.first + last] == type) ++last;
      multiply(type, first, last);
      first = last;
    }
  }

  void compute(graph::LayerNorm const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    kernels_.layer_norm(x.data, x.stride, constant(op.weight), constant(op.bias),
                        static_cast<float>(op.epsilon), y.data, y.stride, block.size(), width());
  }

  void compute(graph::Map const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i) kernels_.map(op.function, x.row(i), y.row(i), width());
  }

  /// y = f(x) of every entry.
  template <class F>
  void map(Block const& block, F const& f) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i)
      for (std::size_t j = 0; j < width(); ++j) y.row(i)[j] = f(x.row(i)[j]);
  }

  void compute(graph::Elementary const& op, Block const& block) {
    using Kind = graph::Elementary::Kind;
    switch (op.kind) {
      case Kind::absolute: return map(block, [](float x) { return std::abs(x); });
      case Kind::relu: return map(block, [](float x) { return x < 0 ? 0 : x; });
      case Kind::log: return map(block, [](float x) { return std::log(x < 1e-6F ? 1e-6F : x); });
      case Kind::log_cosh:
        return map(block, [](float x) {
          float const size = std::abs(x);
          return size + std::log1p(std::exp(-2 * size)) - std::numbers::ln2_v<float>;
        });
    }
  }

  void compute(graph::Clamp const& op, Block const& block) {
    map(block, [&](float x) { return x < op.low ? op.low : x > op.high ? op.high : x; });
  }

  /// y = f(a, b) of every entry.
  template <class F>
  void combine(Block const& block, F const& f) {
    Matrix const a = in(0, block);
    Matrix const b = in(1, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i)
      for (std::size_t j = 0; j < width(); ++j) y.row(i)[j] = f(a.row(i)[j], b.row(i)[j]);
  }

  void compute(graph::Subtract const&, Block const& block) {
    combine(block, [](float a, float b) { return a - b; });
  }
  void compute(graph::Multiply const&, Block const& block) {
    combine(block, [](float a, float b) { return a * b; });
  }

  void compute(graph::Blend const&, Block const& block) {
    Matrix const a = in(0, block);
    Matrix const b = in(1, block);
    Matrix const c = in(2, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i)
      kernels_.blend(a.row(i), b.row(i), c.row(i), y.row(i), width());
  }

  void compute(graph::Columns const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i) std::copy_n(x.row(i) + op.first, width(), y.row(i));
  }

  void compute(graph::PairKernel const&, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const k = out(block);
    std::size_t const n_columns = engine_.nodes_[input(0).row()].type.width;
    for_each_part(block, [&](Part const& part) {
      std::size_t const n = part.last - part.first;
      kernels_.pair_kernel(x.row(part.first), x.stride, n, n_columns, k.row(part.first), k.stride,
                           layout_.scratch);
      if (in_bf16())  // which PairSum multiplies, and nothing else reads
        kernels_.pack_bf16(k.row(part.first), k.stride, n, n, k.row(part.first), k.stride);
    });
  }

  void compute(graph::PairSum const&, Block const& block) {
    Matrix const k = in(0, block);
    Matrix const x = in(1, block);
    Matrix const y = out(block);
    for_each_part(block, [&](Part const& part) {
      (in_bf16() ? kernels_.pair_sum_bf16
                 : kernels_.pair_sum)({k.row(part.first), k.stride, part.last - part.first, x.row(part.first),
                                       x.stride, y.stride, y.row(part.first), y.stride, layout_.scratch});
    });
  }

  void compute(graph::Add const&, Block const& block) {
    Matrix const a = in(0, block);
    Matrix const y = out(block);
    auto const add = [&](std::size_t row, float const* b) {
      kernels_.add(a.row(row), b, y.row(row), width());
    };
    if (engine_.nodes_[input(1).row()].type.rows == node().type.rows) {
      Matrix const b = in(1, block);
      for (std::size_t i = 0; i < block.size(); ++i) add(i, b.row(i));
    } else {
      Matrix const of_event = all_rows(input(1));
      for_each_part(block, [&](Part const& part) {
        for (std::size_t i = part.first; i < part.last; ++i) add(i, of_event.row(part.event));
      });
    }
  }

  void compute(graph::Concat const&, Block const& block) {
    Matrix const y = out(block);
    std::size_t column = 0;
    for (NodeId const from : node().inputs) {
      Matrix const x = matrix(from, block);
      std::size_t const n = engine_.nodes_[from.row()].type.width;
      for (std::size_t i = 0; i < block.size(); ++i) std::copy_n(x.row(i), n, y.row(i) + column);
      column += n;
    }
  }

  void compute(graph::Gather const&, Block const& block) {
    Matrix const x = all_rows(input(0));
    Matrix const y = out(block);
    OrderView const& order = layout_.orders[input(1).row()];
    if (y.data == x.row(block.first)) return;  // the order moves no rows: they are read where they are
    for (std::size_t i = 0; i < block.size(); ++i)
      std::copy_n(x.row(order.rows[block.first + i]), width(), y.row(i));
  }

  void compute(graph::Scatter const&, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = all_rows(node_);
    OrderView const& order = layout_.orders[input(1).row()];
    if (node().inputs.size() == 2) {
      for (std::size_t i = 0; i < block.size(); ++i)
        std::copy_n(x.row(i), width(), y.row(order.rows[block.first + i]));
      return;
    }
    Matrix const added = all_rows(input(2));
    for (std::size_t i = 0; i < block.size(); ++i) {
      std::uint32_t const row = order.rows[block.first + i];
      kernels_.add(x.row(i), added.row(row), y.row(row), width());
    }
  }

  void compute(graph::TurnTable const& op, Block const& block) {
    Matrix const features = in(0, block);
    Matrix const y = out(block);
    std::size_t const half = op.d / 2;
    for (std::size_t i = 0; i < block.size(); ++i) {
      float const* const x = features.row(i);
      float* const cosines = y.row(i);
      float* const sines = cosines + half;
      std::fill_n(cosines, half, 1.F);
      std::fill_n(sines, half, 0.F);
      float const angles[] = {x[2], std::atan2(x[3], x[4])};
      std::size_t column = 0;
      for (float const angle : angles) {
        // In double, doubling the angle again and again loses nothing that float could show.
        double cosine = std::cos(static_cast<double>(angle));
        double sine = std::sin(static_cast<double>(angle));
        for (std::size_t k = 0; k < op.frequencies; ++k, ++column) {
          sine *= 2 * cosine;
          cosine = 2 * cosine * cosine - 1;
          cosines[column] = static_cast<float>(cosine);
          sines[column] = static_cast<float>(sine);
        }
      }
    }
  }

  void compute(graph::Turn const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const table = in(1, block);
    Matrix const y = out(block);
    std::size_t const d = engine_.nodes_[input(1).row()].type.width;
    kernels_.turn(x.data, x.stride, table.data, table.stride, y.data, y.stride, block.size(), op.blocks, d);
    if (std::size_t const turned = op.blocks * d; x.data != y.data)
      for (std::size_t i = 0; i < block.size(); ++i)
        std::copy(x.row(i) + turned, x.row(i) + width(), y.row(i) + turned);
  }

  void compute(graph::Attention const& op, Block const& block) {
    bool const is_one = node().inputs.size() == 1;
    NodeId const from = input(is_one ? 0 : 1);
    Matrix const q = in(0, block);
    Matrix const y = out(block);
    // Windows lie within the block, events need not.
    Matrix keys = all_rows(from);
    bool const is_of_windows = node().type.order.is_valid();
    if (is_of_windows) {
      Matrix const here = matrix(from, block);
      keys = {here.data - block.first * here.stride, here.stride};
    }
    if (is_one) keys.data += width();
    for_each_part(block, [&](Part const& part) {
      std::size_t const first = segments_.offsets[part.segment];
      AttentionCall const call{q.row(part.first),
                               q.stride,
                               keys.row(first),
                               keys.row(first) + width(),
                               keys.stride,
                               part.last - part.first,
                               segments_.offsets[part.segment + 1] - first,
                               op.heads,
                               width() / op.heads,
                               y.row(part.first),
                               y.stride,
                               layout_.keys_of_all,
                               layout_.scratch};
      // Angles between neighbours, of 0.01 rad, are too fine for bf16.
      bool const rounds = in_bf16() && !is_of_windows;
      if (is_of_windows || packed_ != node_ || packed_event_ != part.event)
        (rounds ? kernels_.attention_pack_bf16 : kernels_.attention_pack)(call);
      packed_ = node_;
      packed_event_ = part.event;
      (rounds ? kernels_.attention_bf16 : kernels_.attention)(call);
    });
  }

  void compute(graph::EventMean const&, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = all_rows(node_);
    double* const sums = layout_.sums + engine_.sums_[node_.row()];
    for_each_part(block, [&](Part const& part) {
      std::size_t const begin = segments_.offsets[part.segment];
      std::size_t const end = segments_.offsets[part.segment + 1];
      if (block.first + part.first == begin) std::fill_n(sums, width(), 0.);
      for (std::size_t i = part.first; i < part.last; ++i)
        for (std::size_t j = 0; j < width(); ++j) sums[j] += static_cast<double>(x.row(i)[j]);
      if (block.first + part.last != end) return;  // goes on in the next block
      auto const n = static_cast<double>(end - begin);
      for (std::size_t j = 0; j < width(); ++j) y.row(part.event)[j] = static_cast<float>(sums[j] / n);
    });
  }

  void compute(graph::EventPool const&, Block const& block) {
    Matrix const scores = in(0, block);
    Matrix const x = in(1, block);
    Matrix const y = all_rows(node_);
    std::size_t const heads = engine_.nodes_[input(0).row()].type.width;
    std::size_t const n = width() / heads;
    double* const highest = layout_.sums + engine_.sums_[node_.row()];  // so far, of each head
    double* const sums = highest + heads;
    for_each_part(block, [&](Part const& part) {
      float* const means = y.row(part.event);
      if (block.first + part.first == segments_.offsets[part.segment]) {
        std::fill_n(highest, heads, -std::numeric_limits<double>::infinity());
        std::fill_n(sums, heads, 0.);
        std::fill_n(means, width(), 0.F);
      }
      for (std::size_t i = part.first; i < part.last; ++i) {
        for (std::size_t head = 0; head < heads; ++head) {
          double const score = scores.row(i)[head];
          float* const mean = means + head * n;
          if (!(score <= highest[head])) {  // all that was is worth less, by so much
            double const factor = std::exp(highest[head] - score);
            sums[head] *= factor;
            for (std::size_t j = 0; j < n; ++j) mean[j] *= static_cast<float>(factor);
            highest[head] = score;
          }
          auto const weight = static_cast<float>(std::exp(score - highest[head]));
          sums[head] += static_cast<double>(weight);
          for (std::size_t j = 0; j < n; ++j) mean[j] += weight * x.row(i)[j];
        }
      }
      if (block.first + part.last != segments_.offsets[part.segment + 1]) return;
      for (std::size_t j = 0; j < width(); ++j) means[j] /= static_cast<float>(sums[j / n]);
    });
  }

  void compute(graph::GroupedDense const& op, Block const& block) {
    Matrix const x = in(0, block);
    Matrix const y = out(block);
    std::size_t const n_in = engine_.nodes_[input(0).row()].type.width / op.groups;
    std::size_t const n_out = width() / op.groups;
    for (std::size_t i = 0; i < block.size(); ++i) {
      for (std::size_t j = 0; j < width(); ++j) {
        float const* const weight = constant(op.weight) + j * n_in;
        float const* const group = x.row(i) + j / n_out * n_in;
        float sum = constant(op.bias)[j];
        for (std::size_t k = 0; k < n_in; ++k) sum += weight[k] * group[k];
        y.row(i)[j] = sum;
      }
    }
  }

  void compute(graph::EventRow const& op, Block const& block) {
    Matrix const y = out(block);
    for (std::size_t i = 0; i < block.size(); ++i) std::copy_n(constant(op.row), width(), y.row(i));
  }

  void compute(graph::KernelSums const& op, Block const& block) {
    Matrix const f = in(0, block);
    Matrix const v = in(1, block);
    Matrix const y = all_rows(node_);
    std::size_t const n_features = engine_.nodes_[input(0).row()].type.width / op.heads;
    std::size_t const n = engine_.nodes_[input(1).row()].type.width / op.heads;
    Matrix const weights{reinterpret_cast<float*>(layout_.scratch), f.stride};
    auto* const highest = layout_.sums + engine_.sums_[node_.row()];  // so far, of each head
    for_each_part(block, [&](Part const& part) {
      if (block.first + part.first == segments_.offsets[part.segment]) {
        std::fill_n(y.row(part.event), width(), 0.F);
        std::fill_n(highest, op.heads, -std::numeric_limits<double>::infinity());
      }
      for (std::size_t head = 0; head < op.heads; ++head) {
        std::size_t const column = head * n_features;
        float* const sums = y.row(part.event) + column * n;
        float* const totals = y.row(part.event) + op.heads * n_features * n + column;
        auto const add = [&](std::size_t first, std::size_t last) {
          kernels_.kernel_sums({weights.row(first) + column, weights.stride, v.row(first) + head * n,
                                v.stride, last - first, n_features, n, sums, totals});
        };
        std::size_t first = part.first;
        for (std::size_t i = part.first; i < part.last; ++i) {
          float const* const features = f.row(i) + column;
          float* const weight = weights.row(i) + column;
          if (op.weight == graph::KernelWeight::plus_1) {
            for (std::size_t k = 0; k < n_features; ++k) weight[k] = features[k] + 1;
            continue;
          }
          double const most = *std::max_element(features, features + n_features);
          if (!(most <= highest[head])) {  // all that was is worth less, by so much
            add(first, i);
            first = i;
            auto const factor = static_cast<float>(std::exp(highest[head] - most));
            for (std::size_t k = 0; k < n_features * n; ++k) sums[k] *= factor;
            for (std::size_t k = 0; k < n_features; ++k) totals[k] *= factor;
            highest[head] = most;
          }
          kernels_.exp_less(features, static_cast<float>(highest[head]), weight, n_features);
        }
        add(first, part.last);
      }
    });
  }

  void compute(graph::KernelReadout const& op, Block const& block) {
    Matrix const f = in(0, block);
    Matrix const y = out(block);
    Matrix const all_sums = all_rows(input(1));
    std::size_t const n_features = engine_.nodes_[input(0).row()].type.width / op.heads;
    std::size_t const n = width() / op.heads;
    Matrix const weights{reinterpret_cast<float*>(layout_.scratch), f.stride};
    for (std::size_t i = 0; i < block.size(); ++i) {
      for (std::size_t head = 0; head < op.heads; ++head) {
        float const* const features = f.row(i) + head * n_features;
        float* const weight = weights.row(i) + head * n_features;
        if (op.weight == graph::KernelWeight::plus_1)
          for (std::size_t k = 0; k < n_features; ++k) weight[k] = features[k] + 1;
        else
          kernels_.exp_less(features, *std::max_element(features, features + n_features), weight, n_features);
      }
    }
    auto const read = [&](std::size_t first, std::size_t last, std::size_t event) {
      for (std::size_t head = 0; head < op.heads; ++head) {
        std::size_t const column = head * n_features;
        float const* const sums = all_sums.row(event);
        kernels_.kernel_readout({weights.row(first) + column, weights.stride, sums + column * n,
                                 sums + op.heads * n_features * n + column, last - first, n_features, n,
                                 y.row(first) + head * n, y.stride});
      }
    };
    if (node().type.rows == graph::Rows::events)
      for (std::size_t i = 0; i < block.size(); ++i) read(i, i + 1, block.first + i);
    else
      for_each_part(block, [&](Part const& part) { read(part.first, part.last, part.event); });
  }

  Engine const& engine_;
  Kernels const& kernels_;
  Batch const& batch_;
  std::span<float> outputs_;
  Layout const& layout_;
  Segments segments_{};
  NodeId node_;     ///< that is being computed
  NodeId rounded_;  ///< whose value of this block is in Layout::rounded
  NodeId packed_;   ///< attention whose keys of the event `packed_event_` are in Layout::keys_of_all
  std::size_t packed_event_ = 0;
};

void Engine::operator()(Batch const& batch, std::span<float> outputs, Arena& arena) const {
  CORPUSCLE_EXPECT(!batch.offsets.empty() && batch.offsets.back() == batch.n_elements());
  CORPUSCLE_EXPECT(batch.features.size() == batch.n_elements() * n_features_);
  CORPUSCLE_EXPECT(outputs.size() == batch.n_elements() * n_outputs_);
  if (batch.n_elements() == 0) return;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < batch.n_events(); ++i)
    longest = std::max<std::size_t>(longest, batch.offsets[i + 1] - batch.offsets[i]);
  std::size_t const n_bytes = scratch_bytes(batch.n_elements(), batch.n_events(), longest);
  Layout const shared = layout(batch.n_elements(), batch.n_events(), longest, arena.reserve(n_bytes));
  Run(*this, batch, outputs, shared)();
}

}  // namespace corpuscle::runtime
