#include "corpuscle/tune/slurm.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;

/// One word for a shell: in single quotes all but their own kind stands for itself.
std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (char const c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  }
  return word + '\'';
}

/// One word of an #SBATCH line. sbatch takes a backslash as an escape inside quotes of both kinds, and as
/// nothing but that: outside them an escaped blank still ends the word.
std::string sbatch_word(std::string_view text) {
  if (text.find_first_of("\n\r") != std::string_view::npos)
    throw core::ConfigError(cat("'", text, "' holds a line break, which sbatch cannot be told"));
  std::string word = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') word += '\\';
    word += c;
  }
  return word + '"';
}

/// In the name of a log `%` starts a replacement, and a backslash anywhere forbids them all.
std::string log_pattern(std::string const& directory) {
  if (directory.find('\\') != std::string::npos)
    throw core::ConfigError(cat(directory, ": Slurm cannot name logs in a directory with a backslash"));
  std::string pattern;
  for (char const c : directory) pattern += c == '%' ? "%%" : std::string(1, c);
  return pattern + "/%A_%a.log";
}

struct Finished {
  int status;  ///< as of `waitpid`
  std::string out, error;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File scratch_file() {
  File file(std::tmpfile(), &std::fclose);
  if (!file)
    throw core::EnvironmentError(cat("no temporary file can be made: ", std::strerror(errno),
                                     "; is there room in the directory for temporary files?"));
  return file;
}

std::string text_of(std::FILE* file) {
  std::rewind(file);
  std::string text;
  std::array<char, 4096> part;
  while (std::size_t const n = std::fread(part.data(), 1, part.size(), file)) text.append(part.data(), n);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

/// Runs sbatch to its end.
Finished sbatch(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sbatch");
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  File const out = scratch_file();
  File const error = scratch_file();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, fileno(out.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, fileno(error.get()), STDERR_FILENO);
  pid_t process = 0;
  int const reason = posix_spawnp(&process, words[0], &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (reason != 0)
    throw core::EnvironmentError(
        cat("sbatch cannot be started: ", std::strerror(reason),
            "; is this a machine of a Slurm cluster? Elsewhere, start workers by hand or with mpirun"));
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return {status, text_of(out.get()), text_of(error.get())};
}

}  // namespace

std::string slurm_script(SlurmArray const& array) {
  CORPUSCLE_EXPECT(array.tasks > 0 && !array.command.empty());
  std::string script =
      cat("#!/bin/bash\n"
          "# Written by `corpuscle tune submit`; `sbatch` takes it again, for more workers.\n"
          "#SBATCH --job-name=",
          sbatch_word(array.name), "\n#SBATCH --array=0-", array.tasks - 1,
          "\n#SBATCH --output=", sbatch_word(log_pattern(array.directory)),
          "\n#SBATCH --open-mode=append\n"
          "#SBATCH --requeue\n"
          "#SBATCH --signal=B:TERM@90\n");
  if (!array.options.empty()) {
    script += "#SBATCH";
    for (std::string const& option : array.options) script += ' ' + sbatch_word(option);
    script += '\n';
  }
  script += "\nexec";
  for (std::string const& word : array.command) script += ' ' + shell_word(word);
  return script + '\n';
}

std::string submit_to_slurm(SlurmArray const& array) {
  std::string const text = slurm_script(array);
  std::error_code error;
  std::filesystem::create_directories(array.directory, error);
  if (error)
    throw core::EnvironmentError(cat(array.directory, ": cannot be made: ", error.message(),
                                     "; choose a directory that you may write"));
  std::string const script = array.directory + "/submit.sh";
  core::write_file(script, text);

  Finished const answer = sbatch({"--parsable", script});
  if (!WIFEXITED(answer.status) || WEXITSTATUS(answer.status) != 0)
    throw core::EnvironmentError(
        cat("sbatch refused ", script, ": ", answer.error.empty() ? "it does not say why" : answer.error));
  // "12", or "12;cluster" where there are several.
  std::string job = answer.out.substr(0, answer.out.find(';'));
  if (job.empty() || job.find_first_not_of("0123456789") != std::string::npos)
    throw core::EnvironmentError(
        cat("sbatch answered '", answer.out, "' to ", script, ", not the number of a job; see `squeue`"));
  return job;
}

}  // namespace corpuscle::tune
