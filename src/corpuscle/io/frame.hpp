#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// One event as the file holds it: named collections of columns, nothing interpreted yet.
///
/// Every reader produces frames and every writer takes them, whatever the format, so that `reconstruct`
/// can keep collections it knows nothing about. The vocabulary is that of podio: a collection has a
/// data type ("edm4hep::Cluster"), members ("position.x"), vector members and relations, whose rows
/// are selected by the members `<name>_begin` and `<name>_end`. Names and types are those of EDM4hep
/// 1.x: readers of older files and of LCIO rename at the border (io/schema.hpp).
namespace corpuscle::io {

enum class Scalar : std::uint8_t { i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, boolean };

std::size_t size_of(Scalar type);
std::string_view name(Scalar type);  ///< "int32_t", "float", ...

template <class T>
constexpr Scalar scalar_of();

/// One quantity for all objects of a collection: `rows() * width` values of one type.
class Column {
 public:
  Column() = default;
  Column(std::string name, Scalar type, std::uint32_t width = 1)
      : name_(std::move(name)), type_(type), width_(width) {}

  template <class T>
  static Column of(std::string name, std::span<T const> values, std::uint32_t width = 1) {
    Column column(std::move(name), scalar_of<T>(), width);
    std::byte* const storage = column.resize_values(values.size());
    if (!values.empty()) std::memcpy(storage, values.data(), values.size_bytes());
    return column;
  }

  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  [[nodiscard]] Scalar type() const noexcept { return type_; }
  [[nodiscard]] std::uint32_t width() const noexcept { return width_; }  ///< values per row
  [[nodiscard]] std::size_t values() const { return bytes_.size() / size_of(type_); }
  [[nodiscard]] std::size_t rows() const { return values() / width_; }

  /// Raw storage, `values() * size_of(type())` bytes in the machine's byte order.
  [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return bytes_; }
  /// Makes room for `n` values and returns their storage, zeroed where it is new.
  std::byte* resize_values(std::size_t n) {
    bytes_.resize(n * size_of(type_));
    return bytes_.data();
  }

  /// Appends one value, converted to the column's type.
  void push_back(double value);
  void push_back_integer(std::int64_t value);

  /// Value `k`, converted to `T`. Conversions that overflow give an unspecified value, never undefined
  /// behaviour.
  template <class T>
  [[nodiscard]] T at(std::size_t k) const;

  /// All values converted to `T`, appended to `out`.
  template <class T>
  void append_to(std::vector<T>& out) const;

  friend bool operator==(Column const&, Column const&) = default;

 private:
  std::string name_;
  Scalar type_ = Scalar::f32;
  std::uint32_t width_ = 1;
  std::vector<std::byte> bytes_;
};

/// A reference to one object of some collection; a negative index refers to nothing.
struct ObjectRef {
  std::int32_t index = -1;
  std::uint32_t collection = 0;
  friend bool operator==(ObjectRef const&, ObjectRef const&) = default;
};

/// The targets of one relation, for all objects of a collection end to end.
struct Relation {
  std::string name;
  std::vector<ObjectRef> targets;
  friend bool operator==(Relation const&, Relation const&) = default;
};

/// The elements of one vector member, for all objects end to end. A vector of plain numbers has one
/// column with an empty name; a vector of components ("edm4hep::TrackState") one column per member.
struct VectorMember {
  std::string name;
  std::string element_type;  ///< "float", "int32_t", "edm4hep::TrackState", ...
  std::vector<Column> columns;
  friend bool operator==(VectorMember const&, VectorMember const&) = default;
};

struct Collection {
  std::string name;
  std::string type;             ///< of one object: "edm4hep::Cluster"; "float" for user data; a link type
                                ///< is spelt "podio::Link<edm4hep::Track,edm4hep::MCParticle>"
  std::uint32_t id = 0;         ///< what `ObjectRef::collection` says
  bool is_subset = false;       ///< holds only references to objects of other collections, in relations[0]
  std::size_t size = 0;         ///< number of objects
  std::vector<Column> members;  ///< each with `size` rows
  std::vector<VectorMember> vectors;
  std::vector<Relation> relations;  ///< one-to-many first, then one-to-one (`size` targets each)

