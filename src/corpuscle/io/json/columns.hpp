#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/io/frame.hpp"
#include "corpuscle/io/json/index.hpp"

/// The columns of one collection while they grow, value by value, and the collection made of them.
namespace corpuscle::io::json {

/// The event that is being read: what it may cost, and how its troubles are told.
class EventContext {
 public:
  EventContext(std::string const& path, Text const& text, std::uint64_t number)
      : path_(path), text_(text), number_(number) {
    // A file of n bytes may cost 2 n + 64 MB. Growing and then copying the columns takes two and a half
    // times what ends up in them; the rest of the process has its share.
    constexpr std::uint64_t megabyte = 1024 * 1024;
    allowance_ = (2 * text.size() + 40 * megabyte) / 5 * 2;
  }

  /// The collection that messages name from now on; empty for none.
  void enter(std::string const& collection) { collection_ = collection; }

  /// @throws core::DataError "path: event N (byte B): collection 'X': what"
  [[noreturn]] void fail(std::string const& what) const;

  /// Called before memory is taken. @throws core::DataError when that makes too much.
  void spend(std::uint64_t bytes) {
    if (bytes > allowance_) fail("needs far more memory than its text is long: refused as forged");
    allowance_ -= bytes;
  }

 private:
  std::string const& path_;
  Text const& text_;
  std::uint64_t number_;
  std::uint64_t allowance_;
  std::string collection_;
};

/// From the narrowest to the widest.
enum class NumberKind : std::uint8_t { none, boolean, i64, u64, f64 };

/// Numbers of one kind, the narrowest that holds all of them without loss.
class Numbers {
 public:
  void push(std::int64_t value) {
    if (value < 0) has_negative_ = true;
    append(NumberKind::i64, static_cast<std::uint64_t>(value));
  }
  void push(std::uint64_t value) {
    append(value > std::numeric_limits<std::int64_t>::max() ? NumberKind::u64 : NumberKind::i64, value);
  }
  void push(double value) { append(NumberKind::f64, bits_of(value)); }
  void push(bool value) { append(NumberKind::boolean, value ? 1 : 0); }

  [[nodiscard]] std::size_t size() const noexcept { return bits_.size(); }
  [[nodiscard]] bool is_integer() const noexcept {
    return kind_ == NumberKind::none || kind_ == NumberKind::i64 || kind_ == NumberKind::u64;
  }
  [[nodiscard]] bool is_beyond_i64(std::size_t k) const {
    return kind_ == NumberKind::u64 && static_cast<std::int64_t>(bits_[k]) < 0;
  }
  [[nodiscard]] std::int64_t integer(std::size_t k) const { return static_cast<std::int64_t>(bits_[k]); }

  void make_floating() {
    if (kind_ == NumberKind::f64) return;
    for (std::uint64_t& bits : bits_) bits = bits_of(as_double(kind_, bits));
    kind_ = NumberKind::f64;
  }

  /// Moves the numbers into a column and is empty afterwards.
  Column release(std::string name) {
    std::vector<std::uint64_t> const bits = std::exchange(bits_, {});
    switch (kind_) {
      case NumberKind::boolean: {
        Column column(std::move(name), Scalar::boolean);
        std::byte* const out = column.resize_values(bits.size());
        std::transform(bits.begin(), bits.end(), out, [](std::uint64_t bit) { return std::byte(bit); });
        return column;
      }
      case NumberKind::u64: return copy(std::move(name), Scalar::u64, bits);
      case NumberKind::f64: return copy(std::move(name), Scalar::f64, bits);
      case NumberKind::none:
      case NumberKind::i64: break;
    }
    return copy(std::move(name), Scalar::i64, bits);
  }

 private:
  static std::uint64_t bits_of(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }

  static Column copy(std::string name, Scalar type, std::vector<std::uint64_t> const& bits) {
    Column column(std::move(name), type);
    std::byte* const out = column.resize_values(bits.size());
    if (!bits.empty()) std::memcpy(out, bits.data(), bits.size() * sizeof bits[0]);
    return column;
  }

  [[nodiscard]] NumberKind joined(NumberKind other) const {
    if (kind_ == NumberKind::none) return other;
    NumberKind const wider = std::max(kind_, other);
    return wider == NumberKind::u64 && has_negative_ ? NumberKind::f64 : wider;
  }

  [[nodiscard]] static double as_double(NumberKind kind, std::uint64_t bits) {
    return kind == NumberKind::u64 ? static_cast<double>(bits)
                                   : static_cast<double>(static_cast<std::int64_t>(bits));
  }

  void append(NumberKind kind, std::uint64_t bits) {
    NumberKind const wanted = joined(kind);
    if (wanted == NumberKind::f64) {
      make_floating();
      if (kind != NumberKind::f64) bits = bits_of(as_double(kind, bits));
    }
    kind_ = wanted;
    if (bits_.size() == bits_.capacity()) bits_.reserve(bits_.size() + bits_.size() / 2 + 4);
    bits_.push_back(bits);
  }

  std::vector<std::uint64_t> bits_;  ///< of each number, as `kind_` says
  NumberKind kind_ = NumberKind::none;
  bool has_negative_ = false;
};

/// One name in the objects of a collection, for all objects end to end. A component holds a member per
/// part; a list holds numbers or, if its elements are components, a member per part.
struct Member {
  enum class Kind : std::uint8_t { unset, number, component, list };

  std::string name;
  Kind kind = Kind::unset;
  std::size_t rows = 0;  ///< objects that have been seen to have it, or known not to
  Numbers numbers;
  std::size_t elements = 0;         ///< of a list, in all rows
  Kind element = Kind::unset;       ///< what they are: numbers or components
  std::vector<std::uint32_t> ends;  ///< of a list: elements up to the end of each row
  std::vector<Member> parts;
};

std::string_view describe(Member::Kind kind);

/// Gives the rows up to `rows` that lack the member a value: 0, an empty list, or a reference to nothing.
void pad(Member& member, std::size_t rows, EventContext& context);

/// Fills in the members, vectors and relations of a collection, whose `type` is that of the file and whose
/// `size` is known, from its objects: a list of one row. Uses up `objects`.
/// @throws core::DataError if they do not fit the type, or do not fit together.
void build(Member& objects, Collection& collection, EventContext& context);

}  // namespace corpuscle::io::json
