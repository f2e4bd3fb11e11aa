#include "corpuscle/cluster/hit_grid.hpp"

#include <bit>
#include <numbers>
#include <tuple>

namespace corpuscle::cluster {
namespace {

/// Without branches, so that a loop over many places does several at once.
View view_of(float x, float y, float z) noexcept {
  float const rho2 = x * x + y * y;
  float const octahedral = std::max(std::sqrt(rho2) + std::abs(z), 1e-20F);
  float const from_y_axis = x / std::max(std::abs(x) + std::abs(y), 1e-20F);
  float const azimuth = y >= 0 ? 1 - from_y_axis : 3 + from_y_axis;
  return {1 / std::max(std::sqrt(rho2 + z * z), 1.F), z / octahedral, std::min(azimuth, 3.9999998F)};
}

}  // namespace

View view_of(core::Vector3 place) noexcept {
  return view_of(static_cast<float>(place.x), static_cast<float>(place.y), static_cast<float>(place.z));
}

HitGrid::HitGrid(detector::Detector const& detector) : detector_(detector) {
  detector::Clustering const& c = detector_.clustering;
  auto const add = [&](Part part, detector::CalorimeterShell const& shell,
                       detector::Clustering::Cone const& cone, double gap) {
    double const distance = std::max(1., std::min(shell.barrel_r_min, shell.endcap_z_min));
    for (int i = 0; i < shell.layers; ++i) {
      double const gap_before = i == 0 ? std::max(0., gap) : 0;
      layers_.push_back({part, &cone, shell.cell_size, shell.layer_pitch, gap_before, distance});
      // Rings as wide as the cone's beginning or the layer: a handful is looked at for each hit.
      double const width =
          std::max({shell.cell_size, cone.pads * shell.cell_size, shell.layer_pitch}) / distance;
      double const rings = std::clamp(std::ceil(2 / width), 1., 1000.);
      first_ring_.push_back(first_ring_.back() + static_cast<std::uint32_t>(rings));
    }
    for (int side = 0; side < shell.sides; ++side) {
      double const phi = shell.normal_phi + 2 * std::numbers::pi * side / shell.sides;
      faces_[static_cast<std::size_t>(part)].push_back({std::cos(phi), std::sin(phi)});
    }
  };
  first_ring_.push_back(0);
  add(Part::ecal, detector_.ecal, c.ecal, 0);
  add(Part::hcal, detector_.hcal, c.hcal, detector_.hcal.barrel_r_min - detector_.ecal.barrel_r_max);
  add(Part::muon, detector_.muon, c.muon, detector_.muon.barrel_r_min - detector_.hcal.barrel_r_max);
  ring_begin_.assign(first_ring_.back() + 1, 0);
}

int HitGrid::layer_of(event::CaloHits const& hits, std::size_t row) const {
  detector::CalorimeterShell const* shell = nullptr;
  Part part = Part::ecal;
  int first = 0;
  switch (hits.subdetector[row]) {
    case event::Subdetector::ecal: shell = &detector_.ecal; break;
    case event::Subdetector::hcal:
      shell = &detector_.hcal;
      part = Part::hcal;
      first = detector_.ecal.layers;
      break;
    case event::Subdetector::muon:
      shell = &detector_.muon;
      part = Part::muon;
      first = detector_.ecal.layers + detector_.hcal.layers;
      break;
    default: return -1;
  }
  if (shell->layers < 1) return -1;
  double layer = hits.layer[row];
  if (layer < 0) {
    // From the depth behind the inner face.
    double depth = std::abs(hits.z[row]) - shell->endcap_z_min;
    if (hits.region[row] != event::Region::endcap) {
      double farthest = 0;
      for (Face const& face : faces_[static_cast<std::size_t>(part)])
        farthest = std::max(farthest, hits.x[row] * face.x + hits.y[row] * face.y);
      depth = farthest - shell->barrel_r_min;
    }
    layer = depth / shell->layer_pitch;
  }
  return first + static_cast<int>(std::clamp(layer, 0., shell->layers - 1.));
}

void HitGrid::fill(event::CaloHits const& hits) {
  view_of_row_.resize(hits.size());
  for (std::size_t row = 0; row < hits.size(); ++row)
    view_of_row_[row] = view_of(hits.x[row], hits.y[row], hits.z[row]);

  used_.clear();
  std::fill(ring_begin_.begin(), ring_begin_.end(), 0);
  for (std::size_t row = 0; row < hits.size(); ++row) {
    int const layer = layer_of(hits, row);
    if (layer < 0) continue;
    detector::Clustering::Cone const& cone = *layers_[layer].cone;
    bool const is_first = layer == 0 || layers_[layer - 1].part != layers_[layer].part;
    if (!(hits.energy[row] > 0) || hits.energy[row] < (is_first ? cone.min_energy_first : cone.min_energy))
      continue;
    int const n_rings = static_cast<int>(first_ring_[layer + 1] - first_ring_[layer]);
    int const in_layer = static_cast<int>((view_of_row_[row].polar + 1) * 0.5F * static_cast<float>(n_rings));
    std::uint32_t const ring =
        first_ring_[layer] + static_cast<std::uint32_t>(std::clamp(in_layer, 0, n_rings - 1));
    used_.push_back({ring, static_cast<std::uint32_t>(row)});
    ++ring_begin_[ring];
  }

  // Counting sort by ring: ring_begin_ holds the end of each while hits are put in from the back.
  std::uint32_t sum = 0;
  for (std::uint32_t& begin : ring_begin_) begin = sum += begin;
  sorted_.resize(used_.size());
  for (std::size_t k = used_.size(); k-- > 0;) {
    auto const [ring, row] = used_[k];
    // Bits of positive floats are ordered as their values.
    std::uint64_t const azimuth = std::bit_cast<std::uint32_t>(view_of_row_[row].azimuth);
    sorted_[--ring_begin_[ring]] = azimuth << 32 | row;
  }

  hits_.resize(used_.size());
  views_.resize(used_.size());
  azimuth_.resize(used_.size());
  first_row_.resize(used_.size());
  rows_.resize(used_.size());
  std::uint32_t n_hits = 0, n_rows = 0;
  auto const row_of = [](std::uint64_t key) { return static_cast<std::uint32_t>(key); };
  auto const rest_of_key = [&](std::uint32_t row) {
    return std::tuple(hits.x[row], hits.y[row], hits.z[row], -hits.energy[row], hits.cell_id[row],
                      hits.time[row]);
  };
  double energy = 0;  // in one place
  int layer = 0;
  for (std::size_t ring = 0; ring + 1 < ring_begin_.size(); ++ring) {
    while (first_ring_[layer + 1] <= ring) ++layer;
    auto const begin = sorted_.begin() + ring_begin_[ring];
    auto const end = sorted_.begin() + ring_begin_[ring + 1];
    ring_begin_[ring] = n_hits;
    if (begin == end) continue;
    if (end - begin > 1) std::sort(begin, end);
    for (auto group = begin; group != end;) {
      auto group_end = group + 1;
      while (group_end != end && *group_end >> 32 == *group >> 32) ++group_end;
      if (group_end - group > 1)
        std::sort(group, group_end, [&](std::uint64_t a, std::uint64_t b) {
          return rest_of_key(row_of(a)) < rest_of_key(row_of(b));
        });
      for (bool is_new = true; group != group_end; ++group) {
        std::uint32_t const row = row_of(*group);
        if (!is_new) {
          GridHit& last = hits_[n_hits - 1];
          is_new = hits.x[row] != last.x || hits.y[row] != last.y || hits.z[row] != last.z;
          if (!is_new) {
            energy += hits.energy[row];
            last.energy = static_cast<float>(energy);
            ++last.count;
          }
        }
        if (is_new) {
          hits_[n_hits] = {hits.x[row], hits.y[row], hits.z[row], hits.energy[row], layer, 1};
          views_[n_hits] = view_of_row_[row];
          azimuth_[n_hits] = view_of_row_[row].azimuth;
          energy = hits.energy[row];
          first_row_[n_hits++] = n_rows;
        }
        is_new = false;
        rows_[n_rows++] = row;
      }
    }
  }
  ring_begin_.back() = n_hits;
  hits_.resize(n_hits);
  views_.resize(n_hits);
}

std::uint32_t HitGrid::find_near(View const& centre, int layer, double radius, Found& found) const {
  // A hit may be nearer to the origin than the centre, and looks farther away then: 1.2 leaves room for 20 %.
  float const reach = 1.2F * static_cast<float>(radius) * centre.inverse_r;
  std::uint32_t const first = first_ring_[layer];
  int const n_rings = static_cast<int>(first_ring_[layer + 1] - first);
  float const scale = 0.5F * static_cast<float>(n_rings);
  int const low = std::max(0, static_cast<int>((centre.polar + 1 - reach) * scale));
  int const high = std::min(n_rings - 1, static_cast<int>((centre.polar + 1 + reach) * scale));
  std::uint32_t const all_begin = ring_begin_[first + low];
  std::uint32_t const all_end = ring_begin_[first + std::max(high + 1, low)];
  if (all_begin == all_end) return 0;

  // rho / r is at least (1 - |polar|), and shrinks by up to `reach` towards the edge of the disc.
  float const rim = 1 - std::abs(centre.polar) - reach;
  float const width = rim > reach ? reach / rim : 2.F;
  std::uint32_t n = 0;
  // Takes those that are near enough, without branches.
  auto const sift = [&](std::uint32_t begin, std::uint32_t end) {
    end = std::min(end, begin + (max_found - n));
    for (std::uint32_t i = begin; i < end; ++i) {
      float const apart = std::abs(azimuth_[i] - centre.azimuth);
      found[n] = i;
      n += std::min(apart, 4 - apart) <= width;
    }
  };
  constexpr std::uint32_t few = 12;  // in a ring: looking at each is cheaper than looking for them
  if (width >= 2 || all_end - all_begin <= few * static_cast<std::uint32_t>(high + 1 - low)) {
    sift(all_begin, all_end);
    return n;
  }
  float const from = centre.azimuth - width;
  float const to = centre.azimuth + width;
  for (int ring = low; ring <= high && n < max_found; ++ring) {
    std::uint32_t const begin = ring_begin_[first + ring];
    std::uint32_t const end = ring_begin_[first + ring + 1];
    if (from < 0 || to > 4 || end - begin <= few) {
      sift(begin, end);
      continue;
    }
    // Binary search without branches, which would be guessed wrong every other time.
    std::uint32_t i = begin;
    for (std::uint32_t n_left = end - begin; n_left > 0;) {
      std::uint32_t const half = (n_left + 1) / 2;
      i += half * static_cast<std::uint32_t>(azimuth_[i + half - 1] < from);
      n_left -= half;
    }
    for (; i < end && azimuth_[i] <= to && n < max_found; ++i) found[n++] = i;
  }
  return n;
}

}  // namespace corpuscle::cluster
