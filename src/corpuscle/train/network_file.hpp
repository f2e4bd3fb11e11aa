#pragma once

#include <memory>
#include <string>

#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/model/network.hpp"
#include "corpuscle/train/model_file.hpp"

namespace corpuscle::train {

/// Writes the network as a model file.
/// @param events  of these the first two that have elements become the self-test
/// @throws core::EnvironmentError
void write_network(std::string const& path, model::Network& network, ModelDescription const& description,
                   dataset::Examples const& events);

/// The network of a model file, on the CPU, ready to be asked; has passed its self-test.
/// @throws core::DataError if a weight is missing, too many, of another shape, or the self-test fails; and as
/// ModelFile
std::shared_ptr<model::Network> load_network(ModelFile const& file);

}  // namespace corpuscle::train
