#include "corpuscle/onnx/convert.hpp"

#include <gtest/gtest.h>

#include <set>

#include "corpuscle/core/error.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "graph/random_networks.hpp"

namespace corpuscle::onnx {
namespace {

graph::Graph random_graph(std::size_t architecture) {
  artifact::ModelConfig const config = test::small_networks()[architecture];
  return graph::build(config, test::random_weights(config, 1).tensors(), "test");
}

graph::Graph read_back(graph::Graph const& graph) {
  return to_graph(decode(encode(to_onnx(graph)), "test"), "test");
}

std::vector<float> answer(graph::Graph const& graph, std::size_t n) {
  runtime::Engine const engine(graph);
  test::RandomEvent const event = test::random_event(n, graph.n_features(), graph.n_types(), 2);
  std::vector<std::uint32_t> const offsets{0, static_cast<std::uint32_t>(n)};
  std::vector<float> outputs(n * engine.n_outputs());
  runtime::Arena arena;
  engine({event.features, event.types, offsets}, outputs, arena);
  return outputs;
}

class Architecture : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Convert, Architecture,
                         ::testing::Range(std::size_t{0}, test::small_networks().size()));

TEST_P(Architecture, ReadBackItAnswersTheSameToTheBit) {
  graph::Graph const graph = random_graph(GetParam());
  graph::Graph const again = read_back(graph);
  EXPECT_EQ(again.nodes().size(), graph.nodes().size());
  for (std::size_t const n : {1, 16, 17, 100}) EXPECT_EQ(answer(again, n), answer(graph, n)) << n;
}

TEST_P(Architecture, ASimplifiedGraphComesBackTooWithAllThatIsFused) {
  graph::Graph const graph = graph::simplify(random_graph(GetParam()));
  EXPECT_EQ(answer(read_back(graph), 40), answer(graph, 40));
}

TEST_P(Architecture, WrittenAgainItIsTheSameFile) {
  graph::Graph const graph = random_graph(GetParam());
  EXPECT_EQ(encode(to_onnx(read_back(graph))), encode(to_onnx(graph)));
}

TEST_P(Architecture, EveryNodeIsAStandardOneAndUsesWhatWasThereBefore) {
  Model const model = to_onnx(random_graph(GetParam()));
  std::set<std::string> known{features_name, types_name};
  for (Tensor const& tensor : model.initializers)
    EXPECT_TRUE(known.insert(tensor.name).second) << tensor.name;
  std::set<std::string> names;
  for (Node const& node : model.nodes) {
    EXPECT_EQ(node.domain, "");
    EXPECT_TRUE(names.insert(node.name).second) << node.name;
    for (std::string const& input : node.inputs) EXPECT_TRUE(known.contains(input)) << node.name;
    for (std::string const& output : node.outputs) EXPECT_TRUE(known.insert(output).second) << output;
  }
  EXPECT_TRUE(known.contains(outputs_name));
}

/// What the reader says of a file in which something has been changed.
template <class Change>
std::string message_about(std::size_t architecture, Change const& change) {
  Model model = to_onnx(random_graph(architecture));
  change(model);
  try {
    (void)to_graph(model, "some.onnx");
    return "no error";
  } catch (core::DataError const& error) {
    return error.what();
  }
}

Node& find(Model& model, std::string_view name) {
  for (Node& node : model.nodes)
    if (node.name == name) return node;
  throw std::logic_error("no such node");
}

constexpr std::size_t window_transformer = 0;

TEST(Convert, ANodeThatIsNotWhatItSaysIsNamed) {
  std::string const scale = message_about(window_transformer, [](Model& model) {
    find(model, "layer_0.norm/LayerNormalization").attributes["epsilon"] = 0.5F;
  });
  EXPECT_NE(
      scale.find("node 'layer_0.norm/LayerNormalization' (LayerNormalization) is not what its operation"),
      std::string::npos)
      << scale;
  std::string const inner = message_about(
      window_transformer, [](Model& model) { find(model, "layer_1.attention/Softmax").op_type = "Hardmax"; });
  EXPECT_NE(inner.find("node 'layer_1.attention/Softmax' (Hardmax)"), std::string::npos) << inner;
}

TEST(Convert, ChangedNumbersOfAWeightAreAnotherNetworkButAChangedTableIsAnError) {
  EXPECT_EQ(message_about(window_transformer,
                          [](Model& model) {
                            for (Tensor& tensor : model.initializers)
                              if (tensor.name == "embedding.weight") tensor.floats[0] += 1;
                          }),
            "no error");
  std::string const table = message_about(window_transformer, [](Model& model) {
    for (Tensor& tensor : model.initializers)
      if (tensor.integers.size() == 4096) tensor.integers[7] ^= 1;  // of Hilbert's curve
  });
  EXPECT_NE(table.find("is missing, or not what its operation needs"), std::string::npos) << table;
}

TEST(Convert, FilesOfOthersAreToldWhatThisVersionReads) {
  Model model;
  model.inputs = {{"image", ElementType::f32, {std::int64_t{1}, std::int64_t{3}}}};
  Node convolution;
  convolution.name = "conv1";
  convolution.op_type = "Conv";
  convolution.outputs = {"y"};
  model.nodes = {convolution};
  EXPECT_THROW((void)to_graph(model, "other.onnx"), core::DataError);
  std::string const added =
      message_about(window_transformer, [&](Model& m) { m.nodes.push_back(convolution); });
  EXPECT_NE(added.find("node 'conv1' (Conv) is not what its operation is made of"), std::string::npos)
      << added;
}

/// Replaces a word in the annotation of a node.
std::string message_about_annotation(std::size_t architecture, std::string_view node, std::string const& from,
                                     std::string const& to) {
  return message_about(architecture, [&](Model& model) {
    std::string& doc = find(model, node).doc;
    std::size_t const at = doc.find(from);
    ASSERT_NE(at, std::string::npos) << doc;
    doc.replace(at, from.size(), to);
  });
}

TEST(Convert, ForgedAnnotationsAreErrors) {
  char const* const attention = "layer_0.attention/Reshape#4";
  std::string const heads = "\"heads\":2";
  for (auto const& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {heads, "\"heads\":3"},
           {heads, "\"heads\":0"},
           {heads, "\"heads\":-2"},
           {heads, "\"heads\":4000000000"},
           {heads, "\"heads\":[[[[[[[[]]]]]]]]"},
           {heads, "\"heads\":\"two\""},
           {heads, "\"hands\":2"},
           {"\"attention\"", "\"atention\""},
           {"\"attention\"", "\"pair_sum\""},
           {"\"attention\"", "\"kernel_sums\""},
           {"\"constants\":[]", "\"constants\":[\"embedding.weight\"]"},
           {"\"inputs\":[", "\"inputs\":[\"later\","},
           {"{", "{{"}}) {
    std::string const message = message_about_annotation(window_transformer, attention, from, to);
    EXPECT_TRUE(message.starts_with("some.onnx: ")) << from << " -> " << to << ": " << message;
  }
}

}  // namespace
}  // namespace corpuscle::onnx
