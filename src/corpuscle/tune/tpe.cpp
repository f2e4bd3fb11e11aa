#include "corpuscle/tune/tpe.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <tuple>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {
namespace {

double normal_integral(double from, double to) {
  return (std::erf(to / std::numbers::sqrt2) - std::erf(from / std::numbers::sqrt2)) / 2;
}

/// Words without order: one kernel per observation, which prefers its own word, and a flat one as prior.
class WordWeights {
 public:
  WordWeights(std::vector<double> const& observed, std::size_t n_words) : probabilities_(n_words, 0) {
    std::vector<double> weights = forgetting_weights(observed.size());
    double const total = std::accumulate(weights.begin(), weights.end(), 1.);
    double const spread = 1 / static_cast<double>(observed.size() + 1);
    auto const n = static_cast<double>(n_words);
    double flat = 1 / total / n;
    for (std::size_t i = 0; i < observed.size(); ++i) {
      double const kernel = weights[i] / total / (1 + n * spread);
      probabilities_[static_cast<std::size_t>(observed[i])] += kernel;
      flat += kernel * spread;
    }
    for (double& p : probabilities_) p += flat;
  }

  [[nodiscard]] double probability(std::size_t word) const { return probabilities_[word]; }
  [[nodiscard]] std::size_t draw(core::Random& random) const {
    double u = random.uniform();
    std::size_t word = 0;
    while (word + 1 < probabilities_.size() && u >= probabilities_[word]) u -= probabilities_[word++];
    return word;
  }

 private:
  std::vector<double> probabilities_;
};

}  // namespace

std::vector<double> forgetting_weights(std::size_t n) {
  constexpr std::size_t n_new = 25;
  std::vector<double> weights(n, 1);
  if (n <= n_new) return weights;
  std::size_t const n_old = n - n_new;
  double const first = 1 / static_cast<double>(n);
  for (std::size_t i = 0; i < n_old; ++i)
    weights[i] =
        n_old == 1 ? first : first + (1 - first) * static_cast<double>(i) / static_cast<double>(n_old - 1);
  return weights;
}

ParzenWindow::ParzenWindow(std::vector<double> points) {
  std::vector<double> weights = forgetting_weights(points.size());
  double const total = std::accumulate(weights.begin(), weights.end(), 1.);
  double const narrowest = 1 / std::min(100., 2 + static_cast<double>(points.size()));
  for (std::size_t i = 0; i < points.size(); ++i) kernels_.push_back({points[i], 1, weights[i] / total});
  Kernel const prior{0.5, 1, 1 / total};
  kernels_.push_back(prior);

  // The prior is a neighbour too; the ends of the range are not, unless nothing else is there.
  std::vector<std::size_t> order(kernels_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return kernels_[a].mean < kernels_[b].mean; });
  for (std::size_t place = 0; place < order.size(); ++place) {
    Kernel& kernel = kernels_[order[place]];
    bool const is_first = place == 0;
    bool const is_last = place + 1 == order.size();
    double const left = is_first ? 0 : kernel.mean - kernels_[order[place - 1]].mean;
    double const right = is_last ? 0 : kernels_[order[place + 1]].mean - kernel.mean;
    kernel.sigma = std::clamp(std::max(left, right), narrowest, 1.);
  }
  kernels_.back().sigma = prior.sigma;
  for (Kernel& kernel : kernels_)
    kernel.inside = normal_integral(-kernel.mean / kernel.sigma, (1 - kernel.mean) / kernel.sigma);
}

double ParzenWindow::density(Cell const& cell) const {
  double sum = 0;
  double const width = cell.high - cell.low;
  for (Kernel const& kernel : kernels_) {
    double const from = (cell.low - kernel.mean) / kernel.sigma;
    double const height = width > 0 ? normal_integral(from, (cell.high - kernel.mean) / kernel.sigma) / width
                                    : std::exp(-from * from / 2) / kernel.sigma * std::numbers::inv_sqrtpi /
                                          std::numbers::sqrt2;
    sum += kernel.weight * height / kernel.inside;
  }
  return sum;
}

Tpe::Tpe(Space space, std::uint64_t seed, TpeConfig config)
    : Searcher(std::move(space), seed), config_(config) {
  CORPUSCLE_EXPECT(config.random_trials >= 1 && config.candidates >= 1 && config.most_good >= 1);
  CORPUSCLE_EXPECT(config.good_share > 0 && config.good_share < 1);
}

Configuration Tpe::propose() {
  // Good and bad trials, each in the order of their numbers.
  std::vector<std::size_t> judged;
  for (std::size_t i = 0; i < trials().size(); ++i) {
    Observation const& trial = trials()[i];
    if (trial.state == TrialState::failed || (trial.state != TrialState::running && !trial.losses.empty()))
      judged.push_back(i);
  }
  if (judged.size() < static_cast<std::size_t>(config_.random_trials)) return random_configuration();
  auto const rank = [&](std::size_t i) {
    Observation const& trial = trials()[i];
    bool const has_failed = trial.state == TrialState::failed;
    auto const epochs = static_cast<long>(trial.losses.size());
    double const loss = has_failed ? 0 : trial.losses.back();
    return std::tuple(has_failed, -epochs, loss, i);
  };
  auto const n = static_cast<double>(judged.size());
  auto const n_good = std::min(static_cast<std::size_t>(std::ceil(config_.good_share * n)),
                               static_cast<std::size_t>(config_.most_good));
  std::nth_element(judged.begin(), judged.begin() + static_cast<std::ptrdiff_t>(n_good - 1), judged.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  std::vector<bool> is_good(trials().size(), false);
  for (std::size_t i = 0; i < n_good; ++i) is_good[judged[i]] = true;

  core::Random random(key());
  Configuration configuration(space().size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> good;
  std::vector<double> bad;
  for (std::size_t p = 0; p < space().size(); ++p) {
    if (!space().is_active(configuration, p)) continue;
    Parameter const& parameter = space().parameters[p];
    bool const is_categorical = parameter.kind == Parameter::Kind::categorical;
    good.clear();
    bad.clear();
    for (std::size_t i = 0; i < trials().size(); ++i) {
      double const value = trials()[i].configuration[p];
      if (std::isnan(value)) continue;
      (is_good[i] ? good : bad).push_back(is_categorical ? value : space().cell(p, value).centre());
    }
    double best = -std::numeric_limits<double>::infinity();
    auto const consider = [&](double value, double ratio) {
      if (ratio > best) std::tie(best, configuration[p]) = std::pair(ratio, value);
    };
    if (is_categorical) {
      WordWeights const l(good, parameter.count());
      WordWeights const g(bad, parameter.count());
      for (int k = 0; k < config_.candidates; ++k) {
        std::size_t const word = l.draw(random);
        consider(static_cast<double>(word), l.probability(word) / g.probability(word));
      }
    } else {
      ParzenWindow const l(good);
      ParzenWindow const g(bad);
      for (int k = 0; k < config_.candidates; ++k) {
        double const value = space().value(p, l.draw(random));
        Cell const cell = space().cell(p, value);
        consider(value, l.density(cell) / g.density(cell));
      }
    }
  }
  return configuration;
}

}  // namespace corpuscle::tune
