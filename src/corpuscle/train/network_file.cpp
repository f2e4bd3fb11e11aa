#include "corpuscle/train/network_file.hpp"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/train/loss.hpp"

namespace corpuscle::train {
namespace {

using core::cat;

constexpr std::size_t self_test_events = 2;
/// Of the outputs of the self-test: single precision, a few hundred products summed in any order, ten layers
/// deep.
constexpr float self_test_tolerance = 1e-3F;

/// Parameters and buffers by name.
std::vector<std::pair<std::string, torch::Tensor>> state(model::Network const& network) {
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (auto const& item : network.named_parameters()) result.emplace_back(item.key(), item.value());
  for (auto const& item : network.named_buffers()) result.emplace_back(item.key(), item.value());
  return result;
}

artifact::Shape shape_of(torch::Tensor const& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

template <class T>
torch::Tensor as_tensor(std::vector<T> const& values, c10::ScalarType type) {
  return torch::from_blob(const_cast<T*>(values.data()), {static_cast<std::int64_t>(values.size())}, type)
      .clone();
}

std::vector<float> outputs_of(model::Network& network, artifact::SelfTest const& test, torch::Device device) {
  torch::NoGradGuard const no_gradient;
  bool const was_training = network.is_training();
  network.eval();
  model::Batch const batch{
      as_tensor(test.features, torch::kFloat32).view({-1, network.config().features}).to(device),
      as_tensor(test.type, torch::kInt64).to(device), test.offsets};
  torch::Tensor const outputs = network.forward(batch).to(torch::kCPU, torch::kFloat32).contiguous();
  network.train(was_training);
  return {outputs.data_ptr<float>(), outputs.data_ptr<float>() + outputs.numel()};
}

artifact::SelfTest make_self_test(model::Network& network, artifact::ModelDescription const& description,
                                  dataset::Examples const& events) {
  dataset::Examples chosen(events.width);
  for (std::size_t i = 0; i < events.size() && chosen.size() < self_test_events; ++i)
    if (dataset::view(events).n_elements(i) > 0) dataset::append(chosen, dataset::view(events), i, i + 1);
  TensorBatch const batch = to_tensors(description.layout, description.schema, dataset::view(chosen));
  auto const* const types = batch.input.type.data_ptr<std::int64_t>();
  artifact::SelfTest test{chosen.features, {types, types + chosen.n_elements()}, batch.input.offsets, {}};
  test.outputs = outputs_of(network, test, network.parameters().front().device());
  return test;
}

}  // namespace

void write_network(std::string const& path, model::Network& network,
                   artifact::ModelDescription const& description, dataset::Examples const& events) {
  std::vector<torch::Tensor> keep;
  std::vector<artifact::Tensor> weights;
  for (auto const& [name, tensor] : state(network)) {
    keep.push_back(tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous());
    weights.push_back(
        artifact::tensor(name, shape_of(tensor),
                         std::span<float const>(keep.back().data_ptr<float>(),
                                                static_cast<std::size_t>(keep.back().numel()))));
  }
  artifact::write_model(path, description, weights, make_self_test(network, description, events));
}

std::shared_ptr<model::Network> load_network(artifact::ModelFile const& file) {
  auto const fail = [&](std::string const& what) {
    throw core::DataError(
        cat(file.path(), ": ", what, ". The file was made by another version, or by another program"));
  };
  std::shared_ptr<model::Network> network = model::make_network(file.description().model, 0);
  auto const wanted = state(*network);
  {
    torch::NoGradGuard const no_gradient;
    for (auto const& [name, tensor] : wanted) {
      artifact::Tensor const* found = nullptr;
      for (artifact::Tensor const& each : file.weights())
        if (each.name == name) found = &each;
      if (found == nullptr) fail(cat("the weights '", name, "' are missing"));
      if (found->shape != shape_of(tensor))
        fail(cat("the weights '", name, "' are ", artifact::in_brackets(found->shape),
                 ", the architecture has ", artifact::in_brackets(shape_of(tensor))));
      tensor.copy_(
          torch::from_blob(const_cast<std::byte*>(found->bytes.data()), tensor.sizes(), torch::kFloat32));
    }
  }
  if (file.weights().size() != wanted.size())
    fail(cat(file.weights().size(), " arrays of weights, the architecture has ", wanted.size()));
  network->eval();

  std::vector<float> const outputs = outputs_of(*network, file.self_test(), torch::kCPU);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    float const expected = file.self_test().outputs[i];
    if (!(std::abs(outputs[i] - expected) <= self_test_tolerance * (1 + std::abs(expected))))
      fail(cat("its self-test gives ", outputs[i], " where training gave ", expected));
  }
  return network;
}

}  // namespace corpuscle::train
