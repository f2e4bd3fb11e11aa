#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

/// Three kinds of trouble, never mixed.
///
/// The caller's bug: `CORPUSCLE_EXPECT` (core/expect.hpp), checked in development builds.
/// The world is not as we need it: one of the exceptions below, saying what is wrong, where, and the
/// way out. An ordinary outcome (an event without tracks): a value, never an error.
namespace corpuscle::core {

/// Exit codes of every Corpuscle program (docs/guide/exit-codes.md).
enum class ExitCode : int {
  success = 0,
  bug = 1,          ///< an internal error: please report it
  usage = 2,        ///< command line or configuration
  data = 3,         ///< an input file is damaged, foreign or lacks what is needed
  environment = 4,  ///< a file cannot be opened or written, a library is missing
  verdict = 5,      ///< the work is done, and a figure is not what was asked for
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string const& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode exit_code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// A configuration file or an option is wrong. The message starts with `file:line:column: `.
class ConfigError : public Error {
 public:
  explicit ConfigError(std::string const& message) : Error(ExitCode::usage, message) {}
};

/// An input file cannot be used as it is. The message starts with `file: `, then the entry and the
/// branch, or the byte offset.
class DataError : public Error {
 public:
  explicit DataError(std::string const& message) : Error(ExitCode::data, message) {}
};

/// The machine does not give what is needed: a path that cannot be opened, a full disk, a library.
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(std::string const& message) : Error(ExitCode::environment, message) {}
};

}  // namespace corpuscle::core
