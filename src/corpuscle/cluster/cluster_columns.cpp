#include "corpuscle/cluster/cluster_columns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include "corpuscle/core/angles.hpp"

namespace corpuscle::cluster {
namespace {

using core::Vector3;

/// Axis of the largest eigenvalue of a symmetric matrix (xx, xy, xz, yy, yz, zz), by squaring the matrix
/// until it projects on it. Null vector if there is none that stands out.
Vector3 principal_axis(std::array<double, 6> m) {
  // Each squaring doubles the number of iterations: 2^8 leave nothing of an axis shorter by 3 %.
  for (int squaring = 0; squaring < 8; ++squaring) {
    double const trace = m[0] + m[3] + m[5];
    if (!(trace > 0)) return {};
    auto [xx, xy, xz, yy, yz, zz] = m;
    for (double* v : {&xx, &xy, &xz, &yy, &yz, &zz}) *v /= trace;
    m = {xx * xx + xy * xy + xz * xz, xx * xy + xy * yy + xz * yz, xx * xz + xy * yz + xz * zz,
         xy * xy + yy * yy + yz * yz, xy * xz + yy * yz + yz * zz, xz * xz + yz * yz + zz * zz};
  }
  // Every column of a projection points along the axis; the longest is the most precise.
  Vector3 const columns[] = {{m[0], m[1], m[2]}, {m[1], m[3], m[4]}, {m[2], m[4], m[5]}};
  return direction_of(*std::max_element(std::begin(columns), std::end(columns), [](Vector3 a, Vector3 b) {
    return core::dot(a, a) < core::dot(b, b);
  }));
}

}  // namespace

event::Clusters cluster_columns(HitGrid const& grid, Pieces const& pieces, event::CaloHits const& hits,
                                detector::Clustering const& c) {
  // Sums once more: leftover hits have joined, and pieces have been merged.
  std::vector<Piece> sums(pieces.all.size());
  std::vector<std::array<double, 6>> spread(pieces.all.size());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    sums[k].track = pieces.all[k].track;
    sums[k].first_layer = grid.n_layers();
  }
  for (std::size_t i = 0; i < grid.hits().size(); ++i) {
    if (pieces.piece_of[i] == no_piece) continue;
    GridHit const& hit = grid.hits()[i];
    Piece& sum = sums[pieces.piece_of[i]];
    sum.energy[static_cast<std::size_t>(grid.layers()[hit.layer].part)] += hit.energy;
    sum.moment = sum.moment + double{hit.energy} * position(hit);
    sum.layer_moment += double{hit.energy} * hit.layer;
    sum.first_layer = std::min(sum.first_layer, hit.layer);
    ++sum.n_hits;
  }
  for (std::size_t i = 0; i < grid.hits().size(); ++i) {
    if (pieces.piece_of[i] == no_piece) continue;
    GridHit const& hit = grid.hits()[i];
    Piece& sum = sums[pieces.piece_of[i]];
    auto& m = spread[pieces.piece_of[i]];
    Vector3 const centroid = sum.centroid();
    auto const [x, y, z] = position(hit) - centroid;
    double const weight = hit.energy;
    m[0] += weight * x * x;
    m[1] += weight * x * y;
    m[2] += weight * x * z;
    m[3] += weight * y * y;
    m[4] += weight * y * z;
    m[5] += weight * z * z;
    Vector3 const axis = direction_of(centroid);
    double const along = x * axis.x + y * axis.y + z * axis.z;
    sum.square_moment += weight * std::max(0., x * x + y * y + z * z - along * along);
  }

  std::vector<double> energy(sums.size());
  std::vector<std::uint32_t> order, row_of(sums.size());
  for (std::uint32_t k = 0; k < sums.size(); ++k) {
    if (sums[k].n_hits == 0) continue;
    auto const& [ecal, hcal, muon] = sums[k].energy;
    energy[k] = sums[k].is_photon(c)
                    ? ecal * c.ecal.em_scale + hcal * c.hcal.em_scale + muon * c.muon.em_scale
                    : sums[k].hadron_energy(c);
    order.push_back(k);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    auto const key = [&](std::uint32_t k) {
      return std::tuple(-energy[k], sums[k].moment.x, sums[k].moment.y, sums[k].moment.z);
    };
    return key(a) < key(b);
  });

  event::Clusters result;
  result.resize(order.size());
  for (std::uint32_t row = 0; row < order.size(); ++row) {
    std::uint32_t const k = order[row];
    row_of[k] = row;
    bool const is_photon = sums[k].is_photon(c);
    Vector3 const centroid = sums[k].centroid();
    Vector3 axis = principal_axis(spread[k]);
    if (core::dot(axis, axis) == 0) axis = direction_of(centroid);
    if (core::dot(axis, centroid) < 0) axis = -1. * axis;
    double const stochastic = is_photon ? c.em_stochastic : c.hadronic_stochastic;
    double const constant = is_photon ? c.em_constant : c.hadronic_constant;
    result.energy[row] = static_cast<float>(energy[k]);
    result.energy_error[row] =
        static_cast<float>(std::hypot(stochastic * std::sqrt(energy[k]), constant * energy[k]));
    result.x[row] = static_cast<float>(centroid.x);
    result.y[row] = static_cast<float>(centroid.y);
    result.z[row] = static_cast<float>(centroid.z);
    result.theta[row] = static_cast<float>(std::acos(std::clamp(axis.z, -1., 1.)));
    result.phi[row] = static_cast<float>(core::wrap_phi(std::atan2(axis.y, axis.x)));
    result.energy_ecal[row] = static_cast<float>(sums[k].energy[0]);
    result.energy_hcal[row] = static_cast<float>(sums[k].energy[1]);
    result.energy_other[row] = static_cast<float>(sums[k].energy[2]);
    result.hits.offsets.push_back(result.hits.offsets.back() + static_cast<std::uint32_t>(sums[k].n_hits));
  }

  // Going through the hits by row puts each cluster's in order.
  std::vector<std::int32_t> cluster_of(hits.size(), no_piece);
  for (std::size_t i = 0; i < grid.hits().size(); ++i)
    if (pieces.piece_of[i] != no_piece)
      cluster_of[grid.hits()[i].row] = static_cast<std::int32_t>(row_of[pieces.piece_of[i]]);
  result.hits.values.resize(result.hits.offsets.back());
  std::vector<std::uint32_t> next(result.hits.offsets.begin(), result.hits.offsets.end() - 1);
  for (std::size_t row = 0; row < hits.size(); ++row)
    if (cluster_of[row] != no_piece) result.hits.values[next[cluster_of[row]]++] = event::CaloHitId(row);
  return result;
}

}  // namespace corpuscle::cluster
