#pragma once

#include <memory>
#include <string>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/model/network.hpp"

namespace corpuscle::train {

/// Writes the network as a model file.
/// @param events  of these the first two that have elements become the self-test
/// @throws core::EnvironmentError
void write_network(std::string const& path, model::Network& network,
                   artifact::ModelDescription const& description, dataset::Examples const& events);

/// The network of a model file, on the CPU, ready to be asked; has passed its self-test.
/// @throws core::DataError if a weight is missing, too many, of another shape, or the self-test fails; and as
/// artifact::ModelFile
std::shared_ptr<model::Network> load_network(artifact::ModelFile const& file);

}  // namespace corpuscle::train
