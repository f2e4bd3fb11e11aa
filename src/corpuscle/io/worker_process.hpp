#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>

#include "corpuscle/io/contained.hpp"

namespace corpuscle::io {

/// A child process that works for us, with a socket between us and a page of shared memory in which its
/// readers note where they are. Killed and reaped on destruction. Private to io.
class WorkerProcess {
 public:
  /// Starts the child; `work` gets its end of the socket, and its return value is the exit code.
  WorkerProcess(std::size_t memory_limit, std::function<int(int socket)> const& work);
  ~WorkerProcess();
  WorkerProcess(WorkerProcess const&) = delete;
  WorkerProcess& operator=(WorkerProcess const&) = delete;

  [[nodiscard]] int socket() const noexcept { return socket_; }

  /// Whether it has stood still for as long as its patience goes. Call about once a second.
  [[nodiscard]] bool is_stuck();
  /// How long it may stand still before that counts as hung [s], if not `patience_s`.
  void set_patience(int seconds) noexcept { patience_ = seconds; }
  /// The child was given something new to do: the clock of is_stuck starts again.
  void reset_patience();

  /// Waits until the child has ended (or kills it, if it is stuck) and tells how.
  Outcome wait();

 private:
  [[noreturn]] void run_child(int socket, std::size_t memory_limit, std::function<int(int)> const& work);

  pid_t pid_ = -1;
  int socket_ = -1;
  Whereabouts* place_ = nullptr;
  Whereabouts last_seen_;
  std::chrono::steady_clock::time_point last_progress_;
  int patience_ = patience_s;
};

/// Transfers over the socket, false if the other end is gone. While it waits, receive_bytes calls `give_up`
/// every second, if there is one, and returns false if that says so.
bool send_bytes(int socket, void const* data, std::size_t n);
bool receive_bytes(int socket, void* data, std::size_t n, std::function<bool()> const& give_up = {});

}  // namespace corpuscle::io
