#include "corpuscle/encoding/schema.hpp"

#include <algorithm>
#include <array>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/encoding/encoding.hpp"

namespace corpuscle::encoding {
namespace {

std::string describe(Column const& column) {
  return core::cat("'", column.name, "' [", column.unit, "], range ", column.low, " to ", column.high,
                   ", transform ", name(column.transform), ", scale ", column.scale);
}

/// The first thing in which two schemas differ, for a message.
std::string first_difference(Schema const& theirs, Schema const& ours) {
  for (ElementColumns const& element : ours.elements) {
    auto const* columns = theirs.columns(element.type);
    if (columns == nullptr) return core::cat("it has no columns for the type '", name(element.type), "'");
    std::size_t const n = std::max(columns->size(), element.columns.size());
    for (std::size_t k = 0; k < n; ++k) {
      bool const in_theirs = k < columns->size();
      bool const in_ours = k < element.columns.size();
      if (in_theirs && in_ours && (*columns)[k] == element.columns[k]) continue;
      return core::cat("column ", k, " of the type '", name(element.type), "' is ",
                       in_theirs ? describe((*columns)[k]) : "missing", ", and here ",
                       in_ours ? describe(element.columns[k]) : "missing");
    }
  }
  return "it has other types of elements, or in another order";
}

}  // namespace

std::string_view name(ElementType type) {
  constexpr std::array<std::string_view, n_element_types> names{"track", "cluster", "hit", "tracker_hit",
                                                                "hit_group"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view name(Transform transform) {
  constexpr std::array<std::string_view, 4> names{"none", "log", "asinh", "code"};
  return names[static_cast<std::size_t>(transform)];
}

std::size_t Schema::width() const noexcept {
  std::size_t widest = 0;
  for (ElementColumns const& element : elements) widest = std::max(widest, element.columns.size());
  return widest;
}

std::vector<Column> const* Schema::columns(ElementType type) const noexcept {
  std::size_t const i = position(type);
  return i < elements.size() ? &elements[i].columns : nullptr;
}

std::size_t Schema::position(ElementType type) const noexcept {
  std::size_t i = 0;
  while (i < elements.size() && elements[i].type != type) ++i;
  return i;
}

std::span<Schema const> built_in_schemas() {
  static std::vector<Schema> const schemas = [] {
    std::vector<Schema> all = corpuscle_schemas();
    for (Schema& schema : mlpf_schemas()) all.push_back(std::move(schema));
    return all;
  }();
  return schemas;
}

Schema const& find_schema(std::string_view wanted) {
  std::vector<std::string_view> known;
  std::string list;
  for (Schema const& schema : built_in_schemas()) {
    if (schema.name == wanted) return schema;
    known.push_back(schema.name);
    list += core::cat(list.empty() ? "" : ", ", schema.name);
  }
  std::string_view const near = core::nearest(wanted, known);
  throw core::ConfigError(core::cat("unknown encoding schema '", wanted, "'",
                                    near.empty() ? std::string() : core::cat("; did you mean '", near, "'?"),
                                    " This version of Corpuscle has ", list));
}

void require_same(Schema const& theirs, Schema const& ours, std::string_view where) {
  if (theirs == ours) return;
  std::string const problem =
      theirs.name != ours.name
          ? core::cat("is encoded with the schema '", theirs.name, "', needed is '", ours.name, "'")
          : core::cat("has a schema '", theirs.name, "' that is not the '", ours.name,
                      "' of this version: ", first_difference(theirs, ours));
  throw core::ConfigError(
      core::cat(where, ": ", problem, ". Prepare the events again with '", ours.name, "'?"));
}

}  // namespace corpuscle::encoding
