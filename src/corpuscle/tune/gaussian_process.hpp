#pragma once

#include <span>
#include <vector>

#include "corpuscle/tune/cholesky.hpp"

namespace corpuscle::tune {

/// Regression by a Gaussian process with the Matern 5/2 kernel and one length per coordinate (Rasmussen,
/// Williams, "Gaussian Processes for Machine Learning", eq. 2.25, 2.26, 5.9):
///
///     k(x, y) = s^2 (1 + a + a^2 / 3) exp(-a),   a^2 = 5 sum_j d_j(x, y)^2 / l_j^2
///
/// where d_j is the difference of the coordinates, or 0 and 1 for equal and different words.
class GaussianProcess {
 public:
  using Point = std::vector<double>;

  /// Logarithms of the l_j, then of s, then of the standard deviation of the noise.
  using Scales = std::vector<double>;

  /// @param is_word  [d] whether a coordinate is a word without order
  explicit GaussianProcess(std::vector<bool> is_word);

  /// Scales to begin with.
  [[nodiscard]] Scales start() const;

  /// Climbs from `scales` to more probable ones: likelihood of the values, times wide priors that hold what
  /// they say nothing about. `steps` of O(n^3) each. Deterministic.
  /// @param x  n >= 2 points, about as far as 1 apart; y their values, of mean 0 and variance 1
  [[nodiscard]] Scales improve(Scales scales, std::span<Point const> x, std::span<double const> y,
                               int steps) const;
  /// Logarithm of what `improve` makes large, but for a constant.
  [[nodiscard]] double log_posterior(Scales const& scales, std::span<Point const> x,
                                     std::span<double const> y) const;

  /// Makes it know these values. O(n^3).
  void learn(Scales scales, std::vector<Point> x, std::vector<double> y);

  struct Value {
    double mean = 0;
    double sigma = 1;  ///< of the function itself, without noise; > 0
  };
  /// O(n^2).
  [[nodiscard]] Value at(Point const& x) const;

 private:
  struct Fit {
    double log_posterior = 0;
    std::vector<double> gradient;  ///< by the scales
  };
  [[nodiscard]] Fit fit(Scales const& scales, std::span<Point const> x, std::span<double const> y,
                        bool with_gradient) const;
  /// Of variance 1.
  [[nodiscard]] double kernel(Point const& a, Point const& b, std::span<double const> per_length2) const;
  [[nodiscard]] std::vector<double> matrix(std::span<Point const> x, Scales const& scales) const;

  std::vector<bool> is_word_;
  Scales scales_;
  std::vector<double> per_length2_;  ///< 1 / l_j^2
  std::vector<Point> x_;
  Cholesky cholesky_;
  std::vector<double> weights_;  ///< K^-1 y
};

}  // namespace corpuscle::tune
