#include "corpuscle/onnx/annotation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::onnx {
namespace {

using Json = nlohmann::json;
using core::cat;

/// In the order of graph::Operation. What a name stands for never changes.
constexpr std::array<std::string_view, std::variant_size_v<graph::Operation>> names = {
    "features",  "normalise",  "dense",      "layer_norm",    "map",       "elementary",  "clamp",
    "add",       "subtract",   "multiply",   "blend",         "columns",   "concat",      "window_order",
    "lsh_order", "gather",     "scatter",    "turn_table",    "turn",      "attention",   "pair_kernel",
    "pair_sum",  "event_mean", "event_pool", "grouped_dense", "event_row", "kernel_sums", "kernel_readout"};

/// Words of enumerations, in their order.
std::vector<std::string> words_of(graph::Function) {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(graph::Function::sigmoid); ++i)
    words.emplace_back(name(static_cast<graph::Function>(i)));
  return words;
}
std::vector<std::string> words_of(graph::SortKey) {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(graph::SortKey::energy); ++i)
    words.emplace_back(name(static_cast<graph::SortKey>(i)));
  return words;
}
std::vector<std::string> words_of(graph::Elementary::Kind) {
  return {"absolute", "relu", "log", "log_cosh"};
}
std::vector<std::string> words_of(graph::KernelWeight) {
  return {"plus_1", "exponential"};
}

/// Operations of kernel attention have a "weight" that is no constant.
template <class Op>
concept HasKernelWeight = requires(Op& op) {
  requires std::is_same_v<decltype(op.weight), graph::KernelWeight>;
};

/// Calls f(name, member) for each member of an operation that is no constant. The one list of them.
template <class AnyOperation, class F>
void for_each_member(AnyOperation& operation, F const& f) {
  std::visit(
      [&]<class Op>(Op& op) {
        if constexpr (requires { op.function; }) f("function", op.function);
        if constexpr (requires { op.epsilon; }) f("epsilon", op.epsilon);
        if constexpr (requires { op.kind; }) f("kind", op.kind);
        if constexpr (requires { op.low; }) {
          f("low", op.low);
          f("high", op.high);
        }
        if constexpr (requires { op.last; }) {
          f("first", op.first);
          f("last", op.last);
        }
        if constexpr (requires { op.key; }) f("key", op.key);
        if constexpr (requires { op.size; }) f("size", op.size);
        if constexpr (requires { op.frequencies; }) {
          f("frequencies", op.frequencies);
          f("d", op.d);
        }
        if constexpr (requires { op.blocks; }) f("blocks", op.blocks);
        if constexpr (requires { op.heads; }) f("heads", op.heads);
        if constexpr (HasKernelWeight<Op>) f("weight", op.weight);
        if constexpr (requires { op.groups; }) f("groups", op.groups);
      },
      operation);
}

template <std::size_t i = 0>
graph::Operation operation_of(std::size_t index) {
  if constexpr (i + 1 < std::variant_size_v<graph::Operation>) {
    if (i != index) return operation_of<i + 1>(index);
  }
  return std::variant_alternative_t<i, graph::Operation>{};
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view where)
      : where_(where), json_(Json::parse(text, nullptr, false)) {}

  Annotation operator()() {
    if (!json_.is_object()) fail("has no annotation of 'corpuscle export'");
    Annotation result;
    std::string const operation = text(member("operation"));
    auto const found = std::find(names.begin(), names.end(), operation);
    if (found == names.end()) fail(cat("is annotated with the unknown operation '", operation, "'"));
    result.operation = operation_of(static_cast<std::size_t>(found - names.begin()));
    result.name = text(member("name"));
    result.inputs = texts("inputs");
    result.constants = texts("constants");
    for_each_member(result.operation, [&](char const* name, auto& value) { read(name, value); });
    number_constants(result);
    return result;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const { throw core::DataError(cat(where_, ' ', what)); }

  [[nodiscard]] Json const& member(char const* name) const {
    auto const found = json_.find(name);
    if (found == json_.end()) fail(cat("has no '", name, "' in its annotation"));
    return *found;
  }
  [[nodiscard]] std::string text(Json const& json) const {
    if (!json.is_string()) fail("has something in its annotation that is no text");
    return json.get<std::string>();
  }
  [[nodiscard]] std::vector<std::string> texts(char const* name) const {
    Json const& list = member(name);
    if (!list.is_array()) fail(cat("has no list '", name, "' in its annotation"));
    std::vector<std::string> result;
    for (Json const& each : list) result.push_back(text(each));
    return result;
  }

  void read(char const* name, std::uint32_t& value) const {
    Json const& json = member(name);
    std::string_view const what = name;
    bool const is_factor = what == "heads" || what == "blocks" || what == "groups";
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() > (is_factor ? max_groups : max_size))
      fail(cat("has an impossible '", name, "' in its annotation"));
    value = json.get<std::uint32_t>();
  }
  template <class Number>
  requires std::is_floating_point_v<Number>
  void read(char const* name, Number& value) const {
    Json const& json = member(name);
    if (!json.is_number() || !std::isfinite(json.get<Number>()))
      fail(cat("has an impossible '", name, "' in its annotation"));
    value = json.get<Number>();
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(char const* name, Enum& value) const {
    std::string const word = text(member(name));
    std::vector<std::string> const words = words_of(value);
    auto const found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) fail(cat("has the unknown '", name, "' '", word, "' in its annotation"));
    value = static_cast<Enum>(found - words.begin());
  }

  /// Gives the constants of the operation the numbers 0, 1, ...
  void number_constants(Annotation& result) const {
    std::size_t n = 0;
    auto const next = [&] { return graph::ConstantId(n++); };
    std::visit(
        [&]<class Op>(Op& op) {
          if constexpr (requires { op.of_type; }) {
            Json const& has_bias = member("has_bias");
            if (!has_bias.is_boolean()) fail("has something for 'has_bias' that is neither true nor false");
            std::size_t const of_each = has_bias.get<bool>() ? 2 : 1;
            op.of_type.resize(result.constants.size() / of_each);
            for (auto& affine : op.of_type) {
              affine.weight = next();
              if (of_each == 2) affine.bias = next();
            }
          }
          if constexpr (requires { op.bias; }) {
            op.weight = next();
            op.bias = next();
          }
          if constexpr (requires { op.mean; }) {
            op.mean = next();
            op.scale = next();
          }
          if constexpr (requires { op.codebook; }) op.codebook = next();
          if constexpr (requires { op.row; }) op.row = next();
        },
        result.operation);
    if (n != result.constants.size())
      fail(cat("names ", result.constants.size(), " constants, its operation has ", n));
  }

  std::string_view where_;
  Json json_;
};

}  // namespace

std::string to_json(Annotation const& annotation) {
  Json json{{"operation", names[annotation.operation.index()]},
            {"name", annotation.name},
            {"inputs", annotation.inputs},
            {"constants", annotation.constants}};
  for_each_member(annotation.operation, [&](char const* name, auto const& value) {
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(value)>>)
      json[name] = words_of(value)[static_cast<std::size_t>(value)];
    else
      json[name] = value;
  });
  if (auto const* const dense = std::get_if<graph::Dense>(&annotation.operation))
    json["has_bias"] = dense->of_type.front().bias.is_valid();
  return json.dump();
}

Annotation annotation_from_json(std::string_view text, std::string_view where) {
  return Parser(text, where)();
}

}  // namespace corpuscle::onnx
