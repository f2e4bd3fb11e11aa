#include "corpuscle/io/frame.hpp"

#include <algorithm>

namespace corpuscle::io {
namespace {

template <class Items>
auto const* find_named(Items const& items, std::string_view name) {
  auto const found = std::find_if(items.begin(), items.end(), [&](auto const& item) {
    if constexpr (requires { item.name(); }) {
      return item.name() == name;
    } else {
      return item.name == name;
    }
  });
  return found == items.end() ? nullptr : &*found;
}

template <class Value>
void append(Column& column, Value value) {
  std::size_t const n = column.values();
  std::byte* const storage = column.resize_values(n + 1);
  visit_scalar(column.type(), [&]<class Stored>(Stored) {
    auto const stored = convert<Stored>(value);
    std::memcpy(storage + n * sizeof(Stored), &stored, sizeof(Stored));
  });
}

}  // namespace

std::size_t size_of(Scalar type) {
  return visit_scalar(type, [](auto value) { return sizeof value; });
}

std::string_view name(Scalar type) {
  switch (type) {
    case Scalar::i8: return "int8_t";
    case Scalar::i16: return "int16_t";
    case Scalar::i32: return "int32_t";
    case Scalar::i64: return "int64_t";
    case Scalar::u8: return "uint8_t";
    case Scalar::u16: return "uint16_t";
    case Scalar::u32: return "uint32_t";
    case Scalar::u64: return "uint64_t";
    case Scalar::f32: return "float";
    case Scalar::f64: return "double";
    case Scalar::boolean: return "bool";
  }
  return "unknown";
}

void Column::push_back(double value) {
  append(*this, value);
}
void Column::push_back_integer(std::int64_t value) {
  append(*this, value);
}

Column const* Collection::member(std::string_view wanted) const {
  return find_named(members, wanted);
}
VectorMember const* Collection::vector(std::string_view wanted) const {
  return find_named(vectors, wanted);
}
Relation const* Collection::relation(std::string_view wanted) const {
  return find_named(relations, wanted);
}

Collection const* Frame::find(std::string_view name) const {
  return find_named(collections, name);
}

Collection const* Frame::find(std::uint32_t id) const {
  auto const found = std::find_if(collections.begin(), collections.end(),
                                  [&](Collection const& collection) { return collection.id == id; });
  return found == collections.end() ? nullptr : &*found;
}

std::uint32_t collection_id(std::string_view name) {
  std::uint32_t hash = 2166136261U;  // FNV-1a, 32 bit
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash == 0 ? 1 : hash;
}

}  // namespace corpuscle::io
