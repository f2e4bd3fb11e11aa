#pragma once

#include <string>

#include "corpuscle/tune/study_record.hpp"

namespace corpuscle::tune {

/// A study as one HTML page: what it found and what it cost, parallel coordinates, score against trial
/// number, learning curves, the rungs of the scheduler and a table of trials.
///
/// The page needs no network, and no script to be read; with one, pointing at a trial shows it in all
/// figures, and dragging along an axis chooses trials. Of more than 500 trials the figures draw the best 250
/// and an even choice of the others, and say so; a page has at most some 3 MB. Names and reasons are escaped.
std::string study_page(StudyRecord const& study);

}  // namespace corpuscle::tune
