#pragma once

#include <string_view>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/runtime/engine.hpp"

namespace corpuscle::runtime {

/// Runs the events that a model file brings along, and compares with the outputs of training.
///
/// An output is wrong if it differs by more than 1e-3 (bf16: 0.1) of 1 + its size. Nine of ten outputs of an
/// event must be right, and of each of the columns one of ten, so that a wrong layer behind one of them is
/// found too; and none may be no number.
///
/// Why these: in fp32, LibTorch and this engine are each within 1e-4 of the same network in double precision
/// (engine_test.cpp measures 1e-5), so they differ by 2e-4 at most; five times that is still a thousandth of
/// what a weight in the wrong place does. In bf16 a layer's sums of size 1 are off by 2^-9 at random, ten
/// layers in a row by 0.01, the worst of some thousand outputs by several times that.
/// Why not all outputs: where elements are sorted by their angles, and LibTorch rounds an angle otherwise,
/// two of them may change places, and windows are cut a little differently. train::load_network knows no such
/// exception, and no bf16: it compares LibTorch with itself, which sorts alike.
/// @throws core::DataError if there is nothing to run, else naming the event and its worst output
void replay(artifact::SelfTest const& test, Engine const& engine, std::string_view where);

}  // namespace corpuscle::runtime
