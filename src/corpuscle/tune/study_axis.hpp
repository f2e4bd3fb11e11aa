#pragma once

#include <string>
#include <vector>

namespace corpuscle::tune {

/// An axis of a figure: from numbers to places on the page.
struct Axis {
  double low = 0;       ///< number at `begin`
  double high = 1;      ///< number at `end`; above `low`
  bool is_log = false;  ///< low > 0
  double begin = 0;     ///< [px]
  double end = 1;       ///< [px]; may lie below `begin`: pages count downwards

  /// Where x lies from 0 (`low`) to 1 (`high`); numbers outside lie at the ends.
  [[nodiscard]] double share(double x) const;
  [[nodiscard]] double at(double x) const { return begin + share(x) * (end - begin); }
  /// Round numbers on the axis, about `wanted` of them: multiples of 1, 2 or 5 times a power of ten.
  [[nodiscard]] std::vector<double> ticks(int wanted) const;

  /// Holds the values that are finite; if the largest of them lie far from the rest, all but those.
  /// Logarithmic if it spans more than a factor of four. Without a value: from 0 to 1.
  static Axis over(std::vector<double> values);
};

/// x with so many significant digits, without zeros at the end; `nan`, `inf`.
std::string short_text(double x, int digits = 4);

}  // namespace corpuscle::tune
