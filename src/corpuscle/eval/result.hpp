#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corpuscle::eval {

/// What an event is known by, in every file that holds a reconstruction of it.
struct EventId {
  std::uint32_t sample = 0;  ///< tells apart files whose run and event numbers overlap
  std::int64_t run = 0;
  std::int64_t number = 0;

  friend auto operator<=>(EventId const&, EventId const&) = default;
};

/// "event 7 of run 0", and the sample if it is not the first.
std::string name(EventId const& id);

/// A number with its error.
///
/// The error is the standard deviation of the number over bootstrap replicas in which each event counts as
/// often as a Poisson deviate of mean 1 says (Rousseeuw's and Efron's bootstrap, weighted by events: entries
/// of one event stay together). It is NaN where there are fewer than two events, and 0 where no event could
/// change the number: a fraction of exactly 0 or 1 is one such, so there think of 1/n.
struct Estimate {
  double value = 0;  ///< NaN if there was nothing to make it of
  double error = 0;
  std::size_t n = 0;             ///< entries that it was made of
  std::vector<double> replicas;  ///< the number on each replica, for differences
};

struct Figure : Estimate {
  std::string name;  ///< "jets/ee_genkt_R0.4/response_median": path and last word
  std::string unit;  ///< empty if dimensionless
  std::string description;
};

struct Axis {
  std::string title;
  std::string unit;           ///< empty if dimensionless
  std::vector<double> edges;  ///< ascending; a bin is (low, high], the first one [low, high]
  bool is_logarithmic = false;

  [[nodiscard]] std::size_t bins() const noexcept { return edges.empty() ? 0 : edges.size() - 1; }
  /// Bin of a value; nothing below bins() if it is outside or NaN.
  [[nodiscard]] std::size_t bin(double value) const;
};

/// A number against a quantity.
struct Curve {
  std::string name, description;
  Axis x;
  std::string y_title, y_unit;
  std::vector<Estimate> points;  ///< one per bin of x
  std::size_t outside = 0;       ///< entries beyond the edges of x
};

struct Histogram {
  std::string name, description;
  Axis x;
  std::string y_title;
  std::vector<std::uint64_t> counts;  ///< one per bin of x
  std::uint64_t below = 0, above = 0;

  void fill(double value);
};

/// Of all particles of a row, the share that was found as what the column says.
struct Matrix {
  std::string name, description;
  std::string row_title, column_title;
  std::vector<std::string> rows, columns;
  std::vector<Figure> cells;          ///< row by row
  std::vector<std::uint64_t> counts;  ///< row by row
};

/// What was evaluated, and what was not.
struct Counts {
  std::size_t events = 0;                                   ///< evaluated
  std::size_t failures = 0;                                 ///< reported as such: not evaluated
  std::size_t left_out = 0;                                 ///< added, but not among the events asked for
  std::size_t events_without_reference = 0;                 ///< evaluated, with no usable reference particle
  std::size_t events_without_test = 0;                      ///< evaluated, with no usable test particle
  std::size_t reference_particles = 0, test_particles = 0;  ///< usable
  std::size_t test_by_direction =
      0;  ///< of these, how many were matched by direction and energy, without truth
  std::size_t reference_dropped = 0,
              test_dropped = 0;  ///< four-momentum not finite, or without energy or direction

  friend bool operator==(Counts const&, Counts const&) = default;
};

/// Everything that an evaluation says.
struct Result {
  Counts counts;
  std::vector<EventId> events;  ///< evaluated, ascending
  std::vector<Figure> figures;
  std::vector<Curve> curves;
  std::vector<Histogram> histograms;
  std::vector<Matrix> matrices;

  /// A copy, so that results may be temporaries.
  /// @throws core::ConfigError if there is no figure or matrix cell, curve, histogram of this name; names the
  ///         nearest one.
  [[nodiscard]] Figure figure(std::string_view name) const;
  [[nodiscard]] Curve curve(std::string_view name) const;
  [[nodiscard]] Histogram histogram(std::string_view name) const;
};

/// `test` minus `baseline`: figures, curves and cells of matrices, with errors for the same events, in which
/// what both have in common drops out. No histograms; counts are those of `test`.
/// @throws core::DataError if they are not of the same events: names the first that one lacks.
/// @throws core::ConfigError if they were not made alike.
Result difference(Result const& test, Result const& baseline);

}  // namespace corpuscle::eval
