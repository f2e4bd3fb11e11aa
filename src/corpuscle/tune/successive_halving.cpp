#include "corpuscle/tune/successive_halving.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {

using core::cat;

Bracket halving_rounds(SuccessiveHalvingConfig const& config) {
  CORPUSCLE_EXPECT(config.trials >= 1 && config.eta >= 2);
  CORPUSCLE_EXPECT(config.min_epochs >= 1 && config.min_epochs <= config.max_epochs);
  Bracket rounds;
  int trials = config.trials;
  for (long epochs = config.min_epochs;; epochs *= config.eta) {
    rounds.push_back({trials, static_cast<int>(std::min<long>(epochs, config.max_epochs))});
    if (epochs >= config.max_epochs) return rounds;
    trials = std::max(1, trials / config.eta);
  }
}

SuccessiveHalving::SuccessiveHalving(SuccessiveHalvingConfig const& config)
    : SuccessiveHalving({halving_rounds(config)}, config.eta) {}

SuccessiveHalving::SuccessiveHalving(std::vector<Bracket> brackets, int eta)
    : Scheduler(brackets.front().back().epochs), eta_(eta) {
  for (Bracket& bracket : brackets) {
    CORPUSCLE_EXPECT(!bracket.empty() && bracket.back().epochs == max_epochs());
    Course& course = courses_.emplace_back();
    course.index = courses_.size() - 1;
    course.rounds = std::move(bracket);
  }
}

int SuccessiveHalving::survivors(Course const& course) const noexcept {
  if (course.round + 1 == course.rounds.size()) return 1;
  return std::max(1, course.rounds[course.round].trials / eta_);
}

std::optional<TrialId> SuccessiveHalving::choose() {
  for (std::size_t i = first_open_; i < courses_.size(); ++i)
    if (std::optional<TrialId> const trial = hand_out(courses_[i])) return trial;
  return std::nullopt;
}

std::optional<TrialId> SuccessiveHalving::hand_out(Course& course) {
  if (course.is_done()) return std::nullopt;
  if (!course.waiting.empty()) {
    auto [trial, reason] = std::move(course.waiting.front());
    course.waiting.pop_front();
    ++course.running;
    promote(trial, course.end(), std::move(reason));
    return trial;
  }
  Round const& round = course.rounds[course.round];
  if (course.round > 0 || course.trials.size() == static_cast<std::size_t>(round.trials)) return std::nullopt;
  ++course.running;
  course_of_.push_back(course.index);
  course.trials.push_back(
      start(round.epochs, cat("bracket ", course.index + 1, " of ", courses_.size(), ": one of ",
                              round.trials, " trials until epoch ", round.epochs)));
  return course.trials.back();
}

void SuccessiveHalving::judge(TrialId id) {
  Course& course = courses_[course_of_[id.row()]];
  if (trial(id).epoch() < course.end()) {
    judge_within(course, id);
  } else {
    course.reached.push_back(id);
    arrived(course, id);
    if (course.end() < max_epochs())
      pause(id, cat("loss ", trial(id).losses.back(), " at the end of the round, epoch ", course.end()));
  }
  bool const is_complete = trial(id).epoch() == max_epochs();
  if (trial(id).state != TrialState::running || is_complete) left(course);
}

void SuccessiveHalving::give_up(TrialId id) {
  left(courses_[course_of_[id.row()]]);
}

void SuccessiveHalving::left(Course& course) {
  --course.running;
  bool const all_started =
      course.round > 0 || course.trials.size() == static_cast<std::size_t>(course.rounds[0].trials);
  if (course.running > 0 || !course.waiting.empty() || !all_started) return;
  settle(course);
  if (course.waiting.empty()) close_round(course);
}

void SuccessiveHalving::close_round(Course& course) {
  int const end = course.end();
  int const keep = survivors(course);
  std::vector<TrialId> ranked = std::exchange(course.trials, {});
  course.reached.clear();
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](TrialId a, TrialId b) { return loss_at(a, end) < loss_at(b, end); });
  bool const is_last = ++course.round == course.rounds.size();
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    TrialId const id = ranked[rank];
    if (trial(id).state != TrialState::paused) continue;  // failed, stopped or complete
    bool const has_arrived = trial(id).epoch() == end;
    std::string const place =
        has_arrived ? cat("loss ", loss_at(id, end), " at epoch ", end, " is number ", rank + 1, " of ",
                          ranked.size(), "; ", keep, keep == 1 ? " goes on" : " go on")
                    : cat("left at epoch ", trial(id).epoch(), " of a round that ended at ", end);
    if (!is_last && has_arrived && rank < static_cast<std::size_t>(keep)) {
      course.trials.push_back(id);
      course.waiting.push_back({id, place});
    } else {
      stop(id, place);
    }
  }
  // Where every trial has failed, the later rounds have nothing to do.
  if (course.trials.empty()) course.round = course.rounds.size();
  while (first_open_ < courses_.size() && courses_[first_open_].is_done()) ++first_open_;
}

}  // namespace corpuscle::tune
