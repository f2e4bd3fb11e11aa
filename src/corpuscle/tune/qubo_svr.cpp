#include "corpuscle/tune/qubo_svr.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {
namespace {

/// sum_m d_m k(x_m, x_n) for one n.
double sum_at(std::size_t n, std::span<double const> d, std::span<double const> kernel) {
  double sum = 0;
  for (std::size_t m = 0; m < d.size(); ++m) sum += d[m] * kernel[n * d.size() + m];
  return sum;
}

std::vector<double> normalised(std::vector<double> weights) {
  double sum = 0;
  for (double const weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::vector<double> softmax(std::vector<double> scores) {
  double const largest = *std::max_element(scores.begin(), scores.end());
  for (double& score : scores) score = std::exp(score - largest);
  return normalised(std::move(scores));
}

/// How well a solution fits the examples that it was trained on.
struct Fit {
  double mse = 0;
  double log_cosh = 0;  // mean of log cosh(residual)
  double r2 = 0;
};

Fit fit_of(KernelSum const& sum, std::span<double const> kernel, std::span<double const> y) {
  Fit fit;
  std::vector<double> predicted(y.size());
  for (std::size_t n = 0; n < y.size(); ++n) {
    predicted[n] = sum_at(n, sum.d, kernel) + sum.b;
    double const residual = predicted[n] - y[n];
    fit.mse += residual * residual / static_cast<double>(y.size());
    fit.log_cosh += std::log(std::cosh(residual)) / static_cast<double>(y.size());
  }
  // A perfect fit weighs much, not infinitely.
  constexpr double least_loss = 1e-12;
  fit.mse = std::max(fit.mse, least_loss);
  fit.log_cosh = std::max(fit.log_cosh, least_loss);
  double const r2 = r_squared(y, predicted);
  fit.r2 = std::isnan(r2) ? 0 : r2;
  return fit;
}

/// The weights of the solutions with these fits, in each of the ways that `QuboSvr` combines.
std::array<std::vector<double>, 7> seven_ways(std::span<Fit const> fits) {
  std::vector<double> by_mse, by_log_cosh, by_r2;
  for (Fit const& fit : fits) {
    by_mse.push_back(1 / fit.mse);
    by_log_cosh.push_back(1 / fit.log_cosh);
    by_r2.push_back(fit.r2);
  }
  std::vector<double> best(fits.size(), 0);
  best[static_cast<std::size_t>(std::max_element(by_mse.begin(), by_mse.end()) - by_mse.begin())] = 1;
  std::vector<double> const equal(fits.size(), 1);
  return {normalised(by_mse), softmax(by_mse), normalised(by_log_cosh), softmax(by_log_cosh), best,
          normalised(equal),  softmax(by_r2)};
}

Multipliers mean_of(std::span<Multipliers const> solutions, std::span<double const> weights) {
  std::size_t const n_examples = solutions[0].a.size();
  Multipliers mean{std::vector<double>(n_examples), std::vector<double>(n_examples)};
  for (std::size_t s = 0; s < solutions.size(); ++s) {
    for (std::size_t n = 0; n < n_examples; ++n) {
      mean.a[n] += weights[s] * solutions[s].a[n];
      mean.A[n] += weights[s] * solutions[s].A[n];
    }
  }
  return mean;
}

/// `most` of the numbers below n, drawn at random; all of them in their order if there are not more.
std::vector<std::size_t> draw(std::size_t n, std::size_t most, core::Random random) {
  std::vector<std::size_t> drawn(n);
  std::iota(drawn.begin(), drawn.end(), std::size_t{0});
  if (n <= most) return drawn;
  for (std::size_t i = 0; i < most; ++i) std::swap(drawn[i], drawn[i + random.bits() % (n - i)]);
  drawn.resize(most);
  return drawn;
}

}  // namespace

double MultiplierEncoding::weight(std::size_t bit) const {
  return std::pow(base, static_cast<double>(bit) - shift);
}

double MultiplierEncoding::largest() const {
  double sum = 0;
  for (std::size_t i = 0; i < bits; ++i) sum += weight(i);
  return sum;
}

Qubo svr_qubo(std::span<double const> kernel, std::span<double const> y, QuboSvrConfig const& config) {
  std::size_t const n_examples = y.size();
  std::size_t const n_bits = config.encoding.bits;
  CORPUSCLE_EXPECT(kernel.size() == n_examples * n_examples);
  // What one bit does: it adds `step` to d of one example.
  struct Variable {
    std::size_t example;
    double step;
  };
  std::vector<Variable> variables;
  for (double const sign : {1., -1.})
    for (std::size_t n = 0; n < n_examples; ++n)
      for (std::size_t i = 0; i < n_bits; ++i) variables.push_back({n, sign * config.encoding.weight(i)});

  Qubo qubo(variables.size());
  for (std::size_t v = 0; v < variables.size(); ++v) {
    Variable const& a = variables[v];
    qubo.add(v, v, config.epsilon * std::abs(a.step) - y[a.example] * a.step);
    for (std::size_t w = 0; w < variables.size(); ++w) {
      Variable const& b = variables[w];
      qubo.add(v, w, a.step * b.step * (kernel[a.example * n_examples + b.example] / 2 + config.penalty));
    }
  }
  return qubo;
}

Multipliers decode(std::span<std::uint8_t const> bits, MultiplierEncoding const& encoding) {
  std::size_t const n_examples = bits.size() / (2 * encoding.bits);
  CORPUSCLE_EXPECT(bits.size() == n_examples * 2 * encoding.bits);
  Multipliers result{std::vector<double>(n_examples), std::vector<double>(n_examples)};
  for (std::size_t n = 0; n < n_examples; ++n) {
    for (std::size_t i = 0; i < encoding.bits; ++i) {
      if (bits[encoding.bits * n + i] != 0) result.a[n] += encoding.weight(i);
      if (bits[encoding.bits * (n_examples + n) + i] != 0) result.A[n] += encoding.weight(i);
    }
  }
  return result;
}

void clear_common_bits(std::span<std::uint8_t> bits, std::size_t bits_per_multiplier) {
  CORPUSCLE_EXPECT(bits.size() % (2 * bits_per_multiplier) == 0);
  std::size_t const half = bits.size() / 2;
  for (std::size_t v = 0; v < half; ++v)
    if (bits[v] != 0 && bits[half + v] != 0) bits[v] = bits[half + v] = 0;
}

KernelSum kernel_sum(Multipliers const& multipliers, std::span<double const> kernel,
                     std::span<double const> y, double epsilon) {
  std::size_t const n_examples = y.size();
  KernelSum result{std::vector<double>(n_examples), 0};
  for (std::size_t n = 0; n < n_examples; ++n) result.d[n] = multipliers.a[n] - multipliers.A[n];
  double on_edge = 0;  // of the examples that lie on an edge of the tube or outside
  std::size_t n_on_edge = 0;
  double all = 0;
  for (std::size_t n = 0; n < n_examples; ++n) {
    double const residual = y[n] - sum_at(n, result.d, kernel);
    all += residual;
    if (multipliers.a[n] > 0) on_edge += residual - epsilon, ++n_on_edge;
    if (multipliers.A[n] > 0) on_edge += residual + epsilon, ++n_on_edge;
  }
  result.b = n_on_edge > 0 ? on_edge / static_cast<double>(n_on_edge) : all / static_cast<double>(n_examples);
  return result;
}

QuboSvr::QuboSvr(QuboSvrConfig config, std::shared_ptr<Sampler const> sampler, std::uint64_t seed,
                 QuboAnswer answer)
    : config_(config), sampler_(std::move(sampler)), seed_(seed), answer_(answer) {
  CORPUSCLE_EXPECT(sampler_ != nullptr && config.reads >= 1 && config.encoding.bits >= 1 &&
                   config.most_examples >= 1);
}

void QuboSvr::fit(std::span<Row const> all_x, std::span<double const> all_y) {
  CORPUSCLE_EXPECT(!all_x.empty() && all_x.size() == all_y.size());
  x_.clear();
  std::vector<double> y;
  for (std::size_t const i : draw(all_x.size(), config_.most_examples, core::Random{seed_, all_x.size()})) {
    x_.push_back(all_x[i]);
    y.push_back(all_y[i]);
  }
  std::size_t const n_examples = y.size();
  std::vector<double> kernel(n_examples * n_examples);
  for (std::size_t n = 0; n < n_examples; ++n)
    for (std::size_t m = 0; m < n_examples; ++m)
      kernel[n * n_examples + m] = rbf(x_[n], x_[m], config_.gamma);

  Qubo const qubo = svr_qubo(kernel, y, config_);
  samples_ = sampler_->sample(qubo, config_.reads, seed_);
  for (Sample& sample : samples_) clear_common_bits(sample.bits, config_.encoding.bits);
  samples_ = ranked(qubo, std::move(samples_));
  auto const wanted = static_cast<std::size_t>(config_.kept * static_cast<double>(config_.reads));
  samples_.resize(std::min(samples_.size(), std::max<std::size_t>(wanted, 2)));

  std::vector<Multipliers> solutions;
  std::vector<Fit> fits;
  for (Sample const& sample : samples_) {
    solutions.push_back(decode(sample.bits, config_.encoding));
    fits.push_back(fit_of(kernel_sum(solutions.back(), kernel, y, config_.epsilon), kernel, y));
  }
  lowest_ = kernel_sum(solutions.front(), kernel, y, config_.epsilon);

  // A prediction is linear in d and b, so the mean of the seven predictions is that of the mean d and b.
  auto const ways = seven_ways(fits);
  combined_ = {std::vector<double>(n_examples), 0};
  for (std::vector<double> const& weights : ways) {
    KernelSum const sum = kernel_sum(mean_of(solutions, weights), kernel, y, config_.epsilon);
    for (std::size_t n = 0; n < n_examples; ++n)
      combined_.d[n] += sum.d[n] / static_cast<double>(ways.size());
    combined_.b += sum.b / static_cast<double>(ways.size());
  }
}

double QuboSvr::predict(std::span<double const> x, QuboAnswer answer) const {
  CORPUSCLE_EXPECT(!x_.empty() && x.size() == x_[0].size());
  KernelSum const& sum = answer == QuboAnswer::combined ? combined_ : lowest_;
  double result = sum.b;
  for (std::size_t n = 0; n < x_.size(); ++n) result += sum.d[n] * rbf(x_[n], x, config_.gamma);
  return result;
}

}  // namespace corpuscle::tune
