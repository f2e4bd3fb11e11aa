#include "corpuscle/tune/gaussian_process.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/cholesky.hpp"

namespace corpuscle::tune {
namespace {

using Point = GaussianProcess::Point;

// [[4, 2], [2, 3]] = L L^T with L = [[2, 0], [1, sqrt 2]].
TEST(Cholesky, FactorsASmallMatrixAsByHand) {
  Cholesky const cholesky({4, 2, 2, 3}, 2);
  std::vector<double> const x = cholesky.solve(std::vector<double>{8, 7});
  EXPECT_NEAR(x[0], 1.25, 1e-14);
  EXPECT_NEAR(x[1], 1.5, 1e-14);
  EXPECT_NEAR(cholesky.half_log_determinant(), std::log(8) / 2, 1e-14);
  std::vector<double> const inverse = cholesky.inverse();
  EXPECT_NEAR(inverse[0], 3. / 8, 1e-15);
  EXPECT_NEAR(inverse[1], -2. / 8, 1e-15);
  EXPECT_NEAR(inverse[3], 4. / 8, 1e-15);
}

TEST(Cholesky, RaisesTheDiagonalOfASingularMatrix) {
  Cholesky const cholesky({1, 1, 1, 1}, 2);
  std::vector<double> const x = cholesky.solve(std::vector<double>{1, 1});
  EXPECT_NEAR(x[0] + x[1], 1, 1e-6);
}

struct Data {
  std::vector<Point> x;
  std::vector<double> y;
};

Data wave(std::size_t n) {
  core::Random random({1});
  Data data;
  for (std::size_t i = 0; i < n; ++i) {
    data.x.push_back({random.uniform(), random.uniform(), static_cast<double>(i % 3)});
    data.y.push_back(std::sin(5 * data.x.back()[0]) + (i % 3 == 1 ? 1 : 0));
  }
  return data;
}

TEST(GaussianProcess, PassesThroughWhatItKnows) {
  Data const data = wave(20);
  GaussianProcess process({false, false, true});
  process.learn({-0.7, -0.7, -0.7, 0, -9}, data.x, data.y);
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    GaussianProcess::Value const value = process.at(data.x[i]);
    EXPECT_NEAR(value.mean, data.y[i], 1e-3);
    EXPECT_LT(value.sigma, 1e-3);
  }
  // Far from everything, the prior.
  GaussianProcess::Value const far = process.at({50, 50, 7});
  EXPECT_NEAR(far.mean, 0, 1e-9);
  EXPECT_NEAR(far.sigma, 1, 1e-9);
}

// k = (1 + a + a^2 / 3) exp(-a), a = sqrt(5) at one length: with one value y = 1 and noise 1e-8 the mean is k
// and the variance 1 - k^2.
TEST(GaussianProcess, HasTheMaternKernel) {
  GaussianProcess process({false});
  process.learn({std::log(0.5), 0, -12}, {{0.2}}, {1.});
  double const a = std::sqrt(5.);
  double const k = (1 + a + a * a / 3) * std::exp(-a);
  EXPECT_NEAR(process.at({0.7}).mean, k, 1e-7);
  EXPECT_NEAR(process.at({0.7}).sigma, std::sqrt(1 - k * k), 1e-7);
}

TEST(GaussianProcess, FindsScalesThatNoSmallChangeImproves) {
  Data const data = wave(30);
  GaussianProcess const process({false, false, true});
  GaussianProcess::Scales const best = process.improve(process.start(), data.x, data.y, 200);
  double const top = process.log_posterior(best, data.x, data.y);
  EXPECT_GT(top, process.log_posterior(process.start(), data.x, data.y) + 5);
  for (std::size_t j = 0; j < best.size(); ++j) {
    for (double const change : {-0.05, 0.05}) {
      GaussianProcess::Scales other = best;
      other[j] += change;
      // The ridge of a length that does not matter is flat; 0.1 is a fifth of a standard deviation's worth.
      EXPECT_LT(process.log_posterior(other, data.x, data.y), top + 0.1) << "scale " << j;
    }
  }
  EXPECT_GT(best[1], best[0] + 1);  // the second coordinate does not matter: a long length
}

}  // namespace
}  // namespace corpuscle::tune
