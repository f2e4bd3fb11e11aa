#include "corpuscle/artifact/tensor.hpp"

#include <array>

#include "corpuscle/core/text.hpp"

namespace corpuscle::artifact {
namespace {

struct TypeRow {
  std::string_view name;
  std::size_t size;
};

constexpr std::array<TypeRow, 13> types{{{"F64", 8},
                                         {"I64", 8},
                                         {"U64", 8},
                                         {"F32", 4},
                                         {"I32", 4},
                                         {"U32", 4},
                                         {"F16", 2},
                                         {"BF16", 2},
                                         {"I16", 2},
                                         {"U16", 2},
                                         {"U8", 1},
                                         {"I8", 1},
                                         {"BOOL", 1}}};
static_assert(types[static_cast<std::size_t>(Type::boolean)].name == "BOOL");

}  // namespace

std::size_t size_of(Type type) noexcept {
  return types[static_cast<std::size_t>(type)].size;
}

std::string_view name(Type type) noexcept {
  return types[static_cast<std::size_t>(type)].name;
}

std::optional<Type> find_type(std::string_view name) noexcept {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i].name == name) return static_cast<Type>(i);
  return std::nullopt;
}

std::string in_brackets(Shape const& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += core::cat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

}  // namespace corpuscle::artifact
