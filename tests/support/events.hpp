#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

/// Events with something in every column, and the detector they belong to: what the tests of writing whole
/// events share.
namespace corpuscle::testing {

/// All calorimeters and tracker systems of CLIC, as far as their hits need to be told apart.
inline detector::Detector detector_for_events() {
  using Kind = detector::Calorimeter::Kind;
  using Shape = detector::Calorimeter::Shape;
  detector::Detector detector;
  detector.name = "CLIC_test";
  detector.field = 4;
  detector.calorimeter_cell_id = "system:5,side:-2,module:8,stave:4,layer:9,submodule:4,x:32:-16,y:-16";
  detector.tracker_cell_id = "system:5,side:-2,layer:6,module:11,sensor:8";
  detector.collections.tracks = {"SiTracks_Refitted"};
  detector.collections.clusters = {"PandoraClusters"};
  detector.collections.tracker_hits = {"VXDTrackerHits",     "VXDEndcapTrackerHits", "ITrackerHits",
                                       "ITrackerEndcapHits", "OTrackerHits",         "OTrackerEndcapHits"};
  detector.collections.gen_particles = {"MCParticles"};
  detector.collections.ecal_hits = {"ECALBarrel", "ECALEndcap", "ECALOther"};
  detector.collections.hcal_hits = {"HCALBarrel", "HCALEndcap", "HCALOther"};
  detector.collections.muon_hits = {"MUON"};
  detector.collections.forward_hits = {"LumiCal_Hits"};
  detector.collections.track_links = {"SiTracksMCTruthLink"};
  detector.collections.cluster_links = {"ClusterMCTruthLink"};
  detector.collections.calo_hit_links = {"CalohitMCTruthLink"};
  auto const add = [&](char const* collection, int system, Kind kind, Shape shape) {
    detector::Calorimeter& calorimeter = detector.simulation.calorimeters.emplace_back();
    calorimeter.collection = collection;
    calorimeter.system = system;
    calorimeter.kind = kind;
    calorimeter.shape = shape;
  };
  add("ECALBarrel", 20, Kind::ecal, Shape::barrel);
  add("ECALEndcap", 29, Kind::ecal, Shape::endcap);
  add("ECALOther", 21, Kind::ecal, Shape::endcap);
  add("HCALBarrel", 10, Kind::hcal, Shape::barrel);
  add("HCALEndcap", 11, Kind::hcal, Shape::endcap);
  add("HCALOther", 12, Kind::hcal, Shape::endcap);
  add("MUON", 13, Kind::muon, Shape::barrel);
  add("MUON", 14, Kind::muon, Shape::endcap);
  add("LumiCal_Hits", 15, Kind::forward, Shape::endcap);
  for (int system = 1; system <= 6; ++system)
    for (int layer = 0; layer < 3; ++layer) {
      detector::TrackerSurface& surface = detector.simulation.tracking.surfaces.emplace_back();
      surface.shape =
          system % 2 ? detector::TrackerSurface::Shape::cylinder : detector::TrackerSurface::Shape::disc;
      surface.sigma_u = 0.007;
      surface.sigma_v = 0.09;
      surface.system = system;
      surface.layer = layer;
    }
  return detector;
}

inline std::uint64_t calo_cell(int system, int layer, int x, int y) {
  return static_cast<std::uint64_t>(system) | static_cast<std::uint64_t>(layer) << 19 |
         static_cast<std::uint64_t>(static_cast<std::uint16_t>(x)) << 32 |
         static_cast<std::uint64_t>(static_cast<std::uint16_t>(y)) << 48;
}
inline std::uint64_t tracker_cell(int system, int layer) {
  return static_cast<std::uint64_t>(system) | static_cast<std::uint64_t>(layer) << 7;
}

/// An event of `n` tracks, 4 n tracker hits, n clusters, 10 n calorimeter hits and 2 n particles, of random
/// but lawful values. Hits are in the order in which files have them: by collection.
inline event::Event random_event(std::size_t n, std::uint64_t seed) {
  core::Random random({seed});
  auto const between = [&](double low, double high) { return static_cast<float>(random.uniform(low, high)); };
  auto const row_below = [&](std::size_t rows) { return static_cast<std::size_t>(random.bits() % rows); };
  constexpr double pi = std::numbers::pi;
  event::Event event;
  event.run = 3;
  event.number = static_cast<std::int64_t>(seed);

  event::GenParticles& particles = event.truth.particles;
  particles.resize(2 * n);
  for (std::size_t row = 0; row < 2 * n; ++row) {
    particles.pdg[row] = row % 2 ? 22 : 211;
    particles.generator_status[row] = row % 3 ? 1 : 2;
    particles.simulator_status[row] = static_cast<std::int32_t>(random.bits() & 0x7F800000);
    particles.charge[row] = row % 2 ? 0 : 1;
    particles.time[row] = between(0, 5);
    for (auto* column : {&particles.mass, &particles.px, &particles.py, &particles.pz, &particles.x,
                         &particles.y, &particles.z, &particles.end_x, &particles.end_y, &particles.end_z})
      (*column)[row] = random.uniform(0, 100);
    if (row == 0) {
      particles.parents.push_back({});
    } else {
      particles.parents.push_back({event::GenParticleId(row_below(row))});
    }
  }
  std::vector<std::vector<event::GenParticleId>> daughters(2 * n);
  for (std::size_t row = 0; row < 2 * n; ++row)
    for (event::GenParticleId const parent : particles.parents[row])
      daughters[parent.row()].push_back(event::GenParticleId(row));
  for (auto const& list : daughters) particles.daughters.push_back(list);

  event::TrackerHits& tracker_hits = event.observed.tracker_hits;
  tracker_hits.resize(4 * n);
  for (std::size_t row = 0; row < 4 * n; ++row) {
    int const system = 1 + static_cast<int>(6 * row / (4 * n));
    tracker_hits.cell_id[row] = tracker_cell(system, static_cast<int>(row_below(3)));
    tracker_hits.x[row] = random.uniform(-1500, 1500);
    tracker_hits.y[row] = random.uniform(-1500, 1500);
    tracker_hits.z[row] = random.uniform(-2300, 2300);
    tracker_hits.energy_deposit[row] = between(1e-5, 1e-4);
    tracker_hits.time[row] = between(0, 10);
    event.truth.tracker_hit_links.push_back(
        {event::TrackerHitId(row), event::GenParticleId(row_below(2 * n)), between(0, 1)});
  }

  event::Tracks& tracks = event.observed.tracks;
  for (event::TrackStates& states : tracks.states) states.resize(n);
  for (std::size_t row = 0; row < n; ++row) {
    tracks.chi2.push_back(between(0, 50));
    tracks.ndf.push_back(static_cast<std::int32_t>(row_below(30)));
    tracks.dedx.push_back(between(0, 1e-5));
    tracks.dedx_error.push_back(between(0, 1e-6));
    tracks.time.push_back(between(0, 1));
    for (event::TrackStates& states : tracks.states) {
      // The state at the calorimeter may be missing.
      if (&states == &tracks.states.back() && row % 5 == 4) continue;
      states.is_present[row] = 1;
      states.phi[row] = between(-pi, pi);
      for (auto* column :
           {&states.d0, &states.omega, &states.z0, &states.tan_lambda, &states.x, &states.y, &states.z})
        (*column)[row] = between(-1, 1);
      for (float& element : states.covariance[row]) element = between(0, 1e-4);
    }
    event::TrackStates const& first = tracks.at(event::TrackPoint::at_first_hit);
    tracks.innermost_hit_radius.push_back(std::hypot(first.x[row], first.y[row]));
    for (std::size_t k = 0; k < 4; ++k) tracks.hits.values.emplace_back(row + k * n);
    tracks.hits.end_row();
    event.truth.track_links.push_back(
        {event::TrackId(row), event::GenParticleId(row_below(2 * n)), between(0, 1)});
  }

  constexpr std::pair<int, event::Subdetector> systems[] = {
      {20, event::Subdetector::ecal}, {29, event::Subdetector::ecal},   {21, event::Subdetector::ecal},
      {10, event::Subdetector::hcal}, {11, event::Subdetector::hcal},   {12, event::Subdetector::hcal},
      {13, event::Subdetector::muon}, {15, event::Subdetector::forward}};
  event::CaloHits& hits = event.observed.calo_hits;
  hits.resize(10 * n);
  for (std::size_t row = 0; row < 10 * n; ++row) {
    std::size_t const k = 8 * row / (10 * n);
    hits.layer[row] = static_cast<std::int16_t>(row_below(40));
    hits.cell_id[row] = calo_cell(systems[k].first, hits.layer[row], static_cast<int>(row), -3);
    hits.subdetector[row] = systems[k].second;
    hits.region[row] = k > 5 || k % 3 == 2 ? event::Region::other
                       : k % 3 == 0        ? event::Region::barrel
                                           : event::Region::endcap;
    hits.energy[row] = between(0, 1);
    hits.energy_error[row] = between(0, 0.1);
    hits.time[row] = between(0, 10);
    hits.x[row] = between(-2000, 2000);
    hits.y[row] = between(-2000, 2000);
    hits.z[row] = between(-2000, 2000);
    for (int links = 0; links < 2; ++links)
      event.truth.calo_hit_links.push_back(
          {event::CaloHitId(row), event::GenParticleId(row_below(2 * n)), between(0, 1)});
  }

  event::Clusters& clusters = event.observed.clusters;
  clusters.resize(n);
  for (std::size_t row = 0; row < n; ++row) {
    for (auto* column :
         {&clusters.energy, &clusters.energy_error, &clusters.x, &clusters.y, &clusters.z, &clusters.theta,
          &clusters.phi, &clusters.energy_ecal, &clusters.energy_hcal, &clusters.energy_other})
      (*column)[row] = between(0, 3);
    for (std::size_t k = 0; k < 9; ++k)
      clusters.hits.values.emplace_back(row + k * n);  // the last stay alone
    clusters.hits.end_row();
    event.truth.cluster_links.push_back(
        {event::ClusterId(row), event::GenParticleId(row_below(2 * n)), between(0, 1)});
  }
  event::check(event);
  return event;
}

}  // namespace corpuscle::testing
