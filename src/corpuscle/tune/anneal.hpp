#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corpuscle/tune/qubo.hpp"

namespace corpuscle::tune {

struct AnnealConfig {
  int sweeps = 1000;  ///< >= 1, each at a temperature of its own and with a try at every variable
  double hot = 0.1;   ///< inverse temperature of the first sweep, > 0
  double cold = 500;  ///< and of the last, >= `hot`; in between a geometric series
};

/// Simulated annealing: a Metropolis walk that cools down, and then descends to the next minimum.
///
/// One read starts from random bits and tries the variables in order; its random numbers are those of (seed,
/// read), whatever the other reads do. O(n) per accepted flip, O(1) per refused one. As dwave-samplers has it
/// (hpo.md 3.7), except for the temperatures, which suit support vector machines with targets of order 1.
/// Flips of the pairs of bits that pull one example both ways were tried too: they double the time, lower the
/// energy by 0.2 %, and the predictions are no better.
class AnnealSampler : public Sampler {
 public:
  explicit AnnealSampler(AnnealConfig config = {});

  [[nodiscard]] std::vector<Sample> sample(Qubo const& qubo, std::size_t reads,
                                           std::uint64_t seed) const override;

 private:
  std::vector<double> inverse_temperatures_;  // one per sweep
};

}  // namespace corpuscle::tune
