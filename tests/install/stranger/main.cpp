// Particle flow in somebody else's program: an event made by hand, a detector made by hand, no files.
#include <cmath>
#include <cstdio>

#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/pf/cluster_particle_flow.hpp"

namespace units = corpuscle::units;
using corpuscle::event::ParticleClass;

corpuscle::detector::Detector my_detector() {
  corpuscle::detector::Detector detector;
  detector.name = "mine";
  detector.field = 3 * units::tesla;
  detector.ecal.barrel_r_min = detector.ecal.endcap_r_max = 1800;
  detector.ecal.barrel_r_max = 2000;
  detector.ecal.barrel_z_max = detector.ecal.endcap_z_min = 2300;
  detector.ecal.endcap_z_max = 2500;
  detector.ecal.sides = 8;
  detector.particle_flow.track_max_relative_momentum_error = 0.1;
  detector.particle_flow.track_max_impact = 10;
  detector.particle_flow.track_max_innermost_radius = 100;
  detector.particle_flow.association_distance = 100;
  detector.particle_flow.association_cone = 0.2;
  detector.particle_flow.hadronic_stochastic = 0.6;
  detector.particle_flow.excess_significance = 3;
  detector.particle_flow.deficit_significance = -3;
  detector.particle_flow.photon_min_ecal_fraction = 0.9;
  detector.particle_flow.photon_max_depth = 150;
  detector.particle_flow.electron_min_ecal_fraction = 0.95;
  detector.particle_flow.unassociated_track_max_energy = 50;
  detector.particle_flow.unassociated_track_max_impact = 10;
  return detector;
}

/// A positive pion of 10 GeV along x, which left no cluster, and a photon of 20 GeV along y.
corpuscle::event::Observed my_event(double field) {
  corpuscle::event::Observed event;
  auto const momentum = corpuscle::core::Vector3{10, 0, 0};
  auto const helix = corpuscle::detector::Helix::from_momentum({}, momentum, +1, field);
  corpuscle::event::Tracks& tracks = event.tracks;
  for (auto& states : tracks.states) states.resize(1);
  auto& at_ip = tracks.at(corpuscle::event::TrackPoint::at_ip);
  at_ip.is_present[0] = 1;
  at_ip.phi[0] = static_cast<float>(helix.phi);
  at_ip.omega[0] = static_cast<float>(helix.omega);
  tracks.chi2 = {20};
  tracks.ndf = {20};
  tracks.dedx = tracks.dedx_error = tracks.time = {0};
  tracks.innermost_hit_radius = {20};
  tracks.hits.end_row();

  corpuscle::event::Clusters& clusters = event.clusters;
  clusters.resize(1);
  clusters.energy[0] = clusters.energy_ecal[0] = 20;
  clusters.y[0] = 1850;
  clusters.hits.end_row();
  return event;
}

int main() {
  auto const detector = my_detector();
  corpuscle::pf::ClusterParticleFlow const reconstruct(detector);
  auto const particles = reconstruct(my_event(detector.field));

  double energy = 0, charge = 0, photon_energy = 0;
  for (std::size_t i = 0; i < particles.size(); ++i) {
    energy += particles.energy[i];
    charge += particles.charge[i];
    if (particles.particle_class[i] == ParticleClass::photon) photon_energy += particles.energy[i];
  }
  std::printf("%zu particles, %.3f GeV, charge %+.0f\n", particles.size(), energy, charge);
  double const pion_energy = std::hypot(10, 0.13957);
  bool const as_expected = particles.size() == 2 && charge == 1 && std::abs(photon_energy - 20) < 1e-4 &&
                           std::abs(energy - pion_energy - 20) < 1e-4;
  return as_expected ? 0 : 1;
}
