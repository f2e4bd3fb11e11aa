#include "terminal.hpp"

#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

#include "corpuscle/core/error.hpp"

namespace terminal {
namespace {

/// Characters on the screen: code points of UTF-8, not bytes.
std::size_t width(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

volatile std::sig_atomic_t signal_number = 0;

}  // namespace

int run(CLI::App& app, int argc, char** argv, int const& exit_code) {
  using corpuscle::core::ExitCode;
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

void catch_interruptions() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, [](int number) { signal_number = number; });
}

int interrupted_by() {
  return signal_number;
}

int say_interrupted(std::string const& output) {
  fmt::print(stderr, "corpuscle: interrupted; {} was not written\n", output);
  return 128 + interrupted_by();
}

void require_other_file(std::string const& output, std::vector<std::string> const& inputs) {
  std::error_code ignored;
  for (std::string const& input : inputs)
    if (std::filesystem::equivalent(input, output, ignored))
      throw corpuscle::core::ConfigError(output + ": this is an input file too: name another output");
}

std::string table(std::vector<std::vector<std::string>> const& rows, std::size_t n_text) {
  std::vector<std::size_t> widths;
  for (auto const& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], width(row[k]));
  }
  std::string text;
  for (auto const& row : rows) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k) {
      std::string const padding(widths[k] - width(row[k]), ' ');
      line += (k < n_text ? row[k] + padding : padding + row[k]) + (k + 1 < row.size() ? "  " : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string quoted(std::string const& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + "\"";
}

std::vector<std::string> expand(std::vector<std::string> const& patterns) {
  std::vector<std::string> paths;
  for (std::string const& pattern : patterns) {
    if (pattern.find_first_of("*?[") == pattern.npos || ::access(pattern.c_str(), F_OK) == 0) {
      paths.push_back(pattern);
      continue;
    }
    glob_t found{};
    int const failed = ::glob(pattern.c_str(), 0, nullptr, &found);
    if (failed == 0) paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (failed != 0) throw corpuscle::core::EnvironmentError(pattern + ": no file matches");
  }
  return paths;
}

Progress::Progress(std::string label)
    : label_(std::move(label)),
      is_terminal_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (has_bar_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::size_t done, std::size_t total) {
  using namespace std::chrono;
  auto const now = steady_clock::now();
  if (now - last_ < (is_terminal_ ? milliseconds(100) : milliseconds(10000))) return;
  last_ = now;
  double const seconds = duration<double>(now - start_).count();
  double const rate = static_cast<double>(done) / seconds;
  double const left = rate > 0 ? static_cast<double>(total - done) / rate : 0;
  double const share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  std::string const numbers = fmt::format("{}/{} events, {:.0f}/s, {:.0f} s left", done, total, rate, left);
  if (is_terminal_) {
    has_bar_ = true;
    auto const filled = static_cast<std::size_t>(share * 30);
    fmt::print(stderr, "\r{} [{}{}] {}\033[K", label_, std::string(filled, '#'),
               std::string(30 - filled, ' '), numbers);
  } else {
    fmt::print(stderr, "{}: {}\n", label_, numbers);
  }
  std::fflush(stderr);
}

}  // namespace terminal
