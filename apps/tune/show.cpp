// corpuscle tune status, best, explain, export, import: those who look at a study.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/study_page.hpp"
#include "corpuscle/tune/study_sqlite.hpp"
#include "corpuscle/tune/study_summary.hpp"
#include "corpuscle/tune/study_table.hpp"
#include "corpuscle/tune/study_tensorboard.hpp"
#include "corpuscle/tune/worker.hpp"
#include "terminal.hpp"
#include "tune/study_lines.hpp"
#include "tune/verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string study;
  bool watch = false;
  int refits = 0;
  std::size_t trial = 0;
  std::string csv, tensorboard, sqlite, page, optuna;
  std::string other;
};

int status(Options const& options) {
  tune::Journal journal(tune::journal_path(options.study));
  terminal::catch_interruptions();
  while (true) {
    tune::StudyRecord const record = journal.study().record();
    if (options.watch && ::isatty(STDOUT_FILENO) != 0) fmt::print("\033[H\033[J");
    fmt::print("{}", status_text(record));
    std::fflush(stdout);
    if (!options.watch || record.is_finished || terminal::interrupted_by() != 0) return 0;
    std::this_thread::sleep_for(std::chrono::seconds(2));
    journal.follow();
  }
}

std::string joined(std::vector<std::string> const& words) {
  std::string line;
  for (std::string const& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

int best(Options const& options) {
  tune::Journal const journal(tune::journal_path(options.study));
  tune::StudyRecord const record = journal.study().record();
  if (!record.best)
    throw core::DataError(core::cat(options.study,
                                    ": no trial is complete yet; `corpuscle tune status` says how "
                                    "far the study is"));
  tune::StudyConfig const& config = journal.study().config();
  std::size_t const number = record.best->row();
  tune::TrialRecord const& trial = record.trials[number];
  fmt::print("trial {}, score {:.6g}\n{}\n", number, *trial.score, record.space.text(trial.configuration));
  if (!trial.is_imported) fmt::print("directory: {}\n", tune::trial_directory(options.study, number));
  for (std::string const& warning : record.space.edge_warnings(trial.configuration))
    fmt::print("note: {}\n", warning);
  if (options.refits == 0) {
    fmt::print("command: {}\n",
               joined(tune::command_for(config, trial.configuration, "DIR", config.max_epochs, 1)));
    return 0;
  }

  terminal::catch_interruptions();
  tune::WorkerHooks hooks;
  hooks.should_stop = [] { return terminal::interrupted_by() != 0; };
  // The first guess is what was there before the search: the gain is measured against it, with the same
  // seeds. If nothing was better, against the next best.
  std::vector<std::pair<std::string, tune::Configuration>> rivals{{"best", trial.configuration}};
  std::vector<std::size_t> const ranking = tune::ranking(record);
  auto const& guesses = config.space.first_guesses;
  if (!guesses.empty() && record.space.text(guesses.front()) != record.space.text(trial.configuration))
    rivals.emplace_back("first-guess", guesses.front());
  else if (ranking.size() > 1 && record.trials[ranking[1]].state == tune::TrialState::complete)
    rivals.emplace_back("runner-up", record.trials[ranking[1]].configuration);
  for (auto const& [name, configuration] : rivals) {
    std::vector<double> scores;
    for (int seed = 1; seed <= options.refits; ++seed) {
      std::string const directory = core::cat(options.study, "/refit/", name, "-", seed);
      double const score =
          tune::refit(config, configuration, directory, static_cast<std::uint64_t>(seed), hooks);
      if (std::isnan(score) && hooks.should_stop()) return 128 + terminal::interrupted_by();
      scores.push_back(score);
      fmt::print("{}, seed {}: {:.6g} ({})\n", name, seed, score, directory);
      std::fflush(stdout);
    }
    double sum = 0, squares = 0;
    for (double const score : scores) sum += score;
    double const mean = sum / static_cast<double>(scores.size());
    for (double const score : scores) squares += (score - mean) * (score - mean);
    if (scores.size() > 1)
      fmt::print("{}: {:.6g} +- {:.2g} (standard deviation of {} seeds)\n", name, mean,
                 std::sqrt(squares / static_cast<double>(scores.size() - 1)), scores.size());
  }
  return 0;
}

int explain(Options const& options) {
  tune::Journal const journal(tune::journal_path(options.study));
  tune::StudyRecord const record = journal.study().record();
  if (options.trial >= record.trials.size())
    throw core::ConfigError(core::cat(options.study, ": has no trial ", options.trial, ", but ",
                                      core::counted(record.trials.size(), "trial")));
  tune::TrialRecord const& trial = record.trials[options.trial];
  fmt::print("trial {}: {}, {} of {} epochs\n{}\n", options.trial,
             tune::trial_state_words[static_cast<std::size_t>(trial.state)], trial.losses.size(),
             record.max_epochs, record.space.text(trial.configuration));
  if (trial.is_imported) fmt::print("of another study: only the searcher knows it\n");
  if (trial.attempts > 0)
    fmt::print("{} that crashed or hung; see {}/log\n",
               core::counted(static_cast<std::size_t>(trial.attempts), "job"),
               tune::trial_directory(options.study, options.trial));
  int saved = 0;
  for (tune::Decision const& decision : record.decisions) {
    if (decision.trial.row() != options.trial) continue;
    fmt::print("epoch {}: {}: {}\n", decision.epoch,
               tune::action_words[static_cast<std::size_t>(decision.action)], decision.reason);
    saved += decision.epochs_saved;
  }
  if (saved > 0) fmt::print("epochs saved: {}\n", saved);
  return 0;
}

int write_out(Options const& options) {
  tune::Journal const journal(tune::journal_path(options.study));
  tune::StudyRecord const record = journal.study().record();
  if (!options.csv.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.csv, error);
    core::write_file(options.csv + "/trials.csv", tune::trials_csv(record));
    core::write_file(options.csv + "/curves.csv", tune::curves_csv(record));
    fmt::print("Written to {0}/trials.csv and {0}/curves.csv\n", options.csv);
  }
  if (!options.tensorboard.empty()) {
    tune::write_tensorboard(record, options.tensorboard);
    fmt::print("Written to {0}; look with: tensorboard --logdir {0}\n", options.tensorboard);
  }
  if (!options.sqlite.empty()) {
    tune::write_sqlite(record, options.sqlite);
    fmt::print("Written to {0}; look with: optuna-dashboard sqlite:///{0}\n", options.sqlite);
  }
  if (!options.page.empty()) {
    core::write_file(options.page, tune::study_page(record));
    fmt::print("Written to {}\n", options.page);
  }
  if (!options.optuna.empty()) {
    std::ifstream file(tune::journal_path(options.study));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    text.erase(text.rfind('\n') + 1);  // a line that is being written
    core::write_file(options.optuna, text);
    fmt::print("Written to {0}; look with: optuna-dashboard {0}\n", options.optuna);
  }
  return 0;
}

int import(Options const& options) {
  tune::Journal journal(tune::journal_path(options.study));
  tune::StudyConfig const& config = journal.study().config();
  std::vector<tune::ForeignTrial> const trials =
      tune::read_foreign_journal(options.other, config.space, config.max_epochs);
  double const now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  journal.with_lock([&](tune::Study& study) {
    try {
      for (tune::ForeignTrial const& trial : trials)
        study.import(trial.configuration, trial.state, trial.losses, now);
    } catch (core::DataError const& error) {
      throw core::DataError(core::cat(options.study, ": ", error.what()));
    }
    return 0;
  });
  fmt::print("{}: {} made known to the searcher\n", options.study, core::counted(trials.size(), "trial"));
  return 0;
}

}  // namespace

