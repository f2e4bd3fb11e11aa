#pragma once

#include <map>
#include <memory>
#include <vector>

#include "corpuscle/tune/hyperband.hpp"
#include "corpuscle/tune/predictor.hpp"

namespace corpuscle::tune {

/// Swift-Hyperband (Garcia Amboage et al., EPJ Web Conf. 295 (2024) 12005, arXiv:2311.17508; hpo.md 2.3):
/// Hyperband with one more decision inside every round, taken on a predicted loss.
struct SwiftHyperbandConfig {
  HyperbandConfig hyperband;
  int training_curves = 15;  ///< d: full curves that a predictor needs, >= 1
  double full_share = 0.5;   ///< k: of the trials that may survive a round, so many are trained fully, >= 0
  double known_share = 0.5;  ///< c: of a round's epochs, so many come before the decision, in (0, 1]
  double kept_quantile =
      0.25;  ///< q: a prediction below this quantile of the full losses trains on, in [0, 1]
};

/// In a round from epoch r_p to r_i, trials stand at epoch t = r_p + ceil(c (r_i - r_p)) and are sent on at
/// once if the round or the predictor needs them ("full"), or wait ("partial"). When the full ones have
/// arrived, a predictor of loss(r_i) from the losses up to t is fitted on all full curves so far, once per
/// pair (t, r_i); partial trials that it puts below the quantile train on, or as many of the best as the next
/// round needs. The others stop. Curves of partial trials train no predictor.
///
/// A round of one epoch has nothing to predict, and is a plain one of Hyperband.
class SwiftHyperband : public SuccessiveHalving {
 public:
  SwiftHyperband(SwiftHyperbandConfig const& config, PredictorMaker make_predictor);

 private:
  /// The present round of one bracket.
  struct RoundState {
    std::size_t round = 0;
    int sent = 0;                     ///< trials sent on at the decision point as full
    std::vector<double> full_losses;  ///< at the end of the round
    std::vector<TrialId> full;        ///< sent and not yet arrived; failed ones stay
    std::vector<TrialId> parked;      ///< partial, in the order of arrival
    bool has_selected = false;
  };

  void judge_within(Course const& course, TrialId trial) override;
  void arrived(Course const& course, TrialId trial) override;
  void settle(Course& course) override;

  [[nodiscard]] int decision_epoch(Course const& course) const noexcept;
  RoundState& state_of(Course const& course);
  /// How many trials on their way the predictor of this round still needs.
  [[nodiscard]] int curves_missing(Course const& course) const;
  [[nodiscard]] int on_their_way(RoundState const& state) const;
  Predictor const& predictor(int known, int end);

  SwiftHyperbandConfig config_;
  PredictorMaker make_predictor_;
  std::vector<RoundState> states_;                                    ///< by bracket
  std::map<int, std::vector<Curve>> full_curves_;                     ///< by the epoch at which they end
  std::map<std::pair<int, int>, std::unique_ptr<Predictor>> fitted_;  ///< by (t, r_i)
};

}  // namespace corpuscle::tune
