#include "corpuscle/tune/journal.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/tune/study_table.hpp"
#include "tune/other_program.hpp"
#include "tune/small_study.hpp"

namespace corpuscle::tune {
namespace {

using Json = nlohmann::ordered_json;
using test::expect_same;
using test::Folder;
using test::small_loss;
using test::StudyText;
using test::Team;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

class JournalTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::istringstream in(text());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  void write(std::vector<std::string> const& all) const {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    for (std::string const& line : all) file << line << '\n';
  }
  /// Makes a journal and lets a team work at it.
  void finish(StudyText const& study, Team::Loss const& loss = {}) const {
    Journal::create(path_, study.text());
    Journal journal(path_);
    Team team(3);
    journal.with_lock([&](Study& s) {
      team.finish(s, loss);
      return 0;
    });
  }
  /// What is wrong with the journal; empty if nothing is.
  [[nodiscard]] std::string complaint() const {
    try {
      Journal const journal(path_);
      return {};
    } catch (core::DataError const& error) {
      return error.what();
    }
  }
  void expect_complaint(std::size_t line, std::string const& words) const {
    std::string const message = complaint();
    EXPECT_TRUE(message.starts_with(path_ + ": line " + std::to_string(line) + ": ")) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  }

  Folder folder_;
  std::string const path_ = folder_ / "journal.log";
};

double with_failures(Assignment const& job, int epoch) {
  if (job.trial == 0 && epoch == 2) return nan;
  if (job.trial == 4 && epoch == 1) return inf;
  if (job.trial == 5 && epoch == 1) return -inf;
  return small_loss(job.configuration, epoch);
}

TEST_F(JournalTest, WhoOpensItStandsWhereTheWriterStood) {
  StudyText study;
  study.scheduler = "{kind: hyperband}";
  study.searcher = "{kind: tpe, seed: 3}";
  Journal::create(path_, study.text());
  Journal writer(path_), reader(path_);
  EXPECT_EQ(writer.configuration(), study.text());
  Team team(3);
  writer.with_lock([&](Study& s) {
    s.import({0.1, 1e-3, 1, 16}, TrialState::stopped, {2, 1}, 3);
    s.import({0.1, 1e-3, 0, nan}, TrialState::failed, {}, 3);
    return 0;
  });
  for (int turn = 0;; ++turn) {
    bool const is_busy = writer.with_lock([&](Study& s) {
      if (turn % 6 == 5 && team.job(0)) {
        s.leave(*team.job(0), "it ended with exit code 1; \"NaN\" \\ \n\xff", turn % 4 == 1, team.now);
        team.job(0).reset();
      }
      return team.turn(s, with_failures);
    });
    if (!is_busy) break;
    reader.follow();
    expect_same(reader.study().record(), writer.study().record());
    if (turn % 5 == 0) expect_same(Journal(path_).study().record(), writer.study().record());
    if (HasFailure()) return;
  }
  EXPECT_TRUE(reader.study().is_finished());
}

TEST_F(JournalTest, IsJsonThatOptunaUnderstands) {
  finish({}, with_failures);
  std::size_t n_trials = 0;
  std::set<std::string> tokens;
  for (std::string line : lines()) {
    for (std::string const token : {"-Infinity", "Infinity", "NaN"})
      if (std::size_t const at = line.find(": " + token); at != std::string::npos) {
        tokens.insert(token);
        line = line.substr(0, at + 2) + '0' + line.substr(at + 2 + token.size());
      }
    Json const json = Json::parse(line);
    EXPECT_TRUE(json.contains("worker_id"));
    int const operation = json.at("op_code").get<int>();
    if (operation > 4) {
      EXPECT_LT(json.at("trial_id").get<std::size_t>(), n_trials);
    }
    if (operation == 4) ++n_trials;
    if (operation == 6) {
      EXPECT_EQ(json.at("values").is_null(), json.at("state") == 3);
    }
  }
  EXPECT_EQ(n_trials, 12);
  EXPECT_EQ(tokens.size(), 3);
}

TEST_F(JournalTest, OptunaReadsIt) {
  StudyText study;
  study.searcher = "{kind: tpe, seed: 3}";
  study.objective =
      R"({command: "train {directory} {epochs} {seed} {x} {lr} {kind} {width}", average: 2, retries: 0})";
  Journal::create(path_, study.text());
  Journal journal(path_);
  journal.with_lock([](Study& s) {
    s.import({0.1, 1e-3, 1, 16}, TrialState::stopped, {2, 1}, 3);
    s.import({0.1, 1e-3, 0, nan}, TrialState::failed, {}, 3);
    s.import({0.2, 1e-3, 0, nan}, TrialState::complete, {5, 4, 3, 2}, 3);
    Team team(3);
    for (int turn = 0; turn < 12; ++turn) {
      team.turn(s, [](Assignment const& job, int epoch) {
        double const strange[] = {nan, inf, -inf};
        return job.trial >= 5 && job.trial < 8 ? strange[job.trial - 5]
                                               : small_loss(job.configuration, epoch);
      });
      if (turn == 3) s.leave(*team.job(0), "it crashed", true, team.now);
      if (turn == 4) s.renew(*team.job(1), team.now);
      if (turn == 5) s.expire(s.leases().at(0), "its worker is gone", team.now);
    }
    return 0;
  });
  StudyRecord const record = journal.study().record();
  folder_.write("trials.csv", trials_csv(record));
  folder_.write("curves.csv", curves_csv(record));
  test::Outcome const read = test::run_python("read_journal.py", folder_.path());
  if (read.status == 77) GTEST_SKIP() << read.output;
  EXPECT_EQ(read.status, 0) << read.output;
}

TEST_F(JournalTest, TheSameSeedAndOrderOfEventsGiveTheSameBytes) {
  StudyText study;
  study.searcher = "{kind: tpe, seed: 3}";
  finish(study);
  std::string const first = text();
  std::filesystem::remove(path_);
  finish(study);
  EXPECT_EQ(text(), first);
}

TEST_F(JournalTest, OpensAfterEveryLine) {
  StudyText study;
  study.scheduler = "{kind: asha-promote, trials: 9, grace: 1, eta: 3}";
  finish(study, with_failures);
  std::vector<std::string> const all = lines();
  for (std::size_t n = 2; n <= all.size(); ++n) {
    write({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)});
    ASSERT_EQ(complaint(), "") << n;
    Journal journal(path_);
    Team team(2);
    journal.with_lock([&](Study& s) {
      for (Study::Lease const& lease : s.leases()) s.expire(lease, "its worker is gone", 0);
      team.finish(s, with_failures);
      return 0;
    });
    EXPECT_TRUE(Journal(path_).study().is_finished());
  }
}

