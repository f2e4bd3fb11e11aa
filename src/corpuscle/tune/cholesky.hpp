#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace corpuscle::tune {

/// K = L L^T of a symmetric positive definite matrix: all the linear algebra a Gaussian process needs.
/// O(n^3).
class Cholesky {
 public:
  Cholesky() = default;
  /// @param matrix  [n, n] row by row; the part below and on the diagonal is read. Where it is not positive
  ///                definite within rounding, the diagonal is raised as far as needed, from 1e-10 of its
  ///                mean.
  Cholesky(std::vector<double> const& matrix, std::size_t n);

  [[nodiscard]] std::size_t size() const noexcept { return n_; }
  /// x of K x = b. O(n^2).
  [[nodiscard]] std::vector<double> solve(std::span<double const> b) const;
  /// x of L x = b, in place. O(n^2).
  void solve_lower(std::span<double> b) const;
  /// Sum of the logarithms of the diagonal of L: half the logarithm of the determinant of K.
  [[nodiscard]] double half_log_determinant() const;
  /// [n, n], row by row. O(n^3).
  [[nodiscard]] std::vector<double> inverse() const;

 private:
  bool factor(std::vector<double> const& matrix, double raised_by);
  [[nodiscard]] double const* row(std::size_t i) const noexcept { return lower_.data() + i * n_; }

  std::size_t n_ = 0;
  std::vector<double> lower_;  ///< [n, n], row by row; above the diagonal unused
};

}  // namespace corpuscle::tune
