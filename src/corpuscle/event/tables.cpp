#include <cmath>
#include <cstdlib>

#include "corpuscle/event/event.hpp"

namespace corpuscle::event {
namespace {

template <class... Columns>
void resize_all(std::size_t rows, Columns&... columns) {
  (columns.resize(rows), ...);
}

}  // namespace

void TrackStates::resize(std::size_t rows) {
  resize_all(rows, is_present, d0, phi, omega, z0, tan_lambda, x, y, z, covariance);
}

void CaloHits::resize(std::size_t rows) {
  resize_all(rows, cell_id, energy, energy_error, time, x, y, z, layer, subdetector, region);
}

void Clusters::resize(std::size_t rows) {
  resize_all(rows, energy, energy_error, x, y, z, theta, phi, energy_ecal, energy_hcal, energy_other);
}

void TrackerHits::resize(std::size_t rows) {
  resize_all(rows, cell_id, x, y, z, energy_deposit, time);
}

void Particles::resize(std::size_t rows) {
  resize_all(rows, particle_class, pdg, charge, energy, px, py, pz, mass, x, y, z);
}

void GenParticles::resize(std::size_t rows) {
  resize_all(rows, pdg, generator_status, simulator_status, charge, mass, px, py, pz, x, y, z, end_x, end_y,
             end_z, time);
}

double GenParticles::energy(std::size_t row) const {
  return std::sqrt(px[row] * px[row] + py[row] * py[row] + pz[row] * pz[row] + mass[row] * mass[row]);
}

std::string_view name(ParticleClass particle_class) {
  switch (particle_class) {
    case ParticleClass::charged_hadron: return "charged hadron";
    case ParticleClass::neutral_hadron: return "neutral hadron";
    case ParticleClass::photon: return "photon";
    case ParticleClass::electron: return "electron";
    case ParticleClass::muon: return "muon";
  }
  return "unknown";
}

ParticleClass classify(std::int32_t pdg, float charge) {
  switch (std::abs(pdg)) {
    case 22: return ParticleClass::photon;
    case 11: return ParticleClass::electron;
    case 13: return ParticleClass::muon;
    default: return charge != 0 ? ParticleClass::charged_hadron : ParticleClass::neutral_hadron;
  }
}

}  // namespace corpuscle::event
