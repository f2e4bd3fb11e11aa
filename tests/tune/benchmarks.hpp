#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "corpuscle/tune/searcher.hpp"
#include "corpuscle/tune/space.hpp"

/// Functions with a known minimum to try searchers on (hpo.md 5.1).
namespace corpuscle::tune::test {

struct Benchmark {
  Space space;
  std::function<double(Configuration const&)> loss;
  double minimum = 0;
};

inline Parameter real(std::string name, double low, double high) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.low = low;
  parameter.high = high;
  return parameter;
}

inline Benchmark branin() {
  auto const loss = [](Configuration const& c) {
    constexpr double pi = std::numbers::pi;
    double const x = c[0];
    double const a = c[1] - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
    return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10;
  };
  return {{{real("x", -5, 10), real("y", 0, 15)}, {}}, loss, 0.39788735773};
}

inline Benchmark hartmann6() {
  auto const loss = [](Configuration const& x) {
    constexpr std::array<double, 4> alpha{1, 1.2, 3, 3.2};
    constexpr double A[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                {.05, 10, 17, .1, 8, 14},
                                {3, 3.5, 1.7, 10, 17, 8},
                                {17, 8, .05, 10, .1, 14}};
    constexpr double P[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                                {2329, 4135, 8307, 3736, 1004, 9991},
                                {2348, 1451, 3522, 2883, 3047, 6650},
                                {4047, 8828, 8732, 5743, 1091, 381}};
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      double exponent = 0;
      for (std::size_t j = 0; j < 6; ++j) exponent += A[i][j] * std::pow(x[j] - 1e-4 * P[i][j], 2);
      sum -= alpha[i] * std::exp(-exponent);
    }
    return sum;
  };
  Space space;
  for (char const* name : {"a", "b", "c", "d", "e", "f"}) space.parameters.push_back(real(name, 0, 1));
  return {space, loss, -3.32236801};
}

/// The smallest loss above the minimum after each of n trials of one epoch, one after the other.
inline std::vector<double> regrets(Searcher& searcher, Benchmark const& benchmark, std::size_t n) {
  std::vector<double> result;
  double best = HUGE_VAL;
  for (std::size_t i = 0; i < n; ++i) {
    double const loss = benchmark.loss(searcher.suggest());
    searcher.report(TrialId(i), 1, loss);
    searcher.enter(TrialId(i), TrialState::complete);
    best = std::min(best, loss);
    result.push_back(best - benchmark.minimum);
  }
  return result;
}

/// Median over seeds 1 to `seeds` of the regret after each trial.
template <class MakeSearcher>
std::vector<double> median_regrets(Benchmark const& benchmark, std::size_t n, std::size_t seeds,
                                   MakeSearcher make_searcher) {
  std::vector<std::vector<double>> runs;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto searcher = make_searcher(benchmark.space, seed);
    runs.push_back(regrets(searcher, benchmark, n));
  }
  std::vector<double> medians;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> column;
    for (auto const& run : runs) column.push_back(run[i]);
    std::sort(column.begin(), column.end());
    medians.push_back((column[(column.size() - 1) / 2] + column[column.size() / 2]) / 2);
  }
  return medians;
}

}  // namespace corpuscle::tune::test
