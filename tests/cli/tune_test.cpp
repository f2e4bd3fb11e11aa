// A search as a user starts it, disturbs it and looks at it; the trainings are made up.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

// MODE DIRECTORY EPOCHS X SECONDS. What a real training keeps in its checkpoint is here the file `trained`, a
// line per epoch: so a test can tell what was trained twice. Its losses are said again after a start.
constexpr char const* objective = R"sh(mode=$1 directory=$2 epochs=$3 x=$4 seconds=$5
case $mode in
  garbage) echo epoch 1 loss abc; sleep 1000 ;;
  hang) sleep 1000 ;;
  again) while :; do echo epoch 1 loss 5; sleep 0.05; done ;;
  nothing) exit 0 ;;
esac
stop=
trap stop=yes TERM
say() { echo "epoch $1 loss $(((x - 300000) * (x - 300000) / 100000 + 1000000 / $1))"; }
epoch=0
if [ -e "$directory/trained" ]; then
  for epoch in $(cat "$directory/trained"); do say $epoch; done
fi
while [ $epoch -lt $epochs ] && [ -z "$stop" ]; do
  sleep $seconds
  epoch=$((epoch + 1))
  echo $epoch >> "$directory/trained"
  say $epoch
done
)sh";

class CliTune : public Cli {
 protected:
  void SetUp() override { testing::write_bytes(outputs_ / "objective.sh", objective); }

  [[nodiscard]] std::string study_text(std::string const& mode, std::string const& scheduler, double seconds,
                                       std::string const& keys = {}) const {
    std::ostringstream text;
    text << "name: made up\nepochs: 9\nobjective:\n  command: \"sh " << outputs_ / "objective.sh" << ' '
         << mode << " {directory} {epochs} {x} " << seconds << "\"\n"
         << keys << "scheduler: " << scheduler << "\nsearcher: {kind: random, seed: 4}\n"
         << "parameters:\n  - {name: x, kind: integer, low: 0, high: 1000000}\nfirst_guesses: [{x: 0}]\n";
    return text.str();
  }
  /// Makes a study and returns its directory.
  std::string init(std::string const& name, std::string const& text) const {
    testing::write_bytes(outputs_ / name + ".yaml", text);
    Answer const answer = run({"tune", "init", outputs_ / name + ".yaml", "-o", outputs_ / name});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_TRUE(contains(answer.out, "study 'made up', 1 parameter")) << answer.out;
    return outputs_ / name;
  }
  std::string must(Arguments const& arguments) const {
    Answer const answer = run(arguments);
    EXPECT_EQ(answer.exit_code, success) << arguments[1] << ": " << answer.err << answer.out;
    return answer.out;
  }

  /// The lines of a journal that are complete.
  static std::vector<nlohmann::json> lines(std::string const& study) {
    std::istringstream in(testing::bytes_of(study + "/journal.log"));
    std::vector<nlohmann::json> all;
    for (std::string line; std::getline(in, line) && !in.eof();) all.push_back(nlohmann::json::parse(line));
    return all;
  }
  using Losses = std::multiset<std::tuple<int, int, double>>;
  static Losses losses(std::string const& study) {
    Losses all;
    for (auto const& line : lines(study))
      if (line.at("op_code") == 7)
        all.emplace(line.at("trial_id"), line.at("step"), line.at("intermediate_value"));
    return all;
  }
  static std::map<int, int> states(std::string const& study) {
    std::map<int, int> all;
    for (auto const& line : lines(study))
      if (line.at("op_code") == 6) all[line.at("trial_id")] = line.at("state");
    return all;
  }
  /// Every epoch of every trial was trained once.
  static void expect_nothing_repeated(std::string const& study, std::size_t n_trials) {
    std::size_t n = 0;
    for (auto const& entry : std::filesystem::directory_iterator(study + "/trials")) {
      std::istringstream in(testing::bytes_of(entry.path() / "trained"));
      int expected = 0;
      for (int epoch = 0; in >> epoch;) EXPECT_EQ(epoch, ++expected) << entry.path();
      ++n;
    }
    EXPECT_EQ(n, n_trials);
  }

