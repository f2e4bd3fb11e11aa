#include "corpuscle/tune/fast_hyperband.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {
namespace {

/// Probability that a normal deviate is above `threshold`.
double probability_above(Prediction const& loss, double threshold) {
  if (loss.sigma <= 0) return loss.mean > threshold ? 1 : 0;
  return std::erfc((threshold - loss.mean) / loss.sigma / std::numbers::sqrt2) / 2;
}

}  // namespace

FastHyperband::FastHyperband(FastHyperbandConfig const& config, PredictorMaker make_predictor)
    : SuccessiveHalving(hyperband_brackets(config.hyperband), config.hyperband.eta),
      config_(config),
      make_predictor_(std::move(make_predictor)) {
  CORPUSCLE_EXPECT(config.training_curves >= 1 && config.full_share >= 0 && config.full_share <= 1);
  CORPUSCLE_EXPECT(config.confidence > 0.5 && config.confidence < 1);
}

void FastHyperband::judge_within(Course const& course, TrialId id) {
  std::vector<Curve> const& curves = full_curves_[course.end()];
  auto const next = static_cast<std::size_t>(survivors(course));
  double const must_arrive = config_.full_share * course.rounds[course.round].trials;
  std::size_t const n_arrived = course.reached.size();
  if (curves.size() < static_cast<std::size_t>(config_.training_curves) || n_arrived < next ||
      static_cast<double>(n_arrived) < must_arrive)
    return;

  std::vector<double> losses;
  for (TrialId const other : course.reached) losses.push_back(loss_at(other, course.end()));
  auto const nth = losses.begin() + static_cast<std::ptrdiff_t>(next - 1);
  std::nth_element(losses.begin(), nth, losses.end());

  int const known = trial(id).epoch();
  std::unique_ptr<Predictor>& predictor = fitted_[{known, course.end()}];
  if (!predictor) {
    predictor = make_predictor_();
    predictor->fit(curves, static_cast<std::size_t>(known));
  }
  Prediction const loss = predictor->predict(trial(id).losses);
  double const probability = probability_above(loss, *nth);
  if (probability >= config_.confidence)
    stop(id,
         core::cat("predicted loss ", loss.mean, " +- ", loss.sigma, " at epoch ", course.end(), " is above ",
                   *nth, ", number ", next, " of the round, with probability ", probability));
}

void FastHyperband::arrived(Course const& course, TrialId id) {
  full_curves_[course.end()].push_back({trial(id).losses, {}});
}

}  // namespace corpuscle::tune
