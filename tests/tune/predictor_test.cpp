#include "corpuscle/tune/predictor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace corpuscle::tune {
namespace {

// Residuals of the last loss against the second: -1 and -3, their root mean square sqrt(5).
TEST(LastValue, ExpectsNoChangeAndKnowsHowWrongThatWas) {
  LastValue predictor;
  std::vector<Curve> const curves{{{9, 5, 4}, {}}, {{9, 8, 5}, {}}};
  predictor.fit(curves, 2);
  Prediction const prediction = predictor.predict(std::vector<double>{7, 6});
  EXPECT_EQ(prediction.mean, 6);
  EXPECT_DOUBLE_EQ(prediction.sigma, std::sqrt(5.));
}

}  // namespace
}  // namespace corpuscle::tune
