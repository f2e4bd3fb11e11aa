#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "corpuscle/event/particles.hpp"

namespace corpuscle::generate {

/// Where the momenta of a generator refer to.
enum class GeneratorFrame {
  collision,  ///< beams along z, head on: the simulation adds crossing angle and beam spot
  detector    ///< as they are (particle guns, files that say so)
};

/// Makes the particles of collision number 0, 1, 2, ...: the same for a number whatever was asked before.
///
/// Rows with generator_status 1 are the final state; the others are its history (2: decayed, 4: beam, larger:
/// the generator's own). Daughters come after their parents. Units as everywhere (core/units.hpp).
/// Not thread-safe: one generator per thread.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual event::GenParticles operator()(std::int64_t number) = 0;
  [[nodiscard]] virtual GeneratorFrame frame() const = 0;
  /// How many events there are; nothing if there is no end.
  [[nodiscard]] virtual std::optional<std::size_t> size() const { return std::nullopt; }
};

}  // namespace corpuscle::generate
