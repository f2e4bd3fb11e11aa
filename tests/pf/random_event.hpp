#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <random>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"
#include "corpuscle/event/event.hpp"

/// Hand-made events for the tests and benchmarks of particle flow: a detector like CLIC, tracks from
/// the origin, clusters where they would be.
namespace corpuscle::test {

/// A detector with the dimensions of CLIC_o3_v14 (detector.md 1.3) and plain round parameters.
inline detector::Detector simple_detector() {
  detector::Detector d;
  d.name = "simple";
  d.field = 4 * units::tesla;
  d.tracker = {.r_min = 31, .r_max = 1500, .z_max = 2306};
  d.ecal = {.barrel_r_min = 1500,
            .barrel_r_max = 1702,
            .barrel_z_max = 2210,
            .endcap_z_min = 2307,
            .endcap_z_max = 2509,
            .endcap_r_min = 260,
            .endcap_r_max = 1700,
            .sides = 12,
            .normal_phi = std::numbers::pi / 2,
            .layers = 40,
            .layer_pitch = 5.05,
            .cell_size = 5.1};
  d.hcal = {.barrel_r_min = 1740,
            .barrel_r_max = 3330,
            .barrel_z_max = 2210,
            .endcap_z_min = 2539,
            .endcap_z_max = 4129,
            .endcap_r_min = 250,
            .endcap_r_max = 3246,
            .sides = 12,
            .normal_phi = std::numbers::pi / 2,
            .layers = 60,
            .layer_pitch = 26.5,
            .cell_size = 30};
  d.particle_flow = {.track_max_relative_momentum_error = 0.15,
                     .track_max_impact = 200,
                     .track_max_innermost_radius = 200,
                     .track_trusted_momentum_error = 0.01,
                     .duplicate_tolerance = 0.01,
                     .association_cone = 0.3,
                     .association_distance = 20,
                     .association_growth = 0.05,
                     .association_significance = 4,
                     .recovery_significance = 2,
                     .neighbour_distance = 250,
                     .hadronic_stochastic = 0.6,
                     .hadronic_constant = 0.03,
                     .excess_significance = 3,
                     .deficit_significance = -2.5,
                     .fragment_max_energy = 10,
                     .fragment_max_significance = 1,
                     .photon_min_ecal_fraction = 0.9,
                     .photon_max_depth = 120,
                     .electron_min_ecal_fraction = 0.95,
                     .electron_max_energy_mismatch = 0.1,
                     .muon_max_energy = 5,
                     .muon_min_momentum = 2.5,
                     .muon_min_depth = 600,
                     .unassociated_track_max_energy = 5,
                     .unassociated_track_max_impact = 5,
                     .photon_min_energy = 0.1,
                     .neutral_hadron_min_energy = 0.25};
  return d;
}

struct TrackOptions {
  double d0 = 0, z0 = 0;                   ///< [mm]
  double relative_momentum_error = 0.002;  ///< sigma(pT)/pT
  double innermost_hit_radius = 31;        ///< [mm]
};

/// Appends a track from near the origin; returns its helix.
inline detector::Helix add_track(event::Observed& event, detector::Detector const& detector, double pt,
                                 double phi, double tan_lambda, int charge, TrackOptions options = {}) {
  event::Tracks& tracks = event.tracks;
  std::size_t const row = tracks.size();
  for (auto& states : tracks.states) states.resize(row + 1);
  for (auto* column : {&tracks.chi2, &tracks.dedx, &tracks.dedx_error, &tracks.time}) column->push_back(0);
  tracks.ndf.push_back(19);
  tracks.innermost_hit_radius.push_back(static_cast<float>(options.innermost_hit_radius));
  tracks.hits.end_row();
  double const omega = charge * units::bending * detector.field / pt;
  auto& states = tracks.at(event::TrackPoint::at_ip);
  states.is_present[row] = 1;
  states.d0[row] = static_cast<float>(options.d0);
  states.z0[row] = static_cast<float>(options.z0);
  states.phi[row] = static_cast<float>(core::wrap_phi(phi));
  states.omega[row] = static_cast<float>(omega);
  states.tan_lambda[row] = static_cast<float>(tan_lambda);
  double const sigma = options.relative_momentum_error * omega;
  states.covariance[row][5] = static_cast<float>(sigma * sigma);
  return detector::Helix::from_parameters(options.d0, phi, omega, options.z0, tan_lambda);
}

/// Appends a cluster.
inline void add_cluster(event::Observed& event, core::Vector3 centroid, double energy, double ecal_fraction,
                        double muon_energy = 0) {
  event::Clusters& clusters = event.clusters;
  std::size_t const row = clusters.size();
  clusters.resize(row + 1);
  clusters.hits.end_row();
  clusters.energy[row] = static_cast<float>(energy);
  clusters.x[row] = static_cast<float>(centroid.x);
  clusters.y[row] = static_cast<float>(centroid.y);
  clusters.z[row] = static_cast<float>(centroid.z);
  clusters.energy_ecal[row] = static_cast<float>(ecal_fraction * (energy - muon_energy));
  clusters.energy_hcal[row] = static_cast<float>((1 - ecal_fraction) * (energy - muon_energy));
  clusters.energy_other[row] = static_cast<float>(muon_energy);
}

/// Where a track is after `depth` [mm] of straight flight behind the calorimeter face.
inline core::Vector3 behind_face(detector::Detector const& detector, detector::Helix const& helix,
                                 double depth) {
  auto const entry = detector::extrapolate(helix, detector.ecal);
  return entry ? entry->position + depth * entry->direction : core::Vector3{};
}

/// A jetty event of about `n_elements` tracks and clusters, 60 % of the particles charged and 30 % photons
/// (detector.md 2.4), energies, shower depths and widths of the right size. Same seed, same event.
inline event::Observed random_event(detector::Detector const& detector, std::size_t n_elements,
                                    std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  // Plain arithmetic instead of <random> distributions, whose values differ between libraries.
  auto const uniform = [&] { return static_cast<double>(engine() >> 11) * 0x1p-53; };
  auto const gauss = [&] {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  };
  event::Observed event;
  double phi = 0, cos_theta = 0;
  for (int n = 0; event.n_elements() < n_elements; ++n) {
    if (n % 20 == 0) {  // the axis of the next jet
      phi = 2 * std::numbers::pi * uniform();
      cos_theta = 1.9 * uniform() - 0.95;
    }
    double const particle_phi = phi + 0.3 * gauss();
    double const c = std::clamp(cos_theta + 0.2 * gauss(), -0.97, 0.97);
    double const tan_lambda = c / std::sqrt(1 - c * c);
    double const energy = 0.3 - 4 * std::log(1 - uniform());
    double const pt = energy * std::sqrt(1 - c * c);
    double const kind = uniform();
    if (kind < 0.6) {
      int const charge = uniform() < 0.5 ? 1 : -1;
      auto const helix = add_track(event, detector, pt, particle_phi, tan_lambda, charge);
      if (!detector::extrapolate(helix, detector.ecal)) continue;
      core::Vector3 const shift{30 * gauss(), 30 * gauss(), 30 * gauss()};
      double const overlap = uniform() < 0.05 ? 3 + energy : 0;  // a neutral particle in the same cluster
      double const seen = std::max(0.1, energy + 0.5 * std::sqrt(energy) * gauss()) + overlap;
      add_cluster(event, behind_face(detector, helix, 400 * uniform()) + shift, seen, 0.2 + 0.7 * uniform());
    } else {
      auto const line = detector::Helix::from_momentum(
          {}, {std::cos(particle_phi), std::sin(particle_phi), tan_lambda}, 0, detector.field);
      bool const is_photon = kind < 0.9;
      double const depth = is_photon ? 80 : 100 + 400 * uniform();
      if (!detector::extrapolate(line, detector.ecal)) continue;
      add_cluster(event, behind_face(detector, line, depth), energy, is_photon ? 0.98 : 0.4 * uniform());
    }
  }
  return event;
}

}  // namespace corpuscle::test
