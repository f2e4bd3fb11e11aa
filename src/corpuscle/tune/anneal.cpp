#include "corpuscle/tune/anneal.hpp"

#include <cmath>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {

AnnealSampler::AnnealSampler(AnnealConfig config) {
  CORPUSCLE_EXPECT(config.sweeps >= 1 && config.hot > 0 && config.cold >= config.hot);
  double const step = config.sweeps > 1 ? std::log(config.cold / config.hot) / (config.sweeps - 1) : 0;
  for (int sweep = 0; sweep < config.sweeps; ++sweep)
    inverse_temperatures_.push_back(config.hot * std::exp(step * sweep));
}

std::vector<Sample> AnnealSampler::sample(Qubo const& qubo, std::size_t reads, std::uint64_t seed) const {
  CORPUSCLE_EXPECT(reads >= 1);
  std::size_t const n = qubo.size();
  std::vector<Sample> samples;
  for (std::size_t read = 0; read < reads; ++read) {
    core::Random random{seed, read};
    Bits start(n);
    for (std::uint8_t& bit : start) bit = static_cast<std::uint8_t>(random.bits() >> 63);
    QuboWalk walk(qubo, std::move(start));

    for (double const inverse_temperature : inverse_temperatures_) {
      auto const accept = [&](double price) {
        if (price <= 0) return true;
        double const exponent = price * inverse_temperature;
        return exponent < 40 && random.uniform() < std::exp(-exponent);  // e^-40 is never drawn
      };
      for (std::size_t v = 0; v < n; ++v)
        if (accept(walk.price(v))) walk.flip(v);
    }
    walk.descend();
    samples.push_back({walk.bits(), 0, 1});
  }
  return ranked(qubo, std::move(samples));
}

}  // namespace corpuscle::tune
