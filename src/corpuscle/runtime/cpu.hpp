#pragma once

#include <cstdint>
#include <string_view>

#include "corpuscle/runtime/kernels/kernels.hpp"

namespace corpuscle::runtime {

/// For which machines there are kernels, from the plainest.
enum class InstructionSet : std::uint8_t {
  scalar,
  avx2,         ///< with FMA: x86-64-v3
  avx512,       ///< F, BW, DQ, VL: x86-64-v4
  avx512_bf16,  ///< and AVX512-BF16: AMD since Zen 4, Intel since Cooper Lake
};

/// "scalar", "avx2", "avx512", "avx512-bf16".
std::string_view name(InstructionSet set) noexcept;

/// Whether this CPU, and this build, has it.
bool is_available(InstructionSet set) noexcept;
/// The last that is.
InstructionSet best_instruction_set() noexcept;

/// @param set  available
Kernels const& kernels_for(InstructionSet set) noexcept;

}  // namespace corpuscle::runtime
