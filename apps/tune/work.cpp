// corpuscle tune init, run, worker, submit: those who make a study and work at it.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/slurm.hpp"
#include "corpuscle/tune/worker.hpp"
#include "terminal.hpp"
#include "tune/study_lines.hpp"
#include "tune/verbs.hpp"

namespace {

using namespace corpuscle;

constexpr int most_workers = 1024;

struct Options {
  std::string study;
  std::string output;
  int workers = 1;
  int tasks = 1;
  std::vector<std::string> sbatch;
};

std::string text_of(std::string const& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) throw core::EnvironmentError(core::cat(path, ": cannot be read, or is empty"));
  return text.str();
}

int init(Options const& options) {
  std::string const text = text_of(options.study);
  tune::StudyConfig const config = tune::parse_study(text, options.study);
  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) throw core::EnvironmentError(core::cat(options.output, ": cannot be made: ", error.message()));
  std::string const journal = tune::journal_path(options.output);
  if (std::filesystem::exists(journal))
    throw core::EnvironmentError(
        core::cat(journal, ": is there already; `corpuscle tune run ", options.output, "` goes on with it"));
  tune::Journal::create(journal, text);
  fmt::print("{}: study '{}', {}, {} searcher, {} scheduler\n", options.output, config.name,
             core::counted(config.space.size(), "parameter"),
             tune::searcher_words[static_cast<std::size_t>(config.searcher.kind)],
             tune::scheduler_words[static_cast<std::size_t>(config.scheduler.kind)]);
  return static_cast<int>(core::ExitCode::success);
}

int work(Options const& options) {
  terminal::catch_interruptions();
  tune::WorkerHooks hooks;
  hooks.should_stop = [] { return terminal::interrupted_by() != 0; };
  hooks.say = [](std::string const& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  tune::work(options.study, hooks);
  return terminal::interrupted_by() != 0 ? 128 + terminal::interrupted_by() : 0;
}

/// Starts this program as a worker; returns its process. It is asked to end when this one does.
/// @param output  where its lines go; -1: where ours go
pid_t start_worker(std::string const& study, int output) {
  pid_t const parent = ::getpid();
  pid_t const worker = ::fork();
  if (worker < 0) throw core::EnvironmentError(core::cat("no process can be made: ", std::strerror(errno)));
  if (worker > 0) return worker;
  ::setpgid(0, 0);  // Ctrl-C is ours to pass on
  if (output >= 0) ::dup2(output, STDOUT_FILENO);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() == parent)
    ::execl("/proc/self/exe", "corpuscle-tune", "tune", "worker", study.c_str(), nullptr);
  ::_exit(static_cast<int>(core::ExitCode::environment));
}

/// Local workers, one process each; one that dies is replaced.
class Crew {
 public:
  Crew(std::string study, int workers, int output) : study_(std::move(study)), output_(output) {
    for (int i = 0; i < workers; ++i) members_.push_back({start_worker(study_, output_), Clock::now()});
  }
  Crew(Crew const&) = delete;
  ~Crew() { tell_all(SIGTERM); }

