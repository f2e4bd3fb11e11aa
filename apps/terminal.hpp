#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

/// What the programs print: tables, progress, lists of files.
namespace terminal {

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
