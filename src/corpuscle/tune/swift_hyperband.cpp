#include "corpuscle/tune/swift_hyperband.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/quantile.hpp"

namespace corpuscle::tune {

using core::cat;

SwiftHyperband::SwiftHyperband(SwiftHyperbandConfig const& config, PredictorMaker make_predictor)
    : SuccessiveHalving(hyperband_brackets(config.hyperband), config.hyperband.eta),
      config_(config),
      make_predictor_(std::move(make_predictor)) {
  CORPUSCLE_EXPECT(config.training_curves >= 1 && config.full_share >= 0);
  CORPUSCLE_EXPECT(config.known_share > 0 && config.known_share <= 1);
  CORPUSCLE_EXPECT(config.kept_quantile >= 0 && config.kept_quantile <= 1);
}

int SwiftHyperband::decision_epoch(Course const& course) const noexcept {
  return course.begin() + static_cast<int>(std::ceil((course.end() - course.begin()) * config_.known_share));
}

SwiftHyperband::RoundState& SwiftHyperband::state_of(Course const& course) {
  if (states_.size() <= course.index) states_.resize(course.index + 1);
  RoundState& state = states_[course.index];
  if (state.round != course.round) {
    state = {};
    state.round = course.round;
  }
  return state;
}

int SwiftHyperband::curves_missing(Course const& course) const {
  auto const curves = full_curves_.find(course.end());
  return config_.training_curves -
         (curves == full_curves_.end() ? 0 : static_cast<int>(curves->second.size()));
}

int SwiftHyperband::on_their_way(RoundState const& state) const {
  return static_cast<int>(std::count_if(state.full.begin(), state.full.end(),
                                        [&](TrialId id) { return trial(id).state == TrialState::running; }));
}

void SwiftHyperband::judge_within(Course const& course, TrialId id) {
  if (trial(id).epoch() != decision_epoch(course)) return;
  RoundState& state = state_of(course);
  if (state.has_selected) return;
  bool const round_needs_it = state.sent < config_.full_share * survivors(course);
  bool const predictor_needs_it = on_their_way(state) < curves_missing(course);
  if (!round_needs_it && !predictor_needs_it) {
    state.parked.push_back(id);
    return pause(id, cat("waits at epoch ", trial(id).epoch(), " for the prediction of its loss at epoch ",
                         course.end()));
  }
  ++state.sent;
  state.full.push_back(id);
  let_go_on(id, course.end(),
            round_needs_it ? cat("number ", state.sent, " of the trials that the round trains in full")
                           : cat("the predictor of epoch ", course.end(), " still needs ",
                                 core::counted(static_cast<std::size_t>(curves_missing(course)), "curve")));
}

void SwiftHyperband::arrived(Course const& course, TrialId id) {
  if (decision_epoch(course) == course.end()) {
    // Nothing is decided here, but another bracket may have a longer way to this epoch.
    if (curves_missing(course) > 0) full_curves_[course.end()].push_back({trial(id).losses, {}});
    return;
  }
  RoundState& state = state_of(course);
  auto const sent = std::find(state.full.begin(), state.full.end(), id);
  if (sent == state.full.end()) return;  // a partial one that was selected
  state.full.erase(sent);
  state.full_losses.push_back(trial(id).losses.back());
  full_curves_[course.end()].push_back({trial(id).losses, {}});
}

Predictor const& SwiftHyperband::predictor(int known, int end) {
  std::unique_ptr<Predictor>& fitted = fitted_[{known, end}];
  if (!fitted) {
    fitted = make_predictor_();
    fitted->fit(full_curves_.at(end), static_cast<std::size_t>(known));
  }
  return *fitted;
}

void SwiftHyperband::settle(Course& course) {
  RoundState& state = state_of(course);
  if (state.parked.empty() || state.has_selected) return;

  // Where a trial failed that the predictor counted on, parked ones take its place.
  for (int missing = curves_missing(course); missing > 0 && !state.parked.empty(); --missing) {
    TrialId const id = state.parked.front();
    state.parked.erase(state.parked.begin());
    state.full.push_back(id);
    course.waiting.push_back({id, cat("takes the place of a failed trial until epoch ", course.end())});
  }
  if (!course.waiting.empty()) return;

  state.has_selected = true;
  int const known = decision_epoch(course);
  Predictor const& predict = predictor(known, course.end());
  struct Candidate {
    TrialId trial;
    Prediction loss;
  };
  std::vector<Candidate> candidates;
  for (TrialId const id : state.parked) candidates.push_back({id, predict.predict(trial(id).losses)});
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](Candidate const& a, Candidate const& b) { return a.loss.mean < b.loss.mean; });

  std::sort(state.full_losses.begin(), state.full_losses.end());
  // Without a full trial (all failed, and the predictor is older) nothing is known to be good.
  double const threshold =
      state.full_losses.empty() ? -HUGE_VAL : quantile(state.full_losses, config_.kept_quantile);
  auto const below = static_cast<std::size_t>(
      std::count_if(candidates.begin(), candidates.end(),
                    [&](Candidate const& candidate) { return candidate.loss.mean < threshold; }));
  auto const n_full = state.full_losses.size();
  auto const next = static_cast<std::size_t>(survivors(course));
  std::size_t const needed = std::min(candidates.size(), next > n_full ? next - n_full : 0);
  std::size_t const selected = std::max(below, needed);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    auto const& [id, loss] = candidates[i];
    std::string const prediction =
        cat("predicted loss ", loss.mean, " +- ", loss.sigma, " at epoch ", course.end());
    if (i < selected) {
      course.waiting.push_back({id, i < below ? cat(prediction, " is below ", threshold)
                                              : cat(prediction, " is needed to fill the next round")});
    } else {
      stop(id, cat(prediction, " is not below ", threshold, ": spares ", course.end() - known,
                   " epochs of this round"));
    }
  }
}

}  // namespace corpuscle::tune
