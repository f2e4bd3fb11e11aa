#include "corpuscle/tune/hyperband.hpp"

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {
namespace {

/// To the nearest whole number, halves to the even one: the published runs train 100 / 8 = 12 epochs.
long rounded_quotient(long dividend, long divisor) {
  long const quotient = dividend / divisor;
  long const twice_rest = 2 * (dividend % divisor);
  bool const up = twice_rest > divisor || (twice_rest == divisor && quotient % 2 == 1);
  return quotient + (up ? 1 : 0);
}

}  // namespace

std::vector<Bracket> hyperband_brackets(HyperbandConfig const& config) {
  CORPUSCLE_EXPECT(config.max_epochs >= 1 && config.eta >= 2 && config.repeats >= 1);
  std::vector<long> powers{1};  // of eta, up to the largest that is not above R
  while (powers.back() * config.eta <= config.max_epochs) powers.push_back(powers.back() * config.eta);
  auto const n_brackets = static_cast<long>(powers.size());

  std::vector<Bracket> brackets;
  for (int repeat = 0; repeat < config.repeats; ++repeat) {
    for (long s = n_brackets - 1; s >= 0; --s) {
      long const trials = (n_brackets * powers[s] + s) / (s + 1);  // rounded up
      Bracket& bracket = brackets.emplace_back();
      for (long i = 0; i <= s; ++i) {
        long const epochs = rounded_quotient(config.max_epochs, powers[s - i]);
        bracket.push_back({static_cast<int>(trials / powers[i]), static_cast<int>(epochs)});
      }
    }
  }
  return brackets;
}

}  // namespace corpuscle::tune
