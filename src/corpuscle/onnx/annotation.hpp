#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/graph/operation.hpp"

/// Inside of the library: how an operation of ours is noted down beside the standard ones that it is made of.
namespace corpuscle::onnx {

/// What sizes in a file are at most, so that those of a forged one multiply without overflow of 32 bits.
inline constexpr std::uint32_t max_size = 65535;   ///< of windows, columns of elements
inline constexpr std::uint32_t max_groups = 4095;  ///< of columns: heads, blocks
inline constexpr std::uint32_t max_row = 1 << 20;  ///< columns of events

/// An operation with names in the place of ids.
struct Annotation {
  graph::Operation operation;          ///< whose constants are numbers 0, 1, ... of `constants`
  std::string name;                    ///< of its node
  std::vector<std::string> inputs;     ///< values
  std::vector<std::string> constants;  ///< initializers
};

/// {"operation": "attention", "name": "layer_0.attention", "inputs": [...], "constants": [...], "heads": 4}
std::string to_json(Annotation const& annotation);

/// The reverse.
/// @param where  names file and node in messages
/// @throws core::DataError naming what is wrong
Annotation annotation_from_json(std::string_view text, std::string_view where);

}  // namespace corpuscle::onnx
