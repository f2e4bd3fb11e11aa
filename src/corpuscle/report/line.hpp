#pragma once

#include <string>

#include "corpuscle/eval/result.hpp"

namespace corpuscle::report {

/// One reconstruction among those that are compared: a line in every plot.
struct Line {
  std::string name;  ///< "rules", "perfect", "naive", that of a collection, or one the user gave
  eval::Result result;
};

}  // namespace corpuscle::report
