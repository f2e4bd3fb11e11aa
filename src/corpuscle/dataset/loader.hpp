#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "corpuscle/dataset/dataset.hpp"
#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/dataset/prefetch.hpp"

namespace corpuscle::dataset {

/// How far a source of batches has come; whoever starts there gets the same batches again.
struct Position {
  std::uint64_t epoch = 0;
  std::uint64_t example = 0;  ///< within the epoch

  friend bool operator==(Position const&, Position const&) = default;
};

struct Batch {
  Position begin;     ///< of its first event
  Position end;       ///< of the first event of the next batch: what a checkpoint stores
  Examples examples;  ///< at least one event
};

/// Batches, one after another, without end. Not thread-safe.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual Batch next() = 0;
};

enum class Order : std::uint8_t {
  shuffled,   ///< another permutation of all events in every epoch
  as_stored,  ///< for validation
};

struct LoaderConfig {
  std::uint64_t seed = 1;
  /// Batches are as long as they can be with no more elements than this, where an event without elements
  /// counts as one; an event that has more is a batch of its own.
  std::size_t elements_per_batch = 16'384;
  Order order = Order::shuffled;
  unsigned threads = 1;   ///< that prepare batches; 0: the caller does
  std::size_t ahead = 4;  ///< batches that are prepared ahead
};

/// Batches of the events of one split of a dataset, each event once per epoch.
///
/// The permutation of an epoch depends on seed, epoch and number of events alone, and the batches follow from
/// it: they are the same for any number of threads. Reads at random: fast as long as the shards fit into
/// memory beside the program (a million cluster-mode events take 20 GB).
class Loader : public BatchSource {
 public:
  /// @param dataset  outlives the loader
  /// @param start    {} or the `end` of a batch of a loader of the same configuration
  /// @throws core::DataError if the split is empty
  Loader(Dataset const& dataset, Split split, LoaderConfig const& config, Position start = {});

  Batch next() override { return prefetch_.next(); }

  /// Where the batches of an epoch begin; so batch k of it is at {epoch, batch_starts(epoch)[k]}, and their
  /// number tells how long an epoch is. O(events of the split).
  [[nodiscard]] std::vector<std::uint64_t> batch_starts(std::uint64_t epoch) const;

 private:
  [[nodiscard]] std::vector<std::uint32_t> permutation(std::uint64_t epoch) const;
  [[nodiscard]] std::size_t batch_end(std::vector<std::uint32_t> const& order, std::size_t begin) const;
  Prefetch<Batch>::Job next_job();

  Dataset const& dataset_;
  std::span<Place const> events_;
  LoaderConfig config_;
  Position position_;                 // of the next job
  std::vector<std::uint32_t> order_;  // of the events in the epoch of `position_`; empty: not made yet
  Prefetch<Batch> prefetch_;
};

/// Makes example number i: one event, the same whatever was asked before.
using ExampleMaker = std::function<Examples(std::uint64_t)>;

/// Batches of events that are made as they are needed: no epoch, no repetition.
///
/// Events come in the order of their numbers, so the batches are the same for any number of threads.
class StreamLoader : public BatchSource {
 public:
  /// @param make_maker  called once per thread, so that a maker need not be thread-safe
  /// @param config      `order` and `seed` mean nothing; `ahead` counts events
  /// @param start       its `example` is the number of the first event
  StreamLoader(std::function<ExampleMaker()> const& make_maker, LoaderConfig const& config,
               Position start = {});

  /// Throws what a maker threw, and is of no use afterwards.
  Batch next() override;

 private:
  std::size_t elements_per_batch_;
  std::uint64_t next_job_;
  Position position_;  // of `left_`, or of the next from `prefetch_`
  Examples left_;      // the event that had no place in the batch before
  std::vector<ExampleMaker> makers_;
  Prefetch<Examples> prefetch_;
};

}  // namespace corpuscle::dataset
