#include "corpuscle/tune/asha.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/quantile.hpp"

namespace corpuscle::tune {

using core::cat;

std::vector<int> asha_rungs(AshaConfig const& config) {
  CORPUSCLE_EXPECT(config.trials >= 0 && config.grace_epochs >= 1 && config.max_epochs >= 1 &&
                   config.eta >= 2);
  std::vector<int> rungs;
  for (long epochs = config.grace_epochs; epochs < config.max_epochs; epochs *= config.eta)
    rungs.push_back(static_cast<int>(epochs));
  return rungs;
}

AshaPromotion::AshaPromotion(AshaConfig const& config) : Scheduler(config.max_epochs), config_(config) {
  for (int const epochs : asha_rungs(config)) rungs_.push_back({epochs, {}});
}

std::size_t AshaPromotion::candidate(Rung const& rung) const {
  std::size_t const n_best = rung.arrivals.size() / static_cast<std::size_t>(config_.eta);
  for (std::size_t i = 0; i < n_best; ++i)
    if (!rung.arrivals[i].is_promoted) return i;
  return rung.arrivals.size();
}

std::optional<TrialId> AshaPromotion::choose() {
  for (std::size_t k = rungs_.size(); k-- > 0;) {
    Rung& rung = rungs_[k];
    std::size_t const i = candidate(rung);
    if (i == rung.arrivals.size()) continue;
    Arrival& arrival = rung.arrivals[i];
    arrival.is_promoted = true;
    int const target = k + 1 < rungs_.size() ? rungs_[k + 1].epochs : max_epochs();
    promote(arrival.trial, target,
            cat("loss ", arrival.loss, " at epoch ", rung.epochs, " is number ", i + 1, " of ",
                rung.arrivals.size(), ", among the best 1/", config_.eta));
    return arrival.trial;
  }
  if (config_.trials > 0 && trials().size() == static_cast<std::size_t>(config_.trials)) return std::nullopt;
  return start(rungs_.empty() ? max_epochs() : rungs_.front().epochs, "no paused trial is to be promoted");
}

void AshaPromotion::judge(TrialId id) {
  int const epoch = trial(id).epoch();
  if (epoch != trial(id).target || epoch == max_epochs()) return;
  auto const rung =
      std::find_if(rungs_.begin(), rungs_.end(), [&](Rung const& r) { return r.epochs == epoch; });
  double const loss = trial(id).losses.back();
  auto const place = std::upper_bound(rung->arrivals.begin(), rung->arrivals.end(), loss,
                                      [&](double x, Arrival const& other) {
                                        return x < other.loss || (x == other.loss && id < other.trial);
                                      });
  auto const rank = place - rung->arrivals.begin() + 1;
  rung->arrivals.insert(place, {loss, id, false});
  pause(id, cat("loss ", loss, " at epoch ", epoch, " is number ", rank, " of ", rung->arrivals.size()));
}

bool AshaPromotion::exhausted() const {
  if (config_.trials == 0 || trials().size() < static_cast<std::size_t>(config_.trials)) return false;
  return std::all_of(rungs_.begin(), rungs_.end(),
                     [&](Rung const& rung) { return candidate(rung) == rung.arrivals.size(); });
}

AshaStopping::AshaStopping(AshaConfig const& config, StoppingRule rule)
    : Scheduler(config.max_epochs), config_(config), rule_(rule) {
  for (int const epochs : asha_rungs(config)) rungs_.push_back({epochs, {}});
}

std::optional<TrialId> AshaStopping::choose() {
  if (exhausted()) return std::nullopt;
  return start(max_epochs(), "a new trial for a free worker");
}

void AshaStopping::judge(TrialId id) {
  int const epoch = trial(id).epoch();
  if (epoch == max_epochs()) return;
  auto const rung =
      std::find_if(rungs_.begin(), rungs_.end(), [&](Rung const& r) { return r.epochs == epoch; });
  if (rung == rungs_.end()) return;
  double const loss = trial(id).losses.back();
  std::vector<double>& losses = rung->losses;
  auto const place = std::upper_bound(losses.begin(), losses.end(), loss);

  if (rule_ == StoppingRule::percentile) {
    if (losses.empty()) {
      let_go_on(id, max_epochs(), cat("loss ", loss, " is the first at epoch ", epoch));
    } else {
      double const cutoff = quantile(losses, 1. / config_.eta);
      std::string const comparison =
          cat("the best 1/", config_.eta, " of ", core::counted(losses.size(), "trial"), " at epoch ", epoch,
              ", ", cutoff);
      if (loss > cutoff)
        stop(id, cat("loss ", loss, " is above ", comparison));
      else
        let_go_on(id, max_epochs(), cat("loss ", loss, " is not above ", comparison));
    }
    losses.insert(place, loss);
  } else {
    losses.insert(place, loss);
    std::size_t const n_best =
        std::max<std::size_t>(1, losses.size() / static_cast<std::size_t>(config_.eta));
    double const worst = losses[n_best - 1];
    std::string const comparison =
        cat(worst, ", number ", n_best, " of ", losses.size(), " at epoch ", epoch);
    if (loss > worst)
      stop(id, cat("loss ", loss, " is above ", comparison));
    else
      let_go_on(id, max_epochs(), cat("loss ", loss, " is not above ", comparison));
  }
}

bool AshaStopping::exhausted() const {
  return config_.trials > 0 && trials().size() == static_cast<std::size_t>(config_.trials);
}

}  // namespace corpuscle::tune
