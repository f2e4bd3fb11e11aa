#include "corpuscle/tune/predictor.hpp"

#include <cmath>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {

void LastValue::fit(std::span<Curve const> complete, std::size_t n_known) {
  CORPUSCLE_EXPECT(!complete.empty() && n_known >= 1);
  n_known_ = n_known;
  // No curve takes part in its own prediction: the plain residuals are those of leaving one out.
  double sum = 0;
  for (Curve const& curve : complete) {
    double const residual = curve.losses.back() - curve.losses[n_known - 1];
    sum += residual * residual;
  }
  sigma_ = std::sqrt(sum / static_cast<double>(complete.size()));
}

Prediction LastValue::predict(std::span<double const> partial) const {
  CORPUSCLE_EXPECT(n_known_ >= 1 && partial.size() >= n_known_);
  return {partial[n_known_ - 1], sigma_};
}

}  // namespace corpuscle::tune
