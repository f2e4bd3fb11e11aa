#include "corpuscle/encoding/measured_cluster.hpp"

#include <algorithm>
#include <cmath>

#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/exact_sum.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::Subdetector;

using SquareSum = ExactSum<18>;     // GeV mm^2, below 2^34
constexpr double core_radius = 15;  // mm; a Moliere radius and a half of tungsten with silicon
constexpr double tail = 0.1;        // of the energy is in front of where a shower begins
// The histogram of depth, about the centroid.
constexpr double bin = 10;             // mm; two layers of the ECAL
constexpr double first_depth = -2000;  // mm

double inverse_cell_volume(detector::CalorimeterShell const& shell) {
  constexpr double mm3_per_dm3 = 1e6;
  return mm3_per_dm3 / (shell.cell_size * shell.cell_size * shell.layer_pitch);
}

}  // namespace

ClusterMeasurer::ClusterMeasurer(detector::Detector const& detector, CalorimeterSurface const& surface)
    : surface_(surface),
      per_ecal_cell_(inverse_cell_volume(detector.ecal)),
      per_hcal_cell_(inverse_cell_volume(detector.hcal)) {}

MeasuredCluster ClusterMeasurer::operator()(event::Clusters const& clusters, std::size_t row,
                                            event::CaloHits const& hits) {
  MeasuredCluster c;
  Vector3 const centroid{clusters.x[row], clusters.y[row], clusters.z[row]};
  double const theta = clusters.theta[row];
  double const phi = clusters.phi[row];
  c.energy = clusters.energy[row];
  c.distance = core::length(centroid);
  c.depth = surface_.depth(centroid);
  c.centre = Angles::of(centroid);
  double const transverse = core::transverse_length(centroid);
  c.pt = c.energy * transverse / c.distance;
  c.direction = {std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi), std::cos(theta)};
  double const along = core::dot(c.direction, centroid);
  Vector3 const across = c.direction - (along / (c.distance * c.distance)) * centroid;
  c.pointing = std::atan2(core::length(across), along / c.distance);
  c.reference = make_reference(c.energy, c.pt, c.centre.eta, c.centre.sin_phi, c.centre.cos_phi);
  c.broken = first_broken({{"energy", c.energy},
                           {"x", centroid.x},
                           {"y", centroid.y},
                           {"z", centroid.z},
                           {"theta", theta},
                           {"phi", phi}});

  c.has_hits = !clusters.hits[row].empty();
  if (c.has_hits) {
    measure_hits(c, centroid, clusters.hits[row], hits);
  } else {
    c.ecal = clusters.energy_ecal[row];
    c.hcal = clusters.energy_hcal[row];
    c.other = clusters.energy_other[row];
    c.raw_energy = c.ecal + c.hcal + c.other;
    c.entry = {};
    c.sparse_ecal = c.sparse_hcal = c.sparsest_hcal = c.n_hits = c.max_hit_energy = unknown;
    c.begin_depth = c.end_depth = c.length = c.width = c.core_energy = c.time = unknown;
    if (c.broken.name == nullptr)
      c.broken = first_broken({{"energy_ecal", c.ecal}, {"energy_hcal", c.hcal}, {"energy_other", c.other}});
  }
  return c;
}

/// Runs over every hit of the event, measure before changing.
void ClusterMeasurer::measure_hits(MeasuredCluster& c, Vector3 centroid,
                                   std::span<event::CaloHitId const> members, event::CaloHits const& hits) {
  Vector3 const axis = (1 / c.distance) * centroid;
  EnergySum ecal, hcal, other, sparse_ecal, sparse_hcal, sparsest_hcal, core_energy;
  MomentSum along_sum, time;
  SquareSum along_square, across_square;
  auto const from_centroid = [&](std::size_t hit) {
    return Vector3{hits.x[hit], hits.y[hit], hits.z[hit]} - centroid;
  };
  // NaN ends up in the first bin: std::max keeps its first argument where a comparison fails.
  auto const bin_of = [](double along) {
    return static_cast<int>(std::min(std::max(0., (along - first_depth) / bin), n_bins - 1.));
  };
  double inputs = 0;  // NaN or infinite if one of them is
  int low = n_bins - 1;
  int high = 0;
  for (event::CaloHitId const id : members) {
    std::size_t const hit = id.row();
    double const e = hits.energy[hit];
    Vector3 const d = from_centroid(hit);
    double const along = core::dot(d, axis);
    double const across = core::dot(d, d) - along * along;
    if (hits.subdetector[hit] == Subdetector::ecal) {
      ecal += e;
      sparse_ecal += e / (1 + e * per_ecal_cell_ / 200);
    } else if (hits.subdetector[hit] == Subdetector::hcal) {
      hcal += e;
      sparse_hcal += e / (1 + e * per_hcal_cell_ / 12);
      sparsest_hcal += e / (1 + e * per_hcal_cell_ / 3);
    } else {
      other += e;
    }
    along_sum += e * along;
    along_square += e * along * along;
    across_square += e * across;
    core_energy += across < core_radius * core_radius ? e : 0;
    time += e * hits.time[hit];
    c.max_hit_energy = std::max(c.max_hit_energy, e);
    int const b = bin_of(along);
    Slice& slice = profile_[static_cast<std::size_t>(b)];
    slice.energy += e;
    slice.x += e * d.x;
    slice.y += e * d.y;
    slice.z += e * d.z;
    inputs += e + d.x + d.y + d.z + hits.time[hit];
    low = std::min(low, b);
    high = std::max(high, b);
  }
  c.n_hits = static_cast<double>(members.size());
  c.ecal = ecal;
  c.hcal = hcal;
  c.other = other;
  c.raw_energy = c.ecal + c.hcal + c.other;
  c.sparse_ecal = sparse_ecal;
  c.sparse_hcal = sparse_hcal;
  c.sparsest_hcal = sparsest_hcal;
  c.core_energy = core_energy;
  c.time = time / c.raw_energy;
  double const mean = along_sum / c.raw_energy;
  double const variance = along_square / c.raw_energy - mean * mean;
  c.length = variance < 0 ? 0 : std::sqrt(variance);  // NaN stays NaN
  c.width = across_square < 0 ? 0 : std::sqrt(across_square / c.raw_energy);

  // Depths in front of which a tenth of the energy is, and all but a tenth, even within a bin; and the mean
  // position up to the first of them.
  double before = 0;
  c.begin_depth = c.end_depth = unknown;
  Vector3 front;
  for (int b = low; b <= high; ++b) {
    Slice& slice = profile_[static_cast<std::size_t>(b)];
    double const after = before + slice.energy;
    auto const depth_at = [&](double energy) {
      return c.depth + first_depth + bin * (b + (energy - before) / slice.energy);
    };
    double const begin = tail * c.raw_energy;
    double const end = (1 - tail) * c.raw_energy;
    if (before < begin) {
      front = front + Vector3{slice.x, slice.y, slice.z};
      if (after >= begin) {
        c.begin_depth = depth_at(begin);
        c.entry = Angles::of(centroid + (1 / after) * front);
      }
    }
    if (before < end && after >= end) c.end_depth = depth_at(end);
    before = after;
    slice = {};
  }
  if (c.broken.name == nullptr) c.broken = first_broken({{"hits", inputs}});
}

}  // namespace corpuscle::encoding
