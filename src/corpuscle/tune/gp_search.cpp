#include "corpuscle/tune/gp_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {
namespace {

using Point = GaussianProcess::Point;

constexpr int n_anywhere = 1000;  // candidates in the whole cube
constexpr int n_near = 200;       // and around the best trial
constexpr std::size_t n_refined = 5;
constexpr int n_refinements = 120;

std::vector<bool> categorical(Space const& space) {
  std::vector<bool> is_word;
  for (Parameter const& parameter : space.parameters)
    is_word.push_back(parameter.kind == Parameter::Kind::categorical);
  return is_word;
}

/// Mean 0 and variance 1; infinite values become the largest finite one.
void standardise(std::vector<double>& y) {
  double worst = -std::numeric_limits<double>::infinity();
  for (double const v : y)
    if (std::isfinite(v)) worst = std::max(worst, v);
  double sum = 0;
  for (double& v : y) sum += v = std::isfinite(v) ? v : std::isfinite(worst) ? worst : 0;
  double const mean = sum / static_cast<double>(y.size());
  double squares = 0;
  for (double& v : y) {
    v -= mean;
    squares += v * v;
  }
  double const sigma = std::sqrt(squares / static_cast<double>(y.size()));
  if (sigma > 0)
    for (double& v : y) v /= sigma;
}

/// A step of about `size` from a point of the unit cube, back inside by reflection; now and then only along
/// one coordinate, since words and cells want to change one at a time.
std::vector<double> step_from(std::vector<double> u, double size, core::Random& random) {
  bool const one_only = random.uniform() < 0.5;
  auto const chosen = static_cast<std::size_t>(random.uniform() * static_cast<double>(u.size()));
  for (std::size_t i = 0; i < u.size(); ++i) {
    if (one_only && i != chosen) continue;
    double const x = std::abs(u[i] + size * random.normal());
    u[i] = x <= 1 ? x : std::max(0., 2 - x);
  }
  // What has many cells or words must be able to leave its own.
  if (one_only && random.uniform() < 0.2) u[chosen] = random.uniform();
  return u;
}

}  // namespace

double log_expected_improvement(double mean, double sigma) {
  double const z = -mean / sigma;
  double const log_density = -z * z / 2 - std::log(2 * std::numbers::pi) / 2;
  if (z > -5) {
    double const below = std::erfc(-z / std::numbers::sqrt2) / 2;
    return std::log(sigma) + std::log(z * below + std::exp(log_density));
  }
  // The leading terms cancel; what remains of the asymptotic series of the normal integral.
  double const w = 1 / (z * z);
  return std::log(sigma) + log_density + std::log(w) + std::log1p(-3 * w + 15 * w * w - 105 * w * w * w);
}

GpSearch::GpSearch(Space space, std::uint64_t seed, GpSearchConfig config)
    : Searcher(std::move(space), seed),
      config_(config),
      process_(categorical(this->space())),
      scales_(process_.start()) {
  CORPUSCLE_EXPECT(config.random_trials >= 2 && config.most_trials >= 4);
}

GaussianProcess::Point GpSearch::point(Configuration const& configuration) const {
  Point x(space().size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const value = configuration[i];
    bool const is_word = space().parameters[i].kind == Parameter::Kind::categorical;
    if (std::isnan(value))
      x[i] = is_word ? -1 : 0.5;
    else
      x[i] = is_word ? value : space().cell(i, value).centre();
  }
  return x;
}

void GpSearch::climb(std::span<Point const> x, std::span<double const> y) {
  scales_ = process_.improve(scales_, x, y, 10);
  if (2 * x.size() < 3 * n_last_restart_) return;
  n_last_restart_ = x.size();
  double best = process_.log_posterior(scales_, x, y);
  core::Random random(core::key_of({key(), 1}));
  for (int restart = 0; restart < 4; ++restart) {
    GaussianProcess::Scales from = process_.start();
    if (restart > 0)
      for (double& scale : from) scale += random.normal();
    from = process_.improve(from, x, y, 50);
    double const found = process_.log_posterior(from, x, y);
    if (found > best) std::tie(best, scales_) = std::pair(found, from);
  }
}

