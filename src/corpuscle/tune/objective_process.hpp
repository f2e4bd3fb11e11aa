#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace corpuscle::tune {

/// The user's program while it trains one trial, in a process group of its own that dies with ours.
///
/// It says how it goes in lines `epoch 3 loss 0.0123` on its standard output (nan and inf are losses too);
/// all else that it prints goes to the log with them, of endless output the first 64 MB. When it gets SIGTERM
/// it should save a checkpoint and end.
class ObjectiveProcess {
 public:
  struct Report {
    int epoch = 0;
    double loss = 0;
  };

  /// @param command  program and arguments; the program is looked up in PATH
  /// @param log      output and errors are appended here
  /// @throws core::EnvironmentError if the log cannot be opened or the program cannot be started
  ObjectiveProcess(std::vector<std::string> const& command, std::string const& log);
  ObjectiveProcess(ObjectiveProcess const&) = delete;
  ~ObjectiveProcess();  ///< kills what still runs

  /// The next report, waited for at most `seconds`; nothing if none came, or the program `has_ended`.
  /// @throws core::DataError for a line that begins like a report and is none.
  std::optional<Report> next(double seconds);
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

  /// SIGTERM, and SIGKILL for who is still there after so many seconds. What it reported until then can still
  /// be read with `next`.
  void stop(double patience);

  /// "it ended with exit code 3", "signal 9 (Killed) ended it"; after it `has_ended`.
  [[nodiscard]] std::string how() const;

 private:
  /// @return 0, or the error number of what failed
  int start(std::vector<std::string> const& command);
  /// Takes what the program has written, waited for at most `seconds`, and notes whether it has ended.
  void listen(double seconds);
  bool read_some();
  void collect();
  void log(std::string_view text);

  pid_t child_ = -1;
  int output_ = -1;
  int log_ = -1;
  std::size_t logged_ = 0;
  std::string pending_;  ///< output not yet looked at
  bool is_closed_ = false;
  bool has_ended_ = false;
  int status_ = 0;
};

/// Reads a line of the program. Nothing if it is not meant as a report.
/// @throws core::DataError for `epoch` and a number with anything else behind than `loss` and a number.
std::optional<ObjectiveProcess::Report> parse_report(std::string_view line);

}  // namespace corpuscle::tune
