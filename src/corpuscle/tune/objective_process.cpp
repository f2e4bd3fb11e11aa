#include "corpuscle/tune/objective_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/scan.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_line = 4096;  // of what may be a report; of longer ones the end is looked at
constexpr std::size_t longest_log = std::size_t{64} << 20;
constexpr std::size_t fullest_pipe = std::size_t{1} << 20;  // what a program may have written before its end
constexpr double look_every = 0.05;                         // s, whether the program has ended

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

std::optional<ObjectiveProcess::Report> parse_report(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  Scan scan(line);
  ObjectiveProcess::Report report;
  if (!scan.skip("epoch ") || !scan.read(report.epoch)) return std::nullopt;
  if (!scan.skip(" loss ") || !scan.read(report.loss) || !scan.rest().empty())
    throw core::DataError(cat("it printed '", line.substr(0, 200), "', where 'epoch N loss X' is due"));
  return report;
}

ObjectiveProcess::ObjectiveProcess(std::vector<std::string> const& command, std::string const& log_path) {
  CORPUSCLE_EXPECT(!command.empty());
  log_ = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log_ < 0) throw core::EnvironmentError(cat(log_path, ": cannot be written: ", std::strerror(errno)));
  std::string line;
  for (std::string const& word : command) line += cat(line.empty() ? "$ " : " ", word);
  log(line + '\n');
  if (int const why = start(command); why != 0) {
    if (output_ >= 0) ::close(output_);
    ::close(log_);
    throw core::EnvironmentError(cat(command.front(), ": cannot be started: ", std::strerror(why)));
  }
}

int ObjectiveProcess::start(std::vector<std::string> const& command) {
  std::vector<char*> arguments;
  for (std::string const& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  int ends[2], failure[2];  // the second tells why the program was not started, and closes when it was
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
  output_ = ends[0];
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
  if (::pipe2(failure, O_CLOEXEC) != 0) {
    int const why = errno;
    ::close(ends[1]);
    return why;
  }
  pid_t const parent = ::getpid();
  child_ = ::fork();
  if (child_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // gone before that was said
    for (int const signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
    int const nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(log_, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    int const why = errno;
    if (::write(failure[1], &why, sizeof why) < 0) ::_exit(126);
    ::_exit(127);
  }
  int why = child_ < 0 ? errno : 0;
  ::close(ends[1]);
  ::close(failure[1]);
  if (child_ > 0) {
    ::setpgid(child_, child_);  // whoever is first
    ssize_t n = 0;
    do n = ::read(failure[0], &why, sizeof why);
    while (n < 0 && errno == EINTR);
    if (n <= 0) why = 0;
    if (why != 0) {
      while (::waitpid(child_, &status_, 0) < 0 && errno == EINTR) {
      }
    }
  }
  ::close(failure[0]);
  return why;
}

ObjectiveProcess::~ObjectiveProcess() {
  if (!has_ended_) stop(0);
  ::close(output_);
  ::close(log_);
}

void ObjectiveProcess::log(std::string_view text) {
  if (logged_ > longest_log) return;
  logged_ += text.size();
  std::string_view const last = "\n(it prints too much: no more of its standard output is kept)\n";
  // A full disk must not end a training whose losses still arrive.
  if (::write(log_, text.data(), text.size()) < 0) return;
  if (logged_ > longest_log && ::write(log_, last.data(), last.size()) < 0) return;
}

std::optional<ObjectiveProcess::Report> ObjectiveProcess::next(double seconds) {
  Clock::time_point const begin = Clock::now();
  for (double left = seconds;; left = seconds - seconds_since(begin)) {
    for (std::size_t end; (end = pending_.find('\n')) != std::string::npos;) {
      std::string const line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (std::optional<Report> const report = parse_report(line)) return report;
    }
    if (pending_.size() > longest_line) pending_.erase(0, pending_.size() - longest_line);
    if (has_ended_ || left < 0) return std::nullopt;
    listen(left);
  }
}

void ObjectiveProcess::listen(double seconds) {
  // The end of the program and that of its output are two things: it may close its output and go on, and what
  // it started may keep the output open after its end.
  double const share = std::min(seconds, look_every);
  pollfd event{output_, POLLIN, 0};
  if (is_closed_)
    ::usleep(static_cast<useconds_t>(std::min(share, 0.01) * 1e6));
  else if (::poll(&event, 1, static_cast<int>(share * 1000)) > 0)
    read_some();
  if (::waitpid(child_, &status_, WNOHANG) == child_) collect();
}

bool ObjectiveProcess::read_some() {
  char bytes[4096];
  ssize_t const n = ::read(output_, bytes, sizeof bytes);
  is_closed_ = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
  if (n <= 0) return false;
  log({bytes, static_cast<std::size_t>(n)});
  pending_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

void ObjectiveProcess::collect() {
  has_ended_ = true;
  ::kill(-child_, SIGKILL);  // what it started and left behind
  for (std::size_t begin = pending_.size(); pending_.size() < begin + fullest_pipe && read_some();) {
  }
  pending_ += '\n';  // a last line without an end counts
}

void ObjectiveProcess::stop(double patience) {
  if (has_ended_) return;
  ::kill(-child_, SIGTERM);
  // Who writes into a full pipe would never end.
  for (Clock::time_point const begin = Clock::now(); !has_ended_ && seconds_since(begin) < patience;) {
    listen(look_every);
    std::size_t const too_much = pending_.size() > fullest_pipe ? pending_.size() - fullest_pipe : 0;
    pending_.erase(0, too_much);
  }
  if (has_ended_) return;
  ::kill(-child_, SIGKILL);
  while (::waitpid(child_, &status_, 0) < 0 && errno == EINTR) {
  }
  collect();
}

std::string ObjectiveProcess::how() const {
  if (WIFSIGNALED(status_))
    return cat("signal ", WTERMSIG(status_), " (", ::strsignal(WTERMSIG(status_)), ") ended it");
  return cat("it ended with exit code ", WEXITSTATUS(status_));
}

}  // namespace corpuscle::tune
