#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/sim/track_fit.hpp"
#include "corpuscle/sim/tracker_geometry.hpp"

namespace corpuscle::sim {

/// A piece of a charged particle's way that reconstruction could see as one track: without a kink, and at
/// most half a turn.
struct TrackCandidate {
  event::GenParticleId particle;
  std::uint64_t key = 0;            ///< of its random numbers
  std::size_t first = 0, last = 0;  ///< its passages: [first, last) in the event's
  int n_hits = 0;
  core::Vector3 direction;    ///< unit vector where it begins
  double pt = 0;              ///< there [GeV]
  double time = 0;            ///< of the particle's birth [ns]
  bool is_displaced = false;  ///< begins outside the vertex detector, i.e. behind tracker.r_min
};

/// Which candidates are found (detector.md 2.2, 4.3), and what is measured of them: replaces the table of
/// tracks and their links to particles.
///
/// Found is, but for an inefficiency that grows with the number of candidates nearby, what has `min_hits`
/// hits, one more if it is displaced, and `min_pt`. One hit of 4 % of the tracks is another particle's; a
/// fraction `fake_rate` of the tracks appears a second time as a short one, half of whose hits are wrong. The
/// cost is n log n in the number n of tracks, but for that of pairs within 10 mrad in polar angle.
void find_tracks(std::span<TrackCandidate const> candidates, std::span<Passage const> passages,
                 TrackerGeometry const& geometry, detector::Tracking const& tracking, event::Event& event);

}  // namespace corpuscle::sim
