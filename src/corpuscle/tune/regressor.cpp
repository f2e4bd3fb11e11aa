#include "corpuscle/tune/regressor.hpp"

#include <cmath>
#include <cstddef>
#include <limits>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {

double rbf(std::span<double const> a, std::span<double const> b, double gamma) {
  CORPUSCLE_EXPECT(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::exp(-gamma * sum);
}

double r_squared(std::span<double const> truth, std::span<double const> predicted) {
  CORPUSCLE_EXPECT(!truth.empty() && truth.size() == predicted.size());
  double mean = 0;
  for (double const t : truth) mean += t / static_cast<double>(truth.size());
  double residual = 0;
  double total = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    residual += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
    total += (truth[i] - mean) * (truth[i] - mean);
  }
  return total > 0 ? 1 - residual / total : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace corpuscle::tune
