#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/writer.hpp"

namespace corpuscle::io {

/// What happens to each event on its way from the input to the output file.
class EventProcessor {
 public:
  virtual ~EventProcessor() = default;
  /// Looks at the event, and may add to the frame, which is written afterwards.
  virtual void process(event::Event const& event, EventBuilder const& builder, Frame& frame) = 0;
  /// What it has to say of the events since the last call, for `PipelineConfig::on_report`.
  virtual std::vector<std::byte> take_report() = 0;
};

/// Makes events in the program, one frame each, instead of reading them.
class FrameMaker {
 public:
  virtual ~FrameMaker() = default;
  /// Replaces `frame` by event number `entry`, the same whatever was asked before.
  /// @throws core::DataError that names the event.
  virtual void make(std::size_t entry, Frame& frame) = 0;
  /// What it has to say of the events since the last call, for `PipelineConfig::on_report`.
  virtual std::vector<std::byte> take_report() = 0;
};

/// Events that are made rather than read, numbers `PipelineConfig::first` to `last - 1`.
struct MadeEvents {
  std::string name;                                         ///< what messages call them: "ttbar"
  std::vector<Collection> collections;                      ///< of each frame (name, type, id)
  Parameters metadata;                                      ///< of the file
  std::size_t memory = 0;                                   ///< what a worker may need to make them [bytes]
  int patience = patience_s;                                ///< how long one may take [s]
  std::function<std::unique_ptr<FrameMaker>()> make_maker;  ///< called in each worker
};

struct PipelineConfig {
  std::vector<std::string> inputs;
  std::optional<MadeEvents> made;  ///< instead of inputs; then `last` is needed, and no processor
  std::string output;              ///< empty: none is written, and only what tables need is read
  Container container = Container::ttree;
  unsigned workers = 1;
  std::size_t first = 0;  ///< entries first..last-1, counted through all inputs
  std::optional<std::size_t> last;
  /// Collections whose name or type matches one of these (`*` stands for any run of characters) are neither
  /// read nor written: the inputs are taken as if they did not have them.
  std::vector<std::string> dropped;
  bool keep_going = false;                     ///< leave damaged events out instead of stopping
  std::vector<Collection> added;               ///< collections that the processor adds (name, type, id)
  std::optional<detector::Detector> detector;  ///< if not given, recognised from the first input
  std::vector<detector::Detector> known_detectors;
  std::function<std::unique_ptr<EventProcessor>()> make_processor;  ///< called in each worker
  std::function<void(std::span<std::byte const>)> on_report;        ///< in the order of the events
  std::function<void(std::size_t done, std::size_t total)> on_progress;
  std::function<bool()> should_stop;  ///< asked often; true ends the work without an output file
};

/// Thrown when `PipelineConfig::should_stop` said so.
struct Interrupted {};

struct PipelineResult {
  std::size_t events = 0;
  std::size_t input_events = 0;  ///< that the inputs hold, asked for or not
  std::string detector;
  std::vector<std::string> damage;    ///< one message per damaged event or file, with --keep-going
  std::vector<std::string> not_kept;  ///< input collections that EDM4hep 1.x has no type for
};

/// Streams events from the inputs through a processor to one output file, on several worker processes.
///
/// The events are cut into chunks (of `events_per_chunk`, fewer if events are large or few are to be made)
/// that depend on the inputs alone; each worker reads, processes and packs whole chunks, and they are joined
/// in order: the same bytes for any number of workers. Processes rather than threads, because ROOT can crash
/// on a damaged file: the worker dies, we say where it was. Memory: a few chunks per worker, however long the
/// files.
///
/// @throws core::ConfigError if nothing matches one of `dropped`.
/// @throws core::DataError for the first damaged event, in the order of the input (without keep_going);
///         no output file is left then.
/// @throws Interrupted
PipelineResult run_pipeline(PipelineConfig const& config);

}  // namespace corpuscle::io
