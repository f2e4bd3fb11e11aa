#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as much of it as
/// ONNX files use. Ours, and not the library, because it is this short, and because the library would tie
/// what we install to one of its versions.
namespace corpuscle::onnx {

/// A message under construction: its fields in the order in which they are added.
class WireWriter {
 public:
  void add(std::uint32_t field, std::int64_t value);
  void add(std::uint32_t field, float value);
  /// Text, bytes, or another message.
  void add(std::uint32_t field, std::string_view bytes);
  void add(std::uint32_t field, WireWriter const& message) { add(field, message.bytes_); }

  [[nodiscard]] std::string const& bytes() const noexcept { return bytes_; }

 private:
  void add_varint(std::uint64_t value);
  std::string bytes_;
};

/// A field of a message, of which it is a view.
struct WireField {
  enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t value = 0;  ///< of all types but `bytes`
  std::string_view bytes;
  std::size_t offset = 0;  ///< in the file, for messages
};

/// Takes a message apart. Nothing is copied; a field that is cut, or longer than its message, is an error.
class WireReader {
 public:
  /// @param file     all bytes
  /// @param message  a part of them
  /// @param where    names the file in messages
  WireReader(std::string_view file, std::string_view message, std::string_view where) noexcept
      : file_(file), rest_(message), where_(where) {}

  /// False at the end of the message.
  /// @throws core::DataError naming the byte
  bool next(WireField& field);

  // The value of a field, if it is of the type that it must be; else core::DataError naming the byte.
  [[nodiscard]] std::int64_t integer(WireField const& field) const;
  [[nodiscard]] float number(WireField const& field) const;
  [[nodiscard]] std::string_view text(WireField const& field) const;
  [[nodiscard]] WireReader message(WireField const& field) const { return {file_, text(field), where_}; }
  /// Adds what a repeated field holds, one value or many ("packed").
  void append(WireField const& field, std::vector<std::int64_t>& to) const;
  void append(WireField const& field, std::vector<float>& to) const;

  [[noreturn]] void fail(std::size_t offset, std::string_view what) const;

 private:
  [[nodiscard]] std::size_t offset() const noexcept {
    return static_cast<std::size_t>(rest_.data() - file_.data());
  }
  std::uint64_t take_varint();
  std::uint64_t take_fixed(std::size_t n_bytes);

  std::string_view file_, rest_, where_;
};

}  // namespace corpuscle::onnx
