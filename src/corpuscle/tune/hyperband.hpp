#pragma once

#include "corpuscle/tune/successive_halving.hpp"

namespace corpuscle::tune {

/// Hyperband (Li et al., JMLR 18 (2018), arXiv:1603.06560): successive halving with every trade between many
/// short trainings and few long ones.
struct HyperbandConfig {
  int max_epochs = 100;
  int eta = 2;      ///< >= 2
  int repeats = 1;  ///< the whole set of brackets so many times, >= 1
};

/// The brackets of Hyperband, from the most trials to the fewest: with s_max the largest s of eta^s <= R,
/// bracket s starts ceil((s_max + 1) eta^s / (s + 1)) trials, and its round i trains floor(n / eta^i) of them
/// until epoch round(R eta^(i - s)), halves to even. All in integers: floor(log R / log eta) gives 4, not 5,
/// for R = 243, eta = 3.
std::vector<Bracket> hyperband_brackets(HyperbandConfig const& config);

class Hyperband : public SuccessiveHalving {
 public:
  explicit Hyperband(HyperbandConfig const& config)
      : SuccessiveHalving(hyperband_brackets(config), config.eta) {}
};

}  // namespace corpuscle::tune
