#pragma once

#include <memory>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::train {

/// A trained network as a reconstructor, computed by LibTorch on the CPU, in the precision of the weights.
///
/// Not thread-safe: one per thread. Deterministic if LibTorch has one thread. An event with nothing in it has
/// no particles. Cost: linear in the elements, but for `attention`; 3 ms for a ttbar event with the default
/// network (bench/model).
class NetworkParticleFlow {
 public:
  /// @param detector  of the events; a network may be used with another than it was trained on, at its own
  /// risk
  /// @throws core::DataError as load_network; core::ConfigError as encoding::Encoder
  NetworkParticleFlow(artifact::ModelFile const& file, detector::Detector const& detector);
  ~NetworkParticleFlow();

  /// @param observed  tables of consistent length, as event::check demands; values may be anything
  [[nodiscard]] event::Particles operator()(event::Observed const& observed);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace corpuscle::train
