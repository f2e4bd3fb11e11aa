#pragma once

#include <string>
#include <utility>
#include <vector>

#include "corpuscle/report/gates.hpp"
#include "corpuscle/report/line.hpp"

namespace corpuscle::report {

/// All that a report tells.
struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  ///< inputs, detector, reference: name and value
  std::vector<std::string> notes;  ///< what the reader must know: events left out, particles dropped
  std::vector<Line> lines;         ///< of the same events; the first one is under test
  std::vector<Verdict> verdicts;   ///< of gates; may be empty
};

enum class Contents {
  all,
  numbers  ///< numbers.json alone: quick, and needs no ROOT
};

/// Writes a report as a folder that appears when it is complete, and replaces an earlier report of that name:
/// `report.html` (one file: pictures, numbers and the program that shows them are in it), `figures/` with
/// each picture as PNG and PDF, `histograms.root`, `numbers.json`. Numbers and pictures depend on the report
/// alone. Cost: 0.1 to 0.2 s per picture, of which there are about sixty.
///
/// @throws core::ConfigError if the folder exists and is not a report
/// @throws core::EnvironmentError if it cannot be written, or without ROOT
void write(Report const& report, std::string const& folder, Contents contents = Contents::all);

/// Tries whether `write` will be able to, before the work of which it tells. Makes the folders above.
/// @throws as `write` does for a folder that it may not replace, or cannot write
void require_replaceable(std::string const& folder);

}  // namespace corpuscle::report
