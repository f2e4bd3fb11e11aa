#include "corpuscle/truth/lineage.hpp"

#include <algorithm>
#include <cstdlib>

namespace corpuscle::truth {
namespace {

/// Bits of GenParticles::simulator_status, as in EDM4hep.
constexpr std::int32_t created_in_simulation = 1 << 30;
constexpr std::int32_t backscatter = 1 << 29;

std::vector<std::uint8_t> reach(std::vector<Rank> start, std::vector<std::vector<Rank>> const& next) {
  std::vector<std::uint8_t> reached(next.size());
  while (!start.empty()) {
    Rank const at = start.back();
    start.pop_back();
    for (Rank const to : next[at]) {
      if (reached[to]) continue;
      reached[to] = 1;
      start.push_back(to);
    }
  }
  return reached;
}

}  // namespace

bool is_neutrino(std::int32_t pdg) {
  return pdg == 12 || pdg == 14 || pdg == 16 || pdg == -12 || pdg == -14 || pdg == -16;
}

Lineage::Lineage(event::GenParticles const& particles, Ranking const& ranking)
    : kinds_(particles.size()),
      is_backscatter_(particles.size()),
      parents_(particles.size()),
      daughters_(particles.size()),
      made_(particles.size()),
      makers_(particles.size(), no_rank),
      origins_(particles.size(), no_rank) {
  auto const n = static_cast<Rank>(particles.size());
  for (Rank p = 0; p < n; ++p) {
    std::uint32_t const row = ranking.row[p];
    std::int32_t const status = particles.simulator_status[row];
    // Some converters lose the bits; what has no status in the generator is not its own.
    bool const is_made = (status & created_in_simulation) != 0 || particles.generator_status[row] == 0;
    kinds_[p] = is_made                                ? Kind::made
                : particles.generator_status[row] == 1 ? Kind::final_state
                                                       : Kind::history;
    is_backscatter_[p] = is_made && (status & backscatter) != 0;
    for (event::GenParticleId const parent : particles.parents[row])
      parents_[p].push_back(ranking.rank[parent.row()]);
    std::sort(parents_[p].begin(), parents_[p].end());
    parents_[p].erase(std::unique(parents_[p].begin(), parents_[p].end()), parents_[p].end());
    for (Rank const parent : parents_[p]) daughters_[parent].push_back(p);
    if (is_made && !parents_[p].empty()) makers_[p] = parents_[p].front();
  }
  // Outwards from the generator's particles, so that circles and orphans are never reached.
  for (Rank p = 0; p < n; ++p)
    if (makers_[p] != no_rank) made_[makers_[p]].push_back(p);
  std::vector<Rank> open;
  for (Rank p = 0; p < n; ++p) {
    if (is_made(p)) continue;
    origins_[p] = p;
    open.push_back(p);
  }
  while (!open.empty()) {
    Rank const at = open.back();
    open.pop_back();
    for (Rank const product : made_[at]) {
      origins_[product] = origins_[at];
      open.push_back(product);
    }
  }
}

std::vector<std::uint8_t> Lineage::ancestors(std::vector<Rank> particles) const {
  return reach(std::move(particles), parents_);
}

std::vector<std::uint8_t> Lineage::descendants(std::vector<Rank> particles) const {
  return reach(std::move(particles), daughters_);
}

std::vector<Rank> surrogates(Lineage const& lineage, std::vector<Rank> candidates, std::vector<Rank> seen) {
  std::vector<std::uint8_t> const is_represented = lineage.ancestors(std::move(seen));
  std::erase_if(candidates, [&](Rank p) { return is_represented[p] != 0; });
  std::vector<std::uint8_t> const has_deeper = lineage.ancestors(candidates);
  std::erase_if(candidates, [&](Rank p) { return has_deeper[p] != 0; });
  return candidates;
}

}  // namespace corpuscle::truth
