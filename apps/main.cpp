#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "corpuscle/core/error.hpp"
#include "verbs.hpp"

int main(int argc, char** argv) {
  using corpuscle::core::ExitCode;
  CLI::App app("Corpuscle: from the raw picture of a collision to the particles that made it.", "corpuscle");
  app.set_version_flag("--version", "corpuscle " CORPUSCLE_VERSION);
  app.require_subcommand(0, 1);  // "none" is found below, after a misspelt one, whose message says more
  app.footer(
      "Examples:\n"
      "  corpuscle inspect events.edm4hep.root\n"
      "  corpuscle reconstruct events.slcio -o particles.edm4hep.root\n"
      "\n"
      "Each command has its own --help with more. Exit codes: 0 done, 2 wrong options or configuration,\n"
      "3 damaged or unsuitable input, 4 the machine lacks something (file, disk, library), 1 a bug.");
  int exit_code = static_cast<int>(ExitCode::success);
  add_inspect(app, exit_code);
  add_reconstruct(app, exit_code);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::RequiredError::Subcommand(1);
  } catch (CLI::ParseError const& error) {
    int const code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::usage);
  } catch (corpuscle::core::Error const& error) {
    std::fprintf(stderr, "corpuscle: %s\n", error.what());
    return static_cast<int>(error.exit_code());
  } catch (std::exception const& error) {
    std::fprintf(stderr, "corpuscle: internal error, please report it: %s\n", error.what());
    return static_cast<int>(ExitCode::bug);
  }
  return exit_code;
}
