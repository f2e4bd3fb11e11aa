#include "corpuscle/tune/scaling.hpp"

#include <algorithm>

#include "corpuscle/core/expect.hpp"

namespace corpuscle::tune {
namespace {

/// Where `value` lies among ascending quantiles, in [0, 1]: by the last interval that begins at or before it.
/// @param value  within their range
double rank_from_below(std::span<double const> quantiles, double value) {
  auto const last = static_cast<double>(quantiles.size() - 1);
  auto const above = std::upper_bound(quantiles.begin(), quantiles.end(), value);
  if (above == quantiles.end()) return 1;
  auto const i = static_cast<double>(above - quantiles.begin() - 1);
  return (i + (value - above[-1]) / (above[0] - above[-1])) / last;
}

/// By the first interval that ends at or after it: another answer than above only where quantiles are equal.
double rank_from_above(std::span<double const> quantiles, double value) {
  auto const last = static_cast<double>(quantiles.size() - 1);
  auto const end = std::lower_bound(quantiles.begin(), quantiles.end(), value);
  if (end == quantiles.begin()) return 0;
  auto const i = static_cast<double>(end - quantiles.begin());
  return (i - (end[0] - value) / (end[0] - end[-1])) / last;
}

}  // namespace

MinMaxScaling::MinMaxScaling(std::span<Row const> rows) : low_(rows[0]) {
  Row high = rows[0];
  for (Row const& row : rows) {
    CORPUSCLE_EXPECT(row.size() == low_.size());
    for (std::size_t c = 0; c < row.size(); ++c) {
      low_[c] = std::min(low_[c], row[c]);
      high[c] = std::max(high[c], row[c]);
    }
  }
  for (std::size_t c = 0; c < high.size(); ++c) width_.push_back(high[c] > low_[c] ? high[c] - low_[c] : 1);
}

Row MinMaxScaling::scale(std::span<double const> row) const {
  CORPUSCLE_EXPECT(row.size() == low_.size());
  Row result;
  for (std::size_t c = 0; c < row.size(); ++c) result.push_back(scale(c, row[c]));
  return result;
}

QuantileScaling::QuantileScaling(std::span<Row const> rows, std::size_t n_quantiles) {
  CORPUSCLE_EXPECT(!rows.empty() && n_quantiles >= 2);
  n_quantiles = std::max<std::size_t>(2, std::min(n_quantiles, rows.size()));
  for (std::size_t c = 0; c < rows[0].size(); ++c) {
    std::vector<double> sorted;
    for (Row const& row : rows) sorted.push_back(row[c]);
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> quantiles;
    for (std::size_t q = 0; q < n_quantiles; ++q) {
      double const position = static_cast<double>(q) / static_cast<double>(n_quantiles - 1) *
                              static_cast<double>(sorted.size() - 1);
      auto const i = static_cast<std::size_t>(position);
      std::size_t const next = std::min(i + 1, sorted.size() - 1);
      double const value = sorted[i] + (position - static_cast<double>(i)) * (sorted[next] - sorted[i]);
      // Rounding may not break the order.
      quantiles.push_back(quantiles.empty() ? value : std::max(value, quantiles.back()));
    }
    quantiles_.push_back(std::move(quantiles));
  }
}

double QuantileScaling::scale(std::size_t column, double value) const {
  std::vector<double> const& quantiles = quantiles_[column];
  if (value <= quantiles.front()) return 0;
  if (value >= quantiles.back()) return 1;
  return (rank_from_below(quantiles, value) + rank_from_above(quantiles, value)) / 2;
}

Row QuantileScaling::scale(std::span<double const> row) const {
  CORPUSCLE_EXPECT(row.size() == quantiles_.size());
  Row result;
  for (std::size_t c = 0; c < row.size(); ++c) result.push_back(scale(c, row[c]));
  return result;
}

}  // namespace corpuscle::tune
