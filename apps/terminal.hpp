#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// What the programs share: how they start and end, and what they print.
namespace terminal {

/// Parses the command line, which runs the verb in it, and turns exceptions into messages and exit codes.
/// @param exit_code  what the verb sets
int run(CLI::App& app, int argc, char** argv, int const& exit_code);

/// From now on Ctrl-C and the like are noted, not obeyed: the program asks `interrupted_by` and ends in
/// order.
void catch_interruptions();
/// Number of the signal that came; 0 if none has.
int interrupted_by();
/// Says that `output` was not written; returns the exit code.
int say_interrupted(std::string const& output);

/// @throws core::ConfigError if `output` is one of the inputs.
void require_other_file(std::string const& output, std::vector<std::string> const& inputs);

/// Rows of cells as a table; the first `n_text` columns are left-aligned, the others (numbers) right-aligned.
std::string table(std::vector<std::vector<std::string>> const& rows, std::size_t n_text = 1);

/// Text as a JSON string, quotes included.
std::string quoted(std::string const& text);

/// Paths with `*`, `?` and `[...]` expanded, sorted; the others as they are.
/// @throws core::EnvironmentError for a pattern without a match.
std::vector<std::string> expand(std::vector<std::string> const& patterns);

/// Shows how far a long job is: a bar that redraws itself on a terminal, a plain line now and then in a log.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  void show(std::size_t done, std::size_t total);

 private:
  std::string label_;
  bool is_terminal_;
  bool has_bar_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace terminal
