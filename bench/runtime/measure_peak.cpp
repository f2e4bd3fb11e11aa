// What the core can do at most: multiplications and additions per second of CPU time between registers, in
// float and in bf16, as one line. For CPUs with AVX-512; others have no line.
#include <cstdio>

#if defined(__x86_64__)
// GCC 12 takes the undefined source of unmasked intrinsics for a variable that somebody forgot (GCC bug
// 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <ctime>

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

constexpr int n_steps = 3'000'000;
constexpr std::size_t n_sums = 16;  // enough to hide how long one instruction takes
volatile float sink;

[[gnu::target("avx512f")]] double seconds_of_fp32() {
  __m512 const half = _mm512_set1_ps(0.5F);
  __m512 sums[n_sums];
  for (std::size_t j = 0; j < n_sums; ++j)
    sums[j] = _mm512_set1_ps(static_cast<float>(j));  // none is another
  double const before = cpu_seconds();
  for (int i = 0; i < n_steps; ++i) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < n_sums; ++j) sums[j] = _mm512_fmadd_ps(sums[j], half, half);
  }
  double const after = cpu_seconds();
  for (__m512 const& sum : sums) sink = _mm512_cvtss_f32(sum);
  return after - before;
}

[[gnu::target("avx512f,avx512bw,avx512bf16")]] double seconds_of_bf16() {
  auto const half = (__m512bh)_mm512_set1_epi16(0x3f00);
  __m512 sums[n_sums];
  for (std::size_t j = 0; j < n_sums; ++j)
    sums[j] = _mm512_set1_ps(static_cast<float>(j));  // none is another
  double const before = cpu_seconds();
  for (int i = 0; i < n_steps; ++i) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < n_sums; ++j) sums[j] = _mm512_dpbf16_ps(sums[j], half, half);
  }
  double const after = cpu_seconds();
  for (__m512 const& sum : sums) sink = _mm512_cvtss_f32(sum);
  return after - before;
}

/// The best of five. @param operations  of an instruction
double gigaflops(double (*seconds)(), double operations) {
  double best = seconds();
  for (int i = 0; i < 4; ++i) best = std::min(best, seconds());
  return 1e-9 * n_steps * static_cast<double>(n_sums) * operations / best;
}

}  // namespace

int main() {
  if (!__builtin_cpu_supports("avx512f")) return 0;
  std::printf("one core at most %.0f GFLOP/s in fp32", gigaflops(seconds_of_fp32, 32));
  if (__builtin_cpu_supports("avx512bf16")) std::printf(", %.0f in bf16", gigaflops(seconds_of_bf16, 64));
  std::printf("\n");
  return 0;
}

#else
int main() {
  return 0;
}
#endif
