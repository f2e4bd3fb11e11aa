#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/artifact/safetensors.hpp"
#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/normalisation.hpp"
#include "corpuscle/encoding/schema.hpp"

/// The way out of training: one file that holds all that inference needs. Needs no LibTorch.
///
/// It is a safetensors file. Metadata, all text: "format" ("corpuscle-model"), "version" ("1"),
/// "architecture", "schema" and "normalisation" (JSON as to_json and encoding::to_json make it),
/// "layout" (of the outputs), "classes" (the labels in order, joined by commas), "rule", "detector" and
/// "provenance" (JSON), and the two checksums of artifact. Arrays: "weights/NAME" for every parameter and
/// buffer of the network, float, and "self_test/...": a few events with the outputs that the network gave in
/// training.
namespace corpuscle::artifact {

struct ModelDescription {
  ModelConfig model;
  encoding::Schema schema;
  encoding::Normalisation normalisation;  ///< already in the network, as its buffers "mean" and "scale"
  encoding::Layout layout = encoding::Layout::standard;
  std::string rule;      ///< of the targets
  std::string detector;  ///< name
  std::map<std::string, std::string> provenance;
};

/// Events to try a model on: [n, features], [n] position in the schema, [events + 1], [n, outputs] of
/// float32.
struct SelfTest {
  std::vector<float> features;
  std::vector<std::int64_t> type, offsets;
  std::vector<float> outputs;
};

/// @param weights  named as in the network
/// @throws core::EnvironmentError
void write_model(std::string const& path, ModelDescription const& description,
                 std::span<Tensor const> weights, SelfTest const& self_test);

class ModelFile {
 public:
  /// Reads all of it: checksums, description, shapes of the self-test. Whether the weights are those of the
  /// architecture is for the one to say who builds the network.
  /// @throws core::EnvironmentError if it cannot be opened
  /// @throws core::DataError if it is damaged, no model, or of another version
  /// @throws core::ConfigError if it is for a schema that this version does not know
  explicit ModelFile(std::string const& path);

  [[nodiscard]] std::string const& path() const noexcept { return file_.path(); }
  [[nodiscard]] ModelDescription const& description() const noexcept { return description_; }
  /// Without "weights/" in their names; views that live as long as this object.
  [[nodiscard]] std::vector<Tensor> const& weights() const noexcept { return weights_; }
  [[nodiscard]] SelfTest const& self_test() const noexcept { return self_test_; }

 private:
  TensorFile file_;
  ModelDescription description_;
  std::vector<Tensor> weights_;
  SelfTest self_test_;
};

}  // namespace corpuscle::artifact
