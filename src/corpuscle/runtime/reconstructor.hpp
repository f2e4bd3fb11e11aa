#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/event/particles.hpp"
#include "corpuscle/runtime/engine.hpp"

/// Native inference, without LibTorch: from what a detector saw to particles, in the thread that asks.
namespace corpuscle::runtime {

/// What becomes of elements that a network cannot take as they are (encoding::Flaw): with a number that is
/// not finite, or a quantity out of the range of its column in the model's schema. Subnormal numbers are
/// numbers, and too small where a range begins above them. Other events, and under `drop` the other elements,
/// are what they would be without them, to the bit.
enum class BadInput : std::uint8_t {
  reject,  ///< the event is a core::DataError that names element, column and value
  drop,    ///< left out, as if they had not been measured, and told
  flag,  ///< kept as in training, and told: 0 for what cannot be computed, the end of its range for the rest
};

/// The particles of an event, and what was not as it should be.
struct Reconstructed : encoding::Decoded {
  std::vector<encoding::Flaw> flaws;  ///< one for each element that is dropped or flagged
};

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
  /// @param bad_input by default flagged. Real detectors do go beyond the ranges now and then (a looper next
  ///                  to the beam), and networks are trained on what is done with that: a job goes on, no
  ///                  energy disappears, and who cares can count
  /// @throws core::EnvironmentError if the file cannot be opened, or the CPU lacks the instruction set
  /// @throws core::DataError if it is damaged, no model, or its network does not answer as in training
  /// @throws core::ConfigError if it is for features that this version does not know
  static Reconstructor load(std::string const& path, detector::Detector const& detector,
                            EngineConfig config = {}, BadInput bad_input = BadInput::flag);

  /// The same from a file that is open already; it need not outlive this.
  static Reconstructor load(artifact::ModelFile const& file, detector::Detector const& detector,
                            EngineConfig config = {}, BadInput bad_input = BadInput::flag);

  Reconstructor(Reconstructor&&) noexcept;
  Reconstructor& operator=(Reconstructor&&) noexcept;
  ~Reconstructor();

  /// @param observed  tables of consistent length, as event::check demands, with rows that are there; other
  ///                  values may be anything
  /// @throws core::DataError with BadInput::reject
  event::Particles operator()(event::Observed const& observed) const;

  /// The same with scratch memory of the caller, and with what else is known of the answer.
  Reconstructed operator()(event::Observed const& observed, Arena& arena) const;

  [[nodiscard]] Engine const& engine() const noexcept;

 private:
  struct Parts;
  explicit Reconstructor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace corpuscle::runtime
