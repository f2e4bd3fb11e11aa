#include "corpuscle/io/worker_process.hpp"

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
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw core::EnvironmentError(core::cat("cannot make a socket: ", std::strerror(errno)));
  void* const page =
      ::mmap(nullptr, sizeof(Whereabouts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    throw core::EnvironmentError(core::cat("cannot share memory: ", std::strerror(errno)));
  place_ = new (page) Whereabouts;
  std::fflush(nullptr);  // or the child would print our buffers once more
  pid_ = ::fork();
  if (pid_ < 0)
    throw core::EnvironmentError(core::cat("cannot start a worker process: ", std::strerror(errno)));
  if (pid_ == 0) {
    ::close(ends[0]);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody waits for us any more
    for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) std::signal(signal, SIG_DFL);
    std::signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group: the parent ends us, in good order
    struct rlimit const no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (memory_limit > 0) limit_memory(memory_limit);
    note_whereabouts_in(place_);
    int code = static_cast<int>(core::ExitCode::bug);
    try {
      code = work(ends[1]);
    } catch (...) {
      std::abort();  // `work` handles what it expects; the rest counts as a crash
    }
    std::fflush(nullptr);
    ::_exit(code);  // no destructors: the files open here belong to the parent
  }
  ::close(ends[1]);
  socket_ = ends[0];
  last_progress_ = std::chrono::steady_clock::now();
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
  if (place_->entry != last_seen_.entry || place_->branch != last_seen_.branch) {
    last_seen_ = *place_;
    last_progress_ = now;
  }
  return now - last_progress_ > std::chrono::seconds(patience_s);
}

Outcome WorkerProcess::wait() {
  Outcome outcome;
  int status = 0;
  while (true) {
    pid_t const ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno != EINTR)) break;
    if (is_stuck()) {
      outcome.end = Outcome::End::hung;
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

bool receive_bytes(int socket, void* data, std::size_t n) {
  auto* at = static_cast<char*>(data);
  while (n > 0) {
    ssize_t const got = ::recv(socket, at, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

std::string Outcome::describe() const {
  std::string text = end == End::hung ? core::cat("made no progress for ", patience_s, " s")
                                      : core::cat("crashed (signal ", signal, ", ", ::strsignal(signal), ")");
  if (whereabouts.branch[0] != '\0')
    text += core::cat(" at entry ", whereabouts.entry, ", branch '", whereabouts.branch.data(), "'");
  return text;
}

Outcome run_contained(std::size_t memory_limit, std::function<int()> const& work) {
  return WorkerProcess(memory_limit, [&](int) { return work(); }).wait();
}

}  // namespace corpuscle::io
