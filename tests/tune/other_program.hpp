#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

/// Other people's programs that read what we write.
namespace corpuscle::tune::test {

/// A folder of its own, gone with everything in it at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "corpuscle-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }
  void write(std::string_view name, std::string_view text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
  }

 private:
  std::string path_;
};

struct Outcome {
  int status = 0;
  std::string output;
};

/// Runs a command of the shell.
inline Outcome run(std::string const& command) {
  Outcome outcome;
  std::FILE* const out = ::popen(command.c_str(), "r");
  for (char piece[4096]; std::size_t const n = std::fread(piece, 1, sizeof piece, out);)
    outcome.output.append(piece, n);
  int const status = ::pclose(out);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return outcome;
}

/// Runs a script of this folder with the Python of `tools/setup --test-tools`; status 77 if there is none, as
/// of scripts that lack a package.
inline Outcome run_python(std::string const& script, std::string const& argument) {
  std::string const root = CORPUSCLE_SOURCE_DIR;
  std::string const python = root + "/.env/bin/python";
  if (!std::filesystem::exists(python)) return {77, "skipped: there is no " + python};
  return run("'" + python + "' -B '" + root + "/tests/tune/" + script + "' '" + argument + "' 2>&1");
}

}  // namespace corpuscle::tune::test
