#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/event/event.hpp"
#include "pf/random_event.hpp"

/// Hand-made events for the tests of encoding: those of particle flow, with hits.
namespace corpuscle::test {

inline event::CaloHitId add_hit(event::Observed& event, core::Vector3 position, double energy,
                                event::Subdetector subdetector = event::Subdetector::ecal, double time = 0) {
  event::CaloHits& hits = event.calo_hits;
  std::size_t const row = hits.size();
  hits.resize(row + 1);
  hits.energy[row] = static_cast<float>(energy);
  hits.time[row] = static_cast<float>(time);
  hits.x[row] = static_cast<float>(position.x);
  hits.y[row] = static_cast<float>(position.y);
  hits.z[row] = static_cast<float>(position.z);
  hits.layer[row] = static_cast<std::int16_t>(row % 40);
  hits.subdetector[row] = subdetector;
  return event::CaloHitId(row);
}

/// A cluster of these hits, with the energy and the direction that are given.
inline void add_cluster_of(event::Observed& event, std::span<event::CaloHitId const> members, double energy,
                           double theta, double phi) {
  double sum = 0;
  core::Vector3 moment;
  for (event::CaloHitId const id : members) {
    std::size_t const hit = id.row();
    double const e = event.calo_hits.energy[hit];
    sum += e;
    moment =
        moment + e * core::Vector3{event.calo_hits.x[hit], event.calo_hits.y[hit], event.calo_hits.z[hit]};
  }
  std::size_t const row = event.clusters.size();
  add_cluster(event, (1 / sum) * moment, energy, 1);
  event.clusters.theta[row] = static_cast<float>(theta);
  event.clusters.phi[row] = static_cast<float>(phi);
  event.clusters.hits = [&] {
    core::Ragged<event::CaloHitId> lists;
    for (std::size_t k = 0; k < row; ++k) lists.push_back(event.clusters.hits[k]);
    lists.push_back(members);
    return lists;
  }();
}

/// Tracks, and clusters of 5 to 60 hits in both calorimeters; a few tracker hits.
inline event::Observed random_event_with_hits(detector::Detector const& detector, std::size_t n_elements,
                                              std::uint64_t seed) {
  event::Observed const plain = random_event(detector, n_elements, seed);
  event::Observed event;
  event.tracks = plain.tracks;
  core::Random random({seed, 17});
  for (std::size_t row = 0; row < event.tracks.size(); ++row) {
    event.tracks.chi2[row] = static_cast<float>(random.gamma(9) * 2);
    event.tracks.at(event::TrackPoint::at_ip).d0[row] = static_cast<float>(0.02 * random.normal());
    event.tracks.at(event::TrackPoint::at_ip).covariance[row][0] = 1e-4F;
  }
  for (std::size_t row = 0; row < plain.clusters.size(); ++row) {
    core::Vector3 const centroid{plain.clusters.x[row], plain.clusters.y[row], plain.clusters.z[row]};
    std::vector<event::CaloHitId> members;
    std::size_t const n = 5 + random.bits() % 55;
    for (std::size_t k = 0; k < n; ++k) {
      core::Vector3 const spread{20 * random.normal(), 20 * random.normal(), 20 * random.normal()};
      double const depth = 1 + 0.02 * random.normal();
      members.push_back(add_hit(event, depth * centroid + spread, 0.01 + 0.1 * random.exponential(),
                                random.uniform() < 0.7 ? event::Subdetector::ecal : event::Subdetector::hcal,
                                random.exponential()));
    }
    double const theta = std::acos(centroid.z / core::length(centroid)) + 0.1 * random.normal();
    add_cluster_of(event, members, plain.clusters.energy[row], std::clamp(theta, 0.01, 3.13),
                   core::wrap_phi(std::atan2(centroid.y, centroid.x) + 0.1 * random.normal()));
  }
  for (int k = 0; k < 20; ++k) {
    event::TrackerHits& hits = event.tracker_hits;
    std::size_t const row = hits.size();
    hits.resize(row + 1);
    hits.x[row] = 100 * random.normal();
    hits.y[row] = 100 * random.normal();
    hits.z[row] = 100 * random.normal();
    hits.energy_deposit[row] = static_cast<float>(1e-4 * random.exponential());
  }
  return event;
}

inline std::vector<std::size_t> random_order(std::size_t n, core::Random& random) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = n; k > 1; --k) std::swap(order[k - 1], order[random.bits() % k]);
  return order;
}

template <class... Columns>
void reorder(std::vector<std::size_t> const& order, Columns&... columns) {
  auto const one = [&](auto& column) {
    auto const old = column;
    for (std::size_t k = 0; k < order.size(); ++k) column[k] = old[order[k]];
  };
  (one(columns), ...);
}

template <class Id>
void reorder_lists(std::vector<std::size_t> const& order, core::Ragged<Id>& lists) {
  core::Ragged<Id> reordered;
  for (std::size_t const row : order) reordered.push_back(lists[row]);
  lists = reordered;
}

/// The same event with the rows of every table, and the hits of every cluster, in another order.
inline event::Observed shuffled(event::Observed event, core::Random& random) {
  event::CaloHits& h = event.calo_hits;
  auto const hits = random_order(h.size(), random);
  reorder(hits, h.cell_id, h.energy, h.energy_error, h.time, h.x, h.y, h.z, h.layer, h.subdetector, h.region);
  std::vector<std::size_t> new_row(h.size());
  for (std::size_t k = 0; k < hits.size(); ++k) new_row[hits[k]] = k;

  event::Clusters& c = event.clusters;
  auto const clusters = random_order(c.size(), random);
  reorder(clusters, c.energy, c.energy_error, c.x, c.y, c.z, c.theta, c.phi, c.energy_ecal, c.energy_hcal,
          c.energy_other);
  reorder_lists(clusters, c.hits);
  for (event::CaloHitId& id : c.hits.values) id = event::CaloHitId(new_row[id.row()]);
  for (std::size_t row = 0; row < c.size(); ++row) {
    auto const begin = c.hits.values.begin() + c.hits.offsets[row];
    auto const members = random_order(c.hits[row].size(), random);
    std::vector<event::CaloHitId> const old(begin, begin + static_cast<std::ptrdiff_t>(members.size()));
    for (std::size_t k = 0; k < members.size(); ++k) begin[static_cast<std::ptrdiff_t>(k)] = old[members[k]];
  }

  event::Tracks& t = event.tracks;
  auto const tracks = random_order(t.size(), random);
  reorder(tracks, t.chi2, t.ndf, t.dedx, t.dedx_error, t.innermost_hit_radius, t.time);
  reorder_lists(tracks, t.hits);
  for (event::TrackStates& s : t.states)
    reorder(tracks, s.is_present, s.d0, s.phi, s.omega, s.z0, s.tan_lambda, s.x, s.y, s.z, s.covariance);

  event::TrackerHits& r = event.tracker_hits;
  reorder(random_order(r.size(), random), r.cell_id, r.x, r.y, r.z, r.energy_deposit, r.time);
  return event;
}

/// The feature of an element in the column of this name.
inline double feature(encoding::Elements const& elements, encoding::Schema const& schema, std::size_t element,
                      std::string_view column) {
  auto const& columns = *schema.columns(elements.types[element]);
  for (std::size_t k = 0; k < columns.size(); ++k)
    if (columns[k].name == column) return elements.row(element)[k];
  return std::nan("");
}

}  // namespace corpuscle::test
