#include "corpuscle/tune/cholesky.hpp"

#include <algorithm>
#include <cmath>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {

Cholesky::Cholesky(std::vector<double> const& matrix, std::size_t n) : n_(n), lower_(n * n) {
  CORPUSCLE_EXPECT(matrix.size() == n * n);
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += matrix[i * n + i] / static_cast<double>(n);
  double raised_by = 0;
  while (!factor(matrix, raised_by)) raised_by = std::max(10 * raised_by, 1e-10 * mean);
}

bool Cholesky::factor(std::vector<double> const& matrix, double raised_by) {
  for (std::size_t i = 0; i < n_; ++i) {
    double* const li = lower_.data() + i * n_;
    for (std::size_t j = 0; j <= i; ++j) {
      double const* const lj = row(j);
      double sum = matrix[i * n_ + j] + (i == j ? raised_by : 0);
      for (std::size_t k = 0; k < j; ++k) sum -= li[k] * lj[k];
      if (i == j) {
        if (!(sum > 0)) return false;
        li[i] = std::sqrt(sum);
      } else {
        li[j] = sum / lj[j];
      }
    }
  }
  return true;
}

void Cholesky::solve_lower(std::span<double> b) const {
  for (std::size_t i = 0; i < n_; ++i) {
    double const* const li = row(i);
    double sum = b[i];
    for (std::size_t k = 0; k < i; ++k) sum -= li[k] * b[k];
    b[i] = sum / li[i];
  }
}

std::vector<double> Cholesky::solve(std::span<double const> b) const {
  std::vector<double> x(b.begin(), b.end());
  solve_lower(x);
  for (std::size_t i = n_; i-- > 0;) {
    double const* const li = row(i);
    x[i] /= li[i];
    for (std::size_t k = 0; k < i; ++k) x[k] -= li[k] * x[i];
  }
  return x;
}

double Cholesky::half_log_determinant() const {
  double sum = 0;
  for (std::size_t i = 0; i < n_; ++i) sum += std::log(row(i)[i]);
  return sum;
}

std::vector<double> Cholesky::inverse() const {
  // Rows of the transposed inverse of L: column j of the inverse of L, zero before j.
  std::vector<double> columns(n_ * n_, 0.);
  for (std::size_t j = 0; j < n_; ++j) {
    double* const x = columns.data() + j * n_;
    x[j] = 1 / row(j)[j];
    for (std::size_t i = j + 1; i < n_; ++i) {
      double const* const li = row(i);
      double sum = 0;
      for (std::size_t k = j; k < i; ++k) sum -= li[k] * x[k];
      x[i] = sum / li[i];
    }
  }
  std::vector<double> result(n_ * n_);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = i; k < n_; ++k) sum += columns[i * n_ + k] * columns[j * n_ + k];
      result[i * n_ + j] = result[j * n_ + i] = sum;
    }
  }
  return result;
}

}  // namespace corpuscle::tune
