#include "corpuscle/pf/tracks_and_clusters.hpp"

#include <cmath>

#include "corpuscle/core/units.hpp"
#include "corpuscle/core/vector3.hpp"

namespace corpuscle::pf {
namespace {

using core::Vector3;
using event::ParticleClass;

constexpr double pion_mass = 0.13957;      // [GeV] (PDG 2022)
constexpr double straight_momentum = 1e5;  // [GeV]: an omega of nearly zero is no measurement

void add(event::Particles& particles, ParticleClass particle_class, std::int32_t pdg, double charge,
         double energy, Vector3 p, double mass) {
  particles.particle_class.push_back(particle_class);
  particles.pdg.push_back(pdg);
  particles.charge.push_back(static_cast<float>(charge));
  particles.energy.push_back(static_cast<float>(energy));
  particles.px.push_back(static_cast<float>(p.x));
  particles.py.push_back(static_cast<float>(p.y));
  particles.pz.push_back(static_cast<float>(p.z));
  particles.mass.push_back(static_cast<float>(mass));
  for (auto* column : {&particles.x, &particles.y, &particles.z}) column->push_back(0);
  particles.tracks.end_row();
  particles.clusters.end_row();
}

}  // namespace

event::Particles tracks_and_clusters(event::Observed const& observed, detector::Detector const& detector) {
  event::Particles particles;
  auto const& at_ip = observed.tracks.at(event::TrackPoint::at_ip);
  for (std::size_t row = 0; row < observed.tracks.size(); ++row) {
    if (!at_ip.is_present[row] || at_ip.omega[row] == 0) continue;
    double const tan_lambda = at_ip.tan_lambda[row];
    double const pt = units::bending * std::abs(detector.field / static_cast<double>(at_ip.omega[row]));
    Vector3 const p = pt * Vector3{std::cos(static_cast<double>(at_ip.phi[row])),
                                   std::sin(static_cast<double>(at_ip.phi[row])), tan_lambda};
    double const energy = std::sqrt(core::dot(p, p) + pion_mass * pion_mass);
    if (!(energy < straight_momentum)) continue;
    double const charge = at_ip.omega[row] * detector.field > 0 ? 1 : -1;
    particles.tracks.values.push_back(event::TrackId(row));
    add(particles, ParticleClass::charged_hadron, charge > 0 ? 211 : -211, charge, energy, p, pion_mass);
  }
  event::Clusters const& clusters = observed.clusters;
  for (std::size_t row = 0; row < clusters.size(); ++row) {
    Vector3 const centroid{clusters.x[row], clusters.y[row], clusters.z[row]};
    double const distance = core::length(centroid);
    if (!(distance > 0)) continue;
    double const energy = clusters.energy[row];
    bool const is_photon = clusters.energy_ecal[row] > clusters.energy_hcal[row] + clusters.energy_other[row];
    particles.clusters.values.push_back(event::ClusterId(row));
    add(particles, is_photon ? ParticleClass::photon : ParticleClass::neutral_hadron, is_photon ? 22 : 130, 0,
        energy, (energy / distance) * centroid, 0);
  }
  return particles;
}

}  // namespace corpuscle::pf
