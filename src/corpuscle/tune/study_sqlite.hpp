#pragma once

#include <string>

#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// Writes a study as an SQLite file that Optuna and its dashboard open (`sqlite:///FILE`), in the schema 12
/// of Optuna 3.0 and later (hpo.md 4.2).
///
/// Trials keep their numbers. Complete and stopped ones (PRUNED) have their score as value; running and
/// paused ones are RUNNING. User attributes tell the worker, the seconds, the reason of the last decision,
/// and what was imported. The table `alembic_version` is left out: each version of Optuna demands its own
/// entry there, and makes it if there is none; so the reader must be able to write the file.
///
/// The file replaces an earlier one when it is complete.
/// @throws core::EnvironmentError
void write_sqlite(StudyRecord const& study, std::string const& path);

}  // namespace corpuscle::tune
