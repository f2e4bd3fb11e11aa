#include "corpuscle/onnx/model.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/onnx/wire.hpp"

// Numbers of fields and of types of attributes are those of onnx.proto3 of ONNX 1.12.
namespace corpuscle::onnx {
namespace {

using core::cat;

static_assert(std::endian::native == std::endian::little, "raw data of ONNX files is little-endian");

template <class T>
std::string_view as_bytes(std::vector<T> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)};
}

WireWriter write(Tensor const& tensor) {
  WireWriter message;
  for (std::int64_t const size : tensor.shape) message.add(1, size);
  message.add(2, static_cast<std::int64_t>(tensor.type));
  message.add(8, tensor.name);
  message.add(9, tensor.type == ElementType::f32 ? as_bytes(tensor.floats) : as_bytes(tensor.integers));
  return message;
}

/// AttributeProto.AttributeType by the order of Attribute.
constexpr std::int64_t attribute_types[] = {2, 1, 3, 7, 6};

WireWriter write(std::string const& name, Attribute const& attribute) {
  WireWriter message;
  message.add(1, name);
  struct {
    WireWriter& message;
    void operator()(std::int64_t value) const { message.add(3, value); }
    void operator()(float value) const { message.add(2, value); }
    void operator()(std::string const& value) const { message.add(4, value); }
    void operator()(std::vector<std::int64_t> const& values) const {
      for (std::int64_t const value : values) message.add(8, value);
    }
    void operator()(std::vector<float> const& values) const {
      for (float const value : values) message.add(7, value);
    }
  } const value_to{message};
  std::visit(value_to, attribute);
  message.add(20, attribute_types[attribute.index()]);
  return message;
}

WireWriter write(Node const& node) {
  WireWriter message;
  for (std::string const& input : node.inputs) message.add(1, input);
  for (std::string const& output : node.outputs) message.add(2, output);
  message.add(3, node.name);
  message.add(4, node.op_type);
  for (auto const& [name, attribute] : node.attributes) message.add(5, write(name, attribute));
  if (!node.doc.empty()) message.add(6, node.doc);
  if (!node.domain.empty()) message.add(7, node.domain);
  return message;
}

WireWriter write(Value const& value) {
  WireWriter shape;
  for (auto const& size : value.shape) {
    WireWriter dimension;
    if (auto const* const number = std::get_if<std::int64_t>(&size))
      dimension.add(1, *number);
    else
      dimension.add(2, std::get<std::string>(size));
    shape.add(1, dimension);
  }
  WireWriter tensor;
  tensor.add(1, static_cast<std::int64_t>(value.type));
  tensor.add(2, shape);
  WireWriter type;
  type.add(1, tensor);
  WireWriter message;
  message.add(1, value.name);
  message.add(2, type);
  return message;
}

class Decoder {
 public:
  Decoder(std::string_view bytes, std::string_view where) : bytes_(bytes), where_(where) {}

  Model operator()() {
    Model model;
    model.ir_version = model.opset = 0;
    bool has_graph = false;
    WireReader reader(bytes_, bytes_, where_);
    for (WireField field; reader.next(field);) {
      switch (field.number) {
        case 1: model.ir_version = reader.integer(field); break;
        case 2: model.producer = reader.text(field); break;
        case 3: model.producer_version = reader.text(field); break;
        case 6: model.doc = reader.text(field); break;
        case 7:
          if (has_graph) reader.fail(field.offset, "there is a second graph");
          has_graph = true;
          read_graph(reader.message(field), model);
          break;
        case 8: read_opset(reader.message(field), model); break;
        case 14: read_entry(reader.message(field), model.metadata); break;
        case 25: fail("the model has functions of its own, which this version does not read");
        default: break;
      }
    }
    if (!has_graph) fail("there is no graph in it: it is cut, or no ONNX file");
    if (model.opset == 0) fail("it does not say of which opset it is");
    return model;
  }

 private:
  [[noreturn]] void fail(std::string const& what) const { throw core::DataError(cat(where_, ": ", what)); }

