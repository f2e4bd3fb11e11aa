#include "corpuscle/onnx/model.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "corpuscle/onnx/wire.hpp"

namespace corpuscle::onnx {
namespace {

using namespace std::string_view_literals;

/// A model with something of everything.
Model everything() {
  Model model;
  model.producer = "a test";
  model.producer_version = "1";
  model.doc = "of no use";
  model.metadata = {{"key", "value"}, {"empty", ""}};
  model.graph_name = "graph";
  model.inputs = {{"x", ElementType::f32, {"elements", std::int64_t{3}}},
                  {"types", ElementType::i64, {"elements"}}};
  model.outputs = {{"y", ElementType::f32, {"elements", std::int64_t{2}}}};
  model.initializers = {{"w", ElementType::f32, {2, 3}, {1, 2, 3, 4, 5, 6}, {}},
                        {"axes", ElementType::i64, {2}, {}, {-1, 7}},
                        {"scalar", ElementType::f32, {}, {0.5F}, {}},
                        {"none", ElementType::f32, {0, 3}, {}, {}}};
  Node node;
  node.name = "n";
  node.op_type = "Gemm";
  node.inputs = {"x", "w", ""};
  node.outputs = {"y", "z"};
  node.doc = "says what it is";
  node.attributes = {{"transB", std::int64_t{1}},
                     {"alpha", 0.25F},
                     {"mode", std::string("constant")},
                     {"perm", std::vector<std::int64_t>{0, 2, 1}},
                     {"floats", std::vector<float>{1, -2}}};
  Node foreign;
  foreign.op_type = "Fused";
  foreign.domain = "com.example";
  foreign.outputs = {"f"};
  model.nodes = {node, foreign};
  return model;
}

TEST(Model, EverythingComesBackFromTheBytes) {
  Model const model = everything();
  EXPECT_EQ(decode(encode(model), "test"), model);
}

TEST(Model, TheBytesOfTheSameModelAreTheSame) {
  EXPECT_EQ(encode(everything()), encode(everything()));
}

TEST(Model, ValuesMayBeInFieldsOfTheirType) {
  WireWriter tensor;
  tensor.add(1, std::int64_t{2});
  tensor.add(2, std::int64_t{1});
  tensor.add(4, "\x00\x00\x80\x3f\x00\x00\x00\x40"sv);  // packed 1 and 2
  tensor.add(8, "t"sv);
  WireWriter graph;
  graph.add(5, tensor);
  WireWriter opset;
  opset.add(2, std::int64_t{17});
  WireWriter message;
  message.add(7, graph);
  message.add(8, opset);
  Model const model = decode(message.bytes(), "test");
  ASSERT_EQ(model.initializers.size(), 1U);
  EXPECT_EQ(model.initializers[0].floats, (std::vector<float>{1, 2}));
}

/// The message about a model that has been changed.
template <class Change>
std::string message_about(Change const& change) {
  Model model = everything();
  change(model);
  try {
    (void)decode(encode(model), "some.onnx");
    return "no error";
  } catch (core::DataError const& error) {
    return error.what();
  }
}

TEST(Model, ATensorMustBeAsLargeAsItsShape) {
  EXPECT_EQ(message_about([](Model& m) {
              m.initializers[0].shape = {2, 4};
            }),
            "some.onnx: tensor 'w' has 24 bytes, its shape asks for 32");
  EXPECT_EQ(message_about([](Model& m) {
              m.initializers[0].shape = {1LL << 40, 1LL << 40};
            }),
            "some.onnx: tensor 'w' has a shape that is larger than the file");
  EXPECT_EQ(message_about([](Model& m) {
              m.initializers[0].shape = {-2, -3};
            }),
            "some.onnx: tensor 'w' has a shape that is larger than the file");
}

TEST(Model, AnotherFormatIsRecognisedAsSuch) {
  EXPECT_THROW((void)decode("", "empty"), core::DataError);
  EXPECT_THROW((void)decode("{\"json\": true}", "json"), core::DataError);
  EXPECT_THROW((void)decode(std::string(100, '\0'), "zeros"), core::DataError);
}

// Whatever the bytes, there is a typed error or a model, and nothing else.
TEST(Model, DamagedBytesAreAnErrorOrAModelButNeverACrash) {
  std::string const bytes = encode(everything());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    try {
      (void)decode(bytes.substr(0, n), "cut");
    } catch (core::DataError const&) {
    }
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      try {
        (void)decode(flipped, "flipped");
      } catch (core::DataError const&) {
      }
    }
  }
}

TEST(Model, ACutFileIsAnErrorUnlessOnlyMetadataAreGone) {
  std::string const bytes = encode(everything());
  // The graph comes before the opset, so there is no whole model in the first half.
  for (std::size_t n = 0; n < bytes.size() / 2; ++n)
    EXPECT_THROW((void)decode(bytes.substr(0, n), "cut"), core::DataError) << n;
}

}  // namespace
}  // namespace corpuscle::onnx
