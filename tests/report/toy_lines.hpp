#pragma once

#include <cstdint>
#include <string>

#include "corpuscle/eval/evaluation.hpp"
#include "corpuscle/report/line.hpp"
#include "corpuscle/report/report.hpp"
#include "eval/toy_event.hpp"

/// Lines of toy events, for reports.
namespace corpuscle::report {

inline Line toy_line(std::string name, std::uint64_t n_events, eval::toy::Faults const& faults,
                     std::uint64_t first = 0) {
  eval::Evaluation evaluation;
  for (std::uint64_t number = first; number < first + n_events; ++number) {
    auto const truth = eval::toy::generate(number);
    auto const found = eval::toy::reconstruct(truth, number, faults);
    evaluation.add({0, 0, static_cast<std::int64_t>(number)}, {truth, found});
  }
  return {std::move(name), evaluation.result()};
}

inline Report toy_report(std::uint64_t n_events = 30) {
  Report report;
  report.title = "Toys <& more>";
  report.facts = {{"input", "toys"}};
  report.notes = {"2 events were left out"};
  report.lines.push_back(toy_line("rules", n_events, {}));
  report.lines.push_back(toy_line("naive", n_events, {.scale = 1.2}));
  return report;
}

}  // namespace corpuscle::report