  void read_opset(WireReader reader, Model& model) const {
    std::string domain;
    std::int64_t version = 0;
    for (WireField field; reader.next(field);) {
      if (field.number == 1) domain = reader.text(field);
      if (field.number == 2) version = reader.integer(field);
    }
    if (domain.empty() || domain == "ai.onnx") model.opset = version;
  }

  static void read_entry(WireReader reader, std::map<std::string, std::string>& to) {
    std::string key;
    std::string value;
    for (WireField field; reader.next(field);) {
      if (field.number == 1) key = reader.text(field);
      if (field.number == 2) value = reader.text(field);
    }
    to[key] = value;
  }

  void read_graph(WireReader reader, Model& model) const {
    for (WireField field; reader.next(field);) {
      switch (field.number) {
        case 1: model.nodes.push_back(read_node(reader.message(field))); break;
        case 2: model.graph_name = reader.text(field); break;
        case 5: model.initializers.push_back(read_tensor(reader.message(field))); break;
        case 11: model.inputs.push_back(read_value(reader.message(field))); break;
        case 12: model.outputs.push_back(read_value(reader.message(field))); break;
        case 15: fail("it has sparse arrays, which this version does not read");
        default: break;
      }
    }
  }

  Node read_node(WireReader reader) const {
    Node node;
    for (WireField field; reader.next(field);) {
      switch (field.number) {
        case 1: node.inputs.emplace_back(reader.text(field)); break;
        case 2: node.outputs.emplace_back(reader.text(field)); break;
        case 3: node.name = reader.text(field); break;
        case 4: node.op_type = reader.text(field); break;
        case 5: read_attribute(reader.message(field), node); break;
        case 6: node.doc = reader.text(field); break;
        case 7: node.domain = reader.text(field); break;
        default: break;
      }
    }
    return node;
  }

  void read_attribute(WireReader reader, Node& node) const {
    std::string name;
    std::int64_t type = 0;
    std::int64_t integer = 0;
    float number = 0;
    std::string text;
    std::vector<std::int64_t> integers;
    std::vector<float> numbers;
    for (WireField field; reader.next(field);) {
      switch (field.number) {
        case 1: name = reader.text(field); break;
        case 2: number = reader.number(field); break;
        case 3: integer = reader.integer(field); break;
        case 4: text = reader.text(field); break;
        case 7: reader.append(field, numbers); break;
        case 8: reader.append(field, integers); break;
        case 20: type = reader.integer(field); break;
        default: break;
      }
    }
    switch (type) {
      case 1: node.attributes[name] = number; break;
      case 2: node.attributes[name] = integer; break;
      case 3: node.attributes[name] = std::move(text); break;
      case 6: node.attributes[name] = std::move(numbers); break;
      case 7: node.attributes[name] = std::move(integers); break;
      default:
        fail(cat("node '", node.name, "' (", node.op_type, "): the attribute '", name, "' is of type ", type,
                 ", which this version does not read"));
    }
  }

