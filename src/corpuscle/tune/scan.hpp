#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace corpuscle::tune {

/// Reads a line from its beginning, piece by piece.
class Scan {
 public:
  explicit Scan(std::string_view line) : rest_(line) {}

  /// Goes past this word, if it comes next.
  bool skip(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// Goes past a number, as std::from_chars reads it.
  template <class Number>
  bool read(Number& value) {
    auto const [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return error == std::errc{};
  }
  /// Goes to one of these characters and returns what was before; nothing if none comes.
  std::optional<std::string_view> until(std::string_view characters) {
    std::size_t const end = rest_.find_first_of(characters);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view const before = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return before;
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

/// The number that a whole word is.
inline std::optional<double> number_in(std::string_view word) {
  double value = 0;
  Scan scan(word);
  return scan.read(value) && scan.rest().empty() ? std::optional(value) : std::nullopt;
}

/// The shortest digits that read back as x; `nan`, `inf`, `-inf`.
inline std::string number_text(double x) {
  if (std::isnan(x)) return "nan";  // whatever its sign
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

/// What stands between blanks.
inline std::vector<std::string> words_in(std::string const& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace corpuscle::tune
