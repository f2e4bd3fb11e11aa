#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"

/// Does another program get the same out of a file?
namespace corpuscle::onnx {

/// What ONNX Runtime says.
struct Answer {
  bool is_there = false;  ///< false: it is not installed, and nothing has been run
  std::string version;    ///< of ONNX Runtime; else why it is not there
  std::vector<float> outputs;
};

/// Runs a file in ONNX Runtime, event by event, on one thread. A process of Python does it: ONNX Runtime
/// comes as a package of Python nearly everywhere, its library alone nearly nowhere.
/// @param python  a program, looked up as a shell does
/// @param events  without empty ones
/// @param where   names the file in messages
/// @throws core::DataError if ONNX Runtime refuses the file
/// @throws core::EnvironmentError if files cannot be exchanged
Answer run_in_onnx_runtime(std::string const& python, std::string const& onnx_file,
                           artifact::SelfTest const& events, std::string_view where);

/// How far two answers are apart, in units of 1 + the size of the expected one.
struct Deviation {
  double worst = 0, mean = 0;
};

/// An output may differ by 1e-4: single precision through tens of layers. Nine of ten outputs of an event
/// must keep to that: where two elements have the same place in an order but for rounding, they may come in
/// another, and windows are cut a little differently. None may be no number.
/// @param expected  events with the outputs that are right
/// @throws core::DataError naming the event and its worst output
Deviation compare(std::span<float const> outputs, artifact::SelfTest const& expected, std::string_view where);

}  // namespace corpuscle::onnx
