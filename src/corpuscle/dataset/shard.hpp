#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "corpuscle/artifact/safetensors.hpp"
#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/dataset/split.hpp"
#include "corpuscle/encoding/normalisation.hpp"
#include "corpuscle/encoding/schema.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::dataset {

/// What all events of a dataset have in common.
struct Description {
  encoding::Schema schema;
  truth::Rule rule = truth::Rule::standard;
  std::string detector;  ///< name
  /// How the events were made: command, seed, input files, version. Only what changes the events: a dataset
  /// that differs in the number of threads or in the time of day has the same bytes.
  std::map<std::string, std::string> provenance;
};

/// As stored in every shard: "format", "schema" (JSON), "mode", "rule", "detector", "provenance" (JSON).
artifact::Metadata to_metadata(Description const& description);

/// The first entry of `ours` that `theirs` lacks or has otherwise; empty if there is none.
std::string first_difference(artifact::Metadata const& ours, artifact::Metadata const& theirs);

/// A file of events (docs/formats/dataset.md), mapped into memory: `examples` are views of it.
class Shard {
 public:
  /// Checks all that would lead a reader astray: shapes, offsets, codes of types and classes. Not the
  /// checksum of the data: `file().verify()` does.
  /// @throws core::EnvironmentError, core::DataError naming file, array and row
  explicit Shard(std::string const& path);

  [[nodiscard]] artifact::TensorFile const& file() const noexcept { return file_; }
  [[nodiscard]] ExamplesView const& examples() const noexcept { return examples_; }
  /// The number of the input event after the last one in here.
  [[nodiscard]] std::uint64_t next_input() const noexcept { return next_input_; }

 private:
  artifact::TensorFile file_;
  ExamplesView examples_;
  std::uint64_t next_input_ = 0;
};

/// What the rows of the events for training add to a normalisation.
encoding::NormalisationSums training_sums(encoding::Schema const& schema, ExamplesView const& examples,
                                          Fractions const& fractions);

/// Writes a shard, with `metadata` and "next_input".
/// @return its checksum, which stands for the whole file
/// @throws core::EnvironmentError
std::string write_shard(std::string const& path, Examples const& examples, artifact::Metadata metadata,
                        std::uint64_t next_input);

}  // namespace corpuscle::dataset
