#pragma once

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/graph/graph.hpp"

namespace corpuscle::graph {

/// The network of a model file, operation by operation as `model` has it, not yet simplified (passes.hpp).
///
/// @param weights  as ModelFile::weights: float, views that need not outlive the call
/// @param where    names the file in messages
/// @throws core::DataError naming an array that is missing, of another shape, or not of this network
/// @throws core::ConfigError if a size is out of range, or of what this version has no operations for
Graph build(artifact::ModelConfig const& config, std::span<artifact::Tensor const> weights,
            std::string_view where);

inline Graph build(artifact::ModelFile const& file) {
  return build(file.description().model, file.weights(), file.path());
}

}  // namespace corpuscle::graph
