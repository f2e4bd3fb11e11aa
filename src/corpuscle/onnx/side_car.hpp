#pragma once

#include <string>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/onnx/model.hpp"

namespace corpuscle::onnx {

/// What a program must know beside the ONNX file, as JSON: the columns of the input with unit, range and
/// transformation, the order of elements, what the outputs are, and how they become particles
/// (docs/formats/onnx.md).
/// @param file  name of the ONNX file
std::string side_car(artifact::ModelDescription const& description, std::string const& file);

/// Adds the same in short to the metadata of the model, for who has lost the JSON.
void describe(artifact::ModelDescription const& description, Model& model);

}  // namespace corpuscle::onnx
