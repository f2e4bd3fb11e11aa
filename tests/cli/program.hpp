#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/frames.hpp"

extern char** environ;

/// `corpuscle` as a user meets it: what the tests of its commands share.
namespace corpuscle {

using testing::data_file;
using testing::TemporaryDirectory;
using Arguments = std::vector<std::string>;

// docs/guide/exit-codes.md
inline constexpr int success = 0;
inline constexpr int usage = 2;
inline constexpr int data = 3;
inline constexpr int environment = 4;

struct Answer {
  int exit_code = -1;  ///< 128 + signal, as a shell says it
  std::string out, err;
};

inline bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != text.npos;
}

class Cli : public ::testing::Test {
 protected:
  /// Runs the program, without a shell.
  /// @param out_fd  where its standard output goes; -1: into the answer
  /// @param variables  environment variables more, "NAME=value"
  Answer run(Arguments const& arguments, int out_fd = -1, Arguments const& variables = {}) const {
    return answer_of(start(arguments, out_fd, variables), out_fd);
  }

  /// Runs the program and sends it a signal as soon as an output is being written.
  Answer run_and_signal(Arguments const& arguments, int signal) const {
    pid_t const child = start(arguments, -1, {});
    siginfo_t ended{};
    while (outputs().empty() && ended.si_pid == 0) {
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::kill(child, signal);
    return answer_of(child, -1);
  }

  void expect_failure(Arguments const& arguments, int exit_code, std::string_view word) const {
    Answer const answer = run(arguments);
    EXPECT_EQ(answer.exit_code, exit_code) << answer.err;
    EXPECT_NE(answer.err.find(word), std::string::npos) << answer.err << " does not say " << word;
    EXPECT_EQ(answer.out, "");
  }

  /// What lies in the directory for outputs.
  [[nodiscard]] std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(outputs_.path()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  TemporaryDirectory directory_, outputs_;
  std::string const out_ = outputs_ / "out.root";
  std::string const lcio_ = data_file("ild_nunuh250_dst.slcio");
  std::string const cld_ = data_file("cld_nunuHbb240_rec.edm4hep.root");

 private:
  pid_t start(Arguments arguments, int out_fd, Arguments variables) const {
    std::string const out_path = directory_ / "stdout", err_path = directory_ / "stderr";
    arguments.insert(arguments.begin(), CORPUSCLE_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> environment_list;
    for (char** entry = environ; *entry; ++entry) environment_list.push_back(*entry);
    for (std::string& variable : variables) environment_list.push_back(variable.data());
    environment_list.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (out_fd >= 0)
      ::posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    else
      ::posix_spawn_file_actions_addopen(&actions, 1, out_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    pid_t child = -1;
    int const failed =
        ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environment_list.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::runtime_error(arguments[0] + ": " + std::strerror(failed));
    return child;
  }

  [[nodiscard]] Answer answer_of(pid_t child, int out_fd) const {
    Answer answer;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (out_fd < 0) answer.out = testing::bytes_of(directory_ / "stdout");
    answer.err = testing::bytes_of(directory_ / "stderr");
    return answer;
  }
};

#define NEEDS(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is not there"

}  // namespace corpuscle
