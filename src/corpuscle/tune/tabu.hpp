#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corpuscle/tune/qubo.hpp"

namespace corpuscle::tune {

struct TabuConfig {
  int patience = 2000;  ///< a read ends after so many flips without a new lowest energy, >= 1
};

/// Tabu search: always the best flip, uphill too, but no variable again within the next few flips, half to
/// all of min(20, n / 4), unless that leads to the lowest energy so far (Palubeckis, Ann. Oper. Res. 131
/// (2004) 259).
///
/// One read starts from the random bits of (seed, read). O(n) per flip. Counted in flips, not in seconds, so
/// that the answer is the same on every machine.
class TabuSampler : public Sampler {
 public:
  explicit TabuSampler(TabuConfig config = {});

  [[nodiscard]] std::vector<Sample> sample(Qubo const& qubo, std::size_t reads,
                                           std::uint64_t seed) const override;

 private:
  TabuConfig config_;
};

}  // namespace corpuscle::tune
