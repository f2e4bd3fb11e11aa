#include "corpuscle/tune/study_axis.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace corpuscle::tune {

double Axis::share(double x) const {
  double const u =
      is_log ? std::log(std::max(x, low) / low) / std::log(high / low) : (x - low) / (high - low);
  return std::clamp(u, 0., 1.);
}

std::vector<double> Axis::ticks(int wanted) const {
  std::vector<double> result;
  double const margin = 1e-9 * (high - low);
  if (is_log && high / low >= 8) {
    int const first = static_cast<int>(std::floor(std::log10(low)));
    int const last = static_cast<int>(std::ceil(std::log10(high)));
    int const stride = std::max(1, (last - first) / wanted);
    bool const has_room = (last - first) * 3 <= 2 * wanted + 3;
    for (int power = first; power <= last; power += stride)
      for (double const digit : {1., 2., 5.}) {
        double const x = digit * std::pow(10., power);
        if ((digit == 1 || has_room) && x >= low * (1 - 1e-9) && x <= high * (1 + 1e-9)) result.push_back(x);
      }
    return result;
  }
  double const rough = (high - low) / wanted;
  double const power = std::pow(10., std::floor(std::log10(rough)));
  double const digit = rough / power;
  double const step = power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
  for (double k = std::ceil((low - margin) / step); k * step <= high + margin; ++k)
    result.push_back(k * step);
  return result;
}

Axis Axis::over(std::vector<double> values) {
  Axis axis;
  std::erase_if(values, [](double x) { return !std::isfinite(x); });
  if (values.empty()) return axis;
  std::sort(values.begin(), values.end());
  axis.low = values.front();
  axis.high = values.back();
  // Without the largest, at most a tenth, if the axis gets less than half as long by that.
  double const most = values[((values.size() - 1) * 9 + 9) / 10];
  if (double const reach = axis.low + 1.25 * (most - axis.low);
      axis.high - axis.low > 2.5 * (most - axis.low))
    axis.high = std::max(reach, axis.low);
  axis.is_log = axis.low > 0 && axis.high > 4 * axis.low;
  if (axis.high == axis.low) {
    double const half = std::max(1e-9, 0.05 * std::abs(axis.low));
    axis.low -= half;
    axis.high += half;
  } else if (axis.is_log) {
    double const room = std::pow(axis.high / axis.low, 0.04);
    axis.low /= room;
    axis.high *= room;
  } else {
    double const room = 0.04 * (axis.high - axis.low);
    axis.low -= room;
    axis.high += room;
  }
  return axis;
}

std::string short_text(double x, int digits) {
  if (std::isnan(x)) return "nan";
  char text[32];
  return {text,
          std::to_chars(text, text + sizeof text, x == 0 ? 0 : x, std::chars_format::general, digits).ptr};
}

}  // namespace corpuscle::tune
