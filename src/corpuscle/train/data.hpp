#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/dataset/loader.hpp"
#include "corpuscle/dataset/shard.hpp"
#include "corpuscle/encoding/normalisation.hpp"
#include "corpuscle/train/config.hpp"

namespace corpuscle::train {

/// What there is to learn from.
struct Data {
  dataset::Description description;
  encoding::Normalisation normalisation;
  std::string checksum;  ///< of all that decides which events come: a checkpoint must have the same
  /// Batches from a position on. They must not outlive this object.
  std::function<std::unique_ptr<dataset::BatchSource>(dataset::Position)> open;
  std::vector<dataset::Examples> validation;  ///< in batches; at least one event
};

/// Those of `data.directories`. Reads all of them once, so that damage is found before the first step.
/// @throws core::DataError naming the damaged shard, or an empty split
/// @throws core::ConfigError, core::EnvironmentError as dataset::Dataset does
Data open_files(TrainConfig const& config);

/// Events that are made as they are needed, from number 0 on; those for validation have numbers from 2^40 on,
/// which training does not reach.
/// @param make_maker  called once per thread
/// @throws core::DataError if the validation events have no elements at all; and what a maker throws
Data open_stream(TrainConfig const& config, dataset::Description description,
                 std::function<dataset::ExampleMaker()> const& make_maker);

}  // namespace corpuscle::train
