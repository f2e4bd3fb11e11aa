#include "corpuscle/cluster/cluster_columns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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

event::Clusters ClusterColumns::operator()(HitGrid const& grid, Pieces const& pieces, std::size_t n_rows) {
  auto const hits = grid.hits();
  sums_.assign(pieces.all.size(), {});
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (pieces.piece_of[i] == no_piece) continue;
    GridHit const& hit = hits[i];
    Sums& sum = sums_[pieces.piece_of[i]];
    if (sum.n_hits == 0) {  // the grid is sorted by layer
      sum.reference = position(hit);
      sum.first_layer = hit.layer;
    }
    double const weight = hit.energy;
    auto const [x, y, z] = position(hit) - sum.reference;
    auto const [wx, wy, wz] = weight * core::Vector3{x, y, z};
    sum.energy[static_cast<std::size_t>(grid.layers()[hit.layer].part)] += weight;
    sum.moment = sum.moment + core::Vector3{wx, wy, wz};
    sum.square[0] += wx * x;
    sum.square[1] += wx * y;
    sum.square[2] += wx * z;
    sum.square[3] += wy * y;
    sum.square[4] += wy * z;
    sum.square[5] += wz * z;
    sum.layer_moment += weight * hit.layer;
    sum.n_hits += static_cast<std::uint32_t>(hit.count);
  }

  order_.clear();
  for (std::size_t k = 0; k < sums_.size(); ++k) {
    Sums& sum = sums_[k];
    if (sum.n_hits == 0) continue;
    // From moments about the reference to those about the centroid.
    double const total = sum.energy[0] + sum.energy[1] + sum.energy[2];
    auto const [x, y, z] = (1 / total) * sum.moment;
    auto& m = sum.square;
    m[0] -= x * sum.moment.x;
    m[1] -= x * sum.moment.y;
    m[2] -= x * sum.moment.z;
    m[3] -= y * sum.moment.y;
    m[4] -= y * sum.moment.z;
    m[5] -= z * sum.moment.z;
    Vector3 const centroid = sum.reference + Vector3{x, y, z};

    Piece piece;  // what is asked for a photon
    piece.track = pieces.all[k].track;
    piece.first_layer = sum.first_layer;
    piece.energy = sum.energy;
    piece.layer_moment = sum.layer_moment;
    Vector3 const a = direction_of(centroid);
    double const along = a.x * (a.x * m[0] + 2 * a.y * m[1] + 2 * a.z * m[2]) +
                         a.y * (a.y * m[3] + 2 * a.z * m[4]) + a.z * a.z * m[5];
    piece.square_moment = std::max(0., m[0] + m[3] + m[5] - along);
    bool const is_photon = piece.is_photon(c_);
    auto const& [ecal, hcal, muon] = sum.energy;
    double const energy = is_photon
                              ? ecal * c_.ecal.em_scale + hcal * c_.hcal.em_scale + muon * c_.muon.em_scale
                              : piece.hadron_energy(c_);
    order_.push_back({energy, centroid, static_cast<std::uint32_t>(k), is_photon});
  }
  std::sort(order_.begin(), order_.end(), [](Row const& a, Row const& b) {
    auto const key = [](Row const& row) {
      return std::tuple(-row.energy, row.centroid.x, row.centroid.y, row.centroid.z);
    };
    return key(a) < key(b);
  });

  event::Clusters result;
  result.resize(order_.size());
  for (std::uint32_t row = 0; row < order_.size(); ++row) {
    auto const& [energy, centroid, piece, is_photon] = order_[row];
    Sums& sum = sums_[piece];
    sum.row = row;
    Vector3 axis = principal_axis(sum.square);
    if (core::dot(axis, axis) == 0) axis = direction_of(centroid);
    if (core::dot(axis, centroid) < 0) axis = -1. * axis;
    double const stochastic = is_photon ? c_.em_stochastic : c_.hadronic_stochastic;
    double const constant = is_photon ? c_.em_constant : c_.hadronic_constant;
    result.energy[row] = static_cast<float>(energy);
    result.energy_error[row] =
        static_cast<float>(std::hypot(stochastic * std::sqrt(energy), constant * energy));
    result.x[row] = static_cast<float>(centroid.x);
    result.y[row] = static_cast<float>(centroid.y);
    result.z[row] = static_cast<float>(centroid.z);
    result.theta[row] = static_cast<float>(std::acos(std::clamp(axis.z, -1., 1.)));
    result.phi[row] = static_cast<float>(core::wrap_phi(std::atan2(axis.y, axis.x)));
    result.energy_ecal[row] = static_cast<float>(sum.energy[0]);
    result.energy_hcal[row] = static_cast<float>(sum.energy[1]);
    result.energy_other[row] = static_cast<float>(sum.energy[2]);
    result.hits.offsets.push_back(result.hits.offsets.back() + sum.n_hits);
  }

  // Going through the hits by row puts each cluster's in order.
  cluster_of_.assign(n_rows, no_piece);
  for (std::size_t i = 0; i < hits.size(); ++i)
    if (pieces.piece_of[i] != no_piece)
      for (std::uint32_t row : grid.rows(i))
        cluster_of_[row] = static_cast<std::int32_t>(sums_[pieces.piece_of[i]].row);
  result.hits.values.resize(result.hits.offsets.back());
  next_.assign(result.hits.offsets.begin(), result.hits.offsets.end() - 1);
  for (std::size_t row = 0; row < n_rows; ++row)
    if (cluster_of_[row] != no_piece) result.hits.values[next_[cluster_of_[row]]++] = event::CaloHitId(row);
  return result;
}

}  // namespace corpuscle::cluster
