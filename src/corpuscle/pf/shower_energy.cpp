#include "corpuscle/pf/shower_energy.hpp"

#include <algorithm>
#include <cmath>

namespace corpuscle::pf {
namespace {

constexpr double mm3_per_dm3 = 1e6;

double volume(detector::CalorimeterShell const& shell) {
  return shell.cell_size * shell.cell_size * shell.layer_pitch / mm3_per_dm3;
}

double polynomial(std::array<double, detector::HitParticleFlow::Calibration::n_powers> const& c, double x) {
  return c[0] + x * (c[1] + x * c[2]);
}

double log_energy(double energy) {
  return std::log(std::clamp(energy, ShowerEnergy::lowest, ShowerEnergy::highest));
}

}  // namespace

ShowerSums& ShowerSums::operator+=(ShowerSums const& other) {
  for (std::size_t k = 0; k < n; ++k) components[k] += other.components[k];
  ecal += other.ecal;
  hcal += other.hcal;
  muon += other.muon;
  moment = moment + other.moment;
  return *this;
}

ShowerSums operator*(double part, ShowerSums sums) {
  for (double& component : sums.components) component *= part;
  sums.ecal *= part;
  sums.hcal *= part;
  sums.muon *= part;
  sums.moment = part * sums.moment;
  return sums;
}

ShowerEnergy::ShowerEnergy(detector::Detector const& detector)
    : ecal_(detector.clustering.ecal),
      hcal_(detector.clustering.hcal),
      muon_(detector.clustering.muon),
      calibration_(detector.hit_particle_flow.calibration),
      ecal_cell_(volume(detector.ecal)),
      hcal_cell_(volume(detector.hcal)) {}

ShowerSums ShowerEnergy::of_hit(event::Subdetector subdetector, double energy, core::Vector3 position) const {
  ShowerSums sums;
  sums.moment = energy * position;
  if (subdetector == event::Subdetector::ecal) {
    sums.ecal = energy;
    sums.components = {energy, energy * std::exp(-energy / ecal_cell_ / 200), 0, 0, 0};
  } else if (subdetector == event::Subdetector::hcal) {
    double const density = energy / hcal_cell_;
    sums.hcal = energy;
    sums.components = {0, 0, energy, energy * std::exp(-density / 3), energy * std::exp(-density / 12)};
  } else {
    sums.muon = energy;
  }
  return sums;
}

double ShowerEnergy::photon_sum(ShowerSums const& sums) const {
  return sums.ecal * ecal_.em_scale + sums.hcal * hcal_.em_scale + sums.muon * muon_.em_scale;
}

double ShowerEnergy::hadron_sum(ShowerSums const& sums) const {
  return sums.ecal * ecal_.hadron_scale + sums.hcal * hcal_.hadron_scale + sums.muon * muon_.hadron_scale;
}

double ShowerEnergy::photon(ShowerSums const& sums) const {
  double const sum = photon_sum(sums);
  return sum * polynomial(calibration_.photon, log_energy(sum));
}

double ShowerEnergy::hadron(ShowerSums const& sums) const {
  double const sum = hadron_sum(sums);
  if (!calibration_.is_fitted) return sum;
  double const x = log_energy(sum);
  double energy = sums.muon * muon_.hadron_scale;
  for (std::size_t k = 0; k < ShowerSums::n; ++k)
    energy += sums.components[k] * polynomial(calibration_.hadron[k], x);
  return std::max(energy, 0.);
}

}  // namespace corpuscle::pf
