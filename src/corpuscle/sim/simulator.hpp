#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/sim/digitise.hpp"
#include "corpuscle/sim/hadron_shower.hpp"
#include "corpuscle/sim/tracker.hpp"

namespace corpuscle::sim {

/// Generated particles to what the detector sees of them: tracks, tracker hits, calorimeter hits, truth.
///
/// The same particles with the same (seed, run, event number) give the same event, whatever was simulated
/// before. Not thread-safe: one per thread, they are cheap but for the geometry.
class Simulator {
 public:
  Simulator(detector::Detector const& detector, std::uint64_t seed);

  /// @param head_on  the particles are those of beams along z: boost by the crossing angle, smear the vertex
  /// @throws core::DataError for a momentum or vertex that is not finite, naming the particle, and for more
  /// than 10^6 GeV in all
  event::Event operator()(event::GenParticles particles, std::int64_t run, std::int64_t number, bool head_on);

  /// Where the energy of the last event went.
  [[nodiscard]] EnergyAccount const& account() const noexcept { return account_; }

 private:
  detector::Detector detector_;
  std::uint64_t seed_;
  CaloGeometry geometry_;
  TrackerSimulation fly_;
  EmShower em_shower_;
  HadronShower hadron_shower_;
  Digitiser digitise_;
  HitMap hits_;
  std::vector<Flight> at_calorimeter_;
  EnergyAccount account_;
};

}  // namespace corpuscle::sim
