#pragma once

namespace corpuscle::encoding {

/// A sum that does not depend on the order of its terms.
///
/// Every term is first rounded to a multiple of 2^-bits, by adding and subtracting a number so large that its
/// last bit is worth just that. Sums of such multiples need no rounding as long as they stay below
/// 2^(52 - bits), and what is not rounded is associative. Beyond that it is an ordinary sum. (Demmel, Nguyen,
/// "Fast reproducible floating-point summation", ARITH 21 (2013), with one fixed bin.)
template <int bits>
class ExactSum {
 public:
  void operator+=(double term) noexcept {
    constexpr double big = 1.5 * static_cast<double>(1ULL << (52 - bits));
    sum_ += (term + big) - big;
  }
  operator double() const noexcept { return sum_; }  // NOLINT: it is a number

 private:
  double sum_ = 0;
};

}  // namespace corpuscle::encoding
