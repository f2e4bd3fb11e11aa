#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/train/data.hpp"
#include "corpuscle/train/history.hpp"

namespace corpuscle::train {

/// Training met infinity or what is no number. The way out is another configuration, and so is the exit code.
class NotFinite : public core::Error {
 public:
  explicit NotFinite(std::string const& message) : core::Error(core::ExitCode::usage, message) {}
};

/// Where training stands, for whoever watches.
struct Report {
  std::int64_t step = 0, steps = 0;  ///< done, of how many
  double loss = 0;                   ///< of the last batch
  double events_per_s = 0;           ///< since the last report, validation and checkpoints left out
  double seconds_left = 0;           ///< at the speed since the start, with validation and checkpoints
};

struct Hooks {
  std::function<bool()> should_stop = [] { return false; };  ///< asked after each step
  /// What the targets themselves give, before the first step of a new training.
  std::function<void(Scalars const&)> on_ideal = [](Scalars const&) {};
  std::function<void(Report const&)> on_step = [](Report const&) {};
  std::function<void(std::int64_t step, Scalars const&)> on_validation = [](std::int64_t, Scalars const&) {};
};

enum class Outcome : std::uint8_t {
  finished,
  interrupted,  ///< `should_stop` said so; the checkpoint is written
};

/// Trains a network, from the beginning or from the checkpoint that is there.
///
/// In `directory`:
/// - `config.yaml`: the configuration with all defaults;
/// - `last.safetensors`, `best.safetensors`: checkpoints (checkpoint.hpp), every `checkpoint_every` steps and
/// at the
///   end, and at each validation that is better than all before;
/// - `model.safetensors`: the model file (model_file.hpp) of the best validation, with averaged weights;
/// - `history.jsonl`, and event files in `tensorboard/`.
///
/// Same configuration, data, machine and number of threads: same checkpoints, to the bit, interrupted or not.
/// LibTorch's threads, the handling of subnormal numbers (flushed to 0) and of freed memory (kept) are set
/// for the whole process. On a GPU only what LibTorch can do deterministically is.
///
/// @param config      has been through `fit`
/// @param provenance  goes into the model file, beside the configuration and what `data` says
/// @param resume      go on from last.safetensors if it is there
/// @throws NotFinite             loss, gradient or weights are not finite: names the step, what was first,
/// and the events
/// @throws core::ConfigError     resuming with another configuration or data; not resuming where a checkpoint
/// is
/// @throws core::DataError       a damaged checkpoint
/// @throws core::EnvironmentError  the disk is full, say: the checkpoints that were there are whole; no GPU
Outcome train(TrainConfig const& config, Data const& data, std::string const& directory,
              std::map<std::string, std::string> provenance, bool resume, Hooks const& hooks = {});

}  // namespace corpuscle::train
