#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/sim/decay.hpp"
#include "corpuscle/sim/energy_account.hpp"
#include "corpuscle/sim/flight.hpp"
#include "corpuscle/sim/track_finding.hpp"
#include "corpuscle/sim/track_fit.hpp"
#include "corpuscle/sim/tracker_geometry.hpp"

namespace corpuscle::sim {

/// What is noted while the particles of one event fly; kept from event to event to save allocations.
struct FlightRecords {
  struct Created {
    std::uint32_t parent;  ///< row of the table of particles
    std::uint64_t key;     ///< of the new particle's random numbers
  };
  std::vector<Created> created;  ///< the rows that were appended, in order
  std::vector<Product> products;
  std::vector<Passage> passages;
  std::vector<TrackCandidate> candidates;
};

/// Particles between the collision and the calorimeters: their paths in the field, what the material of the
/// tracker does to them, and the tracks that reconstruction would find.
///
/// Physics: ionisation and multiple scattering (Highland) at each surface, bremsstrahlung (Bethe-Heitler),
/// photon conversion, decays in flight of what the generator left undecayed, nuclear interactions, loopers.
/// Tracks: all five parameters from a global fit to the surfaces that were hit (detector.md 4.2), states at
/// the four points, chi2, and now and then a fake. Not thread-safe: one per thread.
///
/// Charm, bottom and tau must have been decayed by the generator. Particles older than 100 ns, most of them
/// loopers, stop where they are; neutrinos and other weakly interacting particles end at their vertices.
class TrackerSimulation {
 public:
  /// @throws core::ConfigError if the detector's tracker cannot be built (sim/tracker_geometry.hpp)
  TrackerSimulation(detector::Detector const& detector, std::uint64_t seed);

  /// Flies the final state (generator_status 1) of event.truth.particles, in collider coordinates.
  ///
  /// Appends the particles made on the way to truth.particles (with ancestry and simulator status), fills
  /// end points, observed.tracks, observed.tracker_hits and their links, and replaces `at_calorimeter` by the
  /// particles that reach a calorimeter, at its surface. Books in `account` everything that does not, and
  /// nothing in account.in. Deterministic in (seed, event.run, event.number, row of the particle); a particle
  /// does and leaves the same, whatever others are there, but that crowded tracks are lost more often.
  ///
  /// @throws core::DataError for a particle that is neither stable nor one whose decays are known
  /// (sim/decay.hpp)
  void operator()(event::Event& event, std::vector<Flight>& at_calorimeter, EnergyAccount& account);

 private:
  detector::Detector detector_;
  TrackerGeometry geometry_;
  std::uint64_t seed_;
  FlightRecords records_;
};

}  // namespace corpuscle::sim
