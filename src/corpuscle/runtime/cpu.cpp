#include "corpuscle/runtime/cpu.hpp"

#include "corpuscle/core/expect.hpp"

namespace corpuscle::runtime {

std::string_view name(InstructionSet set) noexcept {
  switch (set) {
    case InstructionSet::scalar: return "scalar";
    case InstructionSet::avx2: return "avx2";
    case InstructionSet::avx512: return "avx512";
    case InstructionSet::avx512_bf16: return "avx512-bf16";
  }
  return "";
}

#if defined(__x86_64__)

bool is_available(InstructionSet set) noexcept {
  // The compiler's tests ask the operating system too, whether it keeps the wide registers.
  bool const has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  switch (set) {
    case InstructionSet::scalar: return true;
    case InstructionSet::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::avx512: return has_avx512;
    case InstructionSet::avx512_bf16: return has_avx512 && __builtin_cpu_supports("avx512bf16");
  }
  return false;
}

Kernels const& kernels_for(InstructionSet set) noexcept {
  CORPUSCLE_EXPECT(is_available(set));
  switch (set) {
    case InstructionSet::scalar: break;
    case InstructionSet::avx2: return avx2_kernels();
    case InstructionSet::avx512: return avx512_kernels();
    case InstructionSet::avx512_bf16: return avx512_bf16_kernels();
  }
  return scalar_kernels();
}

#else

bool is_available(InstructionSet set) noexcept {
  return set == InstructionSet::scalar;
}

Kernels const& kernels_for(InstructionSet set) noexcept {
  CORPUSCLE_EXPECT(is_available(set));
  return scalar_kernels();
}

#endif

InstructionSet best_instruction_set() noexcept {
  for (InstructionSet const set : {InstructionSet::avx512_bf16, InstructionSet::avx512, InstructionSet::avx2})
    if (is_available(set)) return set;
  return InstructionSet::scalar;
}

}  // namespace corpuscle::runtime
