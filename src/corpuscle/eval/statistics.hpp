#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "corpuscle/eval/result.hpp"

namespace corpuscle::eval {

/// Values, each of one event.
struct Sample {
  std::vector<float> values;
  std::vector<std::uint32_t> events;  ///< position in the list of events

  void add(std::size_t event, double value) {
    values.push_back(static_cast<float>(value));
    events.push_back(static_cast<std::uint32_t>(event));
  }
  [[nodiscard]] std::size_t size() const noexcept { return values.size(); }
};

/// Values of a statistic: [0] on the events as they are, then on each replica.
using Replicas = std::vector<double>;

/// Poisson bootstrap by events: how often each event counts in each replica.
///
/// The weights of an event depend on the seed and on its id alone, so two reconstructions of the same events
/// are given the same replicas, and adding events changes nothing for the others.
class Bootstrap {
 public:
  Bootstrap(std::span<EventId const> events, std::size_t n_replicas, std::uint64_t seed);

  [[nodiscard]] std::size_t n_replicas() const noexcept { return n_replicas_; }

  /// Sum of the numerators over the sum of the denominators. O(entries + events * replicas).
  [[nodiscard]] Replicas ratio(Sample const& numerators, Sample const& denominators) const;
  [[nodiscard]] Replicas mean(Sample const& sample) const;

  /// Quantiles at ascending levels in [0, 1], interpolated between neighbours (Hyndman and Fan's definition
  /// 7, that of numpy), an entry of weight w standing for w equal ones. One result per level. O(n log n + n *
  /// replicas), about 1 ns per entry and replica.
  [[nodiscard]] std::vector<Replicas> quantiles(Sample const& sample, std::span<double const> levels) const;

  /// Any statistic of ascending values; called with none too. O(n * replicas) calls of it over all values.
  [[nodiscard]] Replicas of_sorted(Sample const& sample,
                                   std::function<double(std::span<double const>)> const& statistic) const;

  /// @param n  entries behind it
  [[nodiscard]] Estimate estimate(Replicas replicas, std::size_t n) const;

 private:
  [[nodiscard]] std::span<std::uint8_t const> weights(std::size_t replica) const {
    return std::span(weights_).subspan(replica * n_events_, n_events_);
  }

  std::size_t n_events_;
  std::size_t n_replicas_;
  std::vector<std::uint8_t> weights_;  ///< [1 + n_replicas, n_events], the first row all 1
};

/// Standard deviation of the finite ones among replicas; NaN if they are fewer than half, or of fewer than
/// two events.
double spread(std::span<double const> replicas, std::size_t n_events);

struct MeanRms {
  double mean = 0;
  double rms = 0;
};

/// Mean and root mean square deviation in the narrowest interval that holds 90 % of ascending values: what
/// papers on particle flow quote (Thomson, NIM A 611 (2009) 25, section 3). NaN for no values. O(n).
MeanRms rms90(std::span<double const> sorted);

}  // namespace corpuscle::eval
