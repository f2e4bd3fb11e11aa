#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/tune/space.hpp"
#include "corpuscle/tune/trial.hpp"

namespace corpuscle::tune {

/// A trial as a searcher sees it.
struct Observation {
  Configuration configuration;
  TrialState state = TrialState::running;
  std::vector<double> losses;  ///< after epochs 1, 2, ...
};

/// What to try next.
///
/// Hears every loss of every trial, of the stopped ones too: a searcher from which those are hidden learns
/// nothing (hpo.md 1.5, ray #6056). Deterministic: chance is keyed by (seed, trial), so a suggestion depends
/// on the seed, the number of the trial and the events before, in their order.
class Searcher {
 public:
  Searcher(Space space, std::uint64_t seed);
  virtual ~Searcher() = default;

  /// The configuration of the next trial, number `trials().size()`: a first guess of the space while there
  /// are any, else what the method proposes.
  Configuration suggest();

  /// Takes the next trial from outside instead: `suggest` of an earlier process, or a trial of another study
  /// (with its losses), which comes before all others.
  void add(Observation trial, bool is_foreign);

  /// A loss; an epoch that was reported before is ignored, a loss that is not finite too.
  void report(TrialId trial, int epoch, double loss);
  /// The trial is now in this state.
  void enter(TrialId trial, TrialState state);

  [[nodiscard]] Space const& space() const noexcept { return space_; }
  [[nodiscard]] std::span<Observation const> trials() const noexcept { return trials_; }

 protected:
  /// A configuration for trial number `trials().size()`.
  virtual Configuration propose() = 0;

  struct Scored {
    std::size_t trial = 0;
    double loss = 0;  ///< infinite for a failed trial
  };
  /// The losses after the most epochs that at least `n` trials have reached, failed trials included, in the
  /// order of the trials; none if there are fewer than n. What is left out had no chance to compare (BOHB's
  /// rule).
  [[nodiscard]] std::vector<Scored> deepest_losses(std::size_t n) const;
  /// Uniform in the unit cube; what every method begins with.
  [[nodiscard]] Configuration random_configuration() const;
  /// Key of everything random about the next trial.
  [[nodiscard]] std::uint64_t key() const noexcept;
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  Space space_;
  std::uint64_t seed_;
  std::vector<Observation> trials_;
  std::size_t n_foreign_ = 0;
};

}  // namespace corpuscle::tune
