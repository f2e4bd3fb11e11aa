#pragma once

#include <vector>

#include "corpuscle/tune/searcher.hpp"

namespace corpuscle::tune {

struct TpeConfig {
  int random_trials = 10;  ///< before the first model
  int candidates = 24;     ///< drawn per parameter
  double good_share = 0.15;
  int most_good = 25;
};

/// Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), in the form of hyperopt and Optuna
/// (hpo.md 1.4): of candidates drawn from l(x), the density of the good trials, the one with the largest l(x)
/// / g(x), g that of all others; one parameter after the other.
///
/// Trials are ranked by the epochs they reached, then by their last loss; failed ones come last, and those
/// that still run count as bad, so that workers side by side spread. A suggestion is O(parameters *
/// candidates * n).
class Tpe : public Searcher {
 public:
  Tpe(Space space, std::uint64_t seed, TpeConfig config = {});

 private:
  Configuration propose() override;

  TpeConfig config_;
};

/// A mixture of normal distributions, each cut off at 0 and 1, one per observation and a wide one in the
/// middle as prior. Widths are those of the gaps between neighbours.
class ParzenWindow {
 public:
  /// @param points  in [0, 1], the oldest first: those older than the newest 25 weigh less
  explicit ParzenWindow(std::vector<double> points);

  /// Density at a point, or mean density in a cell.
  [[nodiscard]] double density(Cell const& cell) const;
  /// @param random  anything with `uniform()` and `normal()`
  template <class Random>
  [[nodiscard]] double draw(Random& random) const {
    double u = random.uniform();
    std::size_t i = 0;
    while (i + 1 < kernels_.size() && u >= kernels_[i].weight) u -= kernels_[i++].weight;
    // The mean lies inside, so at least a third of the draws do.
    while (true) {
      double const x = kernels_[i].mean + kernels_[i].sigma * random.normal();
      if (x >= 0 && x <= 1) return x;
    }
  }

 private:
  struct Kernel {
    double mean = 0;
    double sigma = 1;
    double weight = 0;
    double inside = 1;  ///< share of the normal distribution between 0 and 1
  };
  std::vector<Kernel> kernels_;
};

/// Weights of n observations, the oldest first: 1 for the newest 25, falling to 1/n before.
std::vector<double> forgetting_weights(std::size_t n);

}  // namespace corpuscle::tune
