#include "corpuscle/eval/matching.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/eval/direction_grid.hpp"

namespace corpuscle::eval {
namespace {

struct Pair {
  double cost;
  std::uint32_t reference;
  std::uint32_t test;
  auto operator<=>(Pair const&) const = default;
};

/// Takes pairs whose two are both still free, cheapest first; returns the test row of each reference row.
std::vector<std::uint32_t> best_pairs_first(std::vector<Pair>& pairs, std::size_t n_reference,
                                            std::size_t n_test) {
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::uint32_t> partner(n_reference, no_row);
  std::vector<bool> is_taken(n_test, false);
  for (Pair const& pair : pairs) {
    if (partner[pair.reference] != no_row || is_taken[pair.test]) continue;
    partner[pair.reference] = pair.test;
    is_taken[pair.test] = true;
  }
  return partner;
}

std::vector<core::Vector3> momenta(std::span<Particle const> particles) {
  std::vector<core::Vector3> result;
  result.reserve(particles.size());
  for (Particle const& particle : particles) result.push_back(particle.p.momentum());
  return result;
}

/// Links of one kind by the row they come from.
template <class From>
class LinksOf {
 public:
  explicit LinksOf(std::span<event::Link<From> const> links) : links_(links.begin(), links.end()) {
    std::stable_sort(links_.begin(), links_.end(),
                     [](auto const& a, auto const& b) { return a.from < b.from; });
  }
  [[nodiscard]] bool empty() const { return links_.empty(); }
  [[nodiscard]] std::span<event::Link<From> const> operator[](From from) const {
    auto const [first, last] = std::equal_range(links_.begin(), links_.end(), event::Link<From>{from, {}, 0},
                                                [](auto const& a, auto const& b) { return a.from < b.from; });
    return {first, last};
  }

 private:
  std::vector<event::Link<From>> links_;
};

/// Energy that one test particle got from each reference row; `no_row` gathers what the reference does not
/// hold.
class Shares {
 public:
  void clear() { shares_.clear(); }
  void add(std::uint32_t reference_row, double energy) {
    auto const known = std::find_if(shares_.begin(), shares_.end(),
                                    [&](auto const& share) { return share.first == reference_row; });
    if (known == shares_.end())
      shares_.emplace_back(reference_row, energy);
    else
      known->second += energy;
  }
  [[nodiscard]] auto begin() const { return shares_.begin(); }
  [[nodiscard]] auto end() const { return shares_.end(); }
  [[nodiscard]] bool empty() const { return shares_.empty(); }

 private:
  std::vector<std::pair<std::uint32_t, double>> shares_;
};

/// Follows test particles back to the reference rows that they come from.
class TruthMatcher {
 public:
  TruthMatcher(event::Particles const& test, TruthLinks const& links)
      : test_(test),
        links_(links),
        row_of_(reference_rows(links.truth.particles, links.sources)),
        tracks_(links.truth.track_links),
        clusters_(links.truth.cluster_links),
        hits_(clusters_.empty() ? std::span(links.truth.calo_hit_links)
                                : std::span<event::Link<event::CaloHitId> const>()),
        particles_(links.particle_links),
        has_weights_(std::any_of(links.particle_links.begin(), links.particle_links.end(),
                                 [](auto const& link) { return link.weight > 0; })) {}

  /// Whether anything is known of where a particle comes from.
  [[nodiscard]] bool has_origin(std::size_t row) const {
    return (row < test_.tracks.size() && !test_.tracks[row].empty()) ||
           (row < test_.clusters.size() && !test_.clusters[row].empty()) ||
           !particles_[event::ParticleId(row)].empty();
  }

  void fill(std::size_t row, Shares& shares) const {
    shares.clear();
    double const energy = test_.energy[row];
    if (row < test_.tracks.size() && !test_.tracks[row].empty())
      for (event::TrackId track : test_.tracks[row]) add_largest(tracks_[track], energy, shares);
    if (shares.empty() && row < test_.clusters.size())
      for (event::ClusterId cluster : test_.clusters[row]) add_cluster(cluster, shares);
    if (shares.empty())
      for (auto const& link : particles_[event::ParticleId(row)])
        if (link.to.is_valid()) {
          double const fraction = weight_of(link, test_.charge[row] != 0);
          if (fraction > 0) shares.add(row_of_[link.to.row()], energy * fraction);
        }
  }

