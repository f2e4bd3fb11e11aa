#include "corpuscle/tune/objective_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include "corpuscle/core/error.hpp"
#include "tune/other_program.hpp"

namespace corpuscle::tune {
namespace {

using test::Folder;
using Report = ObjectiveProcess::Report;

constexpr double soon = 20;  // s, for what comes at once on a machine that is not overloaded

class ObjectiveProcessTest : public ::testing::Test {
 protected:
  [[nodiscard]] ObjectiveProcess shell(std::string const& script) const {
    return ObjectiveProcess({"/bin/sh", "-c", script}, folder_ / "log");
  }
  [[nodiscard]] std::string text_of(std::string const& name) const {
    std::ifstream file(folder_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  /// All reports until the program has ended.
  static std::vector<Report> reports(ObjectiveProcess& process) {
    std::vector<Report> all;
    auto const begin = std::chrono::steady_clock::now();
    while (!process.has_ended() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(60))
      while (std::optional<Report> const report = process.next(0.1)) all.push_back(*report);
    EXPECT_TRUE(process.has_ended());
    return all;
  }
  /// Waits until the program says that it is there.
  void wait_for_file(std::string const& name) const {
    for (int i = 0; i < 2000 && text_of(name).empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  /// Whether a process is there and no zombie.
  static bool is_alive(std::string const& process) {
    std::ifstream file("/proc/" + process + "/stat");
    std::string text;
    std::getline(file, text);
    std::size_t const name_end = text.rfind(')');
    return name_end != std::string::npos && text.substr(name_end + 2, 1) != "Z";
  }
  static bool dies(std::string const& process) {
    for (int i = 0; i < 2000 && is_alive(process); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !is_alive(process);
  }

  Folder folder_;
};

TEST(ParseReport, ReadsLossesOfAllKinds) {
  EXPECT_EQ(parse_report("epoch 3 loss 0.25")->epoch, 3);
  EXPECT_EQ(parse_report("epoch 3 loss 0.25")->loss, 0.25);
  EXPECT_EQ(parse_report("epoch 12 loss -1.5e-3\r")->loss, -1.5e-3);
  for (char const* loss : {"nan", "NaN", "-nan"})
    EXPECT_TRUE(std::isnan(parse_report(std::string("epoch 1 loss ") + loss)->loss));
  for (char const* loss : {"inf", "Infinity"})
    EXPECT_EQ(parse_report(std::string("epoch 1 loss ") + loss)->loss,
              std::numeric_limits<double>::infinity());
}

TEST(ParseReport, LeavesOtherLinesAlone) {
  for (char const* line : {"", "epoch", "epoch three", "Epoch 3 loss 1", " epoch 3 loss 1", "epochs 3",
                           "loss 3", "epoch: 3", "\xff\xfe"})
    EXPECT_FALSE(parse_report(line)) << line;
}

TEST(ParseReport, RefusesWhatIsHalfAReport) {
  for (char const* line : {"epoch 3", "epoch 3 loss", "epoch 3 loss abc", "epoch 3 loss 0.5 accuracy 0.9",
                           "epoch 3 loss: 0.5", "epoch 3 loss 0,5", "epoch 3/27 loss 0.5"})
    EXPECT_THROW(parse_report(line), core::DataError) << line;
  try {
    parse_report("epoch 3 loss abc");
  } catch (core::DataError const& error) {
    EXPECT_STREQ(error.what(), "it printed 'epoch 3 loss abc', where 'epoch N loss X' is due");
  }
}

TEST_F(ObjectiveProcessTest, HearsReportsAmongOtherLinesAndLogsAll) {
  ObjectiveProcess process = shell(
      "echo hello; echo epoch 1 loss 0.5; echo trouble >&2; printf '\\001\\377garbage\\n'; echo epoch 2 loss "
      "nan; "
      "printf 'epoch 3 loss 0.25'");  // the last without an end
  std::vector<Report> const all = reports(process);
  ASSERT_EQ(all.size(), 3);
  EXPECT_EQ(all[0].epoch, 1);
  EXPECT_EQ(all[0].loss, 0.5);
  EXPECT_TRUE(std::isnan(all[1].loss));
  EXPECT_EQ(all[2].epoch, 3);
  EXPECT_EQ(all[2].loss, 0.25);
  EXPECT_EQ(process.how(), "it ended with exit code 0");
  std::string const log = text_of("log");
  EXPECT_TRUE(log.starts_with("$ /bin/sh -c ")) << log;
  for (char const* line : {"hello\n", "epoch 1 loss 0.5\n", "trouble\n", "garbage\n", "epoch 3 loss 0.25"})
    EXPECT_NE(log.find(line), std::string::npos) << line;
}

TEST_F(ObjectiveProcessTest, SaysHowItEnded) {
  ObjectiveProcess failing = shell("exit 3");
  reports(failing);
  EXPECT_EQ(failing.how(), "it ended with exit code 3");
  ObjectiveProcess killed = shell("kill -9 $$");
  reports(killed);
  EXPECT_EQ(killed.how(), "signal 9 (Killed) ended it");
}

TEST_F(ObjectiveProcessTest, AHalfReportIsAnError) {
  ObjectiveProcess process = shell("echo epoch 3 loss abc; sleep 100");
  EXPECT_THROW(process.next(soon), core::DataError);
}

TEST_F(ObjectiveProcessTest, AProgramThatIsNotThereCannotBeStarted) {
  for (char const* program : {"/nowhere/train", "no-such-program-in-path", "/tmp"}) try {
      ObjectiveProcess process({program, "x"}, folder_ / "log");
      FAIL() << program;
    } catch (core::EnvironmentError const& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(std::string(program) + ": cannot be started: "))
          << error.what();
    }
  EXPECT_THROW(ObjectiveProcess({"/bin/true"}, folder_ / "nowhere/log"), core::EnvironmentError);
}

TEST_F(ObjectiveProcessTest, WaitsNoLongerThanItIsTold) {
  ObjectiveProcess process = shell("sleep 100");
  auto const begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(process.next(0.2));
  EXPECT_FALSE(process.has_ended());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
}

// Neither a flood without lines nor one of lines keeps the worker from its other duties.
TEST_F(ObjectiveProcessTest, AFloodOfOutputDoesNotHoldUpTheWorker) {
  for (char const* flood : {"exec yes", "while :; do echo epoch 1 loss 1; done", "exec cat /dev/zero"}) {
    ObjectiveProcess process = shell(flood);
    auto const begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 5; ++i) process.next(0.1);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
    process.stop(1);
    EXPECT_TRUE(process.has_ended());
  }
}

TEST_F(ObjectiveProcessTest, TheLogOfAFloodHasAnEnd) {
  // 80 MB, of which 64 MiB are kept.
  ObjectiveProcess process = shell("yes 0123456789012345678 | head -c 80000000; echo epoch 1 loss 2");
  std::vector<Report> const all = reports(process);
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].loss, 2);
  EXPECT_LT(std::filesystem::file_size(folder_ / "log"), (64 << 20) + 10'000);
  EXPECT_GT(std::filesystem::file_size(folder_ / "log"), 64 << 20);
}

TEST_F(ObjectiveProcessTest, ALineOfAMegabyteIsNoReportAndTheNextOneIs) {
  ObjectiveProcess process = shell("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo epoch 1 loss 2");
  std::vector<Report> const all = reports(process);
  ASSERT_EQ(all.size(), 1);
  EXPECT_EQ(all[0].loss, 2);
}

TEST_F(ObjectiveProcessTest, SigtermLetsItSaveAndReport) {
  ObjectiveProcess process = shell("trap 'echo epoch 2 loss 7; echo saved > " + folder_ / "checkpoint" +
                                   "; exit 0' TERM\n" + "echo epoch 1 loss 8; while :; do sleep 0.02; done");
  ASSERT_TRUE(process.next(soon));
  process.stop(soon);
  EXPECT_TRUE(process.has_ended());
  EXPECT_EQ(process.how(), "it ended with exit code 0");
  EXPECT_EQ(text_of("checkpoint"), "saved\n");
  std::optional<Report> const last = process.next(0);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->loss, 7);
  EXPECT_FALSE(process.next(0));
}

TEST_F(ObjectiveProcessTest, WhoIgnoresSigtermIsKilled) {
  ObjectiveProcess process = shell("trap '' TERM; echo epoch 1 loss 1; while :; do sleep 0.02; done");
  ASSERT_TRUE(process.next(soon));
  process.stop(0.2);
  EXPECT_TRUE(process.has_ended());
  EXPECT_EQ(process.how(), "signal 9 (Killed) ended it");
}

TEST_F(ObjectiveProcessTest, WhatItStartedDiesWithIt) {
  std::string process_of_child;
  {
    ObjectiveProcess process =
        shell("sleep 1000 & echo $! > " + folder_ / "child" + "; echo epoch 1 loss 1; wait");
    ASSERT_TRUE(process.next(soon));
    process_of_child = text_of("child");
    process_of_child.pop_back();
    EXPECT_TRUE(is_alive(process_of_child));
  }
  EXPECT_TRUE(dies(process_of_child));
}

// It has left the process group and holds the output open: the end of the program is noticed nevertheless.
TEST_F(ObjectiveProcessTest, AGrandchildThatSurvivesDoesNotHideTheEnd) {
  ObjectiveProcess process = shell("echo epoch 1 loss 1; setsid sh -c 'echo $$ > " + folder_ / "grandchild" +
                                   "; exec sleep 1000' &\n" + "while [ ! -s " + folder_ / "grandchild" +
                                   " ]; do sleep 0.02; done; echo epoch 2 loss 1; exit 5");
  EXPECT_EQ(reports(process).size(), 2);
  EXPECT_EQ(process.how(), "it ended with exit code 5");
  pid_t const grandchild = std::stoi(text_of("grandchild"));
  EXPECT_EQ(::kill(grandchild, SIGKILL), 0);  // it was still there
}

TEST_F(ObjectiveProcessTest, WhoClosesItsOutputIsStillWatched) {
  ObjectiveProcess process = shell("echo epoch 1 loss 1; exec >&-; sleep 1000");
  ASSERT_TRUE(process.next(soon));
  EXPECT_FALSE(process.next(0.3));
  EXPECT_FALSE(process.has_ended());
  process.stop(soon);
  EXPECT_EQ(process.how(), "signal 15 (Terminated) ended it");
}

TEST_F(ObjectiveProcessTest, ItDiesWithTheWorker) {
  pid_t const worker = ::fork();
  if (worker == 0) {
    ObjectiveProcess process({"/bin/sh", "-c", "echo $$ > " + folder_ / "child" + "; exec sleep 1000"},
                             folder_ / "log");
    std::this_thread::sleep_for(std::chrono::seconds(1000));
    ::_exit(0);
  }
  wait_for_file("child");
  std::string child = text_of("child");
  ASSERT_FALSE(child.empty());
  child.pop_back();
  EXPECT_TRUE(is_alive(child));
  ::kill(worker, SIGKILL);
  ::waitpid(worker, nullptr, 0);
  EXPECT_TRUE(dies(child));
}

}  // namespace
}  // namespace corpuscle::tune
