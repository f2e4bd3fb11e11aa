#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

/// The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), as much of it as
/// event files use: a message is its fields, end to end.
namespace corpuscle::tensorboard {

/// A number as it lies in memory, little-endian.
template <class T>
std::string fixed(T value) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80U);
  return bytes + static_cast<char>(value);
}

/// What a field begins with: its number and how the value is written (0 varint, 1 eight bytes, 2 length and
/// bytes, 5 four bytes).
inline std::string key(unsigned number, unsigned wire) {
  return varint(number << 3U | wire);
}

inline std::string field(unsigned number, double value) {
  return key(number, 1) + fixed(value);
}
inline std::string field(unsigned number, float value) {
  return key(number, 5) + fixed(value);
}
inline std::string field(unsigned number, std::int64_t value) {
  return key(number, 0) + varint(static_cast<std::uint64_t>(value));
}
/// Text, bytes, or another message.
inline std::string field(unsigned number, std::string_view bytes) {
  return key(number, 2) + varint(bytes.size()) + std::string(bytes);
}
inline std::string field(unsigned number, std::string const& bytes) {
  return field(number, std::string_view(bytes));
}
inline std::string field(unsigned number, char const* text) {
  return field(number, std::string_view(text));
}

}  // namespace corpuscle::tensorboard
