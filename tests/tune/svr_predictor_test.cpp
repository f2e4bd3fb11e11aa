#include "corpuscle/tune/svr_predictor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/tune/anneal.hpp"
#include "tune/made_curves.hpp"

namespace corpuscle::tune {
namespace {

std::vector<Curve> made_curves(int first, int last) {
  std::vector<Curve> curves;
  for (int k = first; k < last; ++k) curves.push_back({test::make_curve(k), {}});
  return curves;
}

/// As `predictor_named`, but quick.
PredictorMaker quick(std::string_view word) {
  if (word != "qubo-svr") return predictor_named(word, 1);
  QuboSvrConfig config;
  config.reads = 40;
  return qubo_svr_predictor(config, std::make_shared<AnnealSampler>(AnnealConfig{.sweeps = 50}), 1);
}

class EveryPredictor : public testing::TestWithParam<std::string_view> {};

INSTANTIATE_TEST_SUITE_P(Predictor, EveryPredictor, testing::ValuesIn(predictor_words), [](auto const& word) {
  std::string name(word.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(EveryPredictor, FollowsTheUnitAndTheZeroOfTheLoss) {
  std::vector<Curve> const curves = made_curves(0, 12);
  std::vector<Curve> moved = curves;
  for (Curve& curve : moved)
    for (double& loss : curve.losses) loss = 1000 + 8 * loss;
  auto const predictor = quick(GetParam())();
  auto const moved_predictor = quick(GetParam())();
  predictor->fit(curves, 6);
  moved_predictor->fit(moved, 6);
  std::vector<double> partial = test::make_curve(12);
  partial.resize(6);
  Prediction const prediction = predictor->predict(partial);
  for (double& loss : partial) loss = 1000 + 8 * loss;
  Prediction const moved_prediction = moved_predictor->predict(partial);
  // Rounding of 1e-13 in the scaled losses may lead the solver to another point within its tolerance, 1e-3.
  EXPECT_NEAR(moved_prediction.mean, 1000 + 8 * prediction.mean, 8e-3);
  EXPECT_NEAR(moved_prediction.sigma, 8 * prediction.sigma, 8e-3);
  EXPECT_GT(prediction.sigma, 0);
}

TEST_P(EveryPredictor, LearnsFromASingleCurveAndFromEqualOnes) {
  auto const predictor = quick(GetParam())();
  predictor->fit(std::vector<Curve>{{{3, 2, 1}, {}}}, 2);
  Prediction const one = predictor->predict(std::vector<double>{3, 2});
  EXPECT_NEAR(one.mean, 1.5, 0.52) << "the end of the curve, or the last loss known; in a tube of 0.02";
  EXPECT_NEAR(one.sigma, 1, 1e-12) << "how wrong the last loss known was";
  predictor->fit(std::vector<Curve>(5, {{2, 2, 2}, {}}), 1);
  EXPECT_NEAR(predictor->predict(std::vector<double>{2}).mean, 2, 0.021);
  EXPECT_TRUE(std::isfinite(predictor->predict(std::vector<double>{5}).mean));
}

TEST_P(EveryPredictor, IsTheSameEveryTime) {
  std::vector<double> partial = test::make_curve(12);
  partial.resize(6);
  std::vector<double> means;
  for (int time = 0; time < 2; ++time) {
    auto const predictor = quick(GetParam())();
    predictor->fit(made_curves(0, 12), 6);
    means.push_back(predictor->predict(partial).mean);
  }
  EXPECT_EQ(means[0], means[1]);
}

TEST(RegressionPredictor, JudgesItselfByCurvesThatItHasNotSeen) {
  /// Knows its examples by heart and says 0 of anything else.
  class Memory : public Regressor {
   public:
    void fit(std::span<Row const> x, std::span<double const> y) override {
      x_.assign(x.begin(), x.end());
      y_.assign(y.begin(), y.end());
    }
    [[nodiscard]] double predict(std::span<double const> x) const override {
      for (std::size_t i = 0; i < x_.size(); ++i)
        if (std::equal(x.begin(), x.end(), x_[i].begin())) return y_[i];
      return 0;
    }

   private:
    std::vector<Row> x_;
    std::vector<double> y_;
  };
  auto const make = [] { return std::make_unique<Memory>(); };
  RegressionPredictor predictor(make, make);
  std::vector<Curve> const curves{{{1, 10}, {}}, {{2, 20}, {}}, {{3, 40}, {}}};
  predictor.fit(curves, 1);
  EXPECT_EQ(predictor.predict(std::vector<double>{2}).mean, 20);
  // Of a curve left out it says the least end of the others, which is 0 once scaled: 20, 10 and 10.
  EXPECT_NEAR(predictor.predict(std::vector<double>{2}).sigma, std::sqrt((100 + 100 + 900) / 3.), 1e-12);
  double const mean = 70 / 3.;
  double const variance = (10 - mean) * (10 - mean) + (20 - mean) * (20 - mean) + (40 - mean) * (40 - mean);
  EXPECT_NEAR(predictor.leave_one_out_r_squared(), 1 - 1100 / variance, 1e-12);
}

TEST(RegressionPredictor, UsesWhatElseIsKnownOfAConfiguration) {
  // The beginnings say nothing about the ends; the feature says all.
  std::vector<Curve> curves;
  for (int k = 0; k < 20; ++k) curves.push_back({{5, 1 + 0.1 * k}, {0.5 * k}});
  auto const predictor = svr_predictor()();
  predictor->fit(curves, 1);
  double const low = predictor->predict(std::vector<double>{5, 2}).mean;
  double const high = predictor->predict(std::vector<double>{5, 8}).mean;
  // The ends lie 1.2 apart; a nu-SVR tube holds half of the examples, and flattens.
  EXPECT_NEAR(high - low, 1.2, 0.3);
}

TEST(PredictorNamed, KnowsItsNames) {
  for (std::string_view const word : predictor_words) EXPECT_NE(predictor_named(word, 1)(), nullptr) << word;
  try {
    static_cast<void>(predictor_named("svr", 1));
    FAIL() << "it took another word";
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find("nu-svr, epsilon-svr, qubo-svr, last-value"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace corpuscle::tune
