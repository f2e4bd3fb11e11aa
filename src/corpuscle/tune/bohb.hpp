#pragma once

#include "corpuscle/tune/searcher.hpp"

namespace corpuscle::tune {

struct BohbConfig {
  double random_share = 1. / 3;  ///< of the trials drawn uniformly, whatever the model says
  double good_share = 0.15;
  int candidates = 64;
  double bandwidth_factor = 3;  ///< candidates are drawn from kernels so much wider
  double least_bandwidth = 1e-3;
};

/// The searcher of BOHB (Falkner et al., ICML 2018, arXiv:1807.01774), to go with Hyperband: of candidates
/// drawn from the density of the good trials, the one with the largest ratio of that to the density of the
/// bad ones.
///
/// Unlike `Tpe`, the densities are joint, products of kernels over all parameters; they stand on the deepest
/// epoch that has enough trials: with d parameters, d + 1 good and d + 1 bad ones. Failed trials are the
/// worst. A suggestion is O(parameters * candidates * n).
class Bohb : public Searcher {
 public:
  Bohb(Space space, std::uint64_t seed, BohbConfig config = {});

 private:
  Configuration propose() override;

  /// The unit cube, but the index where words have no order; where a parameter has no meaning, any value.
  [[nodiscard]] std::vector<double> point(std::size_t trial) const;
  [[nodiscard]] std::vector<double> bandwidths(std::vector<std::vector<double>> const& points) const;
  [[nodiscard]] double density(std::vector<double> const& at, std::vector<std::vector<double>> const& points,
                               std::vector<double> const& widths) const;
  [[nodiscard]] bool is_word(std::size_t parameter) const;

  BohbConfig config_;
};

}  // namespace corpuscle::tune
