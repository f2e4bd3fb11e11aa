#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace corpuscle::artifact {

/// Type of the elements of an array in a file. The widest first: files store arrays in this order, so that
/// each lies at a multiple of its element size without padding between them.
enum class Type : std::uint8_t { f64, i64, u64, f32, i32, u32, f16, bf16, i16, u16, u8, i8, boolean };

/// Bytes of one element.
std::size_t size_of(Type type) noexcept;
/// As written in files: "F32".
std::string_view name(Type type) noexcept;
std::optional<Type> find_type(std::string_view name) noexcept;

/// IEEE binary16 and bfloat16 as stored; arithmetic is done in float.
struct Float16 {
  std::uint16_t bits = 0;
  friend bool operator==(Float16, Float16) = default;
};
struct BFloat16 {
  std::uint16_t bits = 0;
  friend bool operator==(BFloat16, BFloat16) = default;
};

/// The `Type` of a C++ type.
template <class T>
consteval Type type_of() {
  if constexpr (std::is_same_v<T, double>)
    return Type::f64;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Type::i64;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return Type::u64;
  else if constexpr (std::is_same_v<T, float>)
    return Type::f32;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return Type::i32;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return Type::u32;
  else if constexpr (std::is_same_v<T, Float16>)
    return Type::f16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return Type::bf16;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return Type::i16;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return Type::u16;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return Type::u8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return Type::i8;
  else
    static_assert(std::is_same_v<T, bool>, "no array type for this C++ type");
  return Type::boolean;
}

using Shape = std::vector<std::size_t>;

/// "[3, 17]", for messages.
std::string in_brackets(Shape const& shape);

/// A named array of any dimension, row-major, little-endian, that somebody else keeps. No dimension: a
/// scalar.
struct Tensor {
  std::string name;
  Type type = Type::f32;
  Shape shape;
  std::span<std::byte const> bytes;  ///< size_of(type) times the product of `shape`
};

/// A view of `values` as an array to be written. Their number is the product of `shape`.
template <class T>
Tensor tensor(std::string name, Shape shape, std::span<T const> values) {
  return {std::move(name), type_of<T>(), std::move(shape), std::as_bytes(values)};
}
template <class T>
Tensor tensor(std::string name, Shape shape, std::vector<T> const& values) {
  return tensor(std::move(name), std::move(shape), std::span<T const>(values));
}

}  // namespace corpuscle::artifact