TEST_F(JournalTest, ALineWithoutAnEndIsCutOffByTheNextWriter) {
  StudyText study;
  study.scheduler = "{kind: none, trials: 3}";
  Journal::create(path_, study.text());
  std::string const whole = text();
  for (std::string const& torn : {std::string(R"({"op_code": 7, "worker_id": "w", "trial_id": 0, "st)"),
                                  std::string("x"), std::string(5000, '\0')}) {
    std::ofstream(path_, std::ios::app) << torn;
    std::string const before = text();
    Journal journal(path_);
    EXPECT_EQ(text(), before);  // whoever only looks changes nothing
    journal.with_lock([](Study& s) { return s.take("w", 1); });
    std::string const after = text();
    EXPECT_TRUE(after.starts_with(whole + R"({"op_code": 4)")) << after;
    EXPECT_EQ(Journal(path_).study().n_trials(), 1);
    std::ofstream(path_, std::ios::trunc) << whole;
  }
}

TEST_F(JournalTest, SaysWhichLineIsDamaged) {
  finish({});
  std::vector<std::string> const all = lines();
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::string const& damaged :
         {std::string("garbage"), all[i].substr(0, all[i].size() / 2), std::string(), std::string("[]"),
          std::string(R"({"op_code": 99, "worker_id": "w", "trial_id": 0})"),
          std::string(R"({"op_code": 7})"), std::string(R"({"op_code": "seven", "trial_id": {}})"),
          std::string(10000, '['), std::string("\xff\xfe\x00", 3)}) {
      std::vector<std::string> changed = all;
      changed[i] = damaged;
      write(changed);
      expect_complaint(i + 1, "");
      if (HasFailure()) return;
    }
}

TEST_F(JournalTest, NotesOfAViewerChangeNothing) {
  finish({});
  StudyRecord const before = Journal(path_).study().record();
  std::vector<std::string> all = lines();
  for (char const* note :
       {R"({"op_code": 2, "worker_id": "d", "study_id": 0, "user_attr": {"dashboard:note": "x"}})",
        R"({"op_code": 3, "worker_id": "d", "study_id": 0, "system_attr": {"dashboard:note": "x"}})",
        R"({"op_code": 8, "worker_id": "d", "trial_id": 0, "user_attr": {"note": NaN}})",
        R"({"op_code": 9, "worker_id": "d", "trial_id": 0, "system_attr": {"note": "x"}})"})
    all.insert(all.begin() + 4, note);
  write(all);
  expect_same(Journal(path_).study().record(), before);
  all.push_back(R"({"op_code": 1, "worker_id": "d", "study_id": 0})");
  write(all);
  expect_complaint(all.size(), "");
}