 private:
  template <class Links>
  void add_largest(Links const& links, double energy, Shares& shares) const {
    auto const best = std::max_element(links.begin(), links.end(), [](auto const& a, auto const& b) {
      return std::tuple(a.weight, b.to) < std::tuple(b.weight, a.to);
    });
    if (best != links.end() && best->to.is_valid()) shares.add(row_of_[best->to.row()], energy);
  }

  template <class Links>
  bool add_in_proportion(Links const& links, double energy, Shares& shares) const {
    double sum = 0;
    for (auto const& link : links) sum += link.weight;
    if (!(sum > 0)) return false;
    for (auto const& link : links)
      if (link.to.is_valid()) shares.add(row_of_[link.to.row()], energy * link.weight / sum);
    return true;
  }

  void add_cluster(event::ClusterId cluster, Shares& shares) const {
    event::Clusters const& clusters = links_.observed.clusters;
    if (add_in_proportion(clusters_[cluster], clusters.energy[cluster.row()], shares)) return;
    if (cluster.row() < clusters.hits.size())
      for (event::CaloHitId hit : clusters.hits[cluster.row()])
        add_in_proportion(hits_[hit], links_.observed.calo_hits.energy[hit.row()], shares);
  }

  [[nodiscard]] double weight_of(event::Link<event::ParticleId> const& link, bool is_charged) const {
    if (!has_weights_) return 1;
    if (link.weight <= 1) return link.weight;
    double const cluster_permille = std::floor(link.weight / 10000);
    double const track_permille = link.weight - 10000 * cluster_permille;
    if (is_charged && track_permille > 0) return track_permille / 1000;
    return cluster_permille / 1000;
  }

