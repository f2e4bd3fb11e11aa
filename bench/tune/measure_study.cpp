// How long a study takes to think: opening a journal of 10^6 events, and decisions at 10^4 trials.
//
//     measure_study [FOLDER]      for the journals, 270 MB
//
// Every answer is checked before its time is told.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/journal.hpp"

namespace {

using namespace corpuscle;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Of this process: what others do on the machine does not count.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void require(bool condition, char const* what) {
  if (!condition) throw std::runtime_error(what);
}

std::string study_text(std::string const& scheduler, std::string const& searcher, int epochs) {
  return fmt::format(
      "name: measured\nepochs: {}\nobjective: {{command: \"train {{a}} {{b}} {{c}}\"}}\nscheduler: {}\n"
      "searcher: {}\nparameters:\n  - {{name: a, kind: real, low: 0, high: 1}}\n"
      "  - {{name: b, kind: real, low: 1e-5, high: 1e-1, scale: log}}\n"
      "  - {{name: c, kind: ordered, values: 32 64 128}}\nbudget: {{epochs: 1e9}}\n",
      epochs, scheduler, searcher);
}

/// A curve that falls to a level of its own, with noise.
double loss(std::size_t trial, int epoch) {
  core::Random level({trial}), noise({trial, static_cast<std::uint64_t>(epoch)});
  return level.uniform() + 2. / epoch + 0.02 * noise.normal();
}

/// Writes a journal with 10^6 losses, and opens it.
void measure_journal(std::string const& folder, std::string const& scheduler, int epochs) {
  constexpr double n_losses = 1e6;
  std::string const path = folder + "/journal.log";
  std::filesystem::remove(path);
  tune::Journal::create(path, study_text(scheduler, "{kind: random}", epochs));
  tune::Journal writer(path);
  auto const work = [&](tune::Study& study) {  // some losses
    for (int i = 0; i < 100 && study.epochs() < n_losses; ++i) {
      std::optional<tune::Assignment> const job =
          study.take("node17/1a2b3c4d/4026531836/12345/67890123", 1.7e9);
      if (!job) return false;
      int epoch = job->epoch;
      while (++epoch <= job->target &&
             study.report(*job, epoch, loss(job->trial, epoch), 12.5, 1.7e9) == tune::Verdict::go_on) {
      }
    }
    return study.epochs() < n_losses;
  };
  while (writer.with_lock(work)) {
  }
  std::vector<double> times;
  for (int i = 0; i < 3; ++i) {
    Clock::time_point const begin = Clock::now();
    tune::Journal const reader(path);
    times.push_back(seconds_since(begin));
    tune::StudyRecord const read = reader.study().record(), written = writer.study().record();
    require(reader.study().epochs() >= n_losses && read.trials.size() == written.trials.size() &&
                read.decisions.size() == written.decisions.size() && read.best == written.best &&
                read.trials.back().losses == written.trials.back().losses,
            "the journal was not read as it was written");
  }
  fmt::print("  {:<50} {:6} trials, {:4.0f} MB: {:.2f} s\n", scheduler, writer.study().n_trials(),
             static_cast<double>(std::filesystem::file_size(path)) / 1e6,
             *std::min_element(times.begin(), times.end()));
  std::filesystem::remove(path);
}

/// Lets 100 workers train 10^4 trials and more, and tells how long the scheduler takes to hear a loss and to
/// give work while the last thousand begin.
void measure_scheduler(std::string const& words) {
  tune::StudyConfig const config = tune::parse_study(study_text(words, "{kind: random}", 81), "measured");
  auto const scheduler = tune::make_scheduler(config);
  std::vector<std::optional<tune::Job>> workers(100);
  std::vector<double> times;
  bool is_busy = true;
  while (is_busy) {
    is_busy = false;
    for (std::optional<tune::Job>& job : workers) {
      bool const is_timed = scheduler->trials().size() > 9000;
      double const begin = processor_seconds();
      if (!job) {
        job = scheduler->next_job();
      } else {
        int const epoch = scheduler->trials()[job->trial.row()].epoch() + 1;
        if (scheduler->report(job->trial, epoch, loss(job->trial.row(), epoch)) == tune::Verdict::release)
          job.reset();
        is_busy = true;
      }
      if (is_timed) times.push_back(processor_seconds() - begin);
      is_busy = is_busy || job;
    }
  }
  require(scheduler->finished() && scheduler->trials().size() >= 10'000,
          "the scheduler did not start all trials");
  require(scheduler->best().has_value(), "no trial was trained to the end");
  // hpo.md 1.1: R 81, eta 3.
  require(!words.starts_with("{kind: hyperband") || scheduler->epochs() == 70 * 1581,
          "not Hyperband's epochs");
  require(!words.starts_with("{kind: none") || scheduler->epochs() == 10'000 * 81, "not all epochs");
  std::sort(times.begin(), times.end());
  double sum = 0;
  for (double const time : times) sum += time;
  auto const quantile = [&](double q) {
    return 1e6 * times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))];
  };
  fmt::print("  {:<50} mean {:7.1f}, 99 % {:7.1f}, largest {:9.1f} us\n", words,
             1e6 * sum / static_cast<double>(times.size()), quantile(0.99), quantile(1));
}

