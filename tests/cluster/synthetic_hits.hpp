#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/event/event.hpp"
#include "pf/random_event.hpp"

/// Hand-made hits for the tests and benchmarks of clustering, on the cells of the barrel
/// in front of the x axis: layers at constant x, cells along y and z.
namespace corpuscle::test {

/// test::simple_detector with the muon system of CLIC_o3_v14 (detector.md 1.3).
inline detector::Detector detector_with_muons() {
  detector::Detector d = simple_detector();
  d.muon = {.barrel_r_min = 4461,
            .barrel_r_max = 6450,
            .barrel_z_max = 4179,
            .endcap_z_min = 4179,
            .endcap_z_max = 5700,
            .endcap_r_min = 490,
            .endcap_r_max = 6450,
            .sides = 12,
            .normal_phi = std::numbers::pi / 2,
            .layers = 7,
            .layer_pitch = 284,
            .cell_size = 30};
  return d;
}

inline void add_hit(event::Observed& event, event::Subdetector where, int layer, core::Vector3 place,
                    double energy) {
  event::CaloHits& hits = event.calo_hits;
  std::size_t const row = hits.size();
  hits.resize(row + 1);
  hits.cell_id[row] = row;
  hits.energy[row] = static_cast<float>(energy);
  hits.x[row] = static_cast<float>(place.x);
  hits.y[row] = static_cast<float>(place.y);
  hits.z[row] = static_cast<float>(place.z);
  hits.layer[row] = static_cast<std::int16_t>(layer);
  hits.subdetector[row] = where;
  hits.region[row] = event::Region::barrel;
}

/// x of the sensitive slice of a layer (detector.md 1.3).
inline double ecal_x(int layer) {
  return 1500 + 5.05 * layer + 2.4;
}
inline double hcal_x(int layer) {
  return 1740 + 26.5 * layer + 21;
}
inline double muon_x(int layer) {
  return 4461 + 284 * layer + 7.5;
}

/// The middle of the cell a place is in.
inline double cell(double place, double size) {
  return std::round(place / size) * size;
}

/// A compact shower of this energy [GeV] along x: a gamma profile in depth and an exponential core and halo
/// across, smooth but for the cells. Hits below 4 MeV are left out.
inline void add_photon(event::Observed& event, double energy, double y, double z) {
  double constexpr size = 5.1;
  double const shape = 3 + 0.5 * std::log(energy);
  double norm = 0;
  auto const profile = [&](int layer) {
    return std::pow(layer + 0.5, shape - 1) * std::exp(-0.27 * (layer + 0.5));
  };
  for (int layer = 0; layer < 40; ++layer) norm += profile(layer);
  for (int layer = 0; layer < 40; ++layer) {
    double const in_layer = energy * profile(layer) / norm;
    for (int i = -12; i <= 12; ++i)
      for (int j = -12; j <= 12; ++j) {
        double const cy = cell(y, size) + i * size, cz = cell(z, size) + j * size;
        double const r = std::hypot(cy - y, cz - z);
        auto const density = [&](double length) {
          return std::exp(-r / length) / (2 * std::numbers::pi * length * length);
        };
        double const e = in_layer * size * size * (0.85 * density(3) + 0.15 * density(12));
        if (e > 0.004) add_hit(event, event::Subdetector::ecal, layer, {ecal_x(layer), cy, cz}, e);
      }
  }
}

/// A straight minimum-ionising particle from the origin through ECAL, HCAL and muon system.
inline void add_mip(event::Observed& event, double dy, double dz) {
  auto const add = [&](event::Subdetector where, int layer, double x, double size, double energy) {
    add_hit(event, where, layer, {x, cell(dy * x, size), cell(dz * x, size)}, energy);
  };
  for (int l = 0; l < 40; ++l) add(event::Subdetector::ecal, l, ecal_x(l), 5.1, 0.007);
  for (int l = 0; l < 60; ++l) add(event::Subdetector::hcal, l, hcal_x(l), 30, 0.025);
  for (int l = 0; l < 7; ++l) add(event::Subdetector::muon, l, muon_x(l), 30, 0.05);
}

/// A track that enters the barrel at the front of the ECAL.
inline void add_entering_track(event::Observed& event, detector::Detector const& detector, double pt,
                               double phi, double tan_lambda, int charge) {
  auto const helix = add_track(event, detector, pt, phi, tan_lambda, charge);
  auto const entry = detector::extrapolate(helix, detector.ecal);
  auto& state = event.tracks.at(event::TrackPoint::at_calorimeter);
  std::size_t const row = event.tracks.size() - 1;
  if (!entry) return;
  state.is_present[row] = 1;
  state.phi[row] = static_cast<float>(std::atan2(entry->direction.y, entry->direction.x));
  state.tan_lambda[row] = static_cast<float>(helix.tan_lambda);
  state.omega[row] = static_cast<float>(helix.omega);
  state.x[row] = static_cast<float>(entry->position.x);
  state.y[row] = static_cast<float>(entry->position.y);
  state.z[row] = static_cast<float>(entry->position.z);
}

/// Hits with the density of showers: `n_hits` of them in blobs of 150, all over the barrel or over this
/// fraction of its width in each direction.
inline event::Observed random_showers(std::size_t n_hits, std::uint64_t seed, double fraction = 1) {
  core::Random random{seed};
  event::Observed event;
  while (event.calo_hits.size() < n_hits) {
    double const phi = fraction * random.uniform(-std::numbers::pi, std::numbers::pi);
    double const z0 = fraction * random.uniform(-1500, 1500);
    double const start = random.exponential() * 8;
    bool const is_hadron = random.uniform() < 0.5;
    for (int k = 0; k < 150 && event.calo_hits.size() < n_hits; ++k) {
      double const depth = start + random.gamma(3) * (is_hadron ? 12 : 4);
      int const layer = static_cast<int>(depth);
      double const spread = is_hadron ? 25 : 9;
      bool const in_hcal = layer >= 40;
      if (in_hcal && layer >= 100) continue;
      double const radius = in_hcal ? hcal_x(layer - 40) : ecal_x(layer);
      double const size = in_hcal ? 30 : 5.1;
      double const across = cell(spread * (in_hcal ? 4 : 1) * random.normal(), size);
      double const z = cell(z0 * radius / 1500 + spread * (in_hcal ? 4 : 1) * random.normal(), size);
      core::Vector3 const place{radius * std::cos(phi) - across * std::sin(phi),
                                radius * std::sin(phi) + across * std::cos(phi), z};
      add_hit(event, in_hcal ? event::Subdetector::hcal : event::Subdetector::ecal,
              in_hcal ? layer - 40 : layer, place, 0.01 + 0.02 * random.exponential());
    }
  }
  return event;
}

}  // namespace corpuscle::test
