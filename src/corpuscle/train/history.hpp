#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corpuscle::train {

using Scalars = std::vector<std::pair<std::string, double>>;

/// One line of JSON: {"step": 10, "kind": "train", ...}. What is not finite becomes null.
std::string history_line(std::string_view kind, std::int64_t step, Scalars const& scalars);

/// Steps and values of a figure in the lines of one kind of a `history.jsonl`; none if there is no such file.
/// Lines that were cut off and null are left out.
std::vector<std::pair<std::int64_t, double>> logged(std::string const& path, std::string_view kind,
                                                    std::string_view name);

/// `history.jsonl`: a line for what is logged while training and for each validation. Lines appear at once.
class History {
 public:
  /// Opens the file and drops the lines of steps after `step`: they will be made again.
  /// @throws core::EnvironmentError
  History(std::string path, std::int64_t step);

  /// @throws core::EnvironmentError
  void add(std::string_view kind, std::int64_t step, Scalars const& scalars);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace corpuscle::train
