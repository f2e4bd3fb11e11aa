#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/eval/evaluation.hpp"
#include "evaluate/lines.hpp"

namespace evaluate {

struct FileOptions {
  std::vector<std::string> inputs;
  Request request;
  std::optional<corpuscle::detector::Detector> detector;  ///< else recognised
  std::optional<std::size_t> events;                      ///< the first ones, through all inputs
  unsigned workers = 1;
  bool keep_going = false;
  std::string label;  ///< of the progress bar
};

/// What was measured in files, before anything is made of it.
struct MeasuredFiles {
  std::string detector;
  std::vector<corpuscle::eval::Evaluation> lines;                        ///< as requested
  std::vector<std::size_t> made;                                         ///< of each line, in how many events
  std::map<corpuscle::eval::EventId, corpuscle::eval::FourVector> sums;  ///< of the reference, per event
  std::map<ReferenceKind, std::size_t> references;  ///< how many events have a reference of which kind
  std::vector<std::string> damage;                  ///< what was left out, with keep_going
};

/// Streams events through worker processes. Events with the run and number of an earlier one are told apart
/// by their order (eval::EventId::sample).
/// @throws core::Error for the first damaged event, without keep_going; io::Interrupted
MeasuredFiles measure_files(FileOptions const& options);

/// Those that all lines of all files have, ascending.
/// @throws core::DataError if files with the same event ids do not hold the same events, are of different
///         detectors, or have no event in common
std::vector<corpuscle::eval::EventId> common_events(std::vector<MeasuredFiles> const& files,
                                                    std::vector<std::string> const& names);

}  // namespace evaluate
