#pragma once

#include <string_view>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/runtime/engine.hpp"

namespace corpuscle::runtime {

/// Runs the events that a model file brings along, and compares with the outputs of training.
///
/// An output may differ by 1e-3 (bf16: 0.1) of 1 + its size. Nine of ten outputs of an event must keep to
/// that: where elements are sorted by their angles, and LibTorch rounds an angle otherwise, two of them may
/// change places, and windows are cut a little differently; none may be no number.
/// @throws core::DataError naming the event and its worst output
void replay(artifact::SelfTest const& test, Engine const& engine, std::string_view where);

}  // namespace corpuscle::runtime
