#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/report/line.hpp"

/// Figures that must stay where they are: a physics regression test for anybody's CI.
///
/// A file of gates is YAML (docs/guide/evaluate.md):
///
///     gates:
///       - {figure: jets/ee_genkt_R0.4/response_median, min: 0.97, max: 1.03}
///       - {figure: particles/photon/efficiency_hard, reference: 0.97, tolerance: 0.01, sigmas: 3}
///       - {figure: event/energy/response_median, against: before, tolerance: 0.002}
namespace corpuscle::report {

/// One requirement. Without `against` it is for the figure itself, else for its difference to that of another
/// line, on the same events, so that what both have in common drops out.
struct Gate {
  std::string figure;   ///< "jets/ee_genkt_R0.4/response_median"
  std::string line;     ///< empty: the first one
  std::string against;  ///< another line, or "stored": an earlier report (never a line of that name)
  std::optional<double> min, max;   ///< inclusive
  std::optional<double> reference;  ///< what is expected; 0 for differences
  std::optional<double> tolerance;  ///< how far it may be from there ...
  std::optional<double> sigmas;     ///< ... and how many standard deviations more
  std::string where;                ///< "gates.yaml, gate 3", for messages
};

struct Verdict {
  std::string figure, line, against;
  double value = 0, error = 0;  ///< of the figure, or of the difference
  double lowest = 0, highest = 0;
  bool passes = false;  ///< a figure without a value does not
};

/// Figures of an earlier report of the same events (numbers.json).
struct StoredNumbers {
  std::string path;
  std::size_t events = 0;
  std::string checksum;  ///< of the events (numbers.hpp)
  struct Figure {
    std::string line, name;
    double value = 0;
  };
  std::vector<Figure> figures;
};

/// @throws core::ConfigError with file, line and column if the file says what it must not, or gates nothing
std::vector<Gate> load_gates(std::string const& path);

/// Finds before the evaluation what `judge` would find after it.
/// @param lines  names of those that there may be; at least one
/// @throws core::ConfigError if there is no such figure or line, or stored numbers are wanted that are not
/// there
void require_known(std::span<Gate const> gates, std::span<std::string const> lines, bool has_stored);

/// @param stored  null if there are none
/// @throws core::ConfigError if there is no such figure or line, or no stored numbers
/// @throws core::DataError if the stored numbers are of other events
std::vector<Verdict> judge(std::span<Gate const> gates, std::span<Line const> lines,
                           StoredNumbers const* stored);

}  // namespace corpuscle::report
