#include "corpuscle/truth/footprints.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace corpuscle::truth {
namespace {

using event::Event;

/// Sorts rows by their keys. The first one lies beside the row, and mostly decides.
template <std::size_t n_keys>
Ranking rank_by(std::vector<std::array<double, n_keys>> const& keys) {
  std::vector<std::pair<double, std::uint32_t>> order(keys.size());
  for (std::size_t row = 0; row < keys.size(); ++row)
    order[row] = {keys[row][0], static_cast<std::uint32_t>(row)};
  std::sort(order.begin(), order.end(), [&](auto const& a, auto const& b) {
    if (a.first != b.first) return a.first < b.first;
    if (keys[a.second] != keys[b.second]) return keys[a.second] < keys[b.second];
    return a.second < b.second;
  });
  Ranking ranking;
  ranking.rank.resize(keys.size());
  for (auto const& [key, row] : order) {
    ranking.rank[row] = static_cast<Rank>(ranking.row.size());
    ranking.row.push_back(row);
  }
  return ranking;
}

Ranking rank(event::GenParticles const& p) {
  std::vector<std::array<double, 9>> keys(p.size());
  for (std::size_t i = 0; i < p.size(); ++i)
    keys[i] = {-p.energy(i),
               static_cast<double>(p.pdg[i]),
               p.px[i],
               p.py[i],
               p.pz[i],
               p.x[i],
               p.y[i],
               p.z[i],
               static_cast<double>(p.generator_status[i])};
  return rank_by(keys);
}

Ranking rank(event::Tracks const& t) {
  event::TrackStates const& s = t.at(event::TrackPoint::at_ip);
  std::vector<std::array<double, 7>> keys(t.size());
  for (std::size_t i = 0; i < t.size(); ++i)
    keys[i] = {t.innermost_hit_radius[i], s.phi[i], s.tan_lambda[i], s.omega[i], s.d0[i], s.z0[i], t.chi2[i]};
  return rank_by(keys);
}

template <class Table>
Ranking rank_cells(Table const& t) {
  std::vector<std::array<double, 4>> keys(t.size());
  for (std::size_t i = 0; i < t.size(); ++i) keys[i] = {-t.energy[i], t.x[i], t.y[i], t.z[i]};
  return rank_by(keys);
}

void keep(std::vector<Print>& prints, Rank particle, Rank element, double weight) {
  if (weight > 0) prints.push_back({particle, element, weight});
}

/// Links of stored particle-flow objects, as if they were those of its track and its clusters. Weights that
/// nobody set, and are 0, count 1.
void add_links_of_stored(Event const& event, Footprints const& f, std::vector<Print>& on_tracks,
                         std::vector<Print>& on_clusters) {
  auto const& links = event.truth.particle_links;
  bool const are_packed = std::any_of(links.begin(), links.end(), [](auto const& l) { return l.weight > 1; });
  if (are_packed) return;
  for (auto const& link : links) {
    Rank const particle = f.particles.rank[link.to.row()];
    auto const tracks = event.stored.tracks[link.from.row()];
    auto const clusters = event.stored.clusters[link.from.row()];
    double const weight = link.weight == 0 ? 1 : link.weight;
    if (tracks.size() == 1) keep(on_tracks, particle, f.tracks.rank[tracks[0].row()], weight);
    for (event::ClusterId const cluster : clusters)
      keep(on_clusters, particle, f.clusters.rank[cluster.row()],
           weight * event.observed.clusters.energy[cluster.row()]);
  }
}

/// Weights of hits as shares of their energies.
void share(event::CaloHits const& hits, Ranking const& ranking, Prints const& weights,
           std::vector<Print>& prints) {
  std::vector<double> totals(hits.size());
  for (Print const& print : weights.all()) totals[print.element] += print.weight;
  for (Print const& print : weights.all())
    keep(prints, print.particle, print.element,
         print.weight / totals[print.element] * hits.energy[ranking.row[print.element]]);
}

/// Adds up what the hits of each cluster hold.
Prints sum_over_clusters(event::Clusters const& clusters, Footprints const& f) {
  // The clusters of each hit: at most one, in files that are as they should be.
  std::vector<std::pair<Rank, Rank>> of_hits;
  for (std::size_t row = 0; row < clusters.size(); ++row)
    for (event::CaloHitId const hit : clusters.hits[row])
      of_hits.emplace_back(f.hits.rank[hit.row()], f.clusters.rank[row]);
  std::sort(of_hits.begin(), of_hits.end());
  of_hits.erase(std::unique(of_hits.begin(), of_hits.end()), of_hits.end());
  std::vector<std::size_t> first(f.hits.size() + 1);
  for (auto const& [hit, cluster] : of_hits) ++first[hit + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());

  std::vector<double> sums(clusters.size());
  std::vector<Rank> touched;
  std::vector<Print> prints;
  for (Rank particle = 0; particle < f.on_hits.n_particles(); ++particle) {
    for (Print const& print : f.on_hits.of(particle))
      for (std::size_t k = first[print.element]; k < first[print.element + 1]; ++k) {
        Rank const cluster = of_hits[k].second;
        if (sums[cluster] == 0) touched.push_back(cluster);
        sums[cluster] += print.weight;
      }
    for (Rank const cluster : touched) {
      prints.push_back({particle, cluster, sums[cluster]});
      sums[cluster] = 0;
    }
    touched.clear();
  }
  return {prints, f.particles.size()};
}

}  // namespace

