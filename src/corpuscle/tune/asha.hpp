#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "corpuscle/tune/scheduler.hpp"

namespace corpuscle::tune {

/// Asynchronous successive halving (Li et al., MLSys 2020, arXiv:1810.05934). Two algorithms carry this name;
/// both judge trials at rungs, without waiting for anybody.
struct AshaConfig {
  int trials = 0;        ///< start so many; 0: new ones for ever, until the study's budget ends
  int grace_epochs = 1;  ///< the first rung
  int max_epochs = 100;
  int eta = 4;  ///< >= 2
};

/// Epochs of the rungs below `max_epochs`: grace, grace eta, grace eta^2, ...
std::vector<int> asha_rungs(AshaConfig const& config);

/// ASHA of the paper: a trial pauses at every rung; a free worker promotes the best paused trial of the
/// highest rung that has one among its best 1/eta, and starts a new trial if there is none. Nothing is ever
/// stopped. A decision is O(n) looks at numbers that stand side by side.
class AshaPromotion : public Scheduler {
 public:
  explicit AshaPromotion(AshaConfig const& config);

 private:
  struct Arrival {
    double loss = 0;
    TrialId trial;
    bool is_promoted = false;
  };
  struct Rung {
    int epochs = 0;
    std::vector<Arrival> arrivals;  ///< best first; of equal losses the older trial
  };

  /// The best unpromoted trial among the best 1/eta; arrivals.size() if there is none.
  [[nodiscard]] std::size_t candidate(Rung const& rung) const;
  std::optional<TrialId> choose() override;
  void judge(TrialId trial) override;
  void give_up(TrialId) override {}
  [[nodiscard]] bool exhausted() const override;

  AshaConfig config_;
  std::vector<Rung> rungs_;
};

/// What a trial must beat at a rung.
enum class StoppingRule {
  percentile,  ///< Ray's: the 100/eta percentile of those before it; who comes first passes
  rank,  ///< Optuna's: the best max(1, n / eta) of n, itself included; until eta came only the best passes
};

/// ASHA as most programs do it: a trial is judged when it arrives at a rung, and stops for good or trains on
/// without a pause. A decision is O(n) moves of numbers that stand side by side.
class AshaStopping : public Scheduler {
 public:
  AshaStopping(AshaConfig const& config, StoppingRule rule);

 private:
  struct Rung {
    int epochs = 0;
    std::vector<double> losses;  ///< of all that arrived, sorted
  };

  std::optional<TrialId> choose() override;
  void judge(TrialId trial) override;
  void give_up(TrialId) override {}
  [[nodiscard]] bool exhausted() const override;

  AshaConfig config_;
  StoppingRule rule_;
  std::vector<Rung> rungs_;
};

}  // namespace corpuscle::tune
