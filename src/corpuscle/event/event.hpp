#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/event/calorimeter.hpp"
#include "corpuscle/event/particles.hpp"
#include "corpuscle/event/tracks.hpp"

namespace corpuscle::event {

/// What the detector saw: all that a reconstructor, learned or rule-based, may look at.
///
/// `Observed` and `Truth` share no base and no conversion, so that a reconstructor, which takes
/// `Observed const&`, cannot reach truth (tests/compile_fail).
struct Observed {
  Tracks tracks;
  Clusters clusters;
  CaloHits calo_hits;
  TrackerHits tracker_hits;

  /// Tracks and clusters: what particle flow on clusters works on.
  [[nodiscard]] std::size_t n_elements() const noexcept { return tracks.size() + clusters.size(); }
};

/// One weighted link from a reconstructed object to the generated particle that caused it.
template <class From>
struct Link {
  From from;
  GenParticleId to;
  float weight = 0;  ///< as stored in the file; what it measures depends on the program that wrote it

  friend bool operator==(Link const&, Link const&) = default;
};

/// What really happened, for targets and for evaluation only.
struct Truth {
  GenParticles particles;
  std::vector<Link<TrackId>> track_links;
  std::vector<Link<ClusterId>> cluster_links;
  std::vector<Link<CaloHitId>> calo_hit_links;
  std::vector<Link<TrackerHitId>> tracker_hit_links;
  std::vector<Link<ParticleId>> particle_links;  ///< of the PFOs that came with the file
};

struct Event {
  std::int64_t run = 0;
  std::int64_t number = 0;
  Observed observed;
  Truth truth;
  Particles stored;  ///< PFOs that came with the file (Pandora's, say); empty if there were none
};

/// Checks what the comments of the tables promise: equal column lengths, finite values, angles in
/// range, ids that exist. O(size of the event); every reader calls it once, behind it code trusts.
/// @throws core::DataError naming the first table, column and row that break the promise.
void check(Event const& event);

}  // namespace corpuscle::event
