#include "corpuscle/tune/worker.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "corpuscle/core/error.hpp"
#include "tune/other_program.hpp"
#include "tune/small_study.hpp"

namespace corpuscle::tune {
namespace {

using test::Folder;
using test::StudyText;

// Epochs that take no time; the level depends on x, the second argument.
StudyText shell_study(Folder const& folder, std::string const& last_line = "") {
  folder.write("objective.sh",
               "for epoch in $(seq 1 $3); do echo epoch $epoch loss $2; done\n" + last_line + "\n");
  StudyText study;
  study.objective =
      "{command: \"sh " + folder / "objective.sh" + " {directory} {x} {epochs} {lr} {kind} {width}\"}";
  study.scheduler = "{kind: none, trials: 2}";
  return study;
}

TEST(WorkerName, TellsTheDeadOfThisMachineFromAllOthers) {
  std::string const mine = worker_name();
  EXPECT_FALSE(is_dead_here(mine));
  EXPECT_EQ(mine.find_first_of(" \"\\"), std::string::npos) << mine;

  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t const child = ::fork();
  if (child == 0) {
    std::string const name = worker_name();
    ::_exit(::write(ends[1], name.data(), name.size()) < 0 ? 1 : 0);
  }
  char text[256];
  ssize_t const n = ::read(ends[0], text, sizeof text);
  ASSERT_GT(n, 0);
  std::string const other(text, static_cast<std::size_t>(n));
  EXPECT_NE(other, mine);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(is_dead_here(other));
  EXPECT_FALSE(is_dead_here("node17/" + other));  // of another machine: nobody knows
  EXPECT_FALSE(is_dead_here("x" + other));
  EXPECT_FALSE(is_dead_here(""));
  EXPECT_FALSE(is_dead_here("init"));
  // The number of a process that is there, with another beginning: the number was used again.
  EXPECT_TRUE(is_dead_here(mine + "1"));
  for (int const end : ends) ::close(end);
}

TEST(Worker, WorksUntilTheStudyIsFinished) {
  Folder const folder;
  Journal::create(journal_path(folder.path()), shell_study(folder).text());
  std::vector<std::string> said;
  WorkerHooks hooks;
  hooks.say = [&](std::string const& line) { said.push_back(line); };
  work(folder.path(), hooks);
  StudyRecord const record = Journal(journal_path(folder.path())).study().record();
  EXPECT_TRUE(record.is_finished);
  ASSERT_EQ(record.trials.size(), 2);
  for (TrialRecord const& trial : record.trials)
    EXPECT_EQ(trial.losses, std::vector<double>(9, trial.configuration[0]));
  ASSERT_EQ(said.size(), 4);
  EXPECT_TRUE(said[0].starts_with("trial 0: epochs 1 to 9, x=")) << said[0];
  EXPECT_TRUE(said[1].starts_with("trial 0: complete at epoch 9: ")) << said[1];
}

// What a worker of this machine that is gone held is taken up at once.
TEST(Worker, TakesUpTheTrialsOfTheDead) {
  Folder const folder;
  Journal::create(journal_path(folder.path()), shell_study(folder).text());
  pid_t const child = ::fork();
  if (child == 0) {
    try {
      Journal journal(journal_path(folder.path()));
      journal.with_lock([](Study& study) {
        auto const job = study.take(worker_name(), 1);
        return study.report(*job, 1, job->configuration[0], 1, 1);
      });
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  work(folder.path(), {});
  StudyRecord const record = Journal(journal_path(folder.path())).study().record();
  EXPECT_TRUE(record.is_finished);
  for (TrialRecord const& trial : record.trials) {
    EXPECT_EQ(trial.losses, std::vector<double>(9, trial.configuration[0]));
    EXPECT_EQ(trial.attempts, 0);
  }
}

TEST(Worker, AsksToStopAreHeardWhileItTrains) {
  Folder const folder;
  Journal::create(journal_path(folder.path()), shell_study(folder).text());
  folder.write("objective.sh", "echo epoch 1 loss 1; exec sleep 1000");
  Journal const journal(journal_path(folder.path()));
  WorkerHooks hooks;
  int n_asked = 0;
  hooks.should_stop = [&] { return ++n_asked > 5; };
  work(folder.path(), hooks);
  Journal after(journal_path(folder.path()));
  EXPECT_TRUE(after.study().leases().empty());
  EXPECT_EQ(after.study().record().trials[0].losses, std::vector<double>{1});
  EXPECT_EQ(after.study().record().trials[0].attempts, 0);
  EXPECT_EQ(after.with_lock([](Study& study) { return study.take("w", 1); })->trial, 0);
}

TEST(Refit, IsTheMeanOfTheLastLosses) {
  Folder const folder;
  StudyText text = shell_study(folder);
  folder.write("objective.sh",
               "for epoch in $(seq 1 $3); do echo epoch $epoch loss $((10 - epoch)); done; sleep 1000");
  text.objective.insert(text.objective.size() - 1, ", average: 3");
  StudyConfig const config = text.config();
  Configuration const configuration{0.5, 1e-3, 1, 32};
  EXPECT_EQ(refit(config, configuration, folder / "refit/a", 1, {}), 2);  // of 3, 2 and 1
  WorkerHooks hooks;
  hooks.should_stop = [] { return true; };
  EXPECT_TRUE(std::isnan(refit(config, configuration, folder / "refit/b", 1, hooks)));

  folder.write("objective.sh", "echo epoch 1 loss 1; exit 3");
  try {
    refit(config, configuration, folder / "refit/c", 1, {});
    FAIL();
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string(error.what()).find("it ended with exit code 3 after epoch 1 of 9; see its log"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace corpuscle::tune
