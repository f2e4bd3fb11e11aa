#include "corpuscle/truth/perfect_particle_flow.hpp"

#include <cmath>

#include "corpuscle/core/units.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::truth {
namespace {

using core::Vector3;
using event::ParticleClass;

double mass_of(ParticleClass particle_class) {  // GeV; PDG 2022
  switch (particle_class) {
    case ParticleClass::charged_hadron: return 0.13957;
    case ParticleClass::neutral_hadron: return 0.497611;
    case ParticleClass::electron: return 0.000510999;
    case ParticleClass::muon: return 0.105658;
    case ParticleClass::photon: break;
  }
  return 0;
}

Vector3 direction_of(Vector3 v) {
  double const length = core::length(v);
  return length > 0 ? 1 / length * v : Vector3{0, 0, 1};
}

}  // namespace

/// Energy and direction of what each target left in the calorimeters.
std::vector<PerfectParticleFlow::Deposit> PerfectParticleFlow::deposits(event::Observed const& observed,
                                                                        Targets const& targets,
                                                                        bool has_hits) const {
  std::size_t const n = targets.particles.size();
  std::vector<Deposit> result(n);
  auto const share_out = [](std::span<Share const> shares, auto const& give) {
    double sum = 0;
    for (Share const& share : shares) sum += share.weight;
    if (sum <= 0) return;
    for (Share const& share : shares) give(share.target.row(), share.weight / sum);
  };
  if (has_hits) {
    std::vector<pf::ShowerSums> sums(n);
    event::CaloHits const& hits = observed.calo_hits;
    for (std::size_t row = 0; row < hits.size(); ++row) {
      bool const is_forward = hits.subdetector[row] == event::Subdetector::forward ||
                              hits.subdetector[row] == event::Subdetector::other;
      if (is_forward) continue;
      pf::ShowerSums const hit =
          energy_.of_hit(hits.subdetector[row], hits.energy[row], {hits.x[row], hits.y[row], hits.z[row]});
      share_out(targets.on_hits.shares[row],
                [&](std::size_t target, double part) { sums[target] += part * hit; });
    }
    for (std::size_t k = 0; k < n; ++k) {
      bool const is_photon = targets.particles.particle_class[k] == ParticleClass::photon;
      result[k] = {is_photon ? energy_.photon(sums[k]) : energy_.hadron(sums[k]),
                   direction_of(sums[k].moment)};
    }
    return result;
  }
  std::vector<Vector3> moments(n);
  event::Clusters const& clusters = observed.clusters;
  for (std::size_t row = 0; row < clusters.size(); ++row)
    share_out(targets.on_clusters.shares[row], [&](std::size_t target, double part) {
      double const energy = part * clusters.energy[row];
      result[target].energy += energy;
      moments[target] = moments[target] + energy * Vector3{clusters.x[row], clusters.y[row], clusters.z[row]};
    });
  for (std::size_t k = 0; k < n; ++k) result[k].direction = direction_of(moments[k]);
  return result;
}

PerfectParticles PerfectParticleFlow::operator()(event::Event const& event) const {
  bool const has_hits = !event.truth.calo_hit_links.empty();
  TargetBuilder const build({Rule::standard, has_hits ? Mode::hit : Mode::cluster});
  Targets const targets = build(event);
  std::vector<Deposit> const deposit = deposits(event.observed, targets, has_hits);
  auto const& at_ip = event.observed.tracks.at(event::TrackPoint::at_ip);

  PerfectParticles result;
  event::Particles& particles = result.particles;
  particles.resize(targets.particles.size());
  std::size_t n = 0;
  for (std::size_t k = 0; k < targets.particles.size(); ++k) {
    ParticleClass const particle_class = targets.particles.particle_class[k];
    double mass = mass_of(particle_class);
    Vector3 momentum, reference;
    double energy = 0;
    auto const tracks = targets.particles.tracks[k];
    bool const has_track =
        !tracks.empty() && at_ip.is_present[tracks[0].row()] && at_ip.omega[tracks[0].row()] != 0;
    if (has_track) {
      std::size_t const row = tracks[0].row();
      auto const helix =
          detector::Helix::from_parameters(at_ip.d0[row], at_ip.phi[row], at_ip.omega[row], at_ip.z0[row],
                                           at_ip.tan_lambda[row], {at_ip.x[row], at_ip.y[row], at_ip.z[row]});
      momentum = helix.momentum(0, field_);
      reference = helix.origin;
      energy = std::hypot(core::length(momentum), mass);
    } else {
      energy = deposit[k].energy;
      if (energy <= 0) continue;
      if (mass >= energy) mass = 0;  // too little was seen for one at rest, and where it flew is known
      momentum = std::sqrt(energy * energy - mass * mass) * deposit[k].direction;
    }
    particles.particle_class[n] = particle_class;
    particles.pdg[n] = targets.particles.pdg[k];
    particles.charge[n] = targets.particles.charge[k];
    particles.energy[n] = static_cast<float>(energy);
    particles.px[n] = static_cast<float>(momentum.x);
    particles.py[n] = static_cast<float>(momentum.y);
    particles.pz[n] = static_cast<float>(momentum.z);
    particles.mass[n] = static_cast<float>(mass);
    particles.x[n] = static_cast<float>(reference.x);
    particles.y[n] = static_cast<float>(reference.y);
    particles.z[n] = static_cast<float>(reference.z);
    particles.tracks.push_back(tracks);
    particles.clusters.push_back(targets.particles.clusters[k]);
    result.links.push_back({event::ParticleId(n), targets.members[k][0], 1});
    ++n;
  }
  particles.resize(n);
  return result;
}

}  // namespace corpuscle::truth
