#pragma once

#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/sim/decay.hpp"
#include "corpuscle/sim/flight.hpp"

namespace corpuscle::sim {

/// What a nuclear interaction leaves besides its products.
struct NuclearRemnant {
  double deposit = 0;     ///< energy of short-ranged fragments [GeV]
  double invisible = 0;   ///< binding energy [GeV]
  double mass_taken = 0;  ///< of the nucleons that left the nucleus or were annihilated [GeV]
};

/// A hadron meets a nucleus of the thin material of the tracker: replaces `products` by the particles that
/// fly on.
///
/// A deliberately simple model of what matters to particle flow, that a track ends and a spray of softer
/// hadrons goes on: a leading particle of the projectile's kind, 1 + 1.3 ln(1 + T) pions on average that
/// share the rest of the energy with it at random and carry transverse momenta of some 0.4 GeV, and
/// knocked-out nucleons of some tens of MeV. Antibaryons annihilate. Charge is conserved up to that of the
/// nucleus; momentum is not, the nucleus takes it. Energy is: that of the projectile plus `mass_taken` is
/// that of the products plus `deposit` plus `invisible`.
NuclearRemnant interact(Flight const& projectile, core::Random& random, std::vector<Product>& products);

}  // namespace corpuscle::sim
