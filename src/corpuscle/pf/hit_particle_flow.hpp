#pragma once

#include <memory>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::pf {

/// Particles, and the showers that they were made of.
struct HitReconstruction {
  event::Clusters clusters;    ///< with their hits; each hit in one at most
  event::Particles particles;  ///< `clusters` of each are rows of the above
};

/// Whether an event has the hits that its clusters were made of; files may leave them out, or keep a few.
bool has_hits(event::Observed const& observed);

/// Rule-based particle flow on tracks and calorimeter hits.
///
/// In this order (detector.md 6; parameters in detector::HitParticleFlow):
/// 1. Tracks that may carry the energy of a particle are chosen; a helix found twice counts once. Those
///    that go on into the muon system and leave little on the way are muons.
/// 2. Photons: maxima of the energy in the ECAL that are compact, begin early and have no track; those with
///    a track of the same energy are electrons.
/// 3. The remaining hits are clustered (cluster::ConeClustering), tracks seeding, and each track is given the
///    cluster in which it begins. Hits that are left alone join the nearest shower.
/// 4. A cluster with much more energy than its tracks is clustered again with narrower cones, and what is
///    still too much is taken from the hits farthest from the track; one with too little takes in clusters
///    nearby.
/// 5. Neutral clusters that are more likely to be fragments (FragmentEvidence) join what they are part of.
/// 6. Particles: charged ones with the momentum of the track; photons and neutral hadrons with the energy
///    of their shower (ShowerEnergy, with software compensation), from the origin towards its centroid.
///
/// Every track and hit is used at most once. Deterministic: the result does not depend on the order of rows
/// in the input; particles come by falling energy. An event with nothing in it gives no particles. Linear in
/// hits but where hits are looked for along tracks, which is tracks times hits: the cost per hit is the same
/// up to some 25,000 hits, and half as much again at 50,000. Not thread-safe: one per thread.
class HitParticleFlow {
 public:
  /// @param detector  with a field, ECAL and HCAL; its `ecal.sides` must be at least 3
  explicit HitParticleFlow(detector::Detector const& detector);
  ~HitParticleFlow();
  HitParticleFlow(HitParticleFlow&&) noexcept;

  /// Particles and the clusters they were made of.
  [[nodiscard]] HitReconstruction reconstruct(event::Observed const& observed);

  /// Particles alone. `clusters` of each are those rows of observed.clusters of whose hits it has most;
  /// without hits in those, none.
  [[nodiscard]] event::Particles operator()(event::Observed const& observed);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace corpuscle::pf
