#include "corpuscle/tune/worker.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/objective_process.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;
using Clock = std::chrono::steady_clock;

constexpr double longest_silence = 120;  // s, of a worker of another machine before its trial is taken up
constexpr double sign_every = 30;        // s, of a worker that has nothing else to write
constexpr double patience = 60;          // s, for a checkpoint
constexpr double glance = 0.2;           // s, between looks at `should_stop`
// A file system that is gone, a driver that was updated: better to stop than to fail all trials in a minute.
constexpr int most_fruitless = 10;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void rest(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// When a process began, in ticks since the machine did; empty if there is none. Numbers of processes return.
std::string beginning_of(std::string const& process) {
  std::ifstream file(cat("/proc/", process, "/stat"));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::size_t const name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;  // proc(5): the 22nd
  return field;
}

/// Machine, its present boot and, in containers, what numbers of processes mean there. Names of machines may
/// be equal ("localhost").
std::string place() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  std::ifstream boot_file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  boot_file >> boot;
  std::error_code ignored;
  std::string space = std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  std::string digits;
  for (char const c : space)
    if (c >= '0' && c <= '9') digits += c;
  return cat(host, '/', boot.substr(0, 8), '/', digits);
}

/// The directory of a trial, ours until the program in it has ended: the program inherits the lock.
class DirectoryLock {
 public:
  explicit DirectoryLock(std::string const& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    std::string const path = directory + "/lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT, 0666);  // not closed by exec
    if (file_ < 0) throw core::EnvironmentError(cat(path, ": cannot be opened: ", std::strerror(errno)));
  }
  DirectoryLock(DirectoryLock const&) = delete;
  ~DirectoryLock() { ::close(file_); }
  [[nodiscard]] bool try_lock() const { return ::flock(file_, LOCK_EX | LOCK_NB) == 0; }

 private:
  int file_;
};

/// Who holds trials and has not been heard of since when, by our own clock.
class Watch {
 public:
  void expire_silent(Study& study) {
    std::map<std::size_t, Seen> seen;
    for (Study::Lease const& lease : study.leases()) {
      auto const before = seen_.find(lease.trial);
      bool const is_silent = before != seen_.end() && before->second.events == lease.events;
      Seen const entry{lease.events, is_silent ? before->second.since : Clock::now()};
      if (is_dead_here(lease.worker))
        study.expire(lease, "its worker is gone", now());
      else if (seconds_since(entry.since) > longest_silence)
        study.expire(lease, cat("its worker gave no sign for ", longest_silence, " s"), now());
      else
        seen.emplace(lease.trial, entry);
    }
    seen_ = std::move(seen);
  }

 private:
  struct Seen {
    long events = 0;
    Clock::time_point since;
  };
  std::map<std::size_t, Seen> seen_;
};

/// One assignment, from its beginning to whatever ends it.
class Session {
 public:
  Session(Journal& journal, std::string const& directory, Assignment assignment, WorkerHooks const& hooks)
      : journal_(journal), directory_(directory), assignment_(std::move(assignment)), hooks_(hooks) {}

  void run() {
    DirectoryLock const lock(directory_);
    while (!lock.try_lock()) {
      if (hooks_.should_stop()) return leave("it was asked to stop", false);
      // It hears at its next report at the latest that nobody listens any more.
      if (seconds_since(begin_) > patience + journal_.study().config().objective.silence)
        return leave("an earlier program still works in its directory", true);
      if (!give_sign()) return;
      rest(glance);
    }
    StudyConfig const& config = journal_.study().config();
    ObjectiveProcess process(command_for(config, assignment_.configuration, directory_, assignment_.target,
                                         trial_seed(config, assignment_.trial)),
                             directory_ + "/log");
    epoch_begin_ = heard_ = Clock::now();
    try {
      attend(process, config.objective.silence);
    } catch (core::DataError const& error) {
      process.stop(patience);
      leave(error.what(), true);
    }
  }

  /// How a crash or silence ended the session before its first epoch; else empty.
  [[nodiscard]] std::string fruitless() const { return has_trained_ ? std::string() : fault_; }

 private:
  void attend(ObjectiveProcess& process, double silence) {
    while (true) {
      if (hooks_.should_stop()) {
        process.stop(patience);
        // What it trained until the checkpoint that it has just saved.
        while (std::optional<ObjectiveProcess::Report> const report = process.next(0))
          if (!tell(*report)) return;
        return leave("it was asked to stop", false);
      }
      std::optional<ObjectiveProcess::Report> const report = process.next(glance);
      if (report && !tell(*report)) return process.stop(patience);
      if (!report && process.has_ended()) {
        // Who is preempted gets SIGTERM together with its program, which may be faster.
        for (Clock::time_point const end = Clock::now(); !hooks_.should_stop() && seconds_since(end) < 1;)
          rest(glance);
        if (hooks_.should_stop()) continue;
        return leave(cat(process.how(), " after epoch ", assignment_.epoch, " of ", assignment_.target),
                     true);
      }
      if (seconds_since(heard_) > silence) {
        process.stop(0);
        return leave(cat("it reported no epoch for ", silence, " s"), true);
      }
      if (!give_sign()) return process.stop(patience);
    }
  }

