#include "corpuscle/eval/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "corpuscle/core/random.hpp"

namespace corpuscle::eval {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Entries of a sample by rising value; equal ones in any order, since they are told apart by nothing but
/// weight.
std::vector<std::uint32_t> by_value(Sample const& sample) {
  std::vector<std::uint32_t> order(sample.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return sample.values[a] < sample.values[b]; });
  return order;
}

std::vector<double> sum_by_event(Sample const& sample, std::size_t n_events) {
  std::vector<double> sums(n_events);
  for (std::size_t k = 0; k < sample.size(); ++k) sums[sample.events[k]] += sample.values[k];
  return sums;
}

}  // namespace

Bootstrap::Bootstrap(std::span<EventId const> events, std::size_t n_replicas, std::uint64_t seed)
    : n_events_(events.size()), n_replicas_(n_replicas), weights_((1 + n_replicas) * events.size(), 1) {
  for (std::size_t event = 0; event < n_events_; ++event) {
    EventId const& id = events[event];
    core::Random random(
        {seed, id.sample, static_cast<std::uint64_t>(id.run), static_cast<std::uint64_t>(id.number)});
    for (std::size_t replica = 1; replica <= n_replicas_; ++replica)
      weights_[replica * n_events_ + event] =
          static_cast<std::uint8_t>(std::min<std::uint64_t>(random.poisson(1), 255));
  }
}

Replicas Bootstrap::ratio(Sample const& numerators, Sample const& denominators) const {
  std::vector<double> const above = sum_by_event(numerators, n_events_);
  std::vector<double> const below = sum_by_event(denominators, n_events_);
  Replicas result;
  for (std::size_t replica = 0; replica <= n_replicas_; ++replica) {
    std::span<std::uint8_t const> const weight = weights(replica);
    double a = 0;
    double b = 0;
    for (std::size_t event = 0; event < n_events_; ++event) {
      a += weight[event] * above[event];
      b += weight[event] * below[event];
    }
    result.push_back(b == 0 ? nan : a / b);
  }
  return result;
}

Replicas Bootstrap::mean(Sample const& sample) const {
  return ratio(sample, {std::vector<float>(sample.size(), 1), sample.events});
}

std::vector<Replicas> Bootstrap::quantiles(Sample const& sample, std::span<double const> levels) const {
  std::vector<float> values;
  std::vector<std::uint32_t> events;
  for (std::uint32_t entry : by_value(sample)) {
    values.push_back(sample.values[entry]);
    events.push_back(sample.events[entry]);
  }
  std::vector<Replicas> result(levels.size());
  for (std::size_t replica = 0; replica <= n_replicas_; ++replica) {
    std::uint8_t const* const weight = weights(replica).data();
    std::uint64_t n = 0;
    for (std::uint32_t event : events) n += weight[event];
    std::size_t k = 0;         // an entry ...
    std::uint64_t before = 0;  // ... and how many, counted by weight, come before it
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (n == 0) {
        result[level].push_back(nan);
        continue;
      }
      double const position = levels[level] * static_cast<double>(n - 1);
      auto const index = static_cast<std::uint64_t>(position);
      while (before + weight[events[k]] <= index) before += weight[events[k++]];
      double const low = values[k];
      double high = low;
      if (index + 1 < n && index + 1 == before + weight[events[k]]) {
        std::size_t next = k + 1;
        while (weight[events[next]] == 0) ++next;
        high = values[next];
      }
      result[level].push_back(low + (position - static_cast<double>(index)) * (high - low));
    }
  }
  return result;
}

Replicas Bootstrap::of_sorted(Sample const& sample,
                              std::function<double(std::span<double const>)> const& statistic) const {
  std::vector<std::uint32_t> const order = by_value(sample);
  Replicas result;
  std::vector<double> values;
  for (std::size_t replica = 0; replica <= n_replicas_; ++replica) {
    values.clear();
    for (std::uint32_t entry : order)
      values.insert(values.end(), weights(replica)[sample.events[entry]], sample.values[entry]);
    result.push_back(statistic(values));
  }
  return result;
}

Estimate Bootstrap::estimate(Replicas replicas, std::size_t n) const {
  Estimate result;
  result.value = replicas.front();
  result.n = n;
  result.replicas.assign(replicas.begin() + 1, replicas.end());
  result.error = spread(result.replicas, n_events_);
  return result;
}

double spread(std::span<double const> replicas, std::size_t n_events) {
  double sum = 0;
  std::size_t n = 0;
  for (double value : replicas)
    if (std::isfinite(value)) {
      sum += value;
      ++n;
    }
  // Replicas in which nothing was left to make the number of say nothing; nor do the others, if those are
  // many.
  if (n_events < 2 || n < 2 || 2 * n < replicas.size()) return nan;
  double const mean = sum / static_cast<double>(n);
  double squares = 0;
  for (double value : replicas)
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(n - 1));
}

MeanRms rms90(std::span<double const> sorted) {
  if (sorted.empty()) return {nan, nan};
  std::size_t const n = sorted.size();
  auto const kept = static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(n)));
  std::size_t first = 0;
  for (std::size_t k = 1; k + kept <= n; ++k)
    if (sorted[k + kept - 1] - sorted[k] < sorted[first + kept - 1] - sorted[first]) first = k;
  std::span<double const> const inside = sorted.subspan(first, kept);
  double const mean = std::accumulate(inside.begin(), inside.end(), 0.0) / static_cast<double>(kept);
  double squares = 0;
  for (double value : inside) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(kept))};
}

}  // namespace corpuscle::eval
