#include "corpuscle/tune/svr_predictor.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/tune/anneal.hpp"

namespace corpuscle::tune {

RegressionPredictor::Model::Model(std::span<Row const> examples, RegressorMaker const& make)
    : scaling(examples), regressor(make()) {
  std::vector<Row> x;
  std::vector<double> y;
  for (Row const& example : examples) {
    Row scaled = scaling.scale(example);
    y.push_back(scaled.back());
    scaled.pop_back();
    x.push_back(std::move(scaled));
  }
  regressor->fit(x, y);
}

double RegressionPredictor::Model::predict(std::span<double const> features) const {
  Row scaled;
  for (std::size_t c = 0; c < features.size(); ++c) scaled.push_back(scaling.scale(c, features[c]));
  return scaling.restore(features.size(), regressor->predict(scaled));
}

RegressionPredictor::RegressionPredictor(RegressorMaker make, RegressorMaker make_for_error)
    : make_(std::move(make)), make_for_error_(std::move(make_for_error)) {}

void RegressionPredictor::fit(std::span<Curve const> complete, std::size_t n_known) {
  CORPUSCLE_EXPECT(!complete.empty() && n_known >= 1);
  n_features_ = n_known + complete[0].features.size();
  std::vector<Row> examples;
  for (Curve const& curve : complete) {
    CORPUSCLE_EXPECT(curve.losses.size() == complete[0].losses.size() && n_known <= curve.losses.size());
    CORPUSCLE_EXPECT(curve.features.size() == complete[0].features.size());
    Row example(curve.losses.begin(), curve.losses.begin() + static_cast<std::ptrdiff_t>(n_known));
    example.insert(example.end(), curve.features.begin(), curve.features.end());
    example.push_back(curve.losses.back());
    examples.push_back(std::move(example));
  }
  model_.emplace(examples, make_);

  std::vector<double> truth, predicted;
  for (std::size_t left_out = 0; left_out < examples.size(); ++left_out) {
    std::vector<Row> others = examples;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(left_out));
    std::span<double const> const features(examples[left_out].data(), n_features_);
    truth.push_back(examples[left_out].back());
    // A single curve teaches nothing about itself: the last value known stands in.
    predicted.push_back(others.empty() ? features[n_known - 1]
                                       : Model(others, make_for_error_).predict(features));
  }
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
  sigma_ = std::sqrt(sum / static_cast<double>(truth.size()));
  r_squared_ = r_squared(truth, predicted);
}

Prediction RegressionPredictor::predict(std::span<double const> partial) const {
  CORPUSCLE_EXPECT(model_.has_value() && partial.size() == n_features_);
  return {model_->predict(partial), sigma_};
}

PredictorMaker svr_predictor(SvrConfig const& config) {
  auto const make = [config] { return std::make_unique<Svr>(config); };
  return [make] { return std::make_unique<RegressionPredictor>(make, make); };
}

PredictorMaker qubo_svr_predictor(QuboSvrConfig const& config, std::shared_ptr<Sampler const> sampler,
                                  std::uint64_t seed) {
  QuboSvrConfig for_error = config;
  for_error.reads = std::max<std::size_t>(config.reads / 20, 2);
  auto const maker = [seed](QuboSvrConfig const& settings, std::shared_ptr<Sampler const> solver) {
    return [=] { return std::make_unique<QuboSvr>(settings, solver, seed); };
  };
  return [make = maker(config, std::move(sampler)),
          make_for_error = maker(for_error, std::make_shared<AnnealSampler>())] {
    return std::make_unique<RegressionPredictor>(make, make_for_error);
  };
}

PredictorMaker predictor_named(std::string_view word, std::uint64_t seed) {
  if (word == "nu-svr") return svr_predictor();
  if (word == "epsilon-svr")
    // C = 5 did best among those tried on curves of MLPF (hpo.md 3.6).
    return svr_predictor({.type = SvrType::epsilon, .C = 5, .nu = 0.5, .epsilon = 0.02, .gamma = 0.1});
  if (word == "qubo-svr") return qubo_svr_predictor({}, std::make_shared<AnnealSampler>(), seed);
  if (word == "last-value") return [] { return std::make_unique<LastValue>(); };
  std::string known;
  for (std::string_view const name : predictor_words)
    known += (known.empty() ? "" : ", ") + std::string(name);
  throw core::ConfigError("there is no predictor '" + std::string(word) + "'; there are " + known);
}

}  // namespace corpuscle::tune
