#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/dataset/manifest.hpp"
#include "corpuscle/dataset/shard.hpp"
#include "corpuscle/dataset/split.hpp"
#include "corpuscle/encoding/normalisation.hpp"

namespace corpuscle::dataset {

/// Where an event lies.
struct Place {
  std::uint32_t shard = 0;
  std::uint32_t event = 0;
};

/// All events of one directory, or of several of one kind, mapped into memory. Immutable, thread-safe.
class Dataset {
 public:
  /// Checks manifests and shards, but for the checksums of their data. O(events).
  /// @throws core::DataError      a shard is missing, damaged or not the one in the manifest
  /// @throws core::ConfigError    a schema that this version does not know, or directories that do not match
  /// @throws core::EnvironmentError
  explicit Dataset(std::string const& directory) : Dataset(std::span(&directory, 1)) {}
  explicit Dataset(std::span<std::string const> directories);

  /// Reads everything and compares the checksums; 4 GB/s and more from memory.
  /// @throws core::DataError naming the first shard that is damaged
  void verify() const;

  [[nodiscard]] std::string const& directory() const noexcept {
    return directory_;
  }  ///< for messages: the first
  /// Of the first directory; schema, rule and detector are those of all.
  [[nodiscard]] Description const& description() const noexcept { return description_; }
  [[nodiscard]] encoding::Schema const& schema() const noexcept { return description_.schema; }

  /// From the events for training of all directories. That of a single one is in its manifest; for several
  /// all their events are read, 10 million elements in a second or two.
  [[nodiscard]] encoding::Normalisation normalisation() const;

  [[nodiscard]] std::span<Shard const> shards() const noexcept { return shards_; }
  [[nodiscard]] std::size_t n_events() const noexcept { return n_events_; }
  /// The events of one split, as they are stored; may be empty.
  [[nodiscard]] std::span<Place const> events(Split split) const noexcept {
    return events_[static_cast<std::size_t>(split)];
  }
  [[nodiscard]] std::size_t n_elements(Place place) const noexcept {
    return shards_[place.shard].examples().n_elements(place.event);
  }
  /// Copies of these events, in this order.
  [[nodiscard]] Examples gather(std::span<Place const> places) const;

 private:
  std::string directory_;
  Description description_;
  std::vector<Shard> shards_;
  std::vector<Fractions> fractions_;  // per shard
  std::array<std::vector<Place>, n_splits> events_;
  std::size_t n_events_ = 0;
  std::optional<encoding::Normalisation> normalisation_;  // of a single directory
};

}  // namespace corpuscle::dataset
