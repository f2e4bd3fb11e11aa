#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/ids.hpp"
#include "corpuscle/event/particles.hpp"

namespace corpuscle::pf {

// Masses [GeV] (PDG 2022). Charged hadrons are taken for pions, neutral ones for K0L.
inline constexpr double pion_mass = 0.13957;
inline constexpr double kaon_mass = 0.497611;
inline constexpr double electron_mass = 0.000510999;
inline constexpr double muon_mass = 0.105658;

/// One particle on its way into the table.
struct Candidate {
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  event::ParticleClass particle_class = event::ParticleClass::photon;
  double charge = 0;          ///< [e]
  double energy = 0;          ///< [GeV]
  core::Vector3 momentum;     ///< [GeV]
  double mass = 0;            ///< [GeV]
  core::Vector3 reference;    ///< [mm]
  event::TrackId track;       ///< not valid: none
  std::size_t shower = none;  ///< position in the caller's list of clusters or showers
};

/// By falling energy, in an order that follows from the particles alone.
void sort_by_energy(std::vector<Candidate>& candidates);

/// Fills row `row` of all columns but the clusters, and appends the row of its tracks.
void fill_row(event::Particles& particles, std::size_t row, Candidate const& candidate);

}  // namespace corpuscle::pf
