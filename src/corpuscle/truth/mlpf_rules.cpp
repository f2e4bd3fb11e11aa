#include <algorithm>

#include "corpuscle/truth/matching.hpp"

namespace corpuscle::truth {
namespace {

using event::GenParticles;

/// mlpf.md 2.1: in descending order of energy a track, else a cell, else a place with the owner of the best
/// cell.
void assign(Matching& matching, Prints const& on_cells, std::size_t n_tracks, std::size_t n_cells) {
  Occupancy tracks(n_tracks), cells(n_cells);
  for (Rank k = 0; k < matching.candidates.size(); ++k) {
    Candidate& candidate = matching.candidates[k];
    if (!candidate.is_visible) continue;
    candidate.track = tracks.take_best(matching.on_tracks, k);
    if (candidate.track == no_rank) candidate.cell = cells.take_best(on_cells, k);
    if (candidate.has_home()) continue;
    if (Print const* best = on_cells.largest(k)) candidate.owner = cells.owner(best->element);
  }
}

double largest_weight(Prints const& prints, Rank candidate) {
  Print const* const best = prints.largest(candidate);
  return best ? best->weight : 0;
}

/// For each particle the number of the candidate that it is, or no_rank.
std::vector<Rank> numbers_of(Matching const& matching, std::size_t n_particles) {
  std::vector<Rank> numbers(n_particles, no_rank);
  for (Rank k = 0; k < matching.candidates.size(); ++k) numbers[matching.candidates[k].particle] = k;
  return numbers;
}

void fold(Matching& matching, Footprints const& prints, std::vector<Rank> const& to) {
  std::size_t const n = matching.candidates.size();
  matching.on_tracks = prints.on_tracks.folded(to, n);
  matching.on_clusters = prints.on_clusters.folded(to, n);
  matching.on_hits = prints.on_hits.folded(to, n);
}

/// Ancestors with links of their own, up to eight generations above a final-state particle: the nearest ones.
std::vector<Rank> nearest_with_prints(Lineage const& lineage, Rank particle,
                                      std::vector<std::uint8_t> const& has_prints) {
  std::vector<Rank> level = {particle};
  for (int generation = 0; generation < 8 && !level.empty(); ++generation) {
    std::vector<Rank> found, next;
    for (Rank const at : level)
      for (Rank const parent : lineage.parents(at)) {
        if (has_prints[parent] && !lineage.is_final(parent)) found.push_back(parent);
        next.push_back(parent);
      }
    if (!found.empty()) return found;
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    level = std::move(next);
  }
  return {};
}

}  // namespace

Matching match_mlpf_2023(event::Event const& event, Footprints const& prints, Lineage const&, Mode mode) {
  constexpr double min_energy = 0.01;
  constexpr double min_track_weight = 0.6;
  constexpr double min_fraction = 0.1;
  GenParticles const& particles = event.truth.particles;
  Matching matching;
  for (Rank p = 0; p < prints.particles.size(); ++p) {
    std::uint32_t const row = prints.particles.row[p];
    std::int32_t const pdg = particles.pdg[row];
    if (particles.generator_status[row] != 1) continue;
    matching.generated += prints.energy[p];
    if (pdg == 12 || pdg == 14 || pdg == 16)
      matching.invisible += prints.energy[p];
    else
      matching.candidates.push_back(whole(particles, prints, p));
  }
  fold(matching, prints, numbers_of(matching, prints.particles.size()));
  Prints const& on_cells = mode == Mode::hit ? matching.on_hits : matching.on_clusters;
  for (Rank k = 0; k < matching.candidates.size(); ++k) {
    Candidate& candidate = matching.candidates[k];
    candidate.deposit = on_cells.total(k);
    bool const has_track = largest_weight(matching.on_tracks, k) >= min_track_weight;
    candidate.is_visible =
        candidate.energy > min_energy && (has_track || candidate.deposit > min_fraction * candidate.energy);
  }
  assign(matching, on_cells, prints.tracks.size(),
         mode == Mode::hit ? prints.hits.size() : prints.clusters.size());
  return matching;
}

Matching match_mlpf_2026(event::Event const& event, Footprints const& prints, Lineage const& lineage,
                         Mode mode) {
  constexpr double min_track_weight = 0.2;
  constexpr double min_fraction = 0.1;
  constexpr double min_deposit_of_charged = 0.5;  // [GeV]
  GenParticles const& particles = event.truth.particles;
  auto const n = static_cast<Rank>(prints.particles.size());
  auto const pdg = [&](Rank p) { return particles.pdg[prints.particles.row[p]]; };
  auto const is_observable = [&](Rank p) { return lineage.is_final(p) && !is_neutrino(pdg(p)); };

  // Those of descendants count for their final-state ancestor.
  std::vector<std::uint8_t> has_prints(n), is_seen(n);
  for (Prints const* all : {&prints.on_tracks, &prints.on_clusters, &prints.on_hits})
    for (Print const& print : all->all()) {
      has_prints[print.particle] = 1;
      if (Rank const origin = lineage.origin(print.particle); origin != no_rank && is_observable(origin))
        is_seen[origin] = 1;
    }

  std::vector<Rank> seen, ancestors;
  for (Rank p = 0; p < n; ++p) {
    if (!is_observable(p)) continue;
    if (is_seen[p]) {
      seen.push_back(p);
    } else {
      std::vector<Rank> const found = nearest_with_prints(lineage, p, has_prints);
      ancestors.insert(ancestors.end(), found.begin(), found.end());
    }
  }
  std::sort(ancestors.begin(), ancestors.end());
  ancestors.erase(std::unique(ancestors.begin(), ancestors.end()), ancestors.end());
  std::vector<Rank> const stand_ins = surrogates(lineage, std::move(ancestors), std::move(seen));
  std::vector<std::uint8_t> const is_replaced = lineage.descendants(stand_ins);

  Matching matching;
  for (Rank p = 0; p < n; ++p) {
    bool const is_stand_in = std::binary_search(stand_ins.begin(), stand_ins.end(), p);
    if (is_stand_in) {
      matching.candidates.push_back(whole(particles, prints, p));
      matching.exchanged -= prints.energy[p];
    }
    if (!lineage.is_final(p)) continue;
    matching.generated += prints.energy[p];
    if (is_replaced[p])
      matching.exchanged += prints.energy[p];
    else if (is_neutrino(pdg(p)))
      matching.invisible += prints.energy[p];
    else
      matching.candidates.push_back(whole(particles, prints, p));
  }

  std::vector<Rank> const numbers = numbers_of(matching, n);
  std::vector<Rank> to(n, no_rank);
  for (Rank p = 0; p < n; ++p) {
    Rank const origin = lineage.origin(p);
    to[p] = origin != no_rank && is_observable(origin) ? numbers[origin] : numbers[p];
  }
  fold(matching, prints, to);

  Prints const& in_calorimeters = matching.on_hits.empty() ? matching.on_clusters : matching.on_hits;
  for (Rank k = 0; k < matching.candidates.size(); ++k) {
    Candidate& candidate = matching.candidates[k];
    candidate.deposit = in_calorimeters.total(k);
    bool const is_charged = particles.charge[prints.particles.row[candidate.particle]] != 0;
    candidate.is_visible = !lineage.is_final(candidate.particle) ||
                           candidate.deposit > min_fraction * candidate.energy ||
                           (is_charged && candidate.deposit > min_deposit_of_charged) ||
                           largest_weight(matching.on_tracks, k) >= min_track_weight;
  }
  if (mode == Mode::hit && prints.clusters.size() == 0) {
    assign(matching, matching.on_hits, prints.tracks.size(), prints.hits.size());
    return matching;
  }
  assign(matching, matching.on_clusters, prints.tracks.size(), prints.clusters.size());
  if (mode == Mode::hit) {
    Occupancy hits(prints.hits.size());
    for (Rank k = 0; k < matching.candidates.size(); ++k)
      if (matching.candidates[k].has_home()) matching.candidates[k].hit = hits.take_best(matching.on_hits, k);
  }
  return matching;
}

}  // namespace corpuscle::truth
