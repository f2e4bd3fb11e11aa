#pragma once

#include <string>

#include "corpuscle/eval/result.hpp"

namespace corpuscle::eval {

/// All of a result but the bootstrap replicas, as one JSON object: "counts", "figures" and "matrices" by
/// name, "curves", "histograms". Numbers that are not defined (no entries) are null. Figures keep their order
/// and the text depends on nothing but the result, so that files can be compared byte by byte.
std::string to_json(Result const& result);

}  // namespace corpuscle::eval
