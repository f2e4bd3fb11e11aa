#pragma once

#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/pf/shower_energy.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::truth {

struct PerfectParticles {
  event::Particles particles;  ///< by falling energy of their targets
  std::vector<event::Link<event::ParticleId>>
      links;  ///< one of each to the generated particle it is, weight 1
};

/// Perfect particle flow: the same tracks and hits as any reconstruction has, pattern recognition by truth.
/// What is left is what the detector cannot measure: the ceiling.
///
/// Each target (TargetBuilder, rule standard) with a track has the momentum of that track and the mass of
/// what it is; the others have the energy of their shares of the hits, with the scales and the software
/// compensation of pf::ShowerEnergy, and fly from the origin to the centroid of those. Files with links of
/// clusters alone: shares of the energy of the clusters. Particles without any of this are not made. Does not
/// depend on the order of rows. Immutable, thread-safe.
class PerfectParticleFlow {
 public:
  explicit PerfectParticleFlow(detector::Detector const& detector)
      : field_(detector.field), energy_(detector) {}

  [[nodiscard]] PerfectParticles operator()(event::Event const& event) const;

 private:
  struct Deposit {
    double energy = 0;
    core::Vector3 direction;
  };
  [[nodiscard]] std::vector<Deposit> deposits(event::Observed const& observed, Targets const& targets,
                                              bool has_hits) const;

  double field_;  ///< [T]
  pf::ShowerEnergy energy_;
};

}  // namespace corpuscle::truth