  /// Looks after them; false when all have ended.
  /// @throws core::EnvironmentError if they die again and again as soon as they begin
  bool is_working(bool replace) {
    for (auto member = members_.begin(); member != members_.end();) {
      int status = 0;
      if (::waitpid(member->process, &status, WNOHANG) == 0) {
        ++member;
        continue;
      }
      bool const is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      // One that is killed is replaced; one that says what is wrong says it again.
      bool const has_failed = !is_done && WIFEXITED(status) && WEXITSTATUS(status) < 128;
      if (has_failed && failure_ == 0) {
        failure_ = WEXITSTATUS(status);
        tell_all(SIGTERM);
      }
      if (is_done || !replace || failure_ != 0) {
        member = members_.erase(member);
        continue;
      }
      n_short_lives_ = Clock::now() - member->begin < short_life ? n_short_lives_ + 1 : 0;
      if (n_short_lives_ > most_short_lives)
        throw core::EnvironmentError(core::cat(study_,
                                               ": the workers die as soon as they begin, the last one ",
                                               WIFSIGNALED(status) ? "by signal " : "with exit code ",
                                               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
      *member = {start_worker(study_, output_), Clock::now()};
      ++member;
    }
    return !members_.empty();
  }
  void tell_all(int signal) const {
    for (Member const& member : members_) ::kill(member.process, signal);
  }
  [[nodiscard]] int failure() const noexcept { return failure_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto short_life = std::chrono::seconds(1);
  static constexpr int most_short_lives = 20;
  struct Member {
    pid_t process;
    Clock::time_point begin;
  };
  std::string study_;
  int output_;
  std::vector<Member> members_;
  int failure_ = 0;
  int n_short_lives_ = 0;
};

/// The state of a study, drawn again and again in the same place of a terminal.
class LiveStatus {
 public:
  void draw(tune::Journal& journal) {
    if (Clock::now() - last_ < std::chrono::seconds(1)) return;
    journal.follow();
    fmt::print("\033[H\033[J{}", status_text(journal.study().record()));
    std::fflush(stdout);
    last_ = Clock::now();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_{};
};

int run(Options const& options) {
  tune::Journal journal(tune::journal_path(options.study));  // says what is wrong before anybody starts
  terminal::catch_interruptions();
  // On a terminal the state is drawn, and the lines of the workers go to a file.
  bool const is_terminal = ::isatty(STDOUT_FILENO) != 0;
  int const output = is_terminal ? ::open((options.study + "/workers.log").c_str(),
                                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
                                 : -1;
  Crew crew(options.study, options.workers, output);
  LiveStatus status;
  bool told = false;
  while (crew.is_working(terminal::interrupted_by() == 0)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    // What a worker says before it fails, or we below, is not to be wiped off.
    if (is_terminal && crew.failure() == 0 && !told) status.draw(journal);
    if (terminal::interrupted_by() != 0 && !told) {
      fmt::print(stderr, "corpuscle: interrupted; the workers save what they train\n");
      crew.tell_all(SIGTERM);
      told = true;
    }
  }
  journal.follow();
  if (is_terminal && crew.failure() == 0 && !told) fmt::print("\033[H\033[J");
  fmt::print("{}", status_text(journal.study().record()));
  if (crew.failure() != 0) return crew.failure();
  return told ? 128 + terminal::interrupted_by() : 0;
}

int submit(Options const& options) {
  tune::Journal const journal(tune::journal_path(options.study));
  std::error_code ignored;
  std::string const directory = std::filesystem::absolute(options.study).lexically_normal().string();
  tune::SlurmArray array;
  array.name = journal.study().config().name;
  array.directory = directory + "/slurm";
  array.command = {std::filesystem::read_symlink("/proc/self/exe", ignored).string(), "tune", "worker",
                   directory};
  array.tasks = options.tasks;
  array.options = options.sbatch;
  std::string const number = tune::submit_to_slurm(array);
  fmt::print("Slurm job {}: {}; the script is {}/slurm/submit.sh, the logs lie beside it\n", number,
             core::counted(static_cast<std::size_t>(options.tasks), "worker"), options.study);
  return 0;
}

}  // namespace

void add_work(CLI::App& tune, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = tune.add_subcommand("init", "Make the directory of a study");
  verb->add_option("study", options->study, "What to search, and how (docs/guide/tuning.md)")
      ->required()
      ->type_name("STUDY.yaml");
  verb->add_option("-o,--output", options->output, "Directory for journal and trials")
      ->required()
      ->type_name("DIR");
  verb->callback([options, &exit_code] { exit_code = init(*options); });

  auto const add_directory = [&](CLI::App* to) {
    to->add_option("study", options->study, "Directory of a study")->required()->type_name("DIR");
  };
  verb = tune.add_subcommand("run", "Work at a study with local workers until it is finished");
  add_directory(verb);
  verb->add_option("-j,--workers", options->workers, "How many trials side by side")
      ->check(CLI::Range(1, most_workers))
      ->capture_default_str();
  verb->footer(
      "Ctrl-C and SIGTERM let the trainings save first; the same command goes on. More workers may join at "
      "any time,\n"
      "from other machines too.\nExample:\n  corpuscle tune run studies/clusters -j 2");
  verb->callback([options, &exit_code] { exit_code = run(*options); });

  verb = tune.add_subcommand("worker", "Join a study as one more worker");
  add_directory(verb);
  verb->footer(
      "What a task of a Slurm array runs, and a rank of MPI.\nExamples:\n  corpuscle tune worker "
      "studies/clusters\n"
      "  mpirun -n 8 corpuscle tune worker studies/clusters");
  verb->callback([options, &exit_code] { exit_code = work(*options); });

  verb = tune.add_subcommand("submit", "Join a study with workers in a Slurm job array");
  add_directory(verb);
  verb->add_option("--tasks", options->tasks, "How many workers")
      ->required()
      ->check(CLI::Range(1, 1'000'000));
  verb->add_option("sbatch", options->sbatch, "Options for sbatch, behind --")->type_name("OPTION...");
  verb->footer(
      "Example:\n  corpuscle tune submit studies/clusters --tasks 20 -- --partition=gpu --gpus=1 "
      "--time=4:00:00");
  verb->callback([options, &exit_code] { exit_code = submit(*options); });
}
