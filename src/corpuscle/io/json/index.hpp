#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// The characters of a JSON file, and where in it the events lie.
namespace corpuscle::io::json {

/// What no honest file exceeds, so that a forged one costs neither stack nor memory.
constexpr int max_depth = 16;
constexpr std::size_t max_string = 64 * 1024;
constexpr std::size_t max_number = 1024;

/// Text from a file, for a message: not too long.
std::string in_quotes(std::string_view text);

/// Text of any length, of which only a window is in memory. Not thread-safe.
class Text {
 public:
  virtual ~Text() = default;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Character `offset` < size().
  char at(std::uint64_t offset) {
    last_ = offset;
    if (offset - begin_ >= window_.size()) {
      window_ = {};  // load may throw
      begin_ = offset;
      window_ = load(offset);
    }
    return window_[offset - begin_];
  }

  /// The character asked for last.
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }

 protected:
  explicit Text(std::uint64_t size) : size_(size) {}

 private:
  /// A piece of text that starts at `offset`, at least one character; valid until the next call.
  virtual std::string_view load(std::uint64_t offset) = 0;

  std::uint64_t size_;
  std::uint64_t begin_ = 0;
  std::uint64_t last_ = 0;
  std::string_view window_;
};

/// The text of a file. @throws core::EnvironmentError if it cannot be opened.
std::unique_ptr<Text> open_text(std::string const& path);

/// Text that somebody else keeps.
std::unique_ptr<Text> view_text(std::string_view text);

/// Input iterator over a Text, as the JSON parser wants it.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = char const*;
  using reference = char;

  Cursor(Text& text, std::uint64_t offset) : text_(&text), offset_(offset) {}
  char operator*() const { return text_->at(offset_); }
  Cursor& operator++() {
    ++offset_;
    return *this;
  }
  friend bool operator==(Cursor const& a, Cursor const& b) { return a.offset_ == b.offset_; }

 private:
  Text* text_;
  std::uint64_t offset_;
};

/// The text [begin, end) of the object that belongs to the name "Event <number>".
struct EventRange {
  std::uint64_t number;
  std::uint64_t begin;
  std::uint64_t end;
};

/// The first place at which the file cannot be followed further.
struct Damage {
  std::uint64_t offset;
  std::string what;
  std::optional<std::uint64_t> number;  ///< of the event it is in, if it is in one
};

struct Index {
  std::deque<EventRange> events;  ///< by number; a deque, since a vector would briefly need thrice the memory
  std::optional<Damage> damage;   ///< nothing behind it has been looked at
  bool has_others = false;        ///< names that are not "Event <number>"
  std::string version;            ///< edm4hepVersion of the first event that has one
};

/// Follows the file once from its beginning, as far as it can be followed. O(size); takes no memory to
/// speak of. What lies between the brackets of an event is looked at when the event is read.
/// @throws core::DataError if the file is nothing that edm4hep2json may have begun to write.
Index index_events(std::string const& path, Text& text);

}  // namespace corpuscle::io::json