  Tensor read_tensor(WireReader reader) const {
    Tensor tensor;
    std::int64_t type = 0;
    std::string_view raw;
    bool is_raw = false;
    for (WireField field; reader.next(field);) {
      switch (field.number) {
        case 1: reader.append(field, tensor.shape); break;
        case 2: type = reader.integer(field); break;
        case 4: reader.append(field, tensor.floats); break;
        case 7: reader.append(field, tensor.integers); break;
        case 8: tensor.name = reader.text(field); break;
        case 9:
          raw = reader.text(field);
          is_raw = true;
          break;
        case 13: fail("it keeps arrays in other files, which this version does not read");
        default: break;
      }
    }
    auto const fail_tensor = [&](std::string const& what) { fail(cat("tensor '", tensor.name, "' ", what)); };
    if (type != static_cast<std::int64_t>(ElementType::f32) &&
        type != static_cast<std::int64_t>(ElementType::i64))
      fail_tensor(cat("is of type ", type, ", this version reads 1 (float) and 7 (int64)"));
    tensor.type = static_cast<ElementType>(type);
    std::uint64_t n = 1;
    for (std::int64_t const size : tensor.shape) {
      // No array is larger than the file, so a product that would overflow is found before it does.
      if (size < 0 || (size > 0 && n > bytes_.size() / static_cast<std::uint64_t>(size)))
        fail_tensor("has a shape that is larger than the file");
      n *= static_cast<std::uint64_t>(size);
    }
    if (is_raw) {
      std::size_t const size = tensor.type == ElementType::f32 ? sizeof(float) : sizeof(std::int64_t);
      if (!tensor.floats.empty() || !tensor.integers.empty()) fail_tensor("has its values twice");
      if (raw.size() != n * size)
        fail_tensor(cat("has ", raw.size(), " bytes, its shape asks for ", n * size));
      if (tensor.type == ElementType::f32)
        take_raw(raw, tensor.floats);
      else
        take_raw(raw, tensor.integers);
    }
    std::size_t const n_values =
        tensor.type == ElementType::f32 ? tensor.floats.size() : tensor.integers.size();
    if (n_values != n || tensor.floats.size() + tensor.integers.size() != n)
      fail_tensor(cat("has ", n_values, " values, its shape asks for ", n));
    return tensor;
  }

  template <class T>
  static void take_raw(std::string_view raw, std::vector<T>& to) {
    to.resize(raw.size() / sizeof(T));
    if (!raw.empty()) std::memcpy(to.data(), raw.data(), raw.size());
  }

  Value read_value(WireReader reader) const {
    Value value;
    for (WireField field; reader.next(field);) {
      if (field.number == 1) value.name = reader.text(field);
      if (field.number == 2) read_type(reader.message(field), value);
    }
    return value;
  }

  void read_type(WireReader reader, Value& value) const {
    for (WireField field; reader.next(field);) {
      if (field.number != 1) fail(cat("'", value.name, "' is no tensor"));
      WireReader tensor = reader.message(field);
      for (WireField part; tensor.next(part);) {
        if (part.number == 1) {
          std::int64_t const type = tensor.integer(part);
          if (type != 1 && type != 7 && type != 9)
            fail(cat("'", value.name, "' is of type ", type, ", which this version does not read"));
          value.type = static_cast<ElementType>(type);
        }
        if (part.number == 2) read_shape(tensor.message(part), value);
      }
    }
  }

  static void read_shape(WireReader reader, Value& value) {
    for (WireField field; reader.next(field);) {
      if (field.number != 1) continue;
      auto& size = value.shape.emplace_back(std::string());
      WireReader dimension = reader.message(field);
      for (WireField part; dimension.next(part);) {
        if (part.number == 1) size = dimension.integer(part);
        if (part.number == 2) size = std::string(dimension.text(part));
      }
    }
  }

  std::string_view bytes_, where_;
};

}  // namespace

std::string encode(Model const& model) {
  WireWriter graph;
  for (Node const& node : model.nodes) graph.add(1, write(node));
  graph.add(2, model.graph_name);
  for (Tensor const& tensor : model.initializers) graph.add(5, write(tensor));
  for (Value const& value : model.inputs) graph.add(11, write(value));
  for (Value const& value : model.outputs) graph.add(12, write(value));

  WireWriter opset;
  opset.add(1, std::string_view());
  opset.add(2, model.opset);

  WireWriter message;
  message.add(1, model.ir_version);
  message.add(2, model.producer);
  message.add(3, model.producer_version);
  if (!model.doc.empty()) message.add(6, model.doc);
  message.add(7, graph);
  message.add(8, opset);
  for (auto const& [key, value] : model.metadata) {
    WireWriter entry;
    entry.add(1, key);
    entry.add(2, value);
    message.add(14, entry);
  }
  return message.bytes();
}

Model decode(std::string_view bytes, std::string_view where) {
  return Decoder(bytes, where)();
}

}  // namespace corpuscle::onnx
