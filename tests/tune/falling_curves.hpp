#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "corpuscle/tune/predictor.hpp"
#include "corpuscle/tune/replay.hpp"

/// Made-up trainings for schedulers that predict.
namespace corpuscle::tune {

inline PredictorMaker last_value() {
  return [] { return std::make_unique<LastValue>(); };
}

/// Curves that fall to a level of their own: level + exp(-epoch / 4), the levels a permutation of 0 to n - 1.
inline CurveTable falling_curves(std::size_t n, int epochs) {
  CurveTable table;
  for (std::size_t row = 0; row < n; ++row) {
    auto const level = static_cast<double>(row * 37 % n);
    std::vector<double>& losses = table.losses.emplace_back();
    for (int e = 1; e <= epochs; ++e) losses.push_back(level + std::exp(-e / 4.));
  }
  return table;
}

inline std::vector<std::size_t> in_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  return order;
}

}  // namespace corpuscle::tune
