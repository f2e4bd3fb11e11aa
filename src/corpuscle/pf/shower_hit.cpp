#include "corpuscle/pf/shower_hit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

namespace corpuscle::pf {

using core::Vector3;
using event::Subdetector;

Surface::Surface(detector::CalorimeterShell const& shell)
    : barrel_r_min_(shell.barrel_r_min), endcap_z_min_(shell.endcap_z_min) {
  for (int side = 0; side < shell.sides; ++side) {
    double const phi = shell.normal_phi + 2 * std::numbers::pi * side / shell.sides;
    normals_.push_back({std::cos(phi), std::sin(phi), 0});
  }
}

double Surface::distance(Vector3 direction) const {
  double towards_face = 0;
  for (Vector3 const& normal : normals_) towards_face = std::max(towards_face, core::dot(normal, direction));
  return 1 / std::max(towards_face / barrel_r_min_, std::abs(direction.z) / endcap_z_min_);
}

std::vector<ShowerHit> select_hits(event::CaloHits const& hits, detector::Detector const& detector,
                                   Surface const& surface, ShowerEnergy const& energy) {
  std::vector<ShowerHit> selected;
  selected.reserve(hits.size());
  for (std::size_t row = 0; row < hits.size(); ++row) {
    Subdetector const subdetector = hits.subdetector[row];
    if (subdetector != Subdetector::ecal && subdetector != Subdetector::hcal &&
        subdetector != Subdetector::muon)
      continue;
    detector::Clustering const& c = detector.clustering;
    auto const& cone = subdetector == Subdetector::ecal   ? c.ecal
                       : subdetector == Subdetector::hcal ? c.hcal
                                                          : c.muon;
    double const threshold = hits.layer[row] == 0 ? cone.min_energy_first : cone.min_energy;
    if (!(hits.energy[row] > 0 && hits.energy[row] >= threshold)) continue;
    ShowerHit hit;
    hit.position = {hits.x[row], hits.y[row], hits.z[row]};
    double const r = core::length(hit.position);
    if (r == 0) continue;
    hit.direction = (1 / r) * hit.position;
    hit.depth = r - surface.distance(hit.direction);
    hit.energy = hits.energy[row];
    hit.subdetector = subdetector;
    hit.row = static_cast<std::uint32_t>(row);
    hit.sums = energy.of_hit(subdetector, hit.energy, hit.position);
    selected.push_back(hit);
  }
  std::sort(selected.begin(), selected.end(), [](ShowerHit const& a, ShowerHit const& b) {
    auto const key = [](ShowerHit const& h) {
      return std::tuple(-h.energy, h.position.x, h.position.y, h.position.z);
    };
    return key(a) < key(b);
  });
  return selected;
}

}  // namespace corpuscle::pf
