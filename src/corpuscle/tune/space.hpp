#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/tune/trial.hpp"

namespace corpuscle::config {
class Section;
}

namespace corpuscle::tune {

/// A parameter has a meaning only where an earlier one, of words, has one of these values.
struct Condition {
  std::size_t parameter = 0;        ///< index of the earlier one
  std::vector<std::size_t> values;  ///< indices of its words
};

/// One axis of the space.
struct Parameter {
  enum class Kind {
    real,         ///< a number from `low` to `high`, in steps if `step` > 0
    integer,      ///< a whole number from `low` to `high` in steps of `step` >= 1
    categorical,  ///< one of `values`, which have no order
    ordered,      ///< one of `values`, in their order: neighbours are alike
  };

  std::string name;
  Kind kind = Kind::real;
  double low = 0;                   ///< of a number
  double high = 0;                  ///< of a number; low < high, and a whole number of steps above it
  double step = 0;                  ///< 0: continuous
  bool log = false;                 ///< even in the logarithm; low > 0
  std::vector<std::string> values;  ///< two or more words, all different
  std::optional<Condition> when;

  [[nodiscard]] bool is_word() const noexcept { return kind == Kind::categorical || kind == Kind::ordered; }
  /// How many different values; 0 for a continuous one.
  [[nodiscard]] std::size_t count() const noexcept;
  /// The value as a user writes it; `-` if NaN.
  [[nodiscard]] std::string text(double value) const;
};

/// Part of the unit interval that belongs to one value: a point if the parameter is continuous, else a cell;
/// the cells of a parameter tile the interval.
struct Cell {
  double low = 0;
  double high = 0;
  [[nodiscard]] double centre() const noexcept { return (low + high) / 2; }
};

/// What may be tried. Searchers see every parameter as a unit interval, even in the logarithm where asked
/// for.
struct Space {
  std::vector<Parameter> parameters;
  std::vector<Configuration> first_guesses;  ///< tried before anything else

  /// Reads a space from YAML:
  ///
  ///     parameters:
  ///       - {name: network, kind: categorical, values: gnn transformer}
  ///       - {name: lr, kind: real, low: 1e-5, high: 1e-2, scale: log}
  ///       - {name: width, kind: ordered, values: 64 128 256}
  ///       - {name: bins, kind: integer, low: 16, high: 256, step: 16, when: network is gnn}
  ///     first_guesses:
  ///       - {network: gnn, lr: 1e-4, width: 128, bins: 64}
  ///
  /// @throws core::EnvironmentError, core::ConfigError (`file:line:column: ...`) as config::Document does.
  static Space load(std::string const& path);
  static Space parse(std::string const& text, std::string name);

  [[nodiscard]] std::size_t size() const noexcept { return parameters.size(); }
  /// Index of the parameter of this name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;

  /// Whether parameter `index` has a meaning, given the values of those before it.
  [[nodiscard]] bool is_active(Configuration const& configuration, std::size_t index) const;
  /// The cell of a value that is not NaN, in [0, 1].
  [[nodiscard]] Cell cell(std::size_t index, double value) const;
  /// The value to whose cell u belongs, u in [0, 1].
  [[nodiscard]] double value(std::size_t index, double u) const;
  /// The configuration at a point of the unit cube, NaN where a condition is not met.
  [[nodiscard]] Configuration at(std::vector<double> const& unit) const;

  /// What is wrong with a configuration from outside; empty if nothing is.
  [[nodiscard]] std::string complaint(Configuration const& configuration) const;
  /// One sentence per parameter of numbers or ordered words whose value is the first or the last there is, or
  /// within 1 % of the end of a continuous range: the best may lie beyond (hpo.md 1.6: four of the parameters
  /// of the tuned MLPF stand on an edge).
  [[nodiscard]] std::vector<std::string> edge_warnings(Configuration const& best) const;
  /// "lr=0.001 width=128"; parameters without meaning are left out.
  [[nodiscard]] std::string text(Configuration const& configuration) const;
};

/// Reads the keys `parameters` and `first_guesses` of a larger document.
void bind_space(config::Section& section, Space& space);

}  // namespace corpuscle::tune
