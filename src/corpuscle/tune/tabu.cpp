#include "corpuscle/tune/tabu.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {

TabuSampler::TabuSampler(TabuConfig config) : config_(config) {
  CORPUSCLE_EXPECT(config.patience >= 1);
}

std::vector<Sample> TabuSampler::sample(Qubo const& qubo, std::size_t reads, std::uint64_t seed) const {
  CORPUSCLE_EXPECT(reads >= 1);
  // An improvement must be more than the rounding of a sum of prices.
  constexpr double least_gain = 1e-12;
  std::size_t const n = qubo.size();
  std::size_t const longest = std::min<std::size_t>(20, n / 4);
  std::vector<Sample> samples;
  for (std::size_t read = 0; read < reads; ++read) {
    core::Random random{seed, read};
    Bits start(n);
    for (std::uint8_t& bit : start) bit = static_cast<std::uint8_t>(random.bits() >> 63);
    QuboWalk walk(qubo, std::move(start));

    double energy = qubo.energy(walk.bits());
    Sample best{walk.bits(), energy, 1};
    std::vector<std::int64_t> free_from(n, 0);  // the flip from which a variable may be flipped again
    std::int64_t last_gain = 0;
    for (std::int64_t flip = 0; n > 0 && flip - last_gain < config_.patience; ++flip) {
      std::size_t chosen = n;
      for (std::size_t v = 0; v < n; ++v) {
        bool const allowed = free_from[v] <= flip || energy + walk.price(v) < best.energy - least_gain;
        if (allowed && (chosen == n || walk.price(v) < walk.price(chosen))) chosen = v;
      }
      // At most n / 4 variables are forbidden at a time: one is always found.
      energy += walk.price(chosen);
      walk.flip(chosen);
      // Always as long, the walk would end in a circle.
      std::size_t const tenure = longest - random.bits() % (longest / 2 + 1);
      free_from[chosen] = flip + 1 + static_cast<std::int64_t>(tenure);
      if (energy < best.energy - least_gain) {
        best = {walk.bits(), energy, 1};
        last_gain = flip;
      }
    }
    samples.push_back(std::move(best));
  }
  return ranked(qubo, std::move(samples));
}

}  // namespace corpuscle::tune
