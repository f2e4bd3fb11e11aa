#pragma once

#include <functional>
#include <span>
#include <vector>

#include "corpuscle/train/data.hpp"
#include "corpuscle/train/history.hpp"

namespace corpuscle::train {

/// Outputs of a network for all elements of a batch of `Data::validation`, row by row.
using OutputsOf = std::function<std::vector<float>(dataset::Examples const&)>;

/// The physics of decoded outputs, against all target particles of the events: median and interquartile range
/// over median of the jet response (R = 0.4), jets found and fake, the visible energy, and efficiency and
/// fake rate per class of particle, matched by direction and energy. NaN where there was nothing to measure.
/// 1 ms per event.
Scalars physics(encoding::Layout layout, Data const& data, OutputsOf const& outputs);

/// The outputs that say what the targets say: with `physics` the best that any network can do with these
/// targets.
OutputsOf ideal_outputs(encoding::Layout layout);

}  // namespace corpuscle::train
