#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

/// Random numbers that depend on what they are for, never on when they are asked for.
///
/// A stream is keyed by (seed, run, event, particle, ...): the same particle of the same event draws the same
/// numbers whoever its neighbours are and however many threads there are. The generator is xoshiro256++
/// (Blackman, Vigna, ACM TOMS 47 (2021) 36), its state filled by SplitMix64 from the key. The distributions
/// are our own because those of the standard library differ between implementations.
namespace corpuscle::core {

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that scatters every input bit.
constexpr std::uint64_t scatter(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// One number of several, each of which changes it; the order matters.
constexpr std::uint64_t key_of(std::initializer_list<std::uint64_t> parts) noexcept {
  std::uint64_t key = 0;
  for (std::uint64_t part : parts) key = scatter(key ^ scatter(part));
  return key;
}

class Random {
 public:
  explicit Random(std::uint64_t key) noexcept {
    for (std::uint64_t& word : state_) word = key = scatter(key);
  }
  /// Random({seed, run, event, particle}).
  Random(std::initializer_list<std::uint64_t> key) noexcept : Random(key_of(key)) {}

  std::uint64_t bits() noexcept {
    std::uint64_t const result = rotate(state_[0] + state_[3], 23) + state_[0];
    std::uint64_t const t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// In the open interval (0, 1): its logarithm is finite.
  double uniform() noexcept { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

  /// Standard normal deviate, by the polar method, which makes two at a time.
  double normal() noexcept {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double x = 0;
    double y = 0;
    double r2 = 0;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r2 = x * x + y * y;
    } while (r2 >= 1 || r2 == 0);
    double const scale = std::sqrt(-2 * std::log(r2) / r2);
    spare_ = y * scale;
    has_spare_ = true;
    return x * scale;
  }

  /// Of mean 1.
  double exponential() noexcept { return -std::log(uniform()); }

  /// Gamma deviate of this shape (> 0) and scale 1: mean and variance are both `shape`.
  /// Marsaglia and Tsang, ACM TOMS 26 (2000) 363.
  double gamma(double shape) noexcept {
    if (shape < 1) return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
    double const d = shape - 1. / 3;
    double const c = 1 / std::sqrt(9 * d);
    while (true) {
      double const x = normal();
      double const v = (1 + c * x) * (1 + c * x) * (1 + c * x);
      if (v <= 0) continue;
      double const u = uniform();
      if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
  }

  /// Beta deviate with parameters a, b > 0, in (0, 1).
  double beta(double a, double b) noexcept {
    double const x = gamma(a);
    return x / (x + gamma(b));
  }

  /// Poisson deviate; mean >= 0. Inversion below 30, transformed rejection above (Hoermann's PTRS,
  /// Insurance: Mathematics and Economics 12 (1993) 39).
  std::uint64_t poisson(double mean) noexcept {
    if (mean < 30) {
      double const limit = std::exp(-mean);
      std::uint64_t n = 0;
      for (double product = uniform(); product > limit; product *= uniform()) ++n;
      return n;
    }
    double const b = 0.931 + 2.53 * std::sqrt(mean);
    double const a = -0.059 + 0.02483 * b;
    double const inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double const v_r = 0.9277 - 3.6224 / (b - 2);
    while (true) {
      double const u = uniform() - 0.5;
      double const v = uniform();
      double const us = 0.5 - std::abs(u);
      double const k = std::floor((2 * a / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= v_r) return static_cast<std::uint64_t>(k);
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (std::log(v * inverse_alpha / (a / (us * us) + b)) <= k * std::log(mean) - mean - std::lgamma(k + 1))
        return static_cast<std::uint64_t>(k);
    }
  }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int by) noexcept {
    return (x << by) | (x >> (64 - by));
  }

  std::uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace corpuscle::core