void add_show(CLI::App& tune, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto const add = [&](char const* name, char const* what, int (*run)(Options const&)) {
    CLI::App* verb = tune.add_subcommand(name, what);
    verb->add_option("study", options->study, "Directory of a study")->required()->type_name("DIR");
    verb->callback([options, &exit_code, run] { exit_code = run(*options); });
    return verb;
  };
  CLI::App* verb = add("status", "How far a study is, what it has cost and saved", status);
  verb->add_flag("-w,--watch", options->watch, "Again every two seconds, until it is finished");
  verb->footer("Example:\n  corpuscle tune status studies/clusters --watch");

  verb = add("best", "The best configuration, and the command that trains it", best);
  verb->add_option("--refit", options->refits,
                   "Train it once more, and the first guess or, if that is the best, the next one, with so "
                   "many seeds each")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  verb->footer("Example:\n  corpuscle tune best studies/clusters --refit 3");

  verb = add("explain", "What was decided about one trial, and why", explain);
  verb->add_option("trial", options->trial, "Number of the trial")->required()->type_name("TRIAL");
  verb->footer("Example:\n  corpuscle tune explain studies/clusters 17");

  verb = add("export", "A study in the form of other programs", write_out);
  verb->add_option("--page", options->page, "One HTML page with figures")->type_name("FILE.html");
  verb->add_option("--csv", options->csv, "Directory for trials.csv and curves.csv")->type_name("DIR");
  verb->add_option("--tensorboard", options->tensorboard, "Directory for TensorBoard, with hparams")
      ->type_name("DIR");
  verb->add_option("--sqlite", options->sqlite, "Database of Optuna's")->type_name("FILE.db");
  verb->add_option("--optuna", options->optuna, "A copy of the journal, for optuna-dashboard to write into")
      ->type_name("FILE.log");
  verb->require_option(2, 0);  // the study and something to write
  verb->footer(
      "Examples:\n"
      "  corpuscle tune export studies/clusters --page clusters.html --csv tables\n"
      "  corpuscle tune export studies/clusters --sqlite clusters.db && optuna-dashboard "
      "sqlite:///clusters.db");

  verb = add("import", "Make the trials of an Optuna journal known to a new study", import);
  verb->add_option("--from", options->other, "Journal file of Optuna's, or of another study")
      ->required()
      ->type_name("FILE.log");
  verb->footer("Example:\n  corpuscle tune import studies/next --from studies/clusters/journal.log");
}
