#include "corpuscle/cluster/hit_grid.hpp"

#include <numbers>
#include <tuple>

namespace corpuscle::cluster {
namespace {

/// Depth of a place behind the inner face of a calorimeter [mm].
double depth_in(detector::CalorimeterShell const& shell, event::Region region, double x, double y, double z) {
  if (region == event::Region::endcap) return std::abs(z) - shell.endcap_z_min;
  double farthest = 0;
  for (int side = 0; side < shell.sides; ++side) {
    double const phi = shell.normal_phi + 2 * std::numbers::pi * side / shell.sides;
    farthest = std::max(farthest, x * std::cos(phi) + y * std::sin(phi));
  }
  return farthest - shell.barrel_r_min;
}

}  // namespace

HitGrid::HitGrid(detector::Detector const& detector, Grouping grouping) : detector_(detector) {
  detector::Clustering const& c = detector_.clustering;
  auto const add = [&](Part part, detector::CalorimeterShell const& shell,
                       detector::Clustering::Cone const& cone, int group, double gap) {
    for (int i = 0; i < shell.layers; ++i) {
      if (i % group == 0) {
        layers_.push_back(
            {part, &cone, shell.cell_size, group * shell.layer_pitch, i == 0 ? std::max(0., gap) : 0});
        // Rings as wide as the cone's beginning or the layer: a handful is looked at for each hit.
        double const distance = std::max(1., std::min(shell.barrel_r_min, shell.endcap_z_min));
        double const width =
            std::max({shell.cell_size, cone.pads * shell.cell_size, layers_.back().pitch}) / distance;
        double const rings = std::clamp(std::ceil(2 / width), 1., 1000.);
        first_ring_.push_back(first_ring_.back() + static_cast<std::uint32_t>(rings));
      }
      group_of_.push_back(static_cast<int>(layers_.size()) - 1);
    }
  };
  first_ring_.push_back(0);
  add(Part::ecal, detector_.ecal, c.ecal, grouping.ecal, 0);
  add(Part::hcal, detector_.hcal, c.hcal, grouping.hcal,
      detector_.hcal.barrel_r_min - detector_.ecal.barrel_r_max);
  add(Part::muon, detector_.muon, c.muon, grouping.muon,
      detector_.muon.barrel_r_min - detector_.hcal.barrel_r_max);
  ring_begin_.assign(first_ring_.back() + 1, 0);
}

GridHit HitGrid::at(core::Vector3 place) noexcept {
  auto const [x, y, z] = place;
  double const rho = std::sqrt(x * x + y * y);
  double const r = std::sqrt(rho * rho + z * z);
  double const octahedral = rho + std::abs(z);
  double const square = std::abs(x) + std::abs(y);
  double azimuth = 0;
  if (square > 0) azimuth = y >= 0 ? 1 - x / square : 3 + x / square;
  GridHit hit;
  hit.x = static_cast<float>(x);
  hit.y = static_cast<float>(y);
  hit.z = static_cast<float>(z);
  hit.inverse_r = static_cast<float>(1 / std::max(r, 1.));
  hit.polar = static_cast<float>(octahedral > 0 ? z / octahedral : 0);
  hit.azimuth = std::min(static_cast<float>(azimuth), 3.9999998F);
  return hit;
}

int HitGrid::layer_of(event::CaloHits const& hits, std::size_t row) const {
  detector::CalorimeterShell const* shell = nullptr;
  int first = 0;
  switch (hits.subdetector[row]) {
    case event::Subdetector::ecal: shell = &detector_.ecal; break;
    case event::Subdetector::hcal:
      shell = &detector_.hcal;
      first = detector_.ecal.layers;
      break;
    case event::Subdetector::muon:
      shell = &detector_.muon;
      first = detector_.ecal.layers + detector_.hcal.layers;
      break;
    default: return -1;
  }
  if (shell->layers < 1) return -1;
  double layer = hits.layer[row];
  if (layer < 0)
    layer = depth_in(*shell, hits.region[row], hits.x[row], hits.y[row], hits.z[row]) / shell->layer_pitch;
  return first + static_cast<int>(std::clamp(layer, 0., shell->layers - 1.));
}

void HitGrid::fill(event::CaloHits const& hits) {
  unsorted_.clear();
  ring_of_.clear();
  std::fill(ring_begin_.begin(), ring_begin_.end(), 0);
  for (std::size_t row = 0; row < hits.size(); ++row) {
    int const single = layer_of(hits, row);
    if (single < 0) continue;
    int const layer = group_of_[single];
    detector::Clustering::Cone const& cone = *layers_[layer].cone;
    bool const is_first = single == 0 || layers_[group_of_[single - 1]].part != layers_[layer].part;
    if (!(hits.energy[row] > 0) || hits.energy[row] < (is_first ? cone.min_energy_first : cone.min_energy))
      continue;
    GridHit hit = at({hits.x[row], hits.y[row], hits.z[row]});
    hit.energy = hits.energy[row];
    hit.layer = layer;
    hit.row = static_cast<std::uint32_t>(row);
    int const n_rings = static_cast<int>(first_ring_[layer + 1] - first_ring_[layer]);
    int const ring = static_cast<int>((hit.polar + 1) * 0.5F * static_cast<float>(n_rings));
    ring_of_.push_back(first_ring_[layer] + static_cast<std::uint32_t>(std::clamp(ring, 0, n_rings - 1)));
    unsorted_.push_back(hit);
    ++ring_begin_[ring_of_.back()];
  }

  // Counting sort by ring: ring_begin_ holds the end of each while hits are put in from the back.
  std::uint32_t sum = 0;
  for (std::uint32_t& begin : ring_begin_) begin = sum += begin;
  hits_.resize(unsorted_.size());
  for (std::size_t i = unsorted_.size(); i-- > 0;) hits_[--ring_begin_[ring_of_[i]]] = unsorted_[i];
  auto const key = [&](GridHit const& hit) {
    return std::tuple(hit.azimuth, -hit.energy, hit.x, hit.y, hit.z, hits.cell_id[hit.row],
                      hits.time[hit.row]);
  };
  for (std::size_t ring = 0; ring + 1 < ring_begin_.size(); ++ring)
    if (ring_begin_[ring + 1] - ring_begin_[ring] > 1)
      std::sort(hits_.begin() + ring_begin_[ring], hits_.begin() + ring_begin_[ring + 1],
                [&](GridHit const& a, GridHit const& b) {
                  return a.azimuth != b.azimuth ? a.azimuth < b.azimuth : key(a) < key(b);
                });
}

}  // namespace corpuscle::cluster
