#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Quadratic unconstrained binary optimisation, and what every solver of it has in common.
namespace corpuscle::tune {

using Bits = std::vector<std::uint8_t>;  ///< one 0 or 1 per variable

/// The problem: minimise E(z) = sum_{v <= w} U_vw z_v z_w over z in {0, 1}^n.
///
/// Dense, 8 n^2 bytes: a support vector machine couples all its variables.
class Qubo {
 public:
  explicit Qubo(std::size_t size) : size_(size), linear_(size), couplings_(size * size) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Adds to U_vw, which is U_wv: the order does not matter.
  void add(std::size_t v, std::size_t w, double value) noexcept;

  [[nodiscard]] double linear(std::size_t v) const noexcept { return linear_[v]; }  ///< U_vv
  /// U_vw for all w, with 0 at w = v.
  [[nodiscard]] std::span<double const> couplings(std::size_t v) const noexcept {
    return std::span(couplings_).subspan(v * size_, size_);
  }

  [[nodiscard]] double energy(std::span<std::uint8_t const> bits) const noexcept;  ///< O(n^2)

  /// dE/dz_v at these bits: flipping v changes the energy by `(1 - 2 z_v)` times it. O(n).
  [[nodiscard]] double field(std::size_t v, std::span<std::uint8_t const> bits) const noexcept;

 private:
  std::size_t size_;
  std::vector<double> linear_;
  std::vector<double> couplings_;
};

/// What a sampler found.
struct Sample {
  Bits bits;
  double energy = 0;
  std::size_t occurrences = 1;  ///< in how many reads
};

/// Equal bits become one sample; energies are those of `qubo`; the lowest comes first, equal ones by their
/// bits.
[[nodiscard]] std::vector<Sample> ranked(Qubo const& qubo, std::vector<Sample> samples);

/// Looks for bits of low energy.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// Deterministic, unless the implementation says otherwise.
  ///
  /// @param reads  >= 1 attempts, each of which ends in one sample
  /// @param seed   of the random numbers
  /// @return at least one sample, as by `ranked`
  [[nodiscard]] virtual std::vector<Sample> sample(Qubo const& qubo, std::size_t reads,
                                                   std::uint64_t seed) const = 0;
};

/// Looks at all 2^n states: for tests and tiny problems.
class ExactSampler : public Sampler {
 public:
  static constexpr std::size_t max_size = 24;  ///< about a second

  /// @return the `reads` states of lowest energy, fewer if there are not as many
  /// @throws core::ConfigError if the problem has more than `max_size` variables
  [[nodiscard]] std::vector<Sample> sample(Qubo const& qubo, std::size_t reads,
                                           std::uint64_t seed) const override;
};

/// The state of a local search: bits with the fields at all variables, so that the price of a flip is known
/// without a sum and a flip costs O(n).
class QuboWalk {
 public:
  QuboWalk(Qubo const& qubo, Bits bits);

  [[nodiscard]] Bits const& bits() const noexcept { return bits_; }
  /// What flipping v would add to the energy.
  [[nodiscard]] double price(std::size_t v) const noexcept { return sign(v) * fields_[v]; }
  void flip(std::size_t v) noexcept;
  /// Flips the variable that lowers the energy most, until none does.
  void descend() noexcept;

 private:
  [[nodiscard]] double sign(std::size_t v) const noexcept { return bits_[v] != 0 ? -1 : 1; }

  Qubo const* qubo_;
  Bits bits_;
  std::vector<double> fields_;
};

}  // namespace corpuscle::tune
