#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/truth/footprints.hpp"
#include "corpuscle/truth/lineage.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::truth {

/// A particle that may become a target.
struct Candidate {
  Rank particle = no_rank;
  double energy = 0;       ///< [GeV]; less than the particle's if it stands for a part of it
  core::Vector3 momentum;  ///< [GeV]
  double deposit = 0;      ///< in the calorimeters [GeV]
  bool is_visible = false;
  Rank track = no_rank;  ///< where it lives: on a track,
  Rank cell = no_rank;   ///< or on a cell (cluster, or hit in hit mode),
  Rank owner = no_rank;  ///< or with another candidate, whose number this is
  Rank hit = no_rank;    ///< rule 2026 in hit mode: the hit that stands for it as well

  [[nodiscard]] bool has_home() const { return track != no_rank || cell != no_rank; }
};

/// What a rule decides. Candidates are in descending order of energy.
struct Matching {
  std::vector<Candidate> candidates;
  Prints on_tracks, on_clusters, on_hits;              ///< by candidate
  double generated = 0, invisible = 0, exchanged = 0;  ///< as in Account; invisible beside the candidates
};

Matching match_mlpf_2023(event::Event const& event, Footprints const& prints, Lineage const& lineage,
                         Mode mode);
Matching match_mlpf_2026(event::Event const& event, Footprints const& prints, Lineage const& lineage,
                         Mode mode);
Matching match_standard(event::Event const& event, Footprints const& prints, Lineage const& lineage,
                        Mode mode);

/// The whole of a particle.
Candidate whole(event::GenParticles const& particles, Footprints const& prints, Rank particle);

/// Cells taken one after the other, each by one candidate.
class Occupancy {
 public:
  explicit Occupancy(std::size_t n) : owners_(n, no_rank) {}

  [[nodiscard]] bool is_free(Rank element) const { return owners_[element] == no_rank; }
  [[nodiscard]] Rank owner(Rank element) const { return owners_[element]; }
  void take(Rank element, Rank candidate) { owners_[element] = candidate; }
  /// Gives a candidate its free element with the largest weight, the first of equals; no_rank if it has none.
  Rank take_best(Prints const& prints, Rank candidate);

 private:
  std::vector<Rank> owners_;
};

}  // namespace corpuscle::truth