  /// Writes a loss into the journal; false if the trial is not to be trained on by us.
  bool tell(ObjectiveProcess::Report const& report) {
    if (report.epoch > said_) {
      said_ = report.epoch;
      heard_ = Clock::now();
    }
    // Said again, or trained again since the last checkpoint.
    if (report.epoch >= 1 && report.epoch <= assignment_.epoch) return true;
    Verdict const verdict = journal_.with_lock([&](Study& study) {
      return study.report(assignment_, report.epoch, report.loss, seconds_since(epoch_begin_), now());
    });
    assignment_.epoch = report.epoch;
    has_trained_ = true;
    epoch_begin_ = sign_ = Clock::now();
    return verdict == Verdict::go_on;
  }

  /// False if the trial was given to somebody else.
  bool give_sign() {
    if (seconds_since(sign_) < sign_every) return true;
    sign_ = Clock::now();
    return journal_.with_lock([&](Study& study) {
      study.renew(assignment_, now());
      return study.holds(assignment_);
    });
  }

  void leave(std::string const& reason, bool is_fault) {
    journal_.with_lock([&](Study& study) {
      study.leave(assignment_, reason, is_fault, now());
      return 0;
    });
    if (is_fault) fault_ = cat(reason, "; see ", directory_, "/log");
    hooks_.say(cat("trial ", assignment_.trial, ": ", is_fault ? fault_ : reason));
  }

  Journal& journal_;
  std::string directory_;
  Assignment assignment_;
  WorkerHooks const& hooks_;
  std::string fault_;
  bool has_trained_ = false;
  int said_ = 0;  ///< epoch, by this program; the same again and again is no sign of life
  Clock::time_point begin_ = Clock::now(), sign_ = begin_, epoch_begin_ = begin_, heard_ = begin_;
};

}  // namespace

std::string journal_path(std::string const& directory) {
  return directory + "/journal.log";
}

std::string trial_directory(std::string const& directory, std::size_t trial) {
  std::string const number = std::to_string(trial);
  return cat(directory, "/trials/", std::string(number.size() < 5 ? 5 - number.size() : 0, '0'), number);
}

std::string worker_name() {
  return cat(place(), '/', ::getpid(), '/', beginning_of("self"));
}

bool is_dead_here(std::string const& name) {
  std::string const here = place() + '/';
  if (!name.starts_with(here)) return false;
  std::string const rest = name.substr(here.size());
  std::size_t const slash = rest.find('/');
  return slash != std::string::npos && beginning_of(rest.substr(0, slash)) != rest.substr(slash + 1);
}

void work(std::string const& directory, WorkerHooks const& hooks) {
  Journal journal(journal_path(directory));
  std::string const name = worker_name();
  Watch watch;
  int n_fruitless = 0;
  while (!hooks.should_stop()) {
    std::optional<Assignment> assignment = journal.with_lock([&](Study& study) {
      watch.expire_silent(study);
      return study.take(name, now());
    });
    if (!assignment) {
      if (journal.study().is_finished()) return;
      rest(1);
      continue;
    }
    Study const& study = journal.study();
    hooks.say(cat("trial ", assignment->trial, ": epochs ", assignment->epoch + 1, " to ", assignment->target,
                  ", ", study.config().space.text(assignment->configuration)));
    std::size_t const number = assignment->trial;
    std::size_t n_told = study.scheduler().decisions().size();
    Session session(journal, trial_directory(directory, number), std::move(*assignment), hooks);
    session.run();
    for (auto const decisions = study.scheduler().decisions(); n_told < decisions.size(); ++n_told)
      if (Decision const& decision = decisions[n_told];
          study.number_of(decision.trial) == number && decision.action != Action::start &&
          decision.action != Action::promote && decision.action != Action::go_on)
        hooks.say(cat("trial ", number, ": ", action_words[static_cast<std::size_t>(decision.action)],
                      " at epoch ", decision.epoch, ": ", decision.reason));
    n_fruitless = session.fruitless().empty() ? 0 : n_fruitless + 1;
    if (n_fruitless == most_fruitless)
      throw core::DataError(cat(directory, ": ", most_fruitless,
                                " jobs in a row ended before an epoch, the last one in trial ", number, ": ",
                                session.fruitless(), ". Mend it; the same command goes on"));
  }
}

double refit(StudyConfig const& config, Configuration const& configuration, std::string const& directory,
             std::uint64_t seed, WorkerHooks const& hooks) {
  DirectoryLock const lock(directory);
  if (!lock.try_lock()) throw core::EnvironmentError(cat(directory, ": another program works in it"));
  ObjectiveProcess process(command_for(config, configuration, directory, config.max_epochs, seed),
                           directory + "/log");
  std::vector<double> losses;
  int epoch = 0;
  Clock::time_point begin = Clock::now();
  while (true) {
    if (hooks.should_stop()) {
      process.stop(patience);
      return std::numeric_limits<double>::quiet_NaN();
    }
    std::optional<ObjectiveProcess::Report> const report = process.next(glance);
    if (report && report->epoch > epoch) {
      epoch = report->epoch;
      begin = Clock::now();
      losses.push_back(report->loss);
      if (report->epoch < config.max_epochs) continue;
      process.stop(patience);
      return mean_of_last(losses, config.objective.average);
    }
    bool const is_silent = seconds_since(begin) > config.objective.silence;
    if ((!report && process.has_ended()) || is_silent)
      throw core::DataError(cat(directory, ": ", is_silent ? "it reported no epoch in time" : process.how(),
                                " after epoch ", epoch, " of ", config.max_epochs, "; see its log"));
  }
}

}  // namespace corpuscle::tune
