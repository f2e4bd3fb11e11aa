#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"

/// What a validation has to say: numbers with errors, beside their targets, and plots.
namespace corpuscle::validation {

struct Estimate {
  double value = 0;
  double error = 0;  ///< statistical, one standard deviation
};

using Sample = std::vector<double>;
using Statistic = std::function<double(Sample&)>;  ///< may reorder the sample

inline double mean(Sample& s) {
  return s.empty() ? 0 : std::accumulate(s.begin(), s.end(), 0.0) / static_cast<double>(s.size());
}

/// Value below which a fraction of the sample lies.
inline double quantile(Sample& s, double fraction) {
  if (s.empty()) return 0;
  auto const at = s.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(s.size() - 1));
  std::nth_element(s.begin(), at, s.end());
  return *at;
}

inline double median(Sample& s) {
  return quantile(s, 0.5);
}

/// Half of the distance between the 16 % and the 84 % quantile: sigma of a Gaussian, blind to tails.
inline double half_width(Sample& s) {
  return (quantile(s, 0.8413) - quantile(s, 0.1587)) / 2;
}

/// Root mean square deviation within the narrowest interval that holds 90 % of the sample, over the mean in
/// that interval.
inline double relative_rms90(Sample& s) {
  std::sort(s.begin(), s.end());
  std::size_t const kept = s.size() * 9 / 10;
  if (kept < 2) return 0;
  double best = 0;
  double narrowest = -1;
  for (std::size_t from = 0; from + kept <= s.size(); ++from) {
    double const width = s[from + kept - 1] - s[from];
    if (narrowest >= 0 && width >= narrowest) continue;
    narrowest = width;
    Sample inside(s.begin() + static_cast<std::ptrdiff_t>(from),
                  s.begin() + static_cast<std::ptrdiff_t>(from + kept));
    double const center = mean(inside);
    double sum = 0;
    for (double x : inside) sum += (x - center) * (x - center);
    best = std::sqrt(sum / static_cast<double>(kept)) / center;
  }
  return best;
}

/// A statistic with its bootstrap error (Efron 1979), 50 resamplings.
inline Estimate estimate(Sample sample, Statistic const& statistic) {
  Estimate result;
  if (sample.empty()) return result;
  core::Random random({0xb007, sample.size()});
  Sample values;
  Sample resampled(sample.size());
  for (int n = 0; n < 50; ++n) {
    for (double& x : resampled)
      x = sample[static_cast<std::size_t>(random.uniform() * static_cast<double>(sample.size()))];
    values.push_back(statistic(resampled));
  }
  double const center = mean(values);
  for (double v : values) result.error += (v - center) * (v - center);
  result.error = std::sqrt(result.error / static_cast<double>(values.size() - 1));
  result.value = statistic(sample);
  return result;
}

struct Row {
  std::string observable;
  std::string source;  ///< section of detector.md, or the file compared with
  double low = 0;      ///< the target: an interval
  double high = 0;
  Estimate measured;
  std::string unit;
  std::size_t n = 0;  ///< particles or events

  /// "ok", "ok within 2 sigma", or by how much it misses the nearer end of the target.
  [[nodiscard]] std::string verdict() const;
};

struct Series {
  std::string name;
  enum class Style { points, steps, line } style = Style::points;
  Sample x, y, error;  ///< steps: x holds the left edges, and one more
};

struct Plot {
  std::string name;  ///< of the file
  std::string title, x_title, y_title;
  bool log_x = false, log_y = false;
  std::vector<Series> series;
};

class Report {
 public:
  void add(Row row);
  void add(Plot plot) { plots_.push_back(std::move(plot)); }
  void write_json(std::string const& path) const;
  [[nodiscard]] std::size_t misses() const;
  [[nodiscard]] std::size_t rows() const { return rows_.size(); }

 private:
  std::vector<Row> rows_;
  std::vector<Plot> plots_;
};

/// Contents of `n` equal bins between `low` and `high`, normalised to 1 over all of the sample.
Series histogram(std::string name, Sample const& sample, int n, double low, double high);

}  // namespace corpuscle::validation
