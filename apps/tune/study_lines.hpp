#pragma once

#include <string>

#include "corpuscle/tune/study_record.hpp"

/// A study as lines for a terminal: how far it is, what it has cost and saved, the best trials, the rungs.
std::string status_text(corpuscle::tune::StudyRecord const& study);
