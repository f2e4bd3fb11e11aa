#include "corpuscle/tune/study_summary.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>

namespace corpuscle::tune {
namespace {

int epochs_of(TrialRecord const& trial) {
  return static_cast<int>(trial.losses.size());
}

std::string two_digits(long value) {
  std::string const digits = std::to_string(value);
  return digits.size() < 2 ? "0" + digits : digits;
}

}  // namespace

StudySummary summarise(StudyRecord const& study) {
  StudySummary summary;
  double total = 0;
  for (TrialRecord const& trial : study.trials) {
    if (trial.is_imported) {
      ++summary.imported;
      continue;
    }
    ++summary.trials[static_cast<std::size_t>(trial.state)];
    summary.epochs += epochs_of(trial);
    total += seconds(trial);
    if (trial.begin > 0) summary.begin = std::min(summary.begin.value_or(trial.begin), trial.begin);
    if (trial.end) summary.end = std::max(summary.end.value_or(*trial.end), *trial.end);
  }
  for (Decision const& decision : study.decisions) summary.epochs_saved += decision.epochs_saved;
  summary.hours = total / 3600;
  summary.device_hours = summary.hours * study.devices;
  return summary;
}

std::vector<Rung> occupancy(StudyRecord const& study, std::size_t most) {
  std::set<int> epochs;
  for (Decision const& decision : study.decisions)
    if (decision.epoch > 0 && (decision.action == Action::pause || decision.action == Action::stop))
      epochs.insert(decision.epoch);

  // Neighbours of equal numbers of rungs are joined.
  std::vector<Rung> rungs;
  std::size_t const share = most == 0 ? 1 : std::max<std::size_t>(1, (epochs.size() + most - 1) / most);
  for (std::size_t i = 0; int const epoch : epochs) {
    if (i++ % share == 0) rungs.push_back({epoch, epoch});
    rungs.back().last = epoch;
  }
  for (TrialRecord const& trial : study.trials) {
    if (trial.is_imported) continue;
    for (Rung& rung : rungs) {
      if (epochs_of(trial) < rung.first) break;
      ++rung.arrived;
      bool const is_here = epochs_of(trial) <= rung.last;
      if (is_here && trial.state == TrialState::paused) {
        ++rung.waiting;
      } else if (is_here && trial.state == TrialState::stopped) {
        ++rung.stopped;
      } else if (is_here && trial.state == TrialState::failed) {
        ++rung.failed;
      } else {
        ++rung.went_on;
      }
    }
  }
  return rungs;
}

std::vector<Decision const*> last_decisions(StudyRecord const& study) {
  std::vector<Decision const*> last(study.trials.size(), nullptr);
  for (Decision const& decision : study.decisions)
    if (decision.trial.row() < last.size()) last[decision.trial.row()] = &decision;
  return last;
}

std::vector<std::size_t> ranking(StudyRecord const& study) {
  auto const key = [&](std::size_t i) {
    TrialRecord const& trial = study.trials[i];
    bool const has_score =
        trial.state != TrialState::failed && trial.score.has_value() && !std::isnan(*trial.score);
    bool const is_complete = trial.state == TrialState::complete;
    return std::tuple(!has_score, !is_complete, is_complete ? 0 : -epochs_of(trial),
                      has_score ? *trial.score : 0., i);
  };
  std::vector<std::size_t> order(study.trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

double seconds(TrialRecord const& trial) {
  return std::accumulate(trial.seconds.begin(), trial.seconds.end(), 0.);
}

std::string utc_text(double seconds) {
  namespace chrono = std::chrono;
  constexpr double year_10000 = 253402300800.;
  if (!(seconds > 0 && seconds < year_10000)) return {};
  chrono::sys_seconds const time(chrono::seconds(static_cast<std::int64_t>(seconds)));
  auto const day = chrono::floor<chrono::days>(time);
  chrono::year_month_day const date(day);
  chrono::hh_mm_ss const clock(time - day);
  return std::to_string(static_cast<int>(date.year())) + '-' + two_digits(unsigned{date.month()}) + '-' +
         two_digits(unsigned{date.day()}) + 'T' + two_digits(clock.hours().count()) + ':' +
         two_digits(clock.minutes().count()) + ':' + two_digits(clock.seconds().count()) + 'Z';
}

}  // namespace corpuscle::tune
