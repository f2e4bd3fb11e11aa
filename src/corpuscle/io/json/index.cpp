#include "corpuscle/io/json/index.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::io::json {
namespace {

using core::cat;

class MemoryText final : public Text {
 public:
  explicit MemoryText(std::string_view text) : Text(text.size()), text_(text) {}

 private:
  std::string_view load(std::uint64_t offset) override { return text_.substr(offset); }
  std::string_view text_;
};

class FileText final : public Text {
 public:
  FileText(std::string const& path, std::uint64_t size)
      : Text(size), path_(path), file_(path, std::ios::binary), buffer_(64 * 1024) {
    if (!file_) throw core::EnvironmentError(cat(path, ": cannot be opened for reading"));
  }

 private:
  std::string_view load(std::uint64_t offset) override {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    auto const n = static_cast<std::size_t>(file_.gcount());
    if (n == 0)
      throw core::DataError(cat(path_, ": byte ", offset, ": cannot be read; has the file changed?"));
    return {buffer_.data(), n};
  }

  std::string path_;
  std::ifstream file_;
  std::vector<char> buffer_;
};

std::optional<std::uint64_t> event_number(std::string_view name) {
  constexpr std::string_view prefix = "Event ";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (name.empty() || name.size() > 18) return std::nullopt;
  std::uint64_t number = 0;
  for (char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

/// Follows brackets and strings only, once through the file: whether the JSON between them makes sense
/// is found out when an event is read. Not recursive, so that nesting costs no stack.
class Indexer {
 public:
  Indexer(Text& text, Index& index) : text_(text), index_(index) {}

  /// False if the text is not even the beginning of a JSON object. @throws Damage
  bool run() {
    skip_space();
    if (peek() != '{') return false;
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
    } else {
      do member();
      while (separator());
    }
    skip_space();
    if (at_ != text_.size()) fail("text after the end of the JSON object");
    return true;
  }

 private:
  static constexpr int end_of_file = -1;

  [[noreturn]] void fail(std::string what) const { throw Damage{at_, std::move(what), number_}; }

  int peek() { return at_ < text_.size() ? static_cast<unsigned char>(text_.at(at_)) : end_of_file; }
  char next() {
    if (at_ >= text_.size()) fail("the file ends early");
    return text_.at(at_++);
  }
  static bool is_space(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  void skip_space() {
    while (is_space(peek())) ++at_;
  }

  /// One `"name": value` of the outermost object.
  void member() {
    skip_space();
    if (next() != '"') fail("a name in quotes was expected");
    std::string const name = string();
    skip_space();
    if (next() != ':') fail(cat("no ':' after ", in_quotes(name)));
    skip_space();
    number_ = event_number(name);
    std::uint64_t const begin = at_;
    if (number_ && peek() != '{') fail("is not an object");
    value();
    if (number_) {
      index_.events.push_back({*number_, begin, at_});
    } else {
      index_.has_others = true;
    }
    number_.reset();
  }

  /// True if another member follows, false at the end of the object.
  bool separator() {
    skip_space();
    char const c = next();
    if (c != ',' && c != '}') fail("',' or '}' was expected");
    return c == ',';
  }

  /// The rest of a string, its opening quote being read; escapes stay as they are.
  std::string string() {
    std::string text;
    for (char c = next(); c != '"'; c = next()) {
      text.push_back(c);
      if (c == '\\') text.push_back(next());
      if (text.size() > max_string) fail(cat("a string of more than ", max_string, " characters"));
    }
    return text;
  }

  void skip_string() {
    std::uint64_t const begin = at_;
    for (char c = next(); c != '"'; c = next()) {
      if (c == '\\') next();
      if (at_ - begin > max_string) fail(cat("a string of more than ", max_string, " characters"));
    }
  }

  /// Steps over one value.
  void value() {
    std::string name;  // of the member of an event that is being passed
    int depth = 0;
    std::size_t length = 0;  // of the number or word that is being passed
    do {
      int const c = peek();
      if (depth == 0 && length > 0 && (c == ',' || c == '}' || is_space(c))) return;
      next();
      switch (c) {
        case '"':
          if (depth == 1 && index_.version.empty()) {
            std::string text = string();
            if (name == "edm4hepVersion" && text.find_first_not_of("0123456789.") == text.npos)
              index_.version = text;
            name = std::move(text);
          } else {
            skip_string();
          }
          length = 0;
          break;
        case '{':
        case '[':
          if (++depth > max_depth) fail(cat("nested more than ", max_depth, " deep"));
          length = 0;
          break;
        case '}':
        case ']':
          --depth;
          length = 0;
          break;
        case ' ':
        case '\n':
        case '\r':
        case '\t':
        case ',':
        case ':': length = 0; break;
        default:
          if (++length > max_number) fail(cat("a number of more than ", max_number, " characters"));
      }
    } while (depth > 0 || length > 0);
  }

  Text& text_;
  Index& index_;
  std::uint64_t at_ = 0;
  std::optional<std::uint64_t> number_;  ///< of the event we are in
};

}  // namespace

Index index_events(std::string const& path, Text& text) {
  if (text.size() == 0) throw core::DataError(cat(path, ": is empty"));
  Index index;
  try {
    if (!Indexer(text, index).run())
      throw core::DataError(cat(path, ": byte 0: does not start with '{', so it is not from edm4hep2json"));
  } catch (Damage& damage) {
    index.damage = std::move(damage);
  }
  if (index.events.empty() && !index.damage && index.has_others)
    throw core::DataError(cat(path, ": JSON, but without an 'Event 0': not the output of edm4hep2json"));
  // Names come in the order of their characters: 0, 1, 10, 11, 2.
  std::sort(index.events.begin(), index.events.end(), [](EventRange const& a, EventRange const& b) {
    return std::pair(a.number, a.begin) < std::pair(b.number, b.begin);
  });
  return index;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  return text.size() <= longest ? cat("'", text, "'") : cat("'", text.substr(0, longest), "...'");
}

std::unique_ptr<Text> open_text(std::string const& path) {
  std::error_code error;
  auto const status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw core::EnvironmentError(cat(path, ": no such file"));
  if (!std::filesystem::is_regular_file(status)) throw core::EnvironmentError(cat(path, ": not a file"));
  auto const size = std::filesystem::file_size(path, error);
  if (error) throw core::EnvironmentError(cat(path, ": ", error.message()));
  return std::make_unique<FileText>(path, size);
}

std::unique_ptr<Text> view_text(std::string_view text) {
  return std::make_unique<MemoryText>(text);
}

}  // namespace corpuscle::io::json
