#pragma once

#include <vector>

#include "corpuscle/tune/scheduler.hpp"

namespace corpuscle::tune {

/// The median rule of Vizier (Golovin et al., KDD 2017; hpo.md 1.3).
struct MedianStoppingConfig {
  int trials = 0;        ///< start so many; 0: new ones for ever, until the study's budget ends
  int grace_epochs = 1;  ///< nobody stops before; means begin here, so that a slow start is forgotten
  int min_trials = 3;    ///< others that must have reached an epoch before anyone is stopped there, >= 1
  int max_epochs = 100;
};

/// A trial stops at epoch e if its best loss up to e is above the median, over the others that reached e, of
/// the means of their losses up to e. A decision is O(n) moves of numbers that stand side by side.
class MedianStopping : public Scheduler {
 public:
  explicit MedianStopping(MedianStoppingConfig const& config);

 private:
  std::optional<TrialId> choose() override;
  void judge(TrialId trial) override;
  void give_up(TrialId) override {}
  [[nodiscard]] bool exhausted() const override;

  struct Running {
    double sum = 0;
    double best = 0;
  };

  MedianStoppingConfig config_;
  std::vector<Running> running_;            ///< by trial, since the end of the grace epochs
  std::vector<std::vector<double>> means_;  ///< [epoch - 1], sorted
};

}  // namespace corpuscle::tune
