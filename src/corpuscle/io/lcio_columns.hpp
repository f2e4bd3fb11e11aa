#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/io/frame.hpp"
#include "corpuscle/io/sio.hpp"

/// Writing columns object by object, which is how LCIO stores them. Private to `io`.
namespace corpuscle::io::lcio {

/// Writes the values of a column front to back, into memory that is already there.
template <class T>
class Pen {
 public:
  explicit Pen(std::byte* at) : at_(at) {}
  void operator()(T value) {
    std::memcpy(at_, &value, sizeof(T));
    at_ += sizeof(T);
  }

 private:
  std::byte* at_;
};

template <class T>
struct Pen3 {
  Pen<T> x, y, z;
};

/// Appends values to a column whose length is not known beforehand.
template <class T>
Pen<T> extend(Column& column, std::size_t n) {
  std::size_t const old = column.bytes().size();
  return Pen<T>(column.resize_values(old / sizeof(T) + n) + old);
}
template <class T>
void append(Column& column, T value) {
  extend<T>(column, 1)(value);
}

/// Which elements of a vector member or relation belong to each object.
class Range {
 public:
  Range(Pen<std::uint32_t> begin, Pen<std::uint32_t> end) : begin_(begin), end_(end) {}

  /// Ends the row of the next object; it starts where the last one ended.
  void close(std::size_t end) {
    begin_(last_);
    last_ = static_cast<std::uint32_t>(end);
    end_(last_);
  }

 private:
  Pen<std::uint32_t> begin_, end_;
  std::uint32_t last_ = 0;
};

/// Adds columns, vectors and relations to a collection whose size is known. What it returns stays valid
/// while more are added.
class Builder {
 public:
  Builder(Collection& collection, sio::Budget& budget) : collection_(collection), budget_(budget) {
    budget.spend(4096);  // about what an empty collection takes
    collection.members.reserve(40);
    collection.vectors.reserve(4);
    collection.relations.reserve(4);
  }

  template <class T>
  Pen<T> member(std::string name, std::uint32_t width = 1) {
    std::size_t const n = collection_.size * width;
    budget_.spend(n * sizeof(T));
    return Pen<T>(collection_.members.emplace_back(std::move(name), scalar_of<T>(), width).resize_values(n));
  }
  template <class T>
  Pen3<T> member3(std::string const& name) {
    auto x = member<T>(name + ".x");
    auto y = member<T>(name + ".y");
    auto z = member<T>(name + ".z");
    return {x, y, z};
  }
  Range range(std::string const& name) {
    auto begin = member<std::uint32_t>(name + "_begin");
    auto end = member<std::uint32_t>(name + "_end");
    return {begin, end};
  }
  template <class T>
  Column& numbers(std::string name, std::string_view element_type) {
    VectorMember& vector = collection_.vectors.emplace_back();
    vector.name = std::move(name);
    vector.element_type = element_type;
    return vector.columns.emplace_back("", scalar_of<T>());
  }
  std::vector<ObjectRef>& relation(std::string name) {
    Relation& relation = collection_.relations.emplace_back();
    relation.name = std::move(name);
    return relation.targets;
  }

 private:
  Collection& collection_;
  sio::Budget& budget_;
};

/// A member that is known to be there.
inline Column& column(Collection& collection, std::string_view name) {
  auto member = collection.members.begin();
  while (member->name() != name) ++member;
  return *member;
}

}  // namespace corpuscle::io::lcio
