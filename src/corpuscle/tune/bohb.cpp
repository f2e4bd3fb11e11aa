#include "corpuscle/tune/bohb.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {

using Points = std::vector<std::vector<double>>;

Bohb::Bohb(Space space, std::uint64_t seed, BohbConfig config)
    : Searcher(std::move(space), seed), config_(config) {
  CORPUSCLE_EXPECT(config.random_share >= 0 && config.random_share <= 1 && config.candidates >= 1);
  CORPUSCLE_EXPECT(config.good_share > 0 && config.good_share < 1 && config.least_bandwidth > 0);
}

bool Bohb::is_word(std::size_t parameter) const {
  return space().parameters[parameter].kind == Parameter::Kind::categorical;
}

std::vector<double> Bohb::point(std::size_t trial) const {
  Configuration const& configuration = trials()[trial].configuration;
  core::Random random({seed(), trial, 1});
  std::vector<double> x(configuration.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const u = random.uniform();
    double const value = std::isnan(configuration[i]) ? space().value(i, u) : configuration[i];
    x[i] = is_word(i) ? value : space().cell(i, value).centre();
  }
  return x;
}

std::vector<double> Bohb::bandwidths(Points const& points) const {
  auto const n = static_cast<double>(points.size());
  std::size_t const d = space().size();
  // The normal reference rule of Scott; for words, the chance that two trials differ stands for twice the
  // variance.
  double const factor = 1.06 * std::pow(n, -1 / (4 + static_cast<double>(d)));
  std::vector<double> widths(d);
  for (std::size_t j = 0; j < d; ++j) {
    double variance = 0;
    double widest = 1;
    if (is_word(j)) {
      std::size_t const n_words = space().parameters[j].count();
      std::vector<double> counts(n_words, 0);
      for (auto const& x : points) ++counts[static_cast<std::size_t>(x[j])];
      double equal = 0;
      for (double const count : counts) equal += count / n * count / n;
      variance = (1 - equal) / 2;
      widest = 1 - 1 / static_cast<double>(n_words);
    } else {
      double mean = 0;
      for (auto const& x : points) mean += x[j] / n;
      for (auto const& x : points) variance += (x[j] - mean) * (x[j] - mean) / n;
    }
    widths[j] = std::clamp(factor * std::sqrt(variance), config_.least_bandwidth, widest);
  }
  return widths;
}

double Bohb::density(std::vector<double> const& at, Points const& points,
                     std::vector<double> const& widths) const {
  double sum = 0;
  for (auto const& x : points) {
    double product = 1;
    for (std::size_t j = 0; j < at.size(); ++j) {
      double const h = widths[j];
      if (is_word(j)) {
        // Aitchison and Aitken, Biometrika 63 (1976) 413.
        product *= at[j] == x[j] ? 1 - h : h / static_cast<double>(space().parameters[j].count() - 1);
      } else {
        double const z = (at[j] - x[j]) / h;
        product *= std::exp(-z * z / 2) / h * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
      }
    }
    sum += product;
  }
  return std::max(sum / static_cast<double>(points.size()), 1e-32);
}

Configuration Bohb::propose() {
  core::Random random(key());
  std::size_t const n_least = space().size() + 1;
  std::vector<Scored> scored = deepest_losses(2 * n_least);
  if (random.uniform() < config_.random_share || scored.size() < 2 * n_least) return random_configuration();

  std::stable_sort(scored.begin(), scored.end(),
                   [](Scored const& a, Scored const& b) { return a.loss < b.loss; });
  std::size_t const n_good =
      std::max(n_least, static_cast<std::size_t>(config_.good_share * static_cast<double>(scored.size())));
  Points good;
  Points bad;
  for (std::size_t i = 0; i < scored.size(); ++i) (i < n_good ? good : bad).push_back(point(scored[i].trial));
  std::vector<double> const good_widths = bandwidths(good);
  std::vector<double> const bad_widths = bandwidths(bad);

  Configuration best;
  double best_ratio = 0;
  for (int k = 0; k < config_.candidates; ++k) {
    std::vector<double> unit = good[random.bits() % good.size()];
    for (std::size_t j = 0; j < unit.size(); ++j) {
      auto const n_words = static_cast<double>(space().parameters[j].count());
      if (is_word(j)) {
        double const word =
            random.uniform() < 1 - good_widths[j] ? unit[j] : std::floor(random.uniform() * n_words);
        unit[j] = (word + 0.5) / n_words;
        continue;
      }
      double const sigma = config_.bandwidth_factor * good_widths[j];
      double const centre = unit[j];
      do unit[j] = centre + sigma * random.normal();
      while (unit[j] < 0 || unit[j] > 1);
    }
    Configuration const configuration = space().at(unit);
    for (std::size_t j = 0; j < unit.size(); ++j) {
      double const value = std::isnan(configuration[j]) ? space().value(j, unit[j]) : configuration[j];
      unit[j] = is_word(j) ? value : space().cell(j, value).centre();
    }
    double const ratio = density(unit, good, good_widths) / density(unit, bad, bad_widths);
    if (ratio > best_ratio) std::tie(best_ratio, best) = std::pair(ratio, configuration);
  }
  return best;
}

}  // namespace corpuscle::tune
