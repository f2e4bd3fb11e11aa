#include "corpuscle/tune/qubo.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {

void Qubo::add(std::size_t v, std::size_t w, double value) noexcept {
  if (v == w) {
    linear_[v] += value;
  } else {
    couplings_[v * size_ + w] += value;
    couplings_[w * size_ + v] += value;
  }
}

double Qubo::energy(std::span<std::uint8_t const> bits) const noexcept {
  double sum = 0;
  for (std::size_t v = 0; v < size_; ++v) {
    if (bits[v] == 0) continue;
    sum += linear_[v];
    for (std::size_t w = v + 1; w < size_; ++w)
      if (bits[w] != 0) sum += couplings_[v * size_ + w];
  }
  return sum;
}

double Qubo::field(std::size_t v, std::span<std::uint8_t const> bits) const noexcept {
  double sum = linear_[v];
  for (std::size_t w = 0; w < size_; ++w)
    if (bits[w] != 0) sum += couplings_[v * size_ + w];
  return sum;
}

std::vector<Sample> ranked(Qubo const& qubo, std::vector<Sample> samples) {
  std::sort(samples.begin(), samples.end(), [](Sample const& a, Sample const& b) {
    return std::lexicographical_compare(a.bits.begin(), a.bits.end(), b.bits.begin(), b.bits.end());
  });
  std::vector<Sample> result;
  for (Sample& sample : samples) {
    if (!result.empty() && result.back().bits == sample.bits) {
      result.back().occurrences += sample.occurrences;
    } else {
      sample.energy = qubo.energy(sample.bits);
      result.push_back(std::move(sample));
    }
  }
  // Stable: what has the same energy stays in the order of its bits.
  std::stable_sort(result.begin(), result.end(),
                   [](Sample const& a, Sample const& b) { return a.energy < b.energy; });
  return result;
}

std::vector<Sample> ExactSampler::sample(Qubo const& qubo, std::size_t reads, std::uint64_t /*seed*/) const {
  CORPUSCLE_EXPECT(reads >= 1);
  std::size_t const n = qubo.size();
  if (n > max_size)
    throw core::ConfigError("the exact solver looks at all states of at most " + std::to_string(max_size) +
                            " variables, and this problem has " + std::to_string(n) +
                            ": use annealing or tabu");
  // In the order of the Gray code, each state differs from the one before in one bit.
  Bits bits(n, 0);
  double energy = 0;
  auto const lower = [](Sample const& a, Sample const& b) { return a.energy < b.energy; };
  std::vector<Sample> lowest{{bits, energy}};  // a heap, the highest of the kept ones at its top
  for (std::uint64_t step = 1; step < std::uint64_t{1} << n; ++step) {
    auto const v = static_cast<std::size_t>(std::countr_zero(step));
    energy += (bits[v] != 0 ? -1 : 1) * qubo.field(v, bits);
    bits[v] ^= 1;
    if (lowest.size() == reads) {
      if (energy >= lowest.front().energy) continue;
      std::pop_heap(lowest.begin(), lowest.end(), lower);
      lowest.pop_back();
    }
    lowest.push_back({bits, energy});
    std::push_heap(lowest.begin(), lowest.end(), lower);
  }
  return ranked(qubo, std::move(lowest));
}

QuboWalk::QuboWalk(Qubo const& qubo, Bits bits) : qubo_(&qubo), bits_(std::move(bits)), fields_(qubo.size()) {
  for (std::size_t v = 0; v < qubo.size(); ++v) fields_[v] = qubo.field(v, bits_);
}

void QuboWalk::flip(std::size_t v) noexcept {
  double const change = sign(v);
  bits_[v] ^= 1;
  double const* const couplings = qubo_->couplings(v).data();
  double* const fields = fields_.data();
  std::size_t const n = fields_.size();
  for (std::size_t w = 0; w < n; ++w) fields[w] += change * couplings[w];  // the hot loop of all samplers
}

void QuboWalk::descend() noexcept {
  // Rounding must not keep two states of one energy changing places for ever.
  constexpr double least_gain = 1e-12;
  while (true) {
    std::size_t best = 0;
    for (std::size_t v = 1; v < bits_.size(); ++v)
      if (price(v) < price(best)) best = v;
    if (bits_.empty() || price(best) > -least_gain) return;
    flip(best);
  }
}

}  // namespace corpuscle::tune
