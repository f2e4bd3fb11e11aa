#include "corpuscle/tune/gaussian_process.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {
namespace {

// Normal priors on the logarithms: lengths of half the cube within a factor e^1.5, a variance as large as
// that of the values, little noise.
struct Prior {
  double mean;
  double sigma;
};
constexpr Prior length_prior{-0.7, 1.5};
constexpr Prior scale_prior{0, 1.5};
constexpr Prior noise_prior{-6, 3};
constexpr double least_noise = 1e-4;  // keeps K invertible when trials come close to each other

double noise_variance(double log_noise) {
  return std::exp(2 * log_noise) + least_noise * least_noise;
}

/// a^2 / 5 of the kernel, the part of one coordinate.
double squared(double a, double b, bool is_word, double per_length2) {
  double const difference = is_word ? (a == b ? 0 : 1) : a - b;
  return difference * difference * per_length2;
}

/// 1 / l_j^2.
std::vector<double> inverse_squares(GaussianProcess::Scales const& scales, std::size_t d) {
  std::vector<double> result(d);
  for (std::size_t j = 0; j < d; ++j) result[j] = std::exp(-2 * scales[j]);
  return result;
}

}  // namespace

GaussianProcess::GaussianProcess(std::vector<bool> is_word) : is_word_(std::move(is_word)) {}

GaussianProcess::Scales GaussianProcess::start() const {
  Scales scales(is_word_.size(), length_prior.mean);
  scales.push_back(scale_prior.mean);
  scales.push_back(noise_prior.mean);
  return scales;
}

double GaussianProcess::kernel(Point const& a, Point const& b, std::span<double const> per_length2) const {
  double sum = 0;
  for (std::size_t j = 0; j < is_word_.size(); ++j) sum += squared(a[j], b[j], is_word_[j], per_length2[j]);
  double const r = std::sqrt(5 * sum);
  return (1 + r + r * r / 3) * std::exp(-r);
}

std::vector<double> GaussianProcess::matrix(std::span<Point const> x, Scales const& scales) const {
  std::size_t const n = x.size();
  std::vector<double> k(n * n);
  std::vector<double> const per_length2 = inverse_squares(scales, is_word_.size());
  double const variance = std::exp(2 * scales[is_word_.size()]);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j)
      k[i * n + j] = k[j * n + i] = variance * kernel(x[i], x[j], per_length2);
    k[i * n + i] = variance + noise_variance(scales.back());
  }
  return k;
}

GaussianProcess::Fit GaussianProcess::fit(Scales const& scales, std::span<Point const> x,
                                          std::span<double const> y, bool with_gradient) const {
  std::size_t const n = x.size();
  std::size_t const d = is_word_.size();
  Fit result;
  result.gradient.assign(scales.size(), 0);
  for (std::size_t j = 0; j < scales.size(); ++j) {
    Prior const prior = j < d ? length_prior : j == d ? scale_prior : noise_prior;
    double const pull = (scales[j] - prior.mean) / prior.sigma;
    result.log_posterior -= pull * pull / 2;
    result.gradient[j] -= pull / prior.sigma;
  }

  std::vector<double> const k = matrix(x, scales);
  Cholesky const cholesky(k, n);
  std::vector<double> const weights = cholesky.solve(y);
  for (std::size_t i = 0; i < n; ++i) result.log_posterior -= y[i] * weights[i] / 2;
  result.log_posterior -= cholesky.half_log_determinant();
  if (!with_gradient) return result;

  // d log p / d theta = tr((w w^T - K^-1) dK/dtheta) / 2; pairs i < j count twice.
  std::vector<double> const inverse = cholesky.inverse();
  std::vector<double> const per_length2 = inverse_squares(scales, d);
  double const variance = std::exp(2 * scales[d]);
  std::vector<double> parts(d);
  for (std::size_t i = 0; i < n; ++i) {
    double const diagonal = weights[i] * weights[i] - inverse[i * n + i];
    result.gradient[d] += diagonal * variance;
    result.gradient[d + 1] += diagonal * std::exp(2 * scales[d + 1]);
    for (std::size_t j = 0; j < i; ++j) {
      double const pair = weights[i] * weights[j] - inverse[i * n + j];
      result.gradient[d] += pair * 2 * k[i * n + j];
      double sum = 0;
      for (std::size_t c = 0; c < d; ++c)
        sum += parts[c] = squared(x[i][c], x[j][c], is_word_[c], per_length2[c]);
      double const r = std::sqrt(5 * sum);
      double const slope = variance * 5. / 3 * (1 + r) * std::exp(-r);
      for (std::size_t c = 0; c < d; ++c) result.gradient[c] += pair * slope * parts[c];
    }
  }
  return result;
}

double GaussianProcess::log_posterior(Scales const& scales, std::span<Point const> x,
                                      std::span<double const> y) const {
  return fit(scales, x, y, false).log_posterior;
}

GaussianProcess::Scales GaussianProcess::improve(Scales scales, std::span<Point const> x,
                                                 std::span<double const> y, int steps) const {
  CORPUSCLE_EXPECT(x.size() == y.size() && x.size() >= 2 && scales.size() == is_word_.size() + 2);
  // Resilient propagation (Riedmiller, Braun, ICNN 1993): only the signs of the gradient, a step of its own
  // for each scale. Slower than second-order methods on paper, and never astray.
  std::vector<double> step(scales.size(), 0.2);
  std::vector<double> last(scales.size(), 0);
  Scales best = scales;
  double best_posterior = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < steps; ++i) {
    Fit const here = fit(scales, x, y, true);
    if (here.log_posterior > best_posterior) {
      best_posterior = here.log_posterior;
      best = scales;
    }
    for (std::size_t j = 0; j < scales.size(); ++j) {
      double gradient = here.gradient[j];
      if (gradient * last[j] > 0) step[j] = std::min(1.2 * step[j], 1.);
      if (gradient * last[j] < 0) {
        step[j] = std::max(0.5 * step[j], 1e-4);
        gradient = 0;  // went past the top: half the step, then look again
      }
      if (gradient != 0) scales[j] = std::clamp(scales[j] + std::copysign(step[j], gradient), -12., 6.);
      last[j] = gradient;
    }
  }
  return best;
}

void GaussianProcess::learn(Scales scales, std::vector<Point> x, std::vector<double> y) {
  CORPUSCLE_EXPECT(x.size() == y.size() && scales.size() == is_word_.size() + 2);
  scales_ = std::move(scales);
  per_length2_ = inverse_squares(scales_, is_word_.size());
  x_ = std::move(x);
  cholesky_ = Cholesky(matrix(x_, scales_), x_.size());
  weights_ = cholesky_.solve(y);
}

GaussianProcess::Value GaussianProcess::at(Point const& x) const {
  double const variance = std::exp(2 * scales_[is_word_.size()]);
  std::vector<double> k(x_.size());
  Value value;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    k[i] = variance * kernel(x, x_[i], per_length2_);
    value.mean += k[i] * weights_[i];
  }
  cholesky_.solve_lower(k);
  double left = variance;
  for (double const part : k) left -= part * part;
  value.sigma = std::sqrt(std::max(left, 1e-12 * variance));
  return value;
}

}  // namespace corpuscle::tune
