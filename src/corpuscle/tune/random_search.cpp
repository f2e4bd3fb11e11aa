#include "corpuscle/tune/random_search.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {
namespace {

std::uint32_t next_prime(std::uint32_t after) {
  for (std::uint32_t n = after + 1;; ++n) {
    std::uint32_t divisor = 2;
    while (divisor * divisor <= n && n % divisor != 0) ++divisor;
    if (divisor * divisor > n) return n;
  }
}

}  // namespace

double scrambled_radical_inverse(std::uint64_t index, std::uint32_t base, std::uint64_t key) {
  std::vector<std::uint32_t> permutation(base);
  double result = 0;
  double weight = 1;
  // Leading zeros are permuted too; after 2^-40 the remaining digits no longer matter.
  for (std::uint64_t place = 0; weight > 0x1p-40; ++place, index /= base) {
    std::iota(permutation.begin(), permutation.end(), 0U);
    core::Random random({key, base, place});
    for (std::uint32_t i = base - 1; i > 0; --i)
      std::swap(permutation[i], permutation[random.bits() % (i + 1)]);
    weight /= base;
    result += weight * permutation[index % base];
  }
  return std::clamp(result, 0x1p-40, 1 - 0x1p-40);
}

Configuration QuasiRandomSearch::propose() {
  std::vector<double> unit;
  std::uint32_t prime = 1;
  for (std::size_t i = 0; i < space().size(); ++i) {
    prime = next_prime(prime);
    unit.push_back(scrambled_radical_inverse(trials().size(), prime, seed()));
  }
  return space().at(unit);
}

}  // namespace corpuscle::tune
