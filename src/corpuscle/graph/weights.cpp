#include "corpuscle/graph/weights.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::graph {

using core::cat;
using core::DataError;

Weights::Weights(std::span<artifact::Tensor const> tensors, std::string_view where, Graph& graph)
    : tensors_(tensors), where_(where), graph_(graph) {}

ConstantId Weights::operator()(std::string const& name, std::vector<std::size_t> const& shape) {
  auto const found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](auto const& each) { return each.name == name; });
  if (found == tensors_.end()) throw DataError(cat(where_, ": has no weights '", name, "'"));
  if (found->type != artifact::Type::f32 || found->shape != shape)
    throw DataError(cat(where_, ": '", name, "' is ", artifact::name(found->type),
                        artifact::in_brackets(found->shape), ", its architecture needs F32",
                        artifact::in_brackets(shape)));
  used_.insert(name);
  std::vector<float> values(found->bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), found->bytes.data(), found->bytes.size());
  return graph_.add(Constant{shape, std::move(values)});
}

Dense::Affine Weights::affine(std::string const& name, std::uint32_t n_in, std::uint32_t n_out) {
  return {(*this)(name + ".weight", {n_out, n_in}), (*this)(name + ".bias", {n_out})};
}

Dense Weights::dense(std::string const& name, std::uint32_t n_in, std::uint32_t n_out, Function function) {
  return {{affine(name, n_in, n_out)}, function};
}

Dense Weights::dense_per_type(std::string const& name, std::uint32_t n_in, std::uint32_t n_out,
                              Function function) {
  Dense result{{}, function};
  for (std::uint32_t type = 0; type < graph_.n_types(); ++type)
    result.of_type.push_back(affine(cat(name, '.', type), n_in, n_out));
  return result;
}

Dense Weights::dense_without_bias(std::string const& name, std::uint32_t n_in, std::uint32_t n_out) {
  return {{{(*this)(name + ".weight", {n_out, n_in}), {}}}, Function::identity};
}

NodeId Weights::feed_forward(std::string const& name, std::vector<std::uint32_t> const& widths, NodeId x) {
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    std::string const layer = cat(name, '.', i);
    x = graph_.add(dense(layer, widths[i], widths[i + 1]), {x}, layer);
    if (i + 2 < widths.size()) x = graph_.add(Map{Function::elu}, {x}, layer);
  }
  return x;
}

Dense Weights::dense_with_type_code(std::string const& name, std::uint32_t n_out) {
  std::size_t const n_codes = graph_.n_types() + 1;  // the first was for padding
  std::size_t const n_features = graph_.n_features();
  std::size_t const n_in = n_codes + n_features - 1;
  Dense::Affine const whole = affine(name, static_cast<std::uint32_t>(n_in), n_out);
  Constant rest{{n_out, n_features}, std::vector<float>(n_out * n_features)};
  for (std::size_t row = 0; row < n_out; ++row)
    std::copy_n(graph_[whole.weight].values.data() + row * n_in + n_codes, n_features - 1,
                rest.values.data() + row * n_features + 1);
  ConstantId const weight = graph_.add(std::move(rest));
  Dense result;
  for (std::size_t type = 0; type < graph_.n_types(); ++type) {
    Constant bias = graph_[whole.bias];
    for (std::size_t row = 0; row < n_out; ++row)
      bias.values[row] += graph_[whole.weight].values[row * n_in + type + 1];
    result.of_type.push_back({weight, graph_.add(std::move(bias))});
  }
  return result;
}

LayerNorm Weights::layer_norm(std::string const& name, std::uint32_t width, double epsilon) {
  return {(*this)(name + ".weight", {width}), (*this)(name + ".bias", {width}), epsilon};
}

NormalisedFeatures add_features(Graph& graph, Weights& weights) {
  NodeId const measured = graph.add(Features{}, {}, "features");
  std::vector<std::size_t> const shape{graph.n_types(), graph.n_features()};
  Normalise const normalise{weights("mean", shape), weights("scale", shape)};
  return {measured, graph.add(normalise, {measured}, "normalise")};
}

std::vector<std::uint32_t> widths(std::int64_t first, std::vector<std::int64_t> const& hidden,
                                  std::int64_t last) {
  std::vector<std::uint32_t> result{static_cast<std::uint32_t>(first)};
  result.insert(result.end(), hidden.begin(), hidden.end());
  result.push_back(static_cast<std::uint32_t>(last));
  return result;
}

void Weights::expect_all_used() const {
  for (artifact::Tensor const& tensor : tensors_)
    if (!used_.contains(tensor.name))
      throw DataError(cat(where_, ": the weights '", tensor.name, "' do not belong to its architecture"));
}

}  // namespace corpuscle::graph