/// How long a suggestion takes with 10^4 trials trained to the end.
void measure_searcher(std::string const& words) {
  tune::StudyConfig const config =
      tune::parse_study(study_text("{kind: none, trials: 1}", words, 9), "measured");
  auto const random =
      tune::make_searcher(tune::parse_study(study_text("{kind: none, trials: 1}", "{kind: random}", 9), "m"));
  auto const searcher = tune::make_searcher(config);
  for (std::size_t i = 0; i < 10'000; ++i) {
    tune::Configuration const configuration = random->suggest();
    std::vector<double> losses;
    for (int epoch = 1; epoch <= 9; ++epoch) losses.push_back(loss(i, epoch));
    searcher->add({configuration, tune::TrialState::complete, losses}, false);
  }
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) {
    double const begin = processor_seconds();
    tune::Configuration const configuration = searcher->suggest();
    times.push_back(processor_seconds() - begin);
    require(config.space.complaint(configuration).empty(), "the suggestion does not fit the space");
  }
  std::sort(times.begin(), times.end());
  fmt::print("  {:<50} median {:.1f} ms\n", words, 1e3 * times[times.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  std::string const folder =
      argc > 1
          ? argv[1]
          : (std::filesystem::temp_directory_path() / fmt::format("measure_study-{}", ::getpid())).string();
  std::filesystem::create_directories(folder);
  fmt::print("Opening a journal of 10^6 losses, the best of three:\n");
  measure_journal(folder, "{kind: none, trials: 1000}", 1000);
  measure_journal(folder, "{kind: asha, grace: 30, eta: 3}", 1000);
  measure_journal(folder, "{kind: median, grace: 50}", 200);
  if (argc <= 1) std::filesystem::remove_all(folder);

  fmt::print("Hearing a loss or giving work, at 10^4 trials:\n");
  for (std::string const kind :
       {"{kind: none, trials: 10000}", "{kind: sha, trials: 10000}", "{kind: asha, trials: 10000}",
        "{kind: asha-promote, trials: 10000}", "{kind: median, trials: 10000}",
        "{kind: hyperband, repeats: 70}", "{kind: fast-hyperband, repeats: 70}",
        "{kind: swift-hyperband, repeats: 70}"})
    measure_scheduler(kind);

  fmt::print("A suggestion, at 10^4 complete trials:\n");
  for (std::string const kind :
       {"{kind: random}", "{kind: quasi-random}", "{kind: tpe}", "{kind: gp}", "{kind: bohb}"})
    measure_searcher(kind);
}
