#include "corpuscle/tune/median_stopping.hpp"

#include <algorithm>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/quantile.hpp"

namespace corpuscle::tune {

MedianStopping::MedianStopping(MedianStoppingConfig const& config)
    : Scheduler(config.max_epochs), config_(config), means_(static_cast<std::size_t>(config.max_epochs)) {
  CORPUSCLE_EXPECT(config.trials >= 0 && config.grace_epochs >= 1 && config.min_trials >= 1);
}

std::optional<TrialId> MedianStopping::choose() {
  if (exhausted()) return std::nullopt;
  return start(max_epochs(), "a new trial for a free worker");
}

void MedianStopping::judge(TrialId id) {
  int const epoch = trial(id).epoch();
  if (epoch < config_.grace_epochs) return;
  double const loss = trial(id).losses.back();
  if (running_.size() <= id.row()) running_.resize(id.row() + 1);
  Running& running = running_[id.row()];
  running.best = epoch == config_.grace_epochs ? loss : std::min(running.best, loss);
  running.sum += loss;

  std::vector<double>& means = means_[static_cast<std::size_t>(epoch) - 1];
  if (epoch < max_epochs() && means.size() >= static_cast<std::size_t>(config_.min_trials)) {
    double const median = quantile(means, 0.5);
    if (running.best > median)
      stop(id, core::cat("best loss ", running.best, " up to epoch ", epoch, " is above ", median,
                         ", the median of the mean losses of ", means.size(), " others"));
  }
  double const mean = running.sum / (epoch - config_.grace_epochs + 1);
  means.insert(std::upper_bound(means.begin(), means.end(), mean), mean);
}

bool MedianStopping::exhausted() const {
  return config_.trials > 0 && trials().size() == static_cast<std::size_t>(config_.trials);
}

}  // namespace corpuscle::tune
