#pragma once

#include <cmath>
#include <vector>

/// Learning curves from a formula, for tests that need no file; make_svr_reference.py has the same.
namespace corpuscle::tune::test {

/// Losses after epochs 1 to 12 of training number `k`.
inline std::vector<double> make_curve(int k) {
  std::vector<double> losses;
  for (int epoch = 1; epoch <= 12; ++epoch)
    losses.push_back(1 + 0.3 * std::sin(k) + (1 + 0.5 * std::cos(2 * k)) * std::pow(epoch, -0.5 - 0.02 * k));
  return losses;
}

}  // namespace corpuscle::tune::test
