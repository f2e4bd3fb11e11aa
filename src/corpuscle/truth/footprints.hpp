#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "corpuscle/event/event.hpp"

namespace corpuscle::truth {

/// Number of a particle or element in an order that follows from its own columns, not from its row.
using Rank = std::uint32_t;
inline constexpr Rank no_rank = std::numeric_limits<Rank>::max();

/// What one particle left on one element.
struct Print {
  Rank particle;
  Rank element;
  double weight;  ///< > 0

  friend bool operator==(Print const&, Print const&) = default;
};

/// What each particle left on the elements of one kind: a sparse matrix by rows, elements ascending.
class Prints {
 public:
  Prints() = default;
  /// Adds up the prints of the same particle and element. Their order does not matter.
  Prints(std::vector<Print> const& prints, std::size_t n_particles);

  [[nodiscard]] std::span<Print const> of(Rank particle) const {
    return {prints_.data() + first_[particle], first_[particle + 1] - first_[particle]};
  }
  [[nodiscard]] std::span<Print const> all() const { return prints_; }
  [[nodiscard]] std::size_t n_particles() const { return first_.size() - 1; }
  [[nodiscard]] bool empty() const { return prints_.empty(); }
  [[nodiscard]] double total(Rank particle) const;
  /// The print of a particle with the largest weight, the first of equals; null if it left none.
  [[nodiscard]] Print const* largest(Rank particle) const;

  /// The same with particle p counted as `to[p]`, or not at all if that is no_rank.
  [[nodiscard]] Prints folded(std::span<Rank const> to, std::size_t n_particles) const;

 private:
  std::vector<Print> prints_;
  std::vector<std::size_t> first_{0};
};

/// Rows sorted by what they hold: `row[rank]` and its inverse. Rows with equal columns keep their order, and
/// are alike.
struct Ranking {
  std::vector<std::uint32_t> row;
  std::vector<Rank> rank;

  [[nodiscard]] std::size_t size() const noexcept { return row.size(); }
};

/// What weights of links from calorimeter hits mean.
enum class HitWeights {
  as_stored,
  as_shares,  ///< of the hit's energy, relative to the other links of the hit
};

/// The truth links of an event, by rank: particles and clusters and hits by descending energy.
struct Footprints {
  Footprints(event::Event const& event, HitWeights weights);

  Ranking particles, tracks, clusters, hits;
  std::vector<double> energy;  ///< of the particles, by rank [GeV]
  Prints on_tracks;            ///< fraction of the track's hits, as stored
  Prints on_clusters;          ///< [GeV], from links of hits, or else of clusters
  Prints on_hits;              ///< [GeV]
};

}  // namespace corpuscle::truth
