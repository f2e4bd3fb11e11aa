#pragma once

#include <string>

#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// Writes a study as a folder for TensorBoard: one run per trial (`00012`) with the scalars `loss`, by epoch,
/// and `score`, at the last epoch; and what the HParams page shows: the space, each trial's configuration,
/// and how it ended. Words that are all numbers are given as numbers, so that they sort; parameters without
/// meaning are left out.
///
/// The folder appears when it is complete. TensorBoard would take files of an earlier export for part of this
/// one, so nothing may be there yet.
/// @throws core::EnvironmentError if the folder is there and not empty, or cannot be written
void write_tensorboard(StudyRecord const& study, std::string const& folder);

}  // namespace corpuscle::tune
