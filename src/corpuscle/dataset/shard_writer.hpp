#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "corpuscle/artifact/safetensors.hpp"
#include "corpuscle/core/directory_lock.hpp"
#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/dataset/manifest.hpp"

namespace corpuscle::dataset {

struct WriterConfig {
  std::string directory;  ///< made if it is not there
  Description description;
  Fractions fractions;
  std::size_t events_per_shard = 0;  ///< all in memory; 0: 5000 of clusters or 100 of hits, each 100 MB
};

/// Writes a dataset, shard by shard, manifest last. Only one at a time works in a directory.
///
/// The bytes follow from the sequence of events alone. So after a kill, at whatever moment, a new writer
/// finds the complete shards, the caller goes on with input number `next_input()`, and the result is as if
/// nothing had happened. Likewise a finished dataset is made longer; its last shard, if it is not full, is
/// made again.
class ShardWriter {
 public:
  /// Reads all complete shards that are there and compares their checksums.
  /// @throws core::ConfigError if the directory holds events of another kind, naming what differs, or if
  ///   the rule leaves particles without an element (can_place_targets)
  /// @throws core::EnvironmentError if it cannot be written, or another program is writing there
  explicit ShardWriter(WriterConfig config);
  ShardWriter(ShardWriter const&) = delete;
  ShardWriter& operator=(ShardWriter const&) = delete;

  /// The first input event that is wanted.
  [[nodiscard]] std::uint64_t next_input() const noexcept { return next_input_; }
  [[nodiscard]] std::uint64_t n_events() const noexcept { return n_events_; }  ///< so far, with those found

  /// Appends one event.
  /// @param from   holds it, as number `event`
  /// @param input  its number in the caller's sequence, at least `next_input()`: those between are skipped
  /// @throws core::EnvironmentError if the disk is full, say; what was written before remains of use
  void add(ExamplesView const& from, std::size_t event, std::uint64_t input);

  /// Writes what is left and the manifest.
  /// @param next_input  the number of input events, with those that were skipped at the end
  /// @throws core::EnvironmentError
  Manifest finish(std::uint64_t next_input);

 private:
  void find_complete_shards();
  void write_shard();
  void remove_other_shards() const;

  WriterConfig config_;
  artifact::Metadata metadata_;
  core::DirectoryLock lock_;
  Examples pending_;
  Manifest manifest_;
  encoding::NormalisationSums sums_;  // of the shards in the manifest, merged in their order
  std::uint64_t next_input_ = 0;
  std::uint64_t n_events_ = 0;
};

}  // namespace corpuscle::dataset