Prints::Prints(std::vector<Print> const& prints, std::size_t n_particles) {
  // Into one bin per particle, then each bin on its own: an order of magnitude less to compare.
  first_.assign(n_particles + 1, 0);
  for (Print const& print : prints) ++first_[print.particle + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  prints_.resize(prints.size());
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for (Print const& print : prints) prints_[next[print.particle]++] = print;

  std::size_t n = 0;
  for (std::size_t particle = 0; particle < n_particles; ++particle) {
    auto const begin = prints_.begin() + static_cast<std::ptrdiff_t>(first_[particle]);
    auto const end = prints_.begin() + static_cast<std::ptrdiff_t>(first_[particle + 1]);
    std::sort(begin, end, [](Print const& a, Print const& b) {
      return a.element != b.element ? a.element < b.element : a.weight < b.weight;
    });
    std::size_t const start = n;
    for (auto print = begin; print != end; ++print) {
      if (n > start && prints_[n - 1].element == print->element)
        prints_[n - 1].weight += print->weight;
      else
        prints_[n++] = *print;
    }
    first_[particle] = start;
  }
  first_[n_particles] = n;
  prints_.resize(n);
}

double Prints::total(Rank particle) const {
  double sum = 0;
  for (Print const& print : of(particle)) sum += print.weight;
  return sum;
}

Print const* Prints::largest(Rank particle) const {
  auto const prints = of(particle);
  auto const found = std::max_element(prints.begin(), prints.end(),
                                      [](Print const& a, Print const& b) { return a.weight < b.weight; });
  return found == prints.end() ? nullptr : &*found;
}

Prints Prints::folded(std::span<Rank const> to, std::size_t n_particles) const {
  std::vector<Print> prints;
  prints.reserve(prints_.size());
  for (Print const& print : prints_)
    if (to[print.particle] != no_rank) prints.push_back({to[print.particle], print.element, print.weight});
  return {prints, n_particles};
}

Footprints::Footprints(Event const& event, HitWeights weights)
    : particles(rank(event.truth.particles)),
      tracks(rank(event.observed.tracks)),
      clusters(rank_cells(event.observed.clusters)),
      hits(rank_cells(event.observed.calo_hits)) {
  auto const& truth = event.truth;
  std::size_t const n = particles.size();
  for (std::uint32_t const row : particles.row) energy.push_back(truth.particles.energy(row));

  std::vector<Print> of_tracks, of_clusters, of_hits;
  for (auto const& link : truth.track_links)
    keep(of_tracks, particles.rank[link.to.row()], tracks.rank[link.from.row()], link.weight);
  of_hits.reserve(truth.calo_hit_links.size());
  for (auto const& link : truth.calo_hit_links)
    keep(of_hits, particles.rank[link.to.row()], hits.rank[link.from.row()], link.weight);
  on_hits = {of_hits, n};
  if (weights == HitWeights::as_shares) {
    of_hits.clear();
    share(event.observed.calo_hits, hits, on_hits, of_hits);
    on_hits = {of_hits, n};
  }

  on_clusters = sum_over_clusters(event.observed.clusters, *this);
  if (on_clusters.empty())
    for (auto const& link : truth.cluster_links)
      keep(of_clusters, particles.rank[link.to.row()], clusters.rank[link.from.row()],
           static_cast<double>(link.weight) * event.observed.clusters.energy[link.from.row()]);
  if (of_tracks.empty() && of_clusters.empty() && on_hits.empty())
    add_links_of_stored(event, *this, of_tracks, of_clusters);
  on_tracks = {of_tracks, n};
  if (on_clusters.empty()) on_clusters = {of_clusters, n};
}

}  // namespace corpuscle::truth
