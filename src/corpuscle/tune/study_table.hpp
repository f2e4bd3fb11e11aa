#pragma once

#include <string>

#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// Tables for spreadsheets and data frames: comma-separated, quoted where needed (RFC 4180), lines end with a
/// newline; numbers in the shortest form that reads back, `nan` and `inf` in words; what is not known is
/// empty.

/// One line per trial (hpo.md 4.3): trial, state, its parameters in the order of the space (empty where they
/// have no meaning), score, epochs, seconds, device_hours, begin (ISO 8601, UTC), worker, and the reason of
/// the last decision ("imported" for a trial of another study).
std::string trials_csv(StudyRecord const& study);

/// One line per epoch of each trial: trial, epoch, loss, seconds (wall clock of this epoch), device_seconds.
std::string curves_csv(StudyRecord const& study);

}  // namespace corpuscle::tune
