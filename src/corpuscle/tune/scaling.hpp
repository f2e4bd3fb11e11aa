#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "corpuscle/tune/regressor.hpp"

/// Columns of features brought to [0, 1], as regressors like them.
namespace corpuscle::tune {

/// Each column from its least to its largest value, linearly, and on beyond them; a column that is the same
/// everywhere becomes 0 where it stays so.
class MinMaxScaling {
 public:
  /// @param rows  one or more of the same length, finite
  explicit MinMaxScaling(std::span<Row const> rows);

  [[nodiscard]] double scale(std::size_t column, double value) const {
    return (value - low_[column]) / width_[column];
  }
  /// The inverse of `scale`.
  [[nodiscard]] double restore(std::size_t column, double value) const {
    return low_[column] + value * width_[column];
  }
  [[nodiscard]] Row scale(std::span<double const> row) const;

 private:
  std::vector<double> low_, width_;
};

/// Each column through its own distribution, so that it becomes uniform: linear between quantiles, 0 below
/// the first and 1 above the last. Of equal quantiles the middle counts. As scikit-learn's
/// QuantileTransformer.
class QuantileScaling {
 public:
  /// @param rows         one or more of the same length, finite
  /// @param n_quantiles  >= 2, equally spaced, the extremes included; at most as many as rows are used
  QuantileScaling(std::span<Row const> rows, std::size_t n_quantiles);

  [[nodiscard]] double scale(std::size_t column, double value) const;
  [[nodiscard]] Row scale(std::span<double const> row) const;

 private:
  std::vector<std::vector<double>> quantiles_;  // [column][quantile], ascending
};

}  // namespace corpuscle::tune
