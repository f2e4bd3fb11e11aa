#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// ONNX files (https://onnx.ai/onnx/repo-docs/IR.html) as plain structs, as much of them as networks use.
namespace corpuscle::onnx {

/// Types of the entries of a tensor, numbered as in the files.
enum class ElementType : std::int32_t { f32 = 1, i64 = 7, boolean = 9 };

/// An array, row-major. Only one of the two is filled, as `type` says.
struct Tensor {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;

  friend bool operator==(Tensor const&, Tensor const&) = default;
};

using Attribute =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>>;

struct Node {
  std::string name, op_type, domain;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, Attribute> attributes;
  std::string doc;

  friend bool operator==(Node const&, Node const&) = default;
};

/// An input or an output.
struct Value {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<std::variant<std::int64_t, std::string>> shape;  ///< sizes; names of those that may vary

  friend bool operator==(Value const&, Value const&) = default;
};

struct Model {
  std::int64_t ir_version = 8;
  std::int64_t opset = 17;
  std::string producer, producer_version, doc;
  std::map<std::string, std::string> metadata;
  std::string graph_name;
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<Value> inputs, outputs;

  friend bool operator==(Model const&, Model const&) = default;
};

/// The bytes of a file.
std::string encode(Model const& model);

/// The reverse. What nothing in Model stands for is skipped where it changes nothing (names of dimensions,
/// training information), and an error where it does (nodes within attributes, arrays in other files).
/// @param where  names the file in messages
/// @throws core::DataError naming the byte, or the node or tensor
Model decode(std::string_view bytes, std::string_view where);

}  // namespace corpuscle::onnx