  /// Starts a command that is to be disturbed.
  pid_t start_alone(Arguments arguments) const {
    arguments.insert(arguments.begin(), CORPUSCLE_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t const child = ::fork();
    if (child != 0) return child;
    for (int const fd : {1, 2})
      ::dup2(::open((outputs_ / "disturbed.log").c_str(), O_CREAT | O_APPEND | O_WRONLY, 0600), fd);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  static int exit_code(pid_t process) {
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  static std::vector<pid_t> children(pid_t process) {
    std::string const path = "/proc/" + std::to_string(process);
    std::istringstream in(testing::bytes_of(path + "/task/" + std::to_string(process) + "/children"));
    std::vector<pid_t> all;
    for (pid_t child = 0; in >> child;) all.push_back(child);
    return all;
  }
  static void sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }
};

TEST_F(CliTune, HelpShowsExamples) {
  EXPECT_TRUE(contains(must({"tune", "--help"}), "Examples:\n  corpuscle tune init"));
  for (char const* verb :
       {"init", "run", "worker", "submit", "status", "best", "explain", "export", "import", "replay"})
    EXPECT_TRUE(contains(must({"tune", verb, "--help"}), verb)) << verb;
}

TEST_F(CliTune, WrongUseHasTheExitCodesOfTheGuide) {
  std::string const study = init("study", study_text("train", "{kind: none, trials: 2}", 0));
  std::string const nowhere = outputs_ / "nowhere";
  expect_failure({"tune"}, usage, "subcommand");
  expect_failure({"tune", "init", outputs_ / "study.yaml"}, usage, "--output");
  expect_failure({"tune", "init", nowhere + ".yaml", "-o", nowhere}, environment, "nowhere.yaml");
  expect_failure({"tune", "init", outputs_.path(), "-o", nowhere}, environment, outputs_.path());
  expect_failure({"tune", "init", outputs_ / "study.yaml", "-o", study}, environment, "corpuscle tune run");
  testing::write_bytes(outputs_ / "wrong.yaml", study_text("train", "{kind: asho, trials: 2}", 0));
  expect_failure({"tune", "init", outputs_ / "wrong.yaml", "-o", nowhere}, usage, "wrong.yaml:5:");
  EXPECT_FALSE(std::filesystem::exists(nowhere));
  for (char const* verb : {"run", "worker", "status", "best"})
    expect_failure({"tune", verb, nowhere}, environment, "corpuscle tune init");
  expect_failure({"tune", "run", study, "-j", "0"}, usage, "--workers");
  expect_failure({"tune", "best", study}, data, "no trial is complete");
  expect_failure({"tune", "explain", study, "7"}, usage, "has no trial 7");
  expect_failure({"tune", "explain", study, "-1"}, usage, "");
  expect_failure({"tune", "export", study}, usage, "");
  expect_failure({"tune", "import", study, "--from", nowhere}, environment, "nowhere");
  expect_failure({"tune", "import", study, "--from", outputs_ / "study.yaml"}, data, "study.yaml: line 1");
  expect_failure({"tune", "replay", nowhere}, environment, "nowhere");
  expect_failure({"tune", "replay", outputs_ / "study.yaml"}, data, "study.yaml");
  testing::write_bytes(outputs_ / "diverged.csv", "lr,loss_0,loss_1\n1,2,nan\n");
  expect_failure({"tune", "replay", outputs_ / "diverged.csv"}, data, "diverged.csv: no training");
  testing::write_bytes(study + "/journal.log", testing::bytes_of(study + "/journal.log") + "garbage\n");
  for (char const* verb : {"run", "status"})
    expect_failure({"tune", verb, study}, data, "journal.log: line 3: ");
}

TEST_F(CliTune, AStudyFromItsFileToItsExports) {
  std::string const study = init("study", study_text("train", "{kind: sha, trials: 9, grace: 1, eta: 3}", 0));
  EXPECT_TRUE(contains(must({"tune", "status", study}), "not finished"));
  std::string const log = must({"tune", "run", study, "-j", "2"});
  EXPECT_TRUE(contains(log, "trial 0: epochs 1 to 1, x=0\n")) << log;
  EXPECT_TRUE(contains(log, ": pause at epoch 3: loss ")) << log;  // who closes a round may be its best

  // Nine trials of one epoch, three of which get three and one of those nine.
  std::string const status = must({"tune", "status", study});
  for (char const* words : {"finished", "trials: 0 running, 0 paused, 8 stopped, 1 complete, 0 failed",
                            "epochs: 21 trained, 60 saved by early stopping"})
    EXPECT_TRUE(contains(status, words)) << status;
  EXPECT_EQ(must({"tune", "run", study}), status);  // nothing is left to do
  expect_nothing_repeated(study, 9);

  std::string const best = must({"tune", "best", study});
  std::map<int, int> const ended = states(study);
  int const winner =
      std::find_if(ended.begin(), ended.end(), [](auto const& each) { return each.second == 1; })->first;
  EXPECT_TRUE(best.starts_with("trial " + std::to_string(winner) + ", score 11"))
      << best;  // 1000000 / 9 and more
  EXPECT_TRUE(contains(best, "\ncommand: sh ")) << best;
  std::string const reasons = must({"tune", "explain", study, std::to_string(winner)});
  EXPECT_TRUE(contains(reasons, "epoch 3: promote: loss ")) << reasons;
  EXPECT_TRUE(contains(must({"tune", "explain", study, winner == 0 ? "1" : "0"}), "epochs saved: "));

  must({"tune", "export", study, "--csv", outputs_ / "tables", "--page", outputs_ / "page.html", "--optuna",
        outputs_ / "copy.log", "--sqlite", outputs_ / "study.db", "--tensorboard", outputs_ / "tensorboard"});
  EXPECT_TRUE(testing::bytes_of(outputs_ / "study.db").starts_with("SQLite format 3"));
  EXPECT_FALSE(std::filesystem::is_empty(outputs_ / "tensorboard"));
  std::string const trials = testing::bytes_of(outputs_ / "tables/trials.csv");
  std::string const curves = testing::bytes_of(outputs_ / "tables/curves.csv");
  EXPECT_EQ(std::count(trials.begin(), trials.end(), '\n'), 10);
  EXPECT_EQ(std::count(curves.begin(), curves.end(), '\n'), 22);
  EXPECT_TRUE(contains(testing::bytes_of(outputs_ / "page.html"), "</html>"));
  EXPECT_EQ(testing::bytes_of(outputs_ / "copy.log"), testing::bytes_of(study + "/journal.log"));

  std::string const next = init("next", study_text("train", "{kind: none, trials: 1}", 0));
  EXPECT_TRUE(
      contains(must({"tune", "import", next, "--from", study + "/journal.log"}), "9 trials made known"));
  EXPECT_TRUE(contains(must({"tune", "run", next}), "9 of other studies"));
  expect_failure({"tune", "import", next, "--from", study + "/journal.log"}, data, "has begun");
}

TEST_F(CliTune, RefitTrainsTheBestAndTheFirstGuessWithSeveralSeeds) {
  std::string const study = init("study", study_text("train", "{kind: none, trials: 3}", 0));
  must({"tune", "run", study});
  std::string const text = must({"tune", "best", study, "--refit", "2"});
  for (char const* words : {"best, seed 1: ", "best, seed 2: ", "first-guess, seed 2: 1.01111e+06 ",
                            "first-guess: 1.01111e+06 +- 0 (standard deviation of 2 seeds)"})
    EXPECT_TRUE(contains(text, words)) << text;
  EXPECT_TRUE(contains(must({"tune", "best", study, "--refit", "2"}), "first-guess, seed 2: 1.01111e+06 "));
}

TEST_F(CliTune, AReplayIsATableOfWhatSchedulersCost) {
  std::ostringstream table;
  table << "x";
  for (int epoch = 0; epoch < 9; ++epoch) table << ",loss_" << epoch;
  for (int row = 0; row < 30; ++row) {
    table << '\n' << row;
    for (int epoch = 1; epoch <= 9; ++epoch) table << ',' << row * 7 % 30 + 1. / epoch;
  }
  testing::write_bytes(outputs_ / "table.csv", table.str() + "\n");
  std::string const text = must({"tune", "replay", outputs_ / "table.csv", "--orders", "3"});
  EXPECT_TRUE(contains(text, "30 trainings of 9 epochs, best final loss 0.1111")) << text;
  for (char const* method : {"Hyperband, eta 2", "Swift-Hyperband", "ASHA (stopping)", "ASHA (promotion)"})
    EXPECT_TRUE(contains(text, method)) << method;
}

// hpo.md 7: whoever is killed, and when, the same is trained, nothing of it twice, and nothing fails.
TEST_F(CliTune, KillsAtAnyTimeChangeNothing) {
  std::string const text = study_text("train", "{kind: sha, trials: 9, grace: 1, eta: 3}", 0.05);
  std::string const reference = init("reference", text), study = init("study", text);
  must({"tune", "run", reference, "-j", "2"});
  std::mt19937 chance(::getpid());
  SCOPED_TRACE("seed " + std::to_string(::getpid()));
  int n_heads = 0, n_workers = 0;
  for (int i = 0; i < 6; ++i) {
    pid_t const head = start_alone({"tune", "run", study, "-j", "2"});
    sleep(0.1 + 1e-3 * static_cast<double>(chance() % 500));
    std::vector<pid_t> const workers = children(head);
    if (i % 2 == 0 && !workers.empty()) {
      n_workers += ::kill(workers[chance() % workers.size()], SIGKILL) == 0;
      sleep(0.2);
    }
    ::kill(head, SIGKILL);
    n_heads += exit_code(head) == 137;
  }
  EXPECT_GT(n_heads, 0);
  EXPECT_GT(n_workers, 0);
  must({"tune", "run", study, "-j", "2"});
  EXPECT_EQ(losses(study).size(), 21);
  EXPECT_EQ(losses(study), losses(reference));
  EXPECT_EQ(states(study), states(reference));
  expect_nothing_repeated(study, 9);
  EXPECT_TRUE(contains(must({"tune", "status", study}), "8 stopped, 1 complete, 0 failed"));
}

TEST_F(CliTune, AnInterruptedRunGivesItsTrialsBackWithTheirEpochs) {
  std::string const study = init("study", study_text("train", "{kind: none, trials: 2}", 0.15));
  pid_t const head = start_alone({"tune", "run", study, "-j", "2"});
  for (int i = 0; i < 400 && losses(study).size() < 3; ++i) sleep(0.05);
  ::kill(head, SIGTERM);
  EXPECT_EQ(exit_code(head), 128 + SIGTERM);
  std::size_t const trained = losses(study).size();
  EXPECT_GE(trained, 3);
  EXPECT_LT(trained, 18);
  std::size_t given_back = 0;
  for (auto const& line : lines(study))
    if (line.at("op_code") == 9 && line.at("system_attr").contains("corpuscle"))
      given_back += line.at("system_attr").at("corpuscle").value("reason", "") == "it was asked to stop";
  EXPECT_EQ(given_back, 2);
  std::string const log = testing::bytes_of(outputs_ / "disturbed.log");
  EXPECT_TRUE(contains(log, "interrupted; the workers save what they train")) << log;

  must({"tune", "run", study, "-j", "2"});
  EXPECT_EQ(losses(study).size(), 18);
  expect_nothing_repeated(study, 2);
}

TEST_F(CliTune, TroubleOfTheObjectiveIsSaidAndTriedAgain) {
  struct Case {
    char const* mode;
    char const* words;
  };
  for (Case const& each :
       {Case{"garbage", "it printed 'epoch 1 loss abc', where 'epoch N loss X' is due"},
        Case{"hang", "it reported no epoch for 1 s"}, Case{"again", "it reported no epoch for 1 s"},
        Case{"nothing", "it ended with exit code 0 after epoch 0 of 9"}}) {
    SCOPED_TRACE(each.mode);
    std::string const study =
        init(each.mode, study_text(each.mode, "{kind: none, trials: 1}", 0, "  silence: 1\n  retries: 1\n"));
    std::string const text = must({"tune", "run", study});
    std::string const message =
        "trial 0: " + std::string(each.words) + "; see " + study + "/trials/00000/log\n";
    std::size_t const first = text.find(message);
    EXPECT_NE(first, std::string::npos) << text;
    EXPECT_NE(text.find(message, first + 1), std::string::npos) << text;
    EXPECT_TRUE(contains(text, "0 complete, 1 failed")) << text;
    std::string const reason = must({"tune", "explain", study, "0"});
    EXPECT_TRUE(contains(reason, std::string(each.words) + ", for the 2. time")) << reason;
  }
}

TEST_F(CliTune, WhatWorksForNoTrialEndsTheRunAndNotTheStudy) {
  std::string text = study_text("train", "{kind: none, trials: 50}", 0);
  std::size_t const begin = text.find("sh /");
  std::string const command = text.substr(begin, text.find('"', begin) - begin);
  std::string study = init("false", std::string(text).replace(begin, command.size(), "false {x}"));
  Answer answer = run({"tune", "run", study});
  EXPECT_EQ(answer.exit_code, data);
  EXPECT_TRUE(contains(answer.err,
                       "10 jobs in a row ended before an epoch, the last one in trial 3: it ended with "
                       "exit code 1 after epoch 0 of 9; see "))
      << answer.err;
  EXPECT_EQ(states(study).size(), 3);  // three attempts each

  study = init("nowhere", std::string(text).replace(begin, command.size(), "nowhere/train {x}"));
  answer = run({"tune", "run", study, "-j", "2"});
  EXPECT_EQ(answer.exit_code, environment);
  EXPECT_TRUE(contains(answer.err, "nowhere/train: cannot be started: ")) << answer.err;
  EXPECT_EQ(states(study).size(), 0);  // no trial is to blame
}

}  // namespace
}  // namespace corpuscle
