#pragma once

#include <cstdint>

#include "corpuscle/event/event.hpp"
#include "corpuscle/event/sim_hits.hpp"
#include "corpuscle/sim/calo_geometry.hpp"
#include "corpuscle/sim/energy_account.hpp"
#include "corpuscle/sim/hit_map.hpp"

namespace corpuscle::sim {

/// Turns deposits into calibrated calorimeter hits, as the CLIC reconstruction chain does (detector.md 2.5):
/// time window after subtracting the straight flight from the origin, threshold, calibration, saturation;
/// noise where the detector file asks for it. Hits are ordered by calorimeter, then by cell id; the time of a
/// hit is that of its earliest deposit in the window, less the flight. Links from hits to particles: one per
/// pair, ordered by hit, then by particle; the weight is the calibrated energy that the particle gave to the
/// hit, so that the weights of a hit add up to its energy but for the noise.
///
/// Immutable, thread-safe. About 30 ns per cell with a deposit, and 20 per hit.
class Digitiser {
 public:
  explicit Digitiser(CaloGeometry const& geometry) : geometry_(&geometry) {}

  /// Replaces event.observed.calo_hits and event.truth.calo_hit_links, and books the shares.
  /// @param noise_key  key of the random stream for noise
  void operator()(HitMap const& deposits, std::uint64_t noise_key, event::Event& event,
                  EnergyAccount& account) const;

  /// The same for hits of a full simulation, without noise; cell ids and positions are the file's. The layer
  /// of forward calorimeters, whose cell ids have encodings of their own, is unknown.
  /// @throws core::DataError for cell ids of a system that the detector does not have
  void operator()(event::SimCaloHits const& deposits, event::Event& event) const;

 private:
  CaloGeometry const* geometry_;
};

}  // namespace corpuscle::sim
