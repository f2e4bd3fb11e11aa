#pragma once

#include <span>

#include "corpuscle/eval/evaluation.hpp"

namespace corpuscle::eval {

/// All that is said of a list of events: the one place where figures, curves, histograms and matrices are
/// defined.
/// @param ids           ascending; at least one
/// @param measurements  one per id
Result make_result(std::span<EventId const> ids, std::span<Measurement const* const> measurements,
                   EvaluationConfig const& config);

}  // namespace corpuscle::eval
