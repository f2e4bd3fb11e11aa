#include "corpuscle/encoding/exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "corpuscle/core/random.hpp"

namespace corpuscle::encoding {
namespace {

TEST(ExactSum, DoesNotDependOnTheOrder) {
  core::Random random({1});
  std::vector<double> terms;
  // Of both signs and six orders of magnitude: an ordinary sum of these depends on the order.
  for (int k = 0; k < 2000; ++k) terms.push_back(random.normal() * std::exp(random.uniform(-7, 7)));
  auto const sum = [&] {
    ExactSum<36> exact;
    double plain = 0;
    for (double const term : terms) {
      exact += term;
      plain += term;
    }
    return std::pair<double, double>(exact, plain);
  };
  auto const [first, plain] = sum();
  // Each term is off by half of 2^-36 at most.
  EXPECT_NEAR(first, plain, 2000 * std::ldexp(1., -37) + 1e-9);
  bool plain_differs = false;
  for (int k = 0; k < 20; ++k) {
    for (std::size_t n = terms.size(); n > 1; --n) std::swap(terms[n - 1], terms[random.bits() % n]);
    auto const [again, plain_again] = sum();
    EXPECT_EQ(again, first);
    plain_differs = plain_differs || plain_again != plain;
  }
  EXPECT_TRUE(plain_differs);
}

TEST(ExactSum, IsAnOrdinarySumBeyondItsRoom) {
  ExactSum<36> sum;
  sum += 1e20;
  sum += 1;
  EXPECT_NEAR(sum, 1e20, 1e5);
  sum += std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(sum));
}

}  // namespace
}  // namespace corpuscle::encoding
