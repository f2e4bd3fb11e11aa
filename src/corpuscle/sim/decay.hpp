#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/core/vector3.hpp"

namespace corpuscle::sim {

/// A particle just made, still without a row in the table of particles.
struct Product {
  std::int32_t pdg = 0;
  double charge = 0;       ///< [e]
  double mass = 0;         ///< [GeV]
  core::Vector3 momentum;  ///< [GeV]
};

/// A particle of this kind at that momentum [GeV].
/// @throws core::DataError for a kind that event::find_particle does not know
Product make_product(std::int32_t pdg, core::Vector3 momentum);

/// Whether `decay` knows the decays of this particle: pi, K, mu, and the strange baryons.
bool has_decays(std::int32_t pdg);

/// Replaces `products` by those of one decay in flight, at the branching ratios of the Particle Data Group,
/// with matrix element 1 (pure phase space; polarisation and form factors are neglected). Energy and momentum
/// are conserved to rounding.
///
/// @param mass  of the decaying particle [GeV]; heavy enough for at least one of its modes
/// @return false, with `products` empty, if there is none: has_decays(pdg) is false or it is too light
bool decay(std::int32_t pdg, double mass, core::Vector3 momentum, core::Random& random,
           std::vector<Product>& products);

}  // namespace corpuscle::sim
