#include "corpuscle/tune/study_table.hpp"

#include <cmath>
#include <string_view>
#include <vector>

#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/study_summary.hpp"

namespace corpuscle::tune {
namespace {

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string result = "\"";
  for (char const c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + '"';
}

std::string line(std::vector<std::string> const& fields) {
  std::string result;
  for (std::string const& field : fields) {
    if (&field != &fields.front()) result += ',';
    result += quoted(field);
  }
  return result + '\n';
}

}  // namespace

std::string trials_csv(StudyRecord const& study) {
  std::vector<std::string> header{"trial", "state"};
  for (Parameter const& parameter : study.space.parameters) header.push_back(parameter.name);
  for (char const* name : {"score", "epochs", "seconds", "device_hours", "begin", "worker", "reason"})
    header.emplace_back(name);
  std::string table = line(header);

  std::vector<Decision const*> const decisions = last_decisions(study);
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    TrialRecord const& trial = study.trials[i];
    std::vector<std::string> fields{std::to_string(i),
                                    std::string(trial_state_words[static_cast<std::size_t>(trial.state)])};
    for (std::size_t p = 0; p < study.space.size(); ++p) {
      double const value = trial.configuration[p];
      fields.push_back(std::isnan(value) ? "" : study.space.parameters[p].text(value));
    }
    double const time = seconds(trial);
    fields.push_back(trial.score ? number_text(*trial.score) : "");
    fields.push_back(std::to_string(trial.losses.size()));
    fields.push_back(number_text(time));
    fields.push_back(number_text(time * study.devices / 3600));
    fields.push_back(utc_text(trial.begin));
    fields.push_back(trial.worker);
    fields.push_back(trial.is_imported ? "imported" : decisions[i] ? decisions[i]->reason : "");
    table += line(fields);
  }
  return table;
}

std::string curves_csv(StudyRecord const& study) {
  std::string table = "trial,epoch,loss,seconds,device_seconds\n";
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    TrialRecord const& trial = study.trials[i];
    for (std::size_t e = 0; e < trial.losses.size(); ++e) {
      bool const is_timed = e < trial.seconds.size();
      table += line({std::to_string(i), std::to_string(e + 1), number_text(trial.losses[e]),
                     is_timed ? number_text(trial.seconds[e]) : "",
                     is_timed ? number_text(trial.seconds[e] * study.devices) : ""});
    }
  }
  return table;
}

}  // namespace corpuscle::tune
