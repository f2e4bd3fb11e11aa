#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "corpuscle/tune/hyperband.hpp"
#include "corpuscle/tune/predictor.hpp"

namespace corpuscle::tune {

/// Fast-Hyperband (Baker et al., arXiv:1705.10823, section 4.2.1; hpo.md 2.2): Hyperband whose rounds stop a
/// trial at any epoch, once it is improbable that it survives the round.
struct FastHyperbandConfig {
  HyperbandConfig hyperband;
  int training_curves = 100;  ///< that reached the end of such a round before anything is predicted, >= 1
  double full_share = 0;      ///< kappa: of a round's trials, so many must reach its end first, in [0, 1]
  double confidence = 0.95;   ///< Delta: stop if the loss is too high with this probability, in (0.5, 1)
};

/// With n trials to survive a round, a trial is stopped when the chance that its loss at the end of the round
/// is above the n-th best of those that have arrived is `confidence` or more. The chance is that of a normal
/// distribution of the predictor's mean and sigma. Each predictor is fitted once, when first needed.
class FastHyperband : public SuccessiveHalving {
 public:
  FastHyperband(FastHyperbandConfig const& config, PredictorMaker make_predictor);

 private:
  void judge_within(Course const& course, TrialId trial) override;
  void arrived(Course const& course, TrialId trial) override;

  FastHyperbandConfig config_;
  PredictorMaker make_predictor_;
  std::map<int, std::vector<Curve>> full_curves_;                     ///< by the epoch at which they end
  std::map<std::pair<int, int>, std::unique_ptr<Predictor>> fitted_;  ///< by (epochs known, end)
};

}  // namespace corpuscle::tune