  [[nodiscard]] Column const* member(std::string_view name) const;
  [[nodiscard]] VectorMember const* vector(std::string_view name) const;
  [[nodiscard]] Relation const* relation(std::string_view name) const;
  friend bool operator==(Collection const&, Collection const&) = default;
};

using ParameterValue = std::variant<std::vector<std::int32_t>, std::vector<float>, std::vector<double>,
                                    std::vector<std::string>>;
using Parameters = std::map<std::string, ParameterValue>;

struct Frame {
  std::vector<Collection> collections;  ///< sorted by name
  Parameters parameters;

  [[nodiscard]] Collection const* find(std::string_view name) const;
  [[nodiscard]] Collection const* find(std::uint32_t id) const;
  friend bool operator==(Frame const&, Frame const&) = default;
};

/// The id of a collection we make ourselves: a hash (FNV-1a) of its name, as podio also derives ids from
/// names; a file only asks that ids be unique. Never 0.
std::uint32_t collection_id(std::string_view name);

template <>
constexpr Scalar scalar_of<std::int8_t>() {
  return Scalar::i8;
}
template <>
constexpr Scalar scalar_of<std::int16_t>() {
  return Scalar::i16;
}
template <>
constexpr Scalar scalar_of<std::int32_t>() {
  return Scalar::i32;
}
template <>
constexpr Scalar scalar_of<std::int64_t>() {
  return Scalar::i64;
}
template <>
constexpr Scalar scalar_of<std::uint8_t>() {
  return Scalar::u8;
}
template <>
constexpr Scalar scalar_of<std::uint16_t>() {
  return Scalar::u16;
}
template <>
constexpr Scalar scalar_of<std::uint32_t>() {
  return Scalar::u32;
}
template <>
constexpr Scalar scalar_of<std::uint64_t>() {
  return Scalar::u64;
}
template <>
constexpr Scalar scalar_of<float>() {
  return Scalar::f32;
}
template <>
constexpr Scalar scalar_of<double>() {
  return Scalar::f64;
}
template <>
constexpr Scalar scalar_of<bool>() {
  return Scalar::boolean;
}

/// Calls `visitor(T{})` with the C++ type that `type` stands for.
template <class Visitor>
decltype(auto) visit_scalar(Scalar type, Visitor&& visitor) {
  switch (type) {
    case Scalar::i8: return visitor(std::int8_t{});
    case Scalar::i16: return visitor(std::int16_t{});
    case Scalar::i32: return visitor(std::int32_t{});
    case Scalar::i64: return visitor(std::int64_t{});
    case Scalar::u8: return visitor(std::uint8_t{});
    case Scalar::u16: return visitor(std::uint16_t{});
    case Scalar::u32: return visitor(std::uint32_t{});
    case Scalar::u64: return visitor(std::uint64_t{});
    case Scalar::f32: return visitor(float{});
    case Scalar::boolean: return visitor(std::uint8_t{});
    case Scalar::f64: break;
  }
  return visitor(double{});
}

/// A static cast that is defined for every value: floating point saturates at the limits of an integer
/// target, and NaN becomes 0 there; integers wrap.
template <class To, class From>
To convert(From value);

template <class T>
T Column::at(std::size_t k) const {
  return visit_scalar(type_, [&]<class Stored>(Stored stored) {
    std::memcpy(&stored, bytes_.data() + k * sizeof(Stored), sizeof(Stored));
    return convert<T>(stored);
  });
}

template <class T>
void Column::append_to(std::vector<T>& out) const {
  visit_scalar(type_, [&]<class Stored>(Stored stored) {
    std::size_t const n = values();
    std::size_t const old = out.size();
    out.resize(old + n);
    if constexpr (std::is_same_v<Stored, T>) {
      if (n > 0) std::memcpy(out.data() + old, bytes_.data(), n * sizeof(T));
    } else {
      for (std::size_t k = 0; k < n; ++k) {
        std::memcpy(&stored, bytes_.data() + k * sizeof(Stored), sizeof(Stored));
        out[old + k] = convert<T>(stored);
      }
    }
  });
}

template <class To, class From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<To> || (std::is_integral_v<From> && std::is_integral_v<To>)) {
    return static_cast<To>(value);
  } else {
    if (!(value == value)) return To{};
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (value >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  }
}

}  // namespace corpuscle::io
