#include "corpuscle/tune/qubo_exchange.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <istream>
#include <optional>
#include <ostream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {

using core::cat;

namespace {

std::string last_line_of(std::filesystem::path const& path) {
  std::ifstream in(path);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last.empty() ? "it printed nothing" : "its last words: " + last;
}

/// Runs a program with all that it prints in one file, in a process group of its own.
/// @return its status as of `waitpid`, or nothing if it was killed at the time limit
/// @throws core::EnvironmentError if it cannot be started
std::optional<int> run(std::vector<std::string> command, std::filesystem::path const& log,
                       std::chrono::seconds time_limit) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t process = 0;
  int const error = posix_spawnp(&process, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    throw core::EnvironmentError(cat("the sampler '", command[0],
                                     "' cannot be started: ", std::strerror(error),
                                     "; is it in PATH, and is '", log.string(), "' writable?"));

  auto const end = std::chrono::steady_clock::now() + time_limit;
  int status = 0;
  while (waitpid(process, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= end) {
      kill(-process, SIGKILL);
      waitpid(process, &status, 0);
      return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return status;
}

}  // namespace

void write_qubo(std::ostream& out, Qubo const& qubo, std::size_t reads, std::uint64_t seed) {
  out << "# variables " << qubo.size() << "\n# reads " << reads << "\n# seed " << seed << '\n';
  out << std::setprecision(17);
  for (std::size_t v = 0; v < qubo.size(); ++v) {
    if (qubo.linear(v) != 0) out << v << ' ' << v << ' ' << qubo.linear(v) << '\n';
    for (std::size_t w = v + 1; w < qubo.size(); ++w)
      if (qubo.couplings(v)[w] != 0) out << v << ' ' << w << ' ' << qubo.couplings(v)[w] << '\n';
  }
}

std::vector<Sample> read_samples(std::istream& in, Qubo const& qubo, std::string const& name) {
  std::vector<Sample> samples;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos || line[0] == '#') continue;
    auto const fail = [&](std::string const& why) {
      throw core::DataError(cat(name, ": line ", number, ": ", why));
    };
    std::istringstream words(line);
    std::string digits, rest;
    double energy = 0;
    long long occurrences = 0;
    if (!(words >> digits >> energy >> occurrences) || words >> rest || occurrences < 1)
      fail("a sample is `bits energy occurrences`, as in `0110 -0.25 3`");
    if (digits.size() != qubo.size())
      fail(cat("it has ", core::counted(digits.size(), "bit"), ", the problem has ", qubo.size()));
    if (digits.find_first_not_of("01") != std::string::npos) fail("bits are the digits 0 and 1");
    Sample sample;
    for (char const digit : digits) sample.bits.push_back(digit == '1' ? 1 : 0);
    sample.occurrences = static_cast<std::size_t>(occurrences);
    double const expected = qubo.energy(sample.bits);
    if (!(std::abs(energy - expected) <= 1e-6 * (1 + std::abs(expected)))) {
      fail(cat("the energy of these bits is ", expected, ", not ", energy,
               ": are they samples of this problem, variable 0 first?"));
    }
    samples.push_back(std::move(sample));
  }
  if (samples.empty()) throw core::DataError(name + ": there is no sample in it");
  return ranked(qubo, std::move(samples));
}

CommandSampler::CommandSampler(CommandSamplerConfig config) : config_(std::move(config)) {
  CORPUSCLE_EXPECT(!config_.command.empty());
}

std::vector<Sample> CommandSampler::sample(Qubo const& qubo, std::size_t reads, std::uint64_t seed) const {
  std::filesystem::path const problem = config_.folder / "qubo.txt";
  std::filesystem::path const answer = config_.folder / "samples.txt";
  std::filesystem::path const log = config_.folder / "sampler.log";
  std::error_code ignored;
  std::filesystem::create_directories(config_.folder, ignored);
  std::filesystem::remove(answer, ignored);  // an old answer must not pass for a new one
  std::ofstream out(problem);
  write_qubo(out, qubo, reads, seed);
  out.close();
  if (!out)
    throw core::EnvironmentError(problem.string() +
                                 ": cannot be written: is the folder writable, is the disk full?");

  std::vector<std::string> command = config_.command;
  command.push_back(problem.string());
  command.push_back(answer.string());
  std::optional<int> const status = run(std::move(command), log, config_.time_limit);
  auto const fail = [&](auto const&... what) {
    throw core::EnvironmentError(
        cat("the sampler '", config_.command[0], "' ", what..., "; ", last_line_of(log)));
  };
  if (!status) fail("was killed after its limit of ", config_.time_limit.count(), " s");
  if (WIFSIGNALED(*status)) fail("was ended by signal ", WTERMSIG(*status));
  if (WEXITSTATUS(*status) != 0) fail("failed with status ", WEXITSTATUS(*status));
  std::ifstream in(answer);
  if (!in) fail("did not write '", answer.string(), "'");
  return read_samples(in, qubo, answer.string());
}

}  // namespace corpuscle::tune