TEST_F(JournalTest, SaysSoIfEventsDoNotFollow) {
  finish({});
  std::vector<std::string> const all = lines();
  ASSERT_TRUE(all[5].starts_with(R"({"op_code": 7)"));  // the first loss, after the starts of three trials
  std::vector<std::string> changed = all;
  std::rotate(changed.begin() + 2, changed.begin() + 5, changed.begin() + 6);
  write(changed);
  expect_complaint(3, "trial 0 of 0 is not there; the journal was changed by hand");
  changed = all;
  changed.insert(changed.begin() + 6, all[5]);
  write(changed);
  expect_complaint(7, "trial 0 reports epoch 1 after epoch 1; the journal was changed by hand");
}

TEST_F(JournalTest, ADamagedJournalIsLeftAsItIs) {
  finish({});
  Journal journal(path_);
  std::ofstream(path_, std::ios::app) << "garbage\n";
  std::string const before = text();
  for (int i = 0; i < 2; ++i) try {
      journal.with_lock([](Study& s) { return s.take("w", 1); });
      FAIL();
    } catch (core::DataError const& error) {
      std::string const place = ": line " + std::to_string(lines().size()) + ": ";
      EXPECT_TRUE(std::string(error.what()).starts_with(path_ + place)) << error.what();
    }
  EXPECT_EQ(text(), before);
}

TEST_F(JournalTest, RefusesOthersJournals) {
  write({});
  expect_complaint(1, "no study of Corpuscle's");
  write({R"({"op_code": 0, "worker_id": "a", "study_name": "s", "directions": [1]})"});
  expect_complaint(2, "no study of Corpuscle's");
  // hpo.md 4.2
  write(
      {R"({"op_code": 0, "worker_id": "a", "study_name": "s", "directions": [1]})",
       R"({"op_code": 4, "worker_id": "a", "study_id": 0, "datetime_start": "2026-11-21T10:00:00.000000"})"});
  expect_complaint(2, "corpuscle tune import");
  write({"epoch,loss", "1,2"});
  expect_complaint(1, "no JSON object");
}

TEST_F(JournalTest, RefusesANewerVersionOfTheFormat) {
  Journal::create(path_, StudyText().text());
  std::vector<std::string> all = lines();
  std::size_t const at = all[1].find(R"("version": 1)");
  ASSERT_NE(at, std::string::npos);
  all[1].replace(at, 12, R"("version": 2)");
  write(all);
  expect_complaint(2, "is of version 2 of the format, this program reads 1");
}

TEST_F(JournalTest, IsMadeOnce) {
  EXPECT_THROW(Journal::create(path_, "name: [\n"), core::ConfigError);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THROW(Journal{path_}, core::EnvironmentError);
  Journal::create(path_, StudyText().text());
  std::string const before = text();
  EXPECT_THROW(Journal::create(path_, StudyText().text()), core::EnvironmentError);
  EXPECT_EQ(text(), before);
  EXPECT_THROW(Journal::create(folder_ / "nowhere/journal.log", StudyText().text()), core::EnvironmentError);
}

TEST_F(JournalTest, WhatADeedThrowsLeavesNoTrace) {
  Journal::create(path_, StudyText().text());
  std::string const before = text();
  Journal journal(path_);
  EXPECT_THROW(journal.with_lock([](Study& s) -> int {
    s.take("w", 1);
    throw core::DataError("no");
  }),
               core::DataError);
  EXPECT_EQ(text(), before);
}

