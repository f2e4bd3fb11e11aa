#include "tune/study_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/study_summary.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;
using namespace corpuscle::tune;

constexpr std::size_t most_rows = 10;  // of each kind
constexpr std::size_t most_rungs = 12;

std::string score_text(TrialRecord const& trial) {
  return trial.score ? fmt::format("{:.6g}", *trial.score) : "-";
}

}  // namespace

std::string status_text(StudyRecord const& study) {
  StudySummary const sum = summarise(study);
  std::string text =
      fmt::format("{}: {} scheduler, {} searcher, at most {} per trial, {}\n", study.name, study.scheduler,
                  study.searcher, core::counted(static_cast<std::size_t>(study.max_epochs), "epoch"),
                  study.is_finished ? "finished" : "not finished");
  text += "trials: ";
  for (std::size_t i = 0; i < sum.trials.size(); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", sum.trials[i], trial_state_words[i]);
  if (sum.imported > 0) text += fmt::format("; {} of other studies", sum.imported);
  text += fmt::format("\nepochs: {} trained, {} saved by early stopping; {:.2f} h of workers", sum.epochs,
                      sum.epochs_saved, sum.hours);
  if (study.devices > 0) text += fmt::format(", {:.2f} h of devices", sum.device_hours);
  text += "\n";

  std::vector<Rung> const rungs = occupancy(study, most_rungs);
  if (!rungs.empty()) {
    std::vector<std::vector<std::string>> rows{
        {"epoch", "arrived", "went on", "waiting", "stopped", "failed"}};
    for (Rung const& rung : rungs)
      rows.push_back({rung.first == rung.last ? fmt::format("{}", rung.first)
                                              : fmt::format("{}-{}", rung.first, rung.last),
                      fmt::format("{}", rung.arrived), fmt::format("{}", rung.went_on),
                      fmt::format("{}", rung.waiting), fmt::format("{}", rung.stopped),
                      fmt::format("{}", rung.failed)});
    text += "\n" + terminal::table(rows, 0);
  }

  // Those in training, then the best of the others.
  std::vector<std::size_t> shown, ranked;
  for (std::size_t i = 0; i < study.trials.size() && shown.size() < most_rows; ++i)
    if (study.trials[i].state == TrialState::running) shown.push_back(i);
  for (std::size_t const trial : ranking(study))
    if (ranked.size() < most_rows && study.trials[trial].state != TrialState::running)
      ranked.push_back(trial);
  shown.insert(shown.end(), ranked.begin(), ranked.end());
  if (!shown.empty()) {
    std::vector<std::vector<std::string>> rows{{"trial", "state", "epochs", "score", "configuration"}};
    for (std::size_t const i : shown) {
      TrialRecord const& trial = study.trials[i];
      bool const is_best = study.best && study.best->row() == i;
      rows.push_back({fmt::format("{}{}", i, is_best ? " *" : ""),
                      std::string(trial_state_words[static_cast<std::size_t>(trial.state)]),
                      trial.state == TrialState::running
                          ? fmt::format("{} of {}", trial.losses.size(), trial.target)
                          : fmt::format("{}", trial.losses.size()),
                      score_text(trial), study.space.text(trial.configuration)});
    }
    text += "\n" + terminal::table(rows, 5);
    if (study.trials.size() > shown.size())
      text += fmt::format("and {} more; corpuscle tune export has all\n", study.trials.size() - shown.size());
  }
  if (study.best)
    for (std::string const& warning :
         study.space.edge_warnings(study.trials[study.best->row()].configuration))
      text += fmt::format("note: {}\n", warning);
  return text;
}
