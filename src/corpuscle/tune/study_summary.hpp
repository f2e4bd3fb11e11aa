#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// What a study has cost. Imported trials cost it nothing and are only counted.
struct StudySummary {
  std::array<std::size_t, std::size(trial_state_words)> trials{};  ///< by state, without imported ones
  std::size_t imported = 0;
  long epochs = 0;        ///< trained
  long epochs_saved = 0;  ///< what full trainings of the stopped and failed trials would still have cost
  double hours = 0;       ///< of workers, training
  double device_hours = 0;
  std::optional<double> begin;  ///< of the first trial [s since 1970]
  std::optional<double> end;    ///< of the last that ended [s since 1970]
};
/// O(trials, epochs and decisions).
StudySummary summarise(StudyRecord const& study);

/// Trials at an epoch where some of them waited or ended: the rung of a ladder on which fewer and fewer go
/// on.
struct Rung {
  int first = 0;  ///< epochs of this rung: one, or several where a scheduler stops trials anywhere
  int last = 0;
  std::size_t arrived = 0;  ///< at `first`; the sum of all below
  std::size_t went_on = 0;  ///< beyond `last`, or on their way, or complete
  std::size_t waiting = 0;  ///< paused
  std::size_t stopped = 0;
  std::size_t failed = 0;
};
/// Rungs from the lowest to the highest, without imported trials; neighbours are joined to have at most
/// `most`.
std::vector<Rung> occupancy(StudyRecord const& study, std::size_t most);

/// The last decision about each trial; null where there was none.
std::vector<Decision const*> last_decisions(StudyRecord const& study);

/// All trials, the best first: complete ones by score, then those of more epochs, by score; last those that
/// failed or have no score yet. Of equal ones the older comes first.
std::vector<std::size_t> ranking(StudyRecord const& study);

/// Wall clock of a trial's epochs [s].
double seconds(TrialRecord const& trial);

/// Seconds since 1970 as 2026-11-21T18:51:49Z (ISO 8601, UTC); empty for 0, which is not known, and for years
/// of more than four digits.
std::string utc_text(double seconds);

}  // namespace corpuscle::tune
