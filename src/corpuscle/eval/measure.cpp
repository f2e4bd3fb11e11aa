#include "corpuscle/eval/measure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/eval/direction_grid.hpp"

namespace corpuscle::eval {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<FourVector> momenta(std::span<Particle const> particles) {
  std::vector<FourVector> result;
  result.reserve(particles.size());
  for (Particle const& particle : particles) result.push_back(particle.p);
  return result;
}

Measurement::Sums sum(std::span<Particle const> particles) {
  Measurement::Sums result;
  for (Particle const& particle : particles) {
    result.p = result.p + particle.p;
    result.charge += particle.charge;
  }
  return result;
}

float abs_cos_theta(FourVector const& p) {
  return static_cast<float>(std::abs(cos_theta(p)));
}

Measurement::JetCollection compare_jets(Jets const& reference, Jets const& test, JetMatching const& config) {
  Measurement::JetCollection result;
  std::vector<std::uint32_t> const partner = match_jets(reference, test, config);
  for (std::size_t r = 0; r < reference.size(); ++r) {
    FourVector const& p = reference.momenta[r];
    double const pt = transverse_momentum(p);
    float response = nan;
    float distance_between = nan;
    if (partner[r] != no_row) {
      FourVector const& q = test.momenta[partner[r]];
      response = static_cast<float>(transverse_momentum(q) / pt);
      distance_between = static_cast<float>(distance(p, q, config.distance));
    }
    result.reference.push_back({static_cast<float>(pt), abs_cos_theta(p), response, distance_between});
  }
  for (FourVector const& p : test.momenta)
    result.test_pt.push_back(static_cast<float>(transverse_momentum(p)));
  result.unmatched_test = static_cast<std::uint32_t>(
      test.size() - (partner.size() - std::count(partner.begin(), partner.end(), no_row)));
  return result;
}

Measurement::Found compare(Particle const& reference, double nearest, Particle const* test) {
  Measurement::Found found;
  found.particle_class = reference.particle_class;
  found.energy = static_cast<float>(reference.p.energy);
  found.abs_cos_theta = abs_cos_theta(reference.p);
  found.nearest = static_cast<float>(nearest);
  found.response = found.angle = found.d_theta = found.d_phi = nan;
  if (test == nullptr) return found;
  found.is_found = true;
  found.found_as = test->particle_class;
  found.has_wrong_charge = reference.charge * test->charge < 0;
  found.response = static_cast<float>(test->p.energy / reference.p.energy);
  found.angle = static_cast<float>(angle(reference.p.momentum(), test->p.momentum()));
  found.d_theta = static_cast<float>(theta(test->p) - theta(reference.p));
  found.d_phi =
      static_cast<float>(core::wrap_phi(phi(test->p) - phi(reference.p)) * std::sin(theta(reference.p)));
  return found;
}

void compare_particles(std::span<Particle const> reference, std::span<Particle const> test,
                       ParticleMatch const& match, Measurement& result) {
  std::vector<core::Vector3> directions;
  for (Particle const& particle : reference) directions.push_back(particle.p.momentum());
  DirectionGrid const grid(directions);
  for (std::size_t r = 0; r < reference.size(); ++r) {
    std::uint32_t const partner = match.partner[r];
    result.reference.push_back(
        compare(reference[r], grid.nearest_angle(r), partner == no_row ? nullptr : &test[partner]));
  }
  for (std::uint32_t t = 0; t < test.size(); ++t) {
    std::uint32_t const owner = match.owner[t];
    Measurement::Role const role = owner == no_row             ? Measurement::Role::orphan
                                   : match.partner[owner] == t ? Measurement::Role::partner
                                                               : Measurement::Role::fragment;
    result.test.push_back(
        {test[t].particle_class, role, static_cast<float>(test[t].p.energy), abs_cos_theta(test[t].p)});
  }
}

/// How the energy of hits is spread over clusters and over those who left it.
Measurement::ClusterSums compare_clusters(event::Observed const& observed, event::Truth const& truth,
                                          std::span<std::uint32_t const> row_of) {
  Measurement::ClusterSums sums;
  event::Clusters const& clusters = observed.clusters;
  event::CaloHits const& hits = observed.calo_hits;
  constexpr std::uint32_t no_cluster = no_row;
  std::vector<std::uint32_t> cluster_of(hits.size(), no_cluster);
  for (std::uint32_t row = 0; row < clusters.hits.size(); ++row) {
    if (!clusters.hits[row].empty()) ++sums.n_clusters;
    for (event::CaloHitId hit : clusters.hits[row]) {
      cluster_of[hit.row()] = row;
      sums.in_clusters += hits.energy[hit.row()];
    }
  }
  std::vector<double> weight_of(hits.size());
  for (auto const& link : truth.calo_hit_links) weight_of[link.from.row()] += link.weight;

  struct Share {
    std::uint32_t particle, cluster;
    double energy;
  };
  std::vector<Share> shares;
  for (auto const& link : truth.calo_hit_links) {
    std::size_t const hit = link.from.row();
    if (!link.to.is_valid() || !(weight_of[hit] > 0)) continue;
    // Particles of the reference by their row, others by what they are.
    std::uint32_t const row = row_of[link.to.row()];
    std::uint32_t const particle =
        row != no_row ? row : static_cast<std::uint32_t>(row_of.size() + link.to.row());
    shares.push_back({particle, cluster_of[hit], hits.energy[hit] * link.weight / weight_of[hit]});
    sums.linked += shares.back().energy;
  }
  // One share for each pair, then the largest of each cluster and of each particle.
  auto const pair = [](Share const& share) { return std::tuple(share.particle, share.cluster); };
  std::sort(shares.begin(), shares.end(), [&](Share const& a, Share const& b) {
    return std::tuple_cat(pair(a), std::tuple(a.energy)) < std::tuple_cat(pair(b), std::tuple(b.energy));
  });
  std::size_t n = 0;
  for (Share const& share : shares) {
    if (n > 0 && pair(shares[n - 1]) == pair(share))
      shares[n - 1].energy += share.energy;
    else
      shares[n++] = share;
  }
  shares.resize(n);
  std::vector<double> of_main(clusters.hits.size());
  for (std::size_t k = 0; k < n;) {
    double best = 0;
    std::uint32_t const particle = shares[k].particle;
    for (; k < n && shares[k].particle == particle; ++k) {
      if (shares[k].cluster == no_cluster) continue;
      best = std::max(best, shares[k].energy);
      of_main[shares[k].cluster] = std::max(of_main[shares[k].cluster], shares[k].energy);
    }
    sums.in_best_cluster += best;
  }
  for (double energy : of_main) sums.of_main += energy;
  return sums;
}

bool has_links(EventView const& event) {
  if (event.observed == nullptr || event.truth == nullptr || event.sources == nullptr) return false;
  event::Truth const& truth = *event.truth;
  return !(truth.track_links.empty() && truth.cluster_links.empty() && truth.calo_hit_links.empty() &&
           event.test_links.empty());
}

JetConfig dijets() {
  JetConfig config;
  config.algorithm = JetConfig::Algorithm::durham;
  config.n_exclusive = 2;
  return config;
}

}  // namespace