// A limit on the size of files does what a full disk does: some of the bytes fit, the others do not.
TEST_F(JournalTest, AFullDiskLeavesTheJournalAsItWas) {
  Journal::create(path_, StudyText().text());
  {
    Journal journal(path_);
    journal.with_lock([](Study& s) { return s.take("w", 1); });
  }
  std::string const before = text();
  for (std::size_t const room : {0, 1, 60, 300}) {
    pid_t const child = ::fork();
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      Journal journal(path_);
      rlimit const limit{before.size() + room, before.size() + room};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      try {
        journal.with_lock([](Study& s) {
          s.take("x", 1);
          return s.take("y", 1);
        });
        ::_exit(1);
      } catch (core::EnvironmentError const& error) {
        ::_exit(std::string(error.what()).find("cannot be written") != std::string::npos ? 0 : 2);
      } catch (...) {
        ::_exit(3);
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_EQ(text(), before) << room;
  }
  Journal journal(path_);
  EXPECT_TRUE(journal.with_lock([](Study& s) { return s.take("x", 1); }));
}

TEST_F(JournalTest, ManyProcessesAtOnceLoseNothing) {
  constexpr int n_processes = 4, n_trials = 10, epochs = 9;
  StudyText study;
  study.scheduler = "{kind: none, trials: " + std::to_string(n_trials) + "}";
  Journal::create(path_, study.text());
  std::vector<pid_t> children;
  for (int i = 0; i < n_processes; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    try {
      Journal journal(path_);
      std::string const name = "process " + std::to_string(i);
      while (auto job = journal.with_lock([&](Study& s) { return s.take(name, 1); }))
        for (int epoch = 1; epoch <= epochs; ++epoch)
          journal.with_lock(
              [&](Study& s) { return s.report(*job, epoch, small_loss(job->configuration, epoch), 1, 1); });
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  for (pid_t const child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::set<std::pair<int, int>> reports;
  std::size_t n_reports = 0;
  for (std::string const& line : lines()) {
    Json const json = Json::parse(line);
    if (json.at("op_code") != 7) continue;
    ++n_reports;
    reports.insert({json.at("trial_id").get<int>(), json.at("step").get<int>()});
  }
  EXPECT_EQ(n_reports, n_trials * epochs);
  EXPECT_EQ(reports.size(), n_trials * epochs);
  StudyRecord const record = Journal(path_).study().record();
  EXPECT_TRUE(record.is_finished);
  for (TrialRecord const& trial : record.trials) {
    EXPECT_EQ(trial.state, TrialState::complete);
    for (int epoch = 1; epoch <= epochs; ++epoch)
      EXPECT_EQ(trial.losses.at(static_cast<std::size_t>(epoch) - 1), small_loss(trial.configuration, epoch));
  }
}

// bench/tune/measure_study.cpp has the time of 10^6.
TEST_F(JournalTest, OpensAHundredThousandReports) {
  StudyText study;
  study.epochs = "1000";
  study.scheduler = "{kind: none, trials: 100}";
  Journal::create(path_, study.text());
  StudyRecord written;
  {
    Journal journal(path_);
    Team team(10);
    for (int i = 0; i < 10; ++i)
      journal.with_lock([&](Study& s) {
        for (int turn = 0; turn < 1002; ++turn) team.turn(s);
        return 0;
      });
    EXPECT_EQ(journal.study().epochs(), 100'000);
    written = journal.study().record();
  }
  expect_same(Journal(path_).study().record(), written);
}

// --- Journals of others ------------------------------------------------------------------------------------

class ForeignJournalTest : public JournalTest {
 protected:
  Space const space_ = StudyText().config().space;

  [[nodiscard]] std::vector<ForeignTrial> read() const { return read_foreign_journal(path_, space_, 9); }
  [[nodiscard]] std::string refusal(std::vector<std::string> const& all) const {
    write(all);
    try {
      static_cast<void>(read());
      return {};
    } catch (core::DataError const& error) {
      return error.what();
    }
  }

  static constexpr char const* begin =
      R"({"op_code": 0, "worker_id": "a", "study_name": "s", "directions": [1]})";
  static constexpr char const* trial =
      R"({"op_code": 4, "worker_id": "a", "study_id": 0, "datetime_start": "2026-11-21T10:00:00.000000"})";
  static std::string parameter(int trial_id, std::string const& name, std::string const& value,
                               std::string const& distribution) {
    return R"({"op_code": 5, "worker_id": "a", "trial_id": )" + std::to_string(trial_id) +
           R"(, "param_name": ")" + name + R"(", "param_value_internal": )" + value +
           R"(, "distribution": )" + Json(distribution).dump() + "}";
  }
  static std::string number(int trial_id, std::string const& name, std::string const& value) {
    return parameter(
        trial_id, name, value,
        R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 0, "high": 1, "log": false}})");
  }
  static std::string kind(int trial_id, int index) {
    return parameter(trial_id, "kind", std::to_string(index),
                     R"({"name": "CategoricalDistribution", "attributes": {"choices": ["wide", "plain"]}})");
  }
  static std::string state(int trial_id, int value, std::string const& values) {
    return R"({"op_code": 6, "worker_id": "a", "trial_id": )" + std::to_string(trial_id) + R"(, "state": )" +
           std::to_string(value) + R"(, "values": )" + values + "}";
  }
  static std::string loss(int trial_id, int step, std::string const& value) {
    return R"({"op_code": 7, "worker_id": "a", "trial_id": )" + std::to_string(trial_id) + R"(, "step": )" +
           std::to_string(step) + R"(, "intermediate_value": )" + value + "}";
  }
};

TEST_F(ForeignJournalTest, TrialsOfOptunaAreRead) {
  write({begin,
         trial,
         number(0, "x", "0.5"),
         number(0, "lr", "0.001"),
         kind(0, 1),
         loss(0, 0, "5"),
         loss(0, 10, "NaN"),
         loss(0, 20, "4.5"),
         state(0, 1, "[4.5]"),  // steps from 0, with gaps
         trial,
         number(1, "x", "0.25"),
         number(1, "lr", "0.01"),
         kind(1, 0),
         number(1, "width", "32"),
         state(1, 1, "[3]"),  // a value alone
         trial,
         number(2, "x", "0.25"),
         number(2, "lr", "0.01"),
         kind(2, 1),
         state(2, 3, "null"),
         trial,
         number(3, "x", "0.25"),
         number(3, "lr", "0.01"),
         kind(3, 1),
         loss(3, 1, "7"),
         state(3, 2, "null"),
         trial,
         number(4, "x", "0.25")});  // the last one still runs
  std::vector<ForeignTrial> const trials = read();
  ASSERT_EQ(trials.size(), 4);
  EXPECT_TRUE(test::same(trials[0].configuration, {0.5, 0.001, 0, nan}));
  EXPECT_EQ(trials[0].state, TrialState::complete);
  EXPECT_EQ(trials[0].losses, (std::vector<double>{5, 4.5}));
  EXPECT_TRUE(test::same(trials[1].configuration, {0.25, 0.01, 1, 32}));
  EXPECT_EQ(trials[1].losses, std::vector<double>(9, 3));
  EXPECT_EQ(trials[2].state, TrialState::failed);
  EXPECT_EQ(trials[3].state, TrialState::stopped);
  EXPECT_EQ(trials[3].losses, std::vector<double>{7});
}

TEST_F(ForeignJournalTest, OursAreReadToo) {
  finish({}, with_failures);
  StudyRecord const record = Journal(path_).study().record();
  std::vector<ForeignTrial> const trials = read();
  ASSERT_EQ(trials.size(), record.trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_TRUE(test::same(trials[i].configuration, record.trials[i].configuration));
    EXPECT_EQ(trials[i].state, record.trials[i].state);
    if (trials[i].state != TrialState::failed) {
      EXPECT_EQ(trials[i].losses, record.trials[i].losses);
    }
  }
}

TEST_F(ForeignJournalTest, WhatDoesNotFitIsRefusedWithItsLine) {
  auto const says = [&](std::vector<std::string> const& all, std::string const& place,
                        std::string const& words) {
    std::string const message = refusal(all);
    EXPECT_TRUE(message.starts_with(path_ + place)) << message;
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  says({R"({"op_code": 0, "worker_id": "a", "study_name": "s", "directions": [2]})"},
       ": line 1: ", "minimise");
  says({R"({"op_code": 0, "worker_id": "a", "study_name": "s", "directions": [1, 1]})"},
       ": line 1: ", "minimise");
  std::vector<std::string> const whole{
      begin,      trial,           number(0, "x", "0.5"), number(0, "lr", "0.001"),
      kind(0, 1), loss(0, 1, "5"), state(0, 1, "[5]")};
  EXPECT_EQ(refusal(whole), "");
  std::vector<std::string> changed = whole;
  changed.erase(changed.begin() + 3);
  says(changed, ": line 2: ", "'lr' has no value");
  changed = whole;
  changed[3] = number(0, "lr", "0.5");
  says(changed, ": line 2: ", "'lr' = 0.5 is out of range");
  changed = whole;
  changed[4] = kind(0, 7);
  says(changed, ": line 5: ", "");
  changed = whole;
  changed[5] = loss(3, 1, "5");
  says(changed, ": line 6: ", "");
  changed = whole;
  changed[5] = "garbage";
  says(changed, ": line 6: ", "no JSON object");
  says({}, ": ", "no study");
  EXPECT_THROW(read_foreign_journal(folder_ / "nowhere", space_, 9), core::EnvironmentError);
}

TEST(LocalTime, IsIsoWithMicroseconds) {
  std::string const text = local_time(1'700'000'000.25);
  EXPECT_EQ(text.size(), 26) << text;
  EXPECT_TRUE(text.starts_with("2023-11-1")) << text;  // 14 or 15, by the time zone
  EXPECT_TRUE(text.ends_with(".250000")) << text;
}

}  // namespace
}  // namespace corpuscle::tune
