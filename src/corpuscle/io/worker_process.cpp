#include "corpuscle/io/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <new>
#include <thread>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::io {
namespace {

void limit_memory(std::size_t beyond_now) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these reserve terabytes of shadow
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlim_t const limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + beyond_now;
  struct rlimit const limits{limit, limit};
  ::setrlimit(RLIMIT_AS, &limits);
#else
  (void)beyond_now;
#endif
}

}  // namespace

WorkerProcess::WorkerProcess(std::size_t memory_limit, std::function<int(int)> const& work) {
  auto const fail = [](char const* what) {
    throw core::EnvironmentError(core::cat("cannot ", what, ": ", std::strerror(errno)));
  };
  void* const page =
      ::mmap(nullptr, sizeof(Whereabouts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("share memory with a worker process");
  place_ = new (page) Whereabouts;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    ::munmap(page, sizeof(Whereabouts));
    fail("make a socket");
  }
  pid_t const parent = ::getpid();
  std::fflush(nullptr);  // or the child would print our buffers once more
  pid_ = ::fork();
  if (pid_ < 0) {
    ::munmap(page, sizeof(Whereabouts));
    for (int end : ends) ::close(end);
    fail("start a worker process");
  }
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody waits for us any more
    if (::getppid() != parent) ::_exit(static_cast<int>(core::ExitCode::environment));
    ::close(ends[0]);
    run_child(ends[1], memory_limit, work);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  last_progress_ = std::chrono::steady_clock::now();
}

void WorkerProcess::run_child(int socket, std::size_t memory_limit, std::function<int(int)> const& work) {
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGHUP, SIGTERM}) std::signal(signal, SIG_DFL);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group: the parent ends us, in good order
  struct rlimit const no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (int const sink = ::open("/dev/null", O_WRONLY | O_CLOEXEC); sink >= 0) ::dup2(sink, STDERR_FILENO);
  if (memory_limit > 0) limit_memory(memory_limit);
  note_whereabouts_in(place_);
  int code = static_cast<int>(core::ExitCode::bug);
  try {
    code = work(socket);
  } catch (...) {
    std::abort();  // `work` handles what it expects; the rest counts as a crash
  }
  std::fflush(nullptr);
  ::_exit(code);  // no destructors: the files open here belong to the parent
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (socket_ >= 0) ::close(socket_);
  if (place_) ::munmap(place_, sizeof(Whereabouts));
}

void WorkerProcess::reset_patience() {
  last_progress_ = std::chrono::steady_clock::now();
}

bool WorkerProcess::is_stuck() {
  auto const now = std::chrono::steady_clock::now();
  if (place_->entry == not_reading || place_->entry != last_seen_.entry ||
      place_->branch != last_seen_.branch) {
    last_seen_ = *place_;
    last_progress_ = now;
  }
  return now - last_progress_ > std::chrono::seconds(patience_);
}

Outcome WorkerProcess::wait() {
  Outcome outcome;
  int status = 0;
  while (true) {
    pid_t const ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno != EINTR)) break;
    if (is_stuck()) {
      outcome.end = Outcome::End::hung;
      outcome.patience = patience_;
      ::kill(pid_, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = -1;
  outcome.whereabouts = *place_;
  if (outcome.end == Outcome::End::hung) return outcome;
  if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
  } else {
    outcome.end = Outcome::End::crashed;
    outcome.signal = WTERMSIG(status);
  }
  return outcome;
}

bool send_bytes(int socket, void const* data, std::size_t n) {
  auto const* at = static_cast<char const*>(data);
  while (n > 0) {
    ssize_t const sent = ::send(socket, at, n, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    n -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_bytes(int socket, void* data, std::size_t n, std::function<bool()> const& give_up) {
  auto* at = static_cast<char*>(data);
  while (n > 0) {
    if (give_up) {
      pollfd ready{socket, POLLIN, 0};
      if (::poll(&ready, 1, 1000) <= 0) {
        if (give_up()) return false;
        continue;
      }
    }
    ssize_t const got = ::recv(socket, at, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string Outcome::describe() const {
  std::string text = core::cat("ended early (exit code ", exit_code, ")");
  if (end == End::hung) text = core::cat("made no progress for ", patience, " s");
  if (end == End::crashed) text = core::cat("crashed (signal ", signal, ", ", ::strsignal(signal), ")");
  if (end == End::crashed && signal == SIGKILL)
    text = "was killed, perhaps because the machine ran out of memory";
  if (whereabouts.entry >= 0) text += core::cat(" at entry ", whereabouts.entry);
  if (whereabouts.entry >= 0 && whereabouts.branch[0] != '\0')
    text += core::cat(", branch '", whereabouts.branch.data(), "'");
  return text;
}

Outcome run_contained(std::size_t memory_limit, std::function<int()> const& work) {
  WorkerProcess child(memory_limit, [&](int socket) {
    std::string message;
    int code = static_cast<int>(core::ExitCode::bug);
    try {
      code = work();
    } catch (core::Error const& error) {
      code = static_cast<int>(error.exit_code());
      message = error.what();
    } catch (std::bad_alloc const&) {
      code = static_cast<int>(core::ExitCode::data);
      message = "damaged file: it asks for more memory than it can need";
    } catch (std::exception const& error) {
      message = core::cat("internal error, please report it: ", error.what());
    }
    std::fflush(nullptr);
    note_whereabouts(not_reading, "");
    std::uint64_t const length = message.size();
    send_bytes(socket, &length, sizeof length);
    send_bytes(socket, message.data(), message.size());
    return code;
  });
  std::uint64_t length = 0;
  std::string message;
  auto const give_up = [&] { return child.is_stuck(); };
  if (receive_bytes(child.socket(), &length, sizeof length, give_up)) {
    message.resize(length);
    receive_bytes(child.socket(), message.data(), length, give_up);
  }
  Outcome outcome = child.wait();
  outcome.message = std::move(message);
  return outcome;
}

}  // namespace corpuscle::io
