#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "corpuscle/io/whereabouts.hpp"

namespace corpuscle::io {

/// Seconds without progress of a reader after which it counts as hung.
inline constexpr int patience_s = 60;

/// How a contained piece of work ended.
struct Outcome {
  enum class End { done, crashed, hung };
  End end = End::done;
  int exit_code = 0;          ///< what the work returned, or the code of the error it threw, if done
  std::string message;        ///< the text of that error
  int signal = 0;             ///< what killed it, if crashed
  int patience = patience_s;  ///< after how many seconds without progress it was killed, if hung
  Whereabouts whereabouts;    ///< where a reader was, if it did not end well

  /// "crashed (signal 11, Segmentation fault) at entry 3, branch 'X'".
  [[nodiscard]] std::string describe() const;
};

/// Runs `work` in a child process, so that a crash, a hang or a greedy allocation of the libraries that
/// read a damaged file does not take this process with it. The child shares what is open; whatever it
/// changes in memory is lost, its standard output is not. What it writes to standard error is dropped, as
/// libraries chatter there: it reports by throwing.
///
/// @param memory_limit  address space the child may take beyond what it has now [bytes]; 0: any
/// Call it before starting threads.
Outcome run_contained(std::size_t memory_limit, std::function<int()> const& work);

}  // namespace corpuscle::io
