#pragma once

#include <span>
#include <vector>

namespace corpuscle::tune {

using Row = std::vector<double>;  ///< the features of one example

/// A function of some features, learned from examples. Knows nothing of curves: `CurvePredictor` scales for
/// it.
class Regressor {
 public:
  virtual ~Regressor() = default;

  /// Deterministic.
  /// @param x  one or more examples of as many features each, at least one; finite
  /// @param y  the target of each, finite
  virtual void fit(std::span<Row const> x, std::span<double const> y) = 0;

  [[nodiscard]] virtual double predict(std::span<double const> x) const = 0;
};

/// The kernel of all our support vector machines: exp(-gamma |a - b|^2), for a and b of the same length.
[[nodiscard]] double rbf(std::span<double const> a, std::span<double const> b, double gamma);

/// Share of the variance of `truth` that `predicted` explains: 1 - sum (t - p)^2 / sum (t - mean t)^2.
///
/// Not symmetric: published numbers exist with the arguments swapped (hpo.md 3.6). NaN if all truths are
/// equal.
[[nodiscard]] double r_squared(std::span<double const> truth, std::span<double const> predicted);

}  // namespace corpuscle::tune