  event::Particles const& test_;
  TruthLinks const& links_;
  std::vector<std::uint32_t> row_of_;  ///< reference row of each generated particle
  LinksOf<event::TrackId> tracks_;
  LinksOf<event::ClusterId> clusters_;
  LinksOf<event::CaloHitId> hits_;
  LinksOf<event::ParticleId> particles_;
  bool has_weights_;
};

/// Matches some of the test particles by direction to the reference particles that have no partner.
void match_rest(std::span<Particle const> reference, std::span<Particle const> test,
                std::span<std::uint32_t const> some, DirectionMatching const& config, ParticleMatch& match) {
  std::vector<std::uint32_t> free;
  std::vector<Particle> free_particles, test_particles;
  for (std::uint32_t r = 0; r < reference.size(); ++r)
    if (match.partner[r] == no_row) {
      free.push_back(r);
      free_particles.push_back(reference[r]);
    }
  for (std::uint32_t t : some) test_particles.push_back(test[t]);
  ParticleMatch const rest = match_by_direction(free_particles, test_particles, config);
  for (std::size_t k = 0; k < free.size(); ++k)
    if (rest.partner[k] != no_row) match.partner[free[k]] = some[rest.partner[k]];
  for (std::size_t k = 0; k < some.size(); ++k)
    if (rest.owner[k] != no_row) match.owner[some[k]] = free[rest.owner[k]];
  match.n_by_direction = some.size();
}

}  // namespace

double distance(FourVector const& a, FourVector const& b, JetMatching::Distance kind) {
  if (kind == JetMatching::Distance::angle) return angle(a.momentum(), b.momentum());
  return std::hypot(eta(a) - eta(b), core::wrap_phi(phi(a) - phi(b)));
}

std::vector<std::uint32_t> match_jets(Jets const& reference, Jets const& test, JetMatching const& config) {
  std::vector<Pair> pairs;
  for (std::uint32_t r = 0; r < reference.size(); ++r)
    for (std::uint32_t t = 0; t < test.size(); ++t) {
      double const d = distance(reference.momenta[r], test.momenta[t], config.distance);
      if (d < config.max_distance) pairs.push_back({d, r, t});
    }
  return best_pairs_first(pairs, reference.size(), test.size());
}

std::vector<std::uint32_t> reference_rows(event::GenParticles const& particles,
                                          core::Ragged<event::GenParticleId> const& sources) {
  std::vector<std::uint32_t> row_of(particles.size(), no_row);
  for (std::size_t row = 0; row < sources.size(); ++row)
    for (event::GenParticleId source : sources[row])
      if (source.is_valid()) row_of[source.row()] = static_cast<std::uint32_t>(row);
  // Downwards from each source, through what has no row of its own.
  std::vector<std::size_t> to_visit;
  std::vector<bool> is_source(particles.size());
  for (std::size_t gen = 0; gen < particles.size(); ++gen) is_source[gen] = row_of[gen] != no_row;
  for (std::size_t gen = 0; gen < particles.size(); ++gen) {
    if (!is_source[gen]) continue;
    to_visit.assign(1, gen);
    while (!to_visit.empty()) {
      std::size_t const parent = to_visit.back();
      to_visit.pop_back();
      for (event::GenParticleId daughter : particles.daughters[parent])
        if (row_of[daughter.row()] == no_row) {
          row_of[daughter.row()] = row_of[gen];
          to_visit.push_back(daughter.row());
        }
    }
  }
  return row_of;
}

ParticleMatch match_by_truth(std::span<Particle const> reference, std::span<Particle const> test,
                             event::Particles const& test_table, TruthLinks const& links,
                             DirectionMatching const& config) {
  std::vector<std::uint32_t> position_of(links.sources.size(), no_row);  // of a row of the reference table
  for (std::uint32_t r = 0; r < reference.size(); ++r) position_of[reference[r].row] = r;

  TruthMatcher const matcher(test_table, links);
  ParticleMatch match;
  match.owner.assign(test.size(), no_row);
  match.partner.assign(reference.size(), no_row);
  std::vector<double> best_energy(reference.size(), 0);
  std::vector<std::uint32_t> without_origin;
  Shares shares;
  for (std::uint32_t t = 0; t < test.size(); ++t) {
    if (!matcher.has_origin(test[t].row)) {
      without_origin.push_back(t);
      continue;
    }
    matcher.fill(test[t].row, shares);
    double largest = 0;
    std::uint32_t owner = no_row;
    for (auto const& [row, energy] : shares) {
      std::uint32_t const position = row == no_row ? no_row : position_of[row];
      if (energy > largest || (energy == largest && position < owner)) {
        largest = energy;
        owner = position;
      }
    }
    match.owner[t] = owner;
    if (owner == no_row || largest <= best_energy[owner]) continue;
    best_energy[owner] = largest;
    match.partner[owner] = t;
  }
  if (!without_origin.empty()) match_rest(reference, test, without_origin, config, match);
  return match;
}

ParticleMatch match_by_direction(std::span<Particle const> reference, std::span<Particle const> test,
                                 DirectionMatching const& config) {
  DirectionGrid const grid(momenta(reference));
  double const max_chord = 2 * std::sin(config.max_angle / 2);
  std::vector<Pair> pairs;
  ParticleMatch match;
  match.owner.assign(test.size(), no_row);
  for (std::uint32_t t = 0; t < test.size(); ++t) {
    core::Vector3 const p = test[t].p.momentum();
    Pair best{0, no_row, t};
    grid.for_each_within((1 / core::length(p)) * p, max_chord, [&](std::uint32_t r, double chord) {
      double const angle = chord / config.angle_scale;
      double const energy = std::log(test[t].p.energy / reference[r].p.energy) / config.energy_scale;
      Pair const pair{
          angle * angle + energy * energy + (test[t].charge == reference[r].charge ? 0 : config.charge_cost),
          r, t};
      if (best.reference == no_row || pair < best) best = pair;
      pairs.push_back(pair);
    });
    match.owner[t] = best.reference;
  }
  match.partner = best_pairs_first(pairs, reference.size(), test.size());
  match.n_by_direction = test.size();
  for (std::uint32_t r = 0; r < reference.size(); ++r)
    if (match.partner[r] != no_row) match.owner[match.partner[r]] = r;
  return match;
}

}  // namespace corpuscle::eval
