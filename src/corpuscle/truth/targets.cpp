#include "corpuscle/truth/targets.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "corpuscle/truth/matching.hpp"

namespace corpuscle::truth {
namespace {

using event::CaloHitId;
using event::ClusterId;
using event::GenParticleId;
using event::ParticleClass;
using event::ParticleId;
using event::TrackId;

struct Label {
  ParticleClass particle_class;
  float charge;
};

bool is_neutral(ParticleClass c) {
  return c == ParticleClass::photon || c == ParticleClass::neutral_hadron;
}

/// What a calorimeter can tell apart.
Label label_on_cell(ParticleClass c) {
  bool const showers_early = c == ParticleClass::photon || c == ParticleClass::electron;
  return {showers_early ? ParticleClass::photon : ParticleClass::neutral_hadron, 0};
}

/// mlpf.md 2.1: a neutral on a track counts as a charged hadron, of charge 0.
Label published_label_on_track(ParticleClass c, float charge) {
  return {is_neutral(c) ? ParticleClass::charged_hadron : c, charge};
}

/// A neutral on a track is a charged product of it that the file does not list.
Label standard_label_on_track(ParticleClass c, float charge, float omega) {
  if (!is_neutral(c)) return {c, charge};
  return {c == ParticleClass::photon ? ParticleClass::electron : ParticleClass::charged_hadron,
          omega < 0 ? -1.F : 1.F};
}

std::int32_t pdg_code(Label label) {
  int const sign = label.charge < 0 ? -1 : 1;
  switch (label.particle_class) {
    case ParticleClass::charged_hadron: return sign * 211;
    case ParticleClass::neutral_hadron: return 130;
    case ParticleClass::photon: return 22;
    case ParticleClass::electron: return -sign * 11;  // 11 is the electron, of negative charge
    case ParticleClass::muon: return -sign * 13;
  }
  return 0;
}

/// A target, still by rank: the candidates that it is made of, the most energetic first.
struct Group {
  std::vector<Rank> members;
  double energy = 0;
  core::Vector3 momentum;
  double deposit = 0;
  Rank track = no_rank;
  Rank cell = no_rank;
  Rank hit = no_rank;
};

std::vector<Group> group(std::vector<Candidate> const& candidates) {
  std::vector<std::uint32_t> group_of(candidates.size());
  std::vector<Group> groups;
  for (Rank k = 0; k < candidates.size(); ++k) {
    if (!candidates[k].is_visible || !candidates[k].has_home()) continue;
    group_of[k] = static_cast<std::uint32_t>(groups.size());
    Group& g = groups.emplace_back();
    g.track = candidates[k].track;
    g.cell = candidates[k].cell;
    g.hit = candidates[k].hit;
  }
  for (Rank k = 0; k < candidates.size(); ++k) {  // in descending order of energy
    Candidate const& c = candidates[k];
    if (!c.is_visible || (!c.has_home() && c.owner == no_rank)) continue;
    Group& g = groups[group_of[c.has_home() ? k : c.owner]];
    g.members.push_back(k);
    g.energy += c.energy;
    g.momentum = g.momentum + c.momentum;
    g.deposit += c.deposit;
  }
  std::sort(groups.begin(), groups.end(), [](Group const& a, Group const& b) {
    return std::tuple(-a.energy, a.members[0]) < std::tuple(-b.energy, b.members[0]);
  });
  return groups;
}

ElementTargets element_targets(Ranking const& elements, Prints const& prints,
                               std::vector<Rank> const& target_of) {
  Prints const by_target = prints.folded(target_of, target_of.size());
  ElementTargets result;
  result.target.resize(elements.size());
  auto& offsets = result.shares.offsets;
  auto& shares = result.shares.values;
  offsets.assign(elements.size() + 1, 0);
  for (Print const& print : by_target.all()) ++offsets[elements.row[print.element] + 1];
  for (std::size_t row = 0; row < elements.size(); ++row) offsets[row + 1] += offsets[row];
  shares.resize(by_target.all().size());
  std::vector<std::uint32_t> next(offsets.begin(), offsets.end() - 1);
  for (Print const& print : by_target.all())
    shares[next[elements.row[print.element]]++] = {ParticleId(print.particle),
                                                   static_cast<float>(print.weight)};
  for (std::size_t row = 0; row < elements.size(); ++row)
    std::sort(shares.begin() + offsets[row], shares.begin() + offsets[row + 1],
              [](Share const& a, Share const& b) {
                return a.weight != b.weight ? a.weight > b.weight : a.target < b.target;
              });
  return result;
}

void book(Matching const& matching, event::GenParticles const& particles, Ranking const& ranking,
          Account& account) {
  account.generated = matching.generated;
  account.invisible = matching.invisible;
  account.exchanged = matching.exchanged;
  for (Candidate const& c : matching.candidates) {
    std::uint32_t const row = ranking.row[c.particle];
    if (!c.is_visible) {
      (is_neutrino(particles.pdg[row]) ? account.invisible : account.unseen) += c.energy;
      continue;
    }
    auto const true_class = event::classify(particles.pdg[row], particles.charge[row]);
    ClassAccount& of_class = account.by_class[static_cast<std::size_t>(true_class)];
    bool const is_target = c.has_home() || c.owner != no_rank;
    account.visible += c.energy;
    of_class.visible.add(c.energy);
    (is_target ? account.target : account.lost) += c.energy;
    (c.track != no_rank   ? of_class.on_tracks
     : c.cell != no_rank  ? of_class.on_cells
     : c.owner != no_rank ? of_class.merged
                          : of_class.lost)
        .add(c.energy);
  }
}

Targets assemble(event::Event const& event, Footprints const& prints, Matching const& matching,
                 TargetConfig const& config) {
  event::GenParticles const& generated = event.truth.particles;
  std::vector<Group> const groups = group(matching.candidates);
  std::vector<Rank> target_of(matching.candidates.size(), no_rank);
  for (Rank t = 0; t < groups.size(); ++t)
    for (Rank const k : groups[t].members) target_of[k] = t;

  Targets targets;
  targets.on_tracks = element_targets(prints.tracks, matching.on_tracks, target_of);
  targets.on_clusters = element_targets(prints.clusters, matching.on_clusters, target_of);
  targets.on_hits = element_targets(prints.hits, matching.on_hits, target_of);

  bool const has_cells_of_hits =
      config.mode == Mode::hit && (config.rule != Rule::mlpf_2026 || prints.clusters.size() == 0);
  event::TrackStates const& states = event.observed.tracks.at(event::TrackPoint::at_ip);
  event::Particles& out = targets.particles;
  out.resize(groups.size());
  if (config.mode == Mode::hit) targets.hits.resize(groups.size());
  for (std::size_t t = 0; t < groups.size(); ++t) {
    Group const& g = groups[t];
    ParticleId const id(t);
    std::uint32_t const first = prints.particles.row[matching.candidates[g.members[0]].particle];
    auto const true_class = event::classify(generated.pdg[first], generated.charge[first]);
    Label label = label_on_cell(true_class);
    if (g.track != no_rank) {
      std::uint32_t const row = prints.tracks.row[g.track];
      label = config.rule == Rule::standard
                  ? standard_label_on_track(true_class, generated.charge[first], states.omega[row])
                  : published_label_on_track(true_class, generated.charge[first]);
      out.tracks.values.emplace_back(row);
      targets.on_tracks.target[row] = id;
    } else if (!has_cells_of_hits) {
      std::uint32_t const row = prints.clusters.row[g.cell];
      out.clusters.values.emplace_back(row);
      targets.on_clusters.target[row] = id;
    }
    out.tracks.end_row();
    out.clusters.end_row();
    Rank const hit = has_cells_of_hits && g.track == no_rank ? g.cell : g.hit;
    if (hit != no_rank) {
      std::uint32_t const row = prints.hits.row[hit];
      targets.hits[t] = CaloHitId(row);
      targets.on_hits.target[row] = id;
    }

    out.particle_class[t] = label.particle_class;
    out.charge[t] = label.charge;
    out.pdg[t] = pdg_code(label);
    out.energy[t] = static_cast<float>(g.energy);
    out.px[t] = static_cast<float>(g.momentum.x);
    out.py[t] = static_cast<float>(g.momentum.y);
    out.pz[t] = static_cast<float>(g.momentum.z);
    double const mass_squared = g.energy * g.energy - core::dot(g.momentum, g.momentum);
    out.mass[t] = static_cast<float>(g.members.size() == 1 ? generated.mass[first]
                                                           : std::sqrt(std::max(0.0, mass_squared)));
    out.x[t] = static_cast<float>(generated.x[first]);
    out.y[t] = static_cast<float>(generated.y[first]);
    out.z[t] = static_cast<float>(generated.z[first]);
    targets.deposit.push_back(static_cast<float>(g.deposit));
    for (Rank const k : g.members)
      targets.members.values.emplace_back(prints.particles.row[matching.candidates[k].particle]);
    targets.members.end_row();
  }
  book(matching, generated, prints.particles, targets.account);
  return targets;
}

}  // namespace

std::string_view name(Rule rule) {
  switch (rule) {
    case Rule::mlpf_2023: return "2023";
    case Rule::mlpf_2026: return "2026";
    case Rule::standard: return "standard";
  }
  return "unknown";
}

std::optional<Rule> find_rule(std::string_view text) {
  for (Rule const rule : {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard})
    if (name(rule) == text) return rule;
  return std::nullopt;
}

Tally& Tally::operator+=(Tally const& other) {
  particles += other.particles;
  energy += other.energy;
  return *this;
}

ClassAccount& ClassAccount::operator+=(ClassAccount const& other) {
  visible += other.visible;
  on_tracks += other.on_tracks;
  on_cells += other.on_cells;
  merged += other.merged;
  lost += other.lost;
  return *this;
}

Account& Account::operator+=(Account const& other) {
  generated += other.generated;
  invisible += other.invisible;
  unseen += other.unseen;
  exchanged += other.exchanged;
  visible += other.visible;
  target += other.target;
  lost += other.lost;
  for (std::size_t k = 0; k < by_class.size(); ++k) by_class[k] += other.by_class[k];
  return *this;
}

event::ParticleId ElementTargets::largest(std::size_t element) const {
  auto const all = shares[element];
  return all.empty() ? ParticleId() : all.front().target;
}

Targets TargetBuilder::operator()(event::Event const& event) const {
  Footprints const prints(event,
                          config_.rule == Rule::mlpf_2023 ? HitWeights::as_stored : HitWeights::as_shares);
  Lineage const lineage(event.truth.particles, prints.particles);
  auto const match = config_.rule == Rule::mlpf_2023   ? match_mlpf_2023
                     : config_.rule == Rule::mlpf_2026 ? match_mlpf_2026
                                                       : match_standard;
  return assemble(event, prints, match(event, prints, lineage, config_.mode), config_);
}

}  // namespace corpuscle::truth
