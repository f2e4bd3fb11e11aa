#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/artifact/tensor.hpp"
#include "corpuscle/graph/graph.hpp"

/// Inside of the library: how networks take their weights from a file.
namespace corpuscle::graph {

/// Moves the arrays of a model file into a graph and sees that none is missing, of another shape, or left
/// over.
class Weights {
 public:
  /// @param tensors  of different names
  /// @param where    the file, for errors
  Weights(std::span<artifact::Tensor const> tensors, std::string_view where, Graph& graph);

  /// @throws core::DataError naming the array
  ConstantId operator()(std::string const& name, std::vector<std::size_t> const& shape);

  /// NAME.weight [n_out, n_in] and NAME.bias [n_out].
  Dense::Affine affine(std::string const& name, std::uint32_t n_in, std::uint32_t n_out);
  Dense dense(std::string const& name, std::uint32_t n_in, std::uint32_t n_out,
              Function function = Function::identity);
  /// NAME.0, NAME.1, ...: one for each type of element.
  Dense dense_per_type(std::string const& name, std::uint32_t n_in, std::uint32_t n_out,
                       Function function = Function::identity);
  /// NAME.weight without a bias.
  Dense dense_without_bias(std::string const& name, std::uint32_t n_in, std::uint32_t n_out);
  /// NAME.0, NAME.1, ...: dense layers of these widths one after the other, ELU between them.
  NodeId feed_forward(std::string const& name, std::vector<std::uint32_t> const& widths, NodeId x);
  /// The first dense layer of the networks of 2023, whose input is [type as one of types + 1 columns, x
  /// without its first column]: columns of a type are a bias of its own. Input: features.
  Dense dense_with_type_code(std::string const& name, std::uint32_t n_out);
  /// NAME.weight and NAME.bias, [width].
  LayerNorm layer_norm(std::string const& name, std::uint32_t width, double epsilon);

  /// @throws core::DataError if an array has not been asked for
  void expect_all_used() const;

 private:
  std::span<artifact::Tensor const> tensors_;
  std::string_view where_;
  Graph& graph_;
  std::set<std::string> used_;
};

void build(Graph& graph, Weights& weights, artifact::WindowTransformerConfig const& config);
void build(Graph& graph, Weights& weights, artifact::GnnLshConfig const& config);
void build(Graph& graph, Weights& weights, artifact::AttentionConfig const& config);
void build(Graph& graph, Weights& weights, artifact::KernelTransformerConfig const& config);

/// The features of a batch, and what the network's constants "mean" and "scale" make of them.
struct NormalisedFeatures {
  NodeId measured, x;
};
NormalisedFeatures add_features(Graph& graph, Weights& weights);

std::vector<std::uint32_t> widths(std::int64_t first, std::vector<std::int64_t> const& hidden,
                                  std::int64_t last);

/// The heads of the networks of 2023, which correct what the elements measure (mlpf.md 3.1). Makes the
/// output.
/// @param id, reg  [n, width]
void add_decoder_2023(Graph& graph, Weights& weights, std::uint32_t width,
                      std::vector<std::int64_t> const& class_hidden,
                      std::vector<std::int64_t> const& other_hidden, NodeId id, NodeId reg, NodeId measured);

}  // namespace corpuscle::graph
