#pragma once

#include "corpuscle/tune/gaussian_process.hpp"
#include "corpuscle/tune/searcher.hpp"

namespace corpuscle::tune {

struct GpSearchConfig {
  int random_trials = 10;  ///< before the first model
  int most_trials = 300;   ///< that the model sees: of more, the best half of this and the newest
};

/// Expected improvement under a Gaussian process (Jones et al., J. Glob. Optim. 13 (1998) 455).
///
/// The model sees the deepest epoch that has enough trials; a failed trial counts as the worst. Trials that
/// still run are taken to give what the model expects of them ("Kriging believer"), so that workers side by
/// side spread. For small budgets: a suggestion is O(n^3) for n trials of the model, 10 ms at n = 50 and a
/// second at 300.
class GpSearch : public Searcher {
 public:
  GpSearch(Space space, std::uint64_t seed, GpSearchConfig config = {});

 private:
  Configuration propose() override;

  [[nodiscard]] GaussianProcess::Point point(Configuration const& configuration) const;
  void climb(std::span<GaussianProcess::Point const> x, std::span<double const> y);

  GpSearchConfig config_;
  GaussianProcess process_;
  GaussianProcess::Scales scales_;  ///< the last ones: the next climb begins here
  std::size_t n_last_restart_ = 0;  ///< trials of the model when the climb last began in several places
};

/// Logarithm of the improvement to expect below 0 from a normal deviate: also where the improvement itself is
/// too small for a double.
double log_expected_improvement(double mean, double sigma);

}  // namespace corpuscle::tune