Configuration GpSearch::propose() {
  auto const n_least = static_cast<std::size_t>(config_.random_trials);
  std::vector<Scored> scored = deepest_losses(n_least);
  if (scored.size() < n_least) return random_configuration();
  if (auto const most = static_cast<std::size_t>(config_.most_trials); scored.size() > most) {
    auto const middle = scored.begin() + static_cast<std::ptrdiff_t>(most / 2);
    std::nth_element(scored.begin(), middle, scored.end(), [](Scored const& a, Scored const& b) {
      return std::pair(a.loss, a.trial) < std::pair(b.loss, b.trial);
    });
    std::sort(middle, scored.end(), [](Scored const& a, Scored const& b) { return a.trial > b.trial; });
    scored.resize(most);
    std::sort(scored.begin(), scored.end(),
              [](Scored const& a, Scored const& b) { return a.trial < b.trial; });
  }

  std::vector<Point> x;
  std::vector<double> y;
  std::vector<bool> is_known(trials().size(), false);
  for (auto const& [trial, loss] : scored) {
    x.push_back(point(trials()[trial].configuration));
    y.push_back(loss);
    is_known[trial] = true;
  }
  standardise(y);
  climb(x, y);
  process_.learn(scales_, x, y);
  auto const best = static_cast<std::size_t>(std::min_element(y.begin(), y.end()) - y.begin());
  double const best_loss = y[best];
  std::vector<double> const best_point = x[best];

  std::size_t const n_known = x.size();
  for (std::size_t i = 0; i < trials().size(); ++i) {
    if (is_known[i] || trials()[i].state != TrialState::running) continue;
    x.push_back(point(trials()[i].configuration));
    y.push_back(process_.at(x.back()).mean);
  }
  if (x.size() > n_known) process_.learn(scales_, x, y);

  core::Random random(key());
  struct Candidate {
    std::vector<double> unit;
    double score;
  };
  auto const scored_at = [&](std::vector<double> unit) {
    GaussianProcess::Value const value = process_.at(point(space().at(unit)));
    return Candidate{std::move(unit), log_expected_improvement(value.mean - best_loss, value.sigma)};
  };
  auto const is_better = [](Candidate const& a, Candidate const& b) { return a.score > b.score; };
  std::vector<Candidate> candidates;
  for (int i = 0; i < n_anywhere; ++i) {
    std::vector<double> unit(space().size());
    for (double& u : unit) u = random.uniform();
    candidates.push_back(scored_at(std::move(unit)));
  }
  std::vector<double> around = best_point;
  for (std::size_t i = 0; i < around.size(); ++i)
    if (space().parameters[i].kind == Parameter::Kind::categorical)
      around[i] = around[i] < 0 ? 0.5 : space().cell(i, around[i]).centre();
  for (int i = 0; i < n_near; ++i) {
    double const size = std::pow(10., -1 - 2 * random.uniform());
    candidates.push_back(scored_at(step_from(around, size, random)));
  }
  std::stable_sort(candidates.begin(), candidates.end(), is_better);
  candidates.resize(n_refined);
  for (Candidate& candidate : candidates) {
    double size = 0.1;
    for (int i = 0; i < n_refinements; ++i) {
      Candidate next = scored_at(step_from(candidate.unit, size, random));
      bool const has_won = is_better(next, candidate);
      if (has_won) candidate = std::move(next);
      size = std::max(1e-5, size * (has_won ? 1.5 : 0.87));
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), is_better);

  // In a space of few cells the best may have been tried already.
  for (Candidate const& candidate : candidates) {
    Configuration const configuration = space().at(candidate.unit);
    Point const p = point(configuration);
    if (std::find(x.begin(), x.end(), p) == x.end()) return configuration;
  }
  return random_configuration();
}

}  // namespace corpuscle::tune
