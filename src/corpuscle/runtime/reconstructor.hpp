#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/event/particles.hpp"
#include "corpuscle/runtime/engine.hpp"

/// Native inference, without LibTorch: from what a detector saw to particles, in the thread that asks.
namespace corpuscle::runtime {

/// A trained network as a function from events to particles.
///
/// Immutable; one object serves any number of threads, with one copy of the weights. No threads of its own,
/// no global state, no output. Scratch memory is kept between calls, one arena for each call that was under
/// way at the same time. The same event has the same particles, to the bit, on one instruction set.
class Reconstructor {
 public:
  /// Reads a model file, and replays its self-test.
  /// @param detector  from which the events are; that it is the one of artifact::ModelDescription is for the
  ///                  caller to see to, since a transfer to a similar one may be wanted
  /// @param config    an instruction set that is available; by default the best, in fp32
  /// @throws core::EnvironmentError if the file cannot be opened, or the CPU lacks the instruction set
  /// @throws core::DataError if it is damaged, no model, or its network does not answer as in training
  /// @throws core::ConfigError if it is for features that this version does not know
  static Reconstructor load(std::string const& path, detector::Detector const& detector,
                            EngineConfig config = {});

  /// The same from a file that is open already; it need not outlive this.
  static Reconstructor load(artifact::ModelFile const& file, detector::Detector const& detector,
                            EngineConfig config = {});

  Reconstructor(Reconstructor&&) noexcept;
  Reconstructor& operator=(Reconstructor&&) noexcept;
  ~Reconstructor();

  /// @param observed  tables of consistent length, as event::check demands; values may be anything
  event::Particles operator()(event::Observed const& observed) const;

  /// The same with scratch memory of the caller, and with what else is known of the answer.
  encoding::Decoded operator()(event::Observed const& observed, Arena& arena) const;

  [[nodiscard]] Engine const& engine() const noexcept;

 private:
  struct Parts;
  explicit Reconstructor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace corpuscle::runtime
