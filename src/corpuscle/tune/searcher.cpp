#include "corpuscle/tune/searcher.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"

namespace corpuscle::tune {

Searcher::Searcher(Space space, std::uint64_t seed) : space_(std::move(space)), seed_(seed) {}

Configuration Searcher::suggest() {
  std::size_t const number = trials_.size() - n_foreign_;
  Configuration configuration =
      number < space_.first_guesses.size() ? space_.first_guesses[number] : propose();
  CORPUSCLE_EXPECT(space_.complaint(configuration).empty());
  trials_.push_back({configuration, TrialState::running, {}});
  return configuration;
}

void Searcher::add(Observation trial, bool is_foreign) {
  CORPUSCLE_EXPECT(space_.complaint(trial.configuration).empty());
  CORPUSCLE_EXPECT(!is_foreign || n_foreign_ == trials_.size());
  n_foreign_ += is_foreign;
  trials_.push_back(std::move(trial));
}

void Searcher::report(TrialId trial, int epoch, double loss) {
  CORPUSCLE_EXPECT(trial.row() < trials_.size());
  std::vector<double>& losses = trials_[trial.row()].losses;
  if (epoch == static_cast<int>(losses.size()) + 1 && std::isfinite(loss)) losses.push_back(loss);
}

void Searcher::enter(TrialId trial, TrialState state) {
  CORPUSCLE_EXPECT(trial.row() < trials_.size());
  trials_[trial.row()].state = state;
}

std::uint64_t Searcher::key() const noexcept {
  return core::key_of({seed_, trials_.size()});
}

std::vector<Searcher::Scored> Searcher::deepest_losses(std::size_t n) const {
  std::vector<std::size_t> epochs;  // of trials that have not failed
  std::size_t n_failed = 0;
  for (Observation const& trial : trials_) {
    if (trial.state == TrialState::failed)
      ++n_failed;
    else if (!trial.losses.empty())
      epochs.push_back(trial.losses.size());
  }
  std::size_t const n_needed = std::max<std::size_t>(1, n > n_failed ? n - n_failed : 0);
  if (epochs.size() < n_needed) return {};
  auto const nth = epochs.begin() + static_cast<std::ptrdiff_t>(n_needed - 1);
  std::nth_element(epochs.begin(), nth, epochs.end(), std::greater<>());

  std::vector<Scored> scored;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (trials_[i].state == TrialState::failed)
      scored.push_back({i, std::numeric_limits<double>::infinity()});
    else if (trials_[i].losses.size() >= *nth)
      scored.push_back({i, trials_[i].losses[*nth - 1]});
  }
  return scored;
}

Configuration Searcher::random_configuration() const {
  core::Random random(key());
  std::vector<double> unit(space_.size());
  for (double& u : unit) u = random.uniform();
  return space_.at(unit);
}

}  // namespace corpuscle::tune
