// corpuscle simulate and generate: a program of their own, which may link Pythia (GPL); this one starts it.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

/// Becomes corpuscle-simulate, which lies where this program does.
[[noreturn]] void start(char** argv) {
  std::error_code ignored;
  auto const self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  std::string const program = (self.parent_path() / "corpuscle-simulate").string();
  ::execv(program.c_str(), argv);
  throw core::EnvironmentError(core::cat(program, ": cannot be started: ", std::strerror(errno),
                                         ". It comes with Corpuscle, as a program of its own"));
}

}  // namespace

void add_simulate(CLI::App& app, char** argv) {
  for (auto const& [name, what] : {std::pair("simulate", "Simulate collisions in a detector"),
                                   std::pair("generate", "Generate collisions, without a detector")}) {
    CLI::App* verb = app.add_subcommand(name, what);
    verb->set_help_flag();  // all options are for the other program to understand
    verb->prefix_command();
    verb->callback([argv] { start(argv); });
  }
}