EventMeasurer::EventMeasurer(MeasureConfig config) : config_(std::move(config)), find_dijets_(dijets()) {
  for (JetConfig const& jets : config_.jets) find_jets_.emplace_back(jets);
}

Measurement EventMeasurer::operator()(EventView const& event) const {
  std::vector<Particle> const reference = usable_particles(event.reference);
  std::vector<Particle> const test = usable_particles(event.test);
  std::vector<FourVector> const reference_momenta = momenta(reference);
  std::vector<FourVector> const test_momenta = momenta(test);

  Measurement result;
  result.reference_dropped = static_cast<std::uint32_t>(event.reference.size() - reference.size());
  result.test_dropped = static_cast<std::uint32_t>(event.test.size() - test.size());
  result.reference_sum = sum(reference);
  result.test_sum = sum(test);
  for (JetFinder const& find_jets : find_jets_)
    result.jets.push_back(
        compare_jets(find_jets(reference_momenta), find_jets(test_momenta), config_.jet_matching));
  Jets const two = find_dijets_(reference_momenta);
  if (two.size() == 2)
    result.dijet_abs_cos_theta = std::max(abs_cos_theta(two.momenta[0]), abs_cos_theta(two.momenta[1]));

  ParticleMatch match;
  if (has_links(event)) {
    match = match_by_truth(reference, test, event.test,
                           {*event.observed, *event.truth, *event.sources, event.test_links},
                           config_.direction_matching);
    if (!event.truth->calo_hit_links.empty())
      result.clusters = compare_clusters(*event.observed, *event.truth,
                                         reference_rows(event.truth->particles, *event.sources));
  } else {
    match = match_by_direction(reference, test, config_.direction_matching);
  }
  result.n_by_direction = static_cast<std::uint32_t>(match.n_by_direction);
  compare_particles(reference, test, match, result);
  return result;
}

}  // namespace corpuscle::eval
