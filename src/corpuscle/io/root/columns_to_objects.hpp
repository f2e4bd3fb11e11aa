#pragma once

#include <memory>
#include <string>
#include <vector>

#include "corpuscle/io/frame.hpp"

class TClass;

namespace corpuscle::io::root {

/// Fills a `vector<T>` of any class T with a dictionary from columns named after T's members; members
/// without a column are zero, columns without a member are dropped.
class ObjectVector {
 public:
  /// @param element_class  as in C++: "edm4hep::TrackData", "podio::ObjectID", "float"
  explicit ObjectVector(std::string const& element_class);
  ~ObjectVector();
  ObjectVector(ObjectVector const&) = delete;
  ObjectVector& operator=(ObjectVector const&) = delete;

  [[nodiscard]] std::string const& class_name() const noexcept { return class_name_; }
  [[nodiscard]] void* object() const noexcept { return object_; }  ///< the vector
  [[nodiscard]] void* address() noexcept { return &object_; }      ///< of the pointer to it

  void fill(std::size_t n, std::vector<Column> const& columns);

 private:
  struct Member {
    std::string path;
    std::size_t offset;
    Scalar type;
    std::size_t length;
  };
  void add_members(TClass& element, std::string const& prefix, std::size_t offset);

  std::string class_name_;
  TClass* vector_class_ = nullptr;
  void* object_ = nullptr;
  std::size_t stride_ = 0;
  std::vector<Member> members_;
};

}  // namespace corpuscle::io::root
