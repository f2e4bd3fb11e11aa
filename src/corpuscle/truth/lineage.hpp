#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/truth/footprints.hpp"

namespace corpuscle::truth {

/// Twelve, fourteen or sixteen, of either sign.
bool is_neutrino(std::int32_t pdg);

/// Who comes from whom, by rank; ancestries that run in circles (damaged files) do no harm.
class Lineage {
 public:
  Lineage(event::GenParticles const& particles, Ranking const& ranking);

  /// Final state of the generator: status 1, and not made in the detector simulation.
  [[nodiscard]] bool is_final(Rank particle) const { return kinds_[particle] == Kind::final_state; }
  /// Made by the detector simulation.
  [[nodiscard]] bool is_made(Rank particle) const { return kinds_[particle] == Kind::made; }
  [[nodiscard]] bool is_backscatter(Rank particle) const { return is_backscatter_[particle] != 0; }

  /// Of a particle made in simulation the (most energetic) parent, of others no_rank.
  [[nodiscard]] Rank maker(Rank particle) const { return makers_[particle]; }
  /// Made in simulation by this particle itself; ascending.
  [[nodiscard]] std::vector<Rank> const& made_by(Rank particle) const { return made_[particle]; }
  /// The generator's particle that it is or descends from through the simulation; no_rank for orphans.
  [[nodiscard]] Rank origin(Rank particle) const { return origins_[particle]; }

  [[nodiscard]] std::vector<Rank> const& parents(Rank particle) const { return parents_[particle]; }
  /// A flag per particle: whether it is an ancestor, or a descendant, of one of `particles`.
  [[nodiscard]] std::vector<std::uint8_t> ancestors(std::vector<Rank> particles) const;
  [[nodiscard]] std::vector<std::uint8_t> descendants(std::vector<Rank> particles) const;

 private:
  enum class Kind : std::uint8_t { history, final_state, made };

  std::vector<Kind> kinds_;
  std::vector<std::uint8_t> is_backscatter_;
  std::vector<std::vector<Rank>> parents_, daughters_, made_;
  std::vector<Rank> makers_, origins_;
};

/// Those of `candidates`, particles of the generator's history that left something, which stand for their
/// decay products: none of the final-state particles `seen` descends from them; of nested ones the deepest.
std::vector<Rank> surrogates(Lineage const& lineage, std::vector<Rank> candidates, std::vector<Rank> seen);

}  // namespace corpuscle::truth
