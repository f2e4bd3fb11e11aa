#include "corpuscle/train/history.hpp"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::train {
namespace {

constexpr std::string_view line_start = "{\"step\": ";

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// The step of a line; a line that was cut off has none that counts.
std::int64_t step_of(std::string_view line) {
  std::int64_t step = INT64_MAX;
  if (line.starts_with(line_start) && line.ends_with('}'))
    std::from_chars(line.data() + line_start.size(), line.data() + line.size(), step);
  return step;
}

}  // namespace

std::string history_line(std::string_view kind, std::int64_t step, Scalars const& scalars) {
  std::string line = core::cat(line_start, step, ", \"kind\": \"", kind, '"');
  for (auto const& [name, value] : scalars) line += core::cat(", \"", name, "\": ", number(value));
  return line + "}\n";
}

std::vector<std::pair<std::int64_t, double>> logged(std::string const& path, std::string_view kind,
                                                    std::string_view name) {
  std::vector<std::pair<std::int64_t, double>> result;
  std::string const wanted_kind = core::cat("\"kind\": \"", kind, '"');
  std::string const key = core::cat(", \"", name, "\": ");
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::size_t const at = line.find(key);
    std::int64_t const step = step_of(line);
    if (step == INT64_MAX || at == std::string::npos || line.find(wanted_kind) == std::string::npos) continue;
    double value = 0;
    if (std::from_chars(line.data() + at + key.size(), line.data() + line.size(), value).ec == std::errc{})
      result.emplace_back(step, value);
  }
  return result;
}

History::History(std::string path, std::int64_t step) : path_(std::move(path)) {
  std::string kept;
  std::ifstream before(path_);
  for (std::string line; std::getline(before, line);)
    if (step_of(line) <= step) kept += line + '\n';
  core::write_file(path_, kept);
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) throw core::EnvironmentError(core::cat(path_, ": cannot be written: ", std::strerror(errno)));
}

void History::add(std::string_view kind, std::int64_t step, Scalars const& scalars) {
  std::string const line = history_line(kind, step, scalars);
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0)
    throw core::EnvironmentError(core::cat(path_, ": cannot be written: ", std::strerror(errno)));
}

}  // namespace corpuscle::train
