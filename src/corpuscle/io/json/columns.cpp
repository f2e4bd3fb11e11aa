#include "corpuscle/io/json/columns.hpp"

#include <optional>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/schema.hpp"

namespace corpuscle::io::json {
namespace {

using core::cat;

/// True for {"collectionID": c, "index": i}.
bool is_reference(std::vector<Member> const& parts) {
  return parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [](Member const& part) {
           return part.kind == Member::Kind::number && (part.name == "collectionID" || part.name == "index");
         });
}

template <class Names>
std::size_t position(Names const& names, std::string_view name) {
  auto const found = std::find_if(names.begin(), names.end(), [&](auto const& entry) {
    if constexpr (requires { entry.name; }) {
      return entry.name == name;
    } else {
      return entry == name;
    }
  });
  return static_cast<std::size_t>(found - names.begin());
}

bool is_plain(std::string_view element_type) {
  return element_type.find("::") == element_type.npos;
}

/// What a member of a JSON object is in podio's terms, in the order in which a collection has them.
enum class Role : std::uint8_t { member, vector, many, one, nothing };

struct Assigned {
  Role role;
  std::size_t rank;  ///< place among those of its role in the declaration of the type
  Member* member;
  std::string_view element_type;  ///< of a vector, where it is declared
};

class Builder {
 public:
  explicit Builder(EventContext& context) : context_(context) {}

  void build(Member& objects, Collection& out);

 private:
  Assigned assign(Member& member, TypeSchema const& schema) const;
  void add(Assigned const& assigned, Collection& out);
  std::vector<ObjectRef> targets(std::vector<Member>& parts, std::size_t n, std::string_view relation);
  void add_columns(Member& member, std::string const& prefix, std::size_t rows, std::vector<Column>& out);
  static std::optional<std::uint32_t> fixed_width(Member const& list);
  void add_array(Member& list, std::uint32_t width, std::string const& path, std::vector<Column>& out);
  void add_range(Member const& list, std::vector<Column>& out);

  EventContext& context_;
};

void Builder::build(Member& objects, Collection& out) {
  if (objects.element == Member::Kind::number) {  // user data
    out.members.push_back(objects.numbers.release("value"));
    return;
  }
  if (is_reference(objects.parts)) {
    out.is_subset = true;
    out.relations.push_back({"objects", targets(objects.parts, out.size, "objects")});
    return;
  }
  static constexpr TypeSchema unknown{};
  TypeSchema const* const schema = find_schema(out.type);
  std::vector<Assigned> all;
  for (Member& member : objects.parts) all.push_back(assign(member, schema ? *schema : unknown));
  std::stable_sort(all.begin(), all.end(), [](Assigned const& a, Assigned const& b) {
    return std::pair(a.role, a.rank) < std::pair(b.role, b.rank);
  });
  for (Assigned const& assigned : all) add(assigned, out);
}

/// The schema says what belongs to a type; what it does not know shows its role by its shape.
Assigned Builder::assign(Member& member, TypeSchema const& schema) const {
  bool const is_list = member.kind == Member::Kind::list;
  bool const is_empty = is_list && member.elements == 0;
  bool const refers = (is_list || member.kind == Member::Kind::component) && is_reference(member.parts);

  std::size_t const vector = position(schema.vectors, member.name);
  if (vector < schema.vectors.size()) {
    std::string_view const element_type = schema.vectors[vector].element_type;
    auto const expected = is_plain(element_type) ? Member::Kind::number : Member::Kind::component;
    if (!is_list || !(is_empty || member.element == expected))
      context_.fail(
          cat(in_quotes(member.name), " is not a list of ", is_plain(element_type) ? "numbers" : "objects"));
    return {Role::vector, vector, &member, element_type};
  }
  std::size_t const many = position(schema.one_to_many, member.name);
  if (many < schema.one_to_many.size()) {
    if (!is_empty && !(is_list && refers))
      context_.fail(cat(in_quotes(member.name), " is not a list of references"));
    return {Role::many, many, &member, {}};
  }
  std::size_t const one = position(schema.one_to_one, member.name);
  if (one < schema.one_to_one.size()) {
    if (is_list || !refers) context_.fail(cat(in_quotes(member.name), " is not a reference"));
    return {Role::one, one, &member, {}};
  }

  if (is_empty) return {Role::nothing, 0, &member, {}};
  if (refers) return {is_list ? Role::many : Role::one, is_list ? many : one, &member, {}};
  if (is_list && !fixed_width(member)) return {Role::vector, vector, &member, {}};
  // A frame looks up the range of a vector by such names, and trusts it.
  if (member.name.ends_with("_begin") || member.name.ends_with("_end"))
    context_.fail(cat(in_quotes(member.name), " is the name of a range, which JSON does not have"));
  return {Role::member, 0, &member, {}};
}

void Builder::add(Assigned const& assigned, Collection& out) {
  Member& member = *assigned.member;
  pad(member, out.size, context_);
  switch (assigned.role) {
    case Role::member: add_columns(member, "", out.size, out.members); break;
    case Role::vector: {
      std::string_view const type = assigned.element_type;
      VectorMember vector{member.name, std::string(type), {}};
      // A list of floats that happen to be whole, or an empty one, is still a list of floats.
      if (type == "float" || type == "double") member.numbers.make_floating();
      if (is_plain(type) && member.element != Member::Kind::component)
        vector.columns.push_back(member.numbers.release(""));
      for (Member& part : member.parts) add_columns(part, "", member.elements, vector.columns);
      out.vectors.push_back(std::move(vector));
      add_range(member, out.members);
      break;
    }
    case Role::many:
      out.relations.push_back({member.name, targets(member.parts, member.elements, member.name)});
      add_range(member, out.members);
      break;
    case Role::one:
      out.relations.push_back({member.name, targets(member.parts, out.size, member.name)});
      break;
    case Role::nothing: break;
  }
}

/// `n` references out of their two parts.
std::vector<ObjectRef> Builder::targets(std::vector<Member>& parts, std::size_t n,
                                        std::string_view relation) {
  std::vector<ObjectRef> result(n);
  if (n == 0) return result;
  for (Member& part : parts) pad(part, n, context_);
  bool const is_index_first = parts[0].name == "index";
  Numbers const& index = parts[is_index_first ? 0 : 1].numbers;
  Numbers const& collection = parts[is_index_first ? 1 : 0].numbers;
  if (!index.is_integer() || !collection.is_integer())
    context_.fail(cat("relation ", in_quotes(relation), " has a reference that is no integer"));
  for (std::size_t k = 0; k < n; ++k) {
    std::int64_t const i = index.integer(k);
    std::int64_t const c = collection.integer(k);
    auto const is_within = [](std::int64_t value, std::int64_t highest) {
      return value >= std::numeric_limits<std::int32_t>::min() && value <= highest;
    };
    bool const is_beyond = index.is_beyond_i64(k) || collection.is_beyond_i64(k) ||
                           !is_within(i, std::numeric_limits<std::int32_t>::max()) ||
                           !is_within(c, std::numeric_limits<std::uint32_t>::max());
    if (is_beyond)
      context_.fail(cat("relation ", in_quotes(relation), ", reference ", k, " (index ", i, " of collection ",
                        c, ") is beyond 32 bits"));
    // Both are negative, -1 or -2, in a reference to nothing.
    if (i >= 0 && c >= 0) result[k] = {static_cast<std::int32_t>(i), static_cast<std::uint32_t>(c)};
  }
  return result;
}

/// The columns of a member with `rows` rows: one, or one per part of a component.
void Builder::add_columns(Member& member, std::string const& prefix, std::size_t rows,
                          std::vector<Column>& out) {
  pad(member, rows, context_);
  std::string const path = prefix + member.name;
  switch (member.kind) {
    case Member::Kind::unset: return;
    case Member::Kind::number: out.push_back(member.numbers.release(path)); return;
    case Member::Kind::component:
      for (Member& part : member.parts) add_columns(part, path + ".", rows, out);
      return;
    case Member::Kind::list: break;
  }
  if (member.elements == 0) return;
  auto const width = fixed_width(member);
  if (!width) context_.fail(cat("the lists ", in_quotes(path), " differ in length"));
  add_array(member, *width, path, out);
}

/// The length that all lists have which are not empty; none if they differ.
std::optional<std::uint32_t> Builder::fixed_width(Member const& list) {
  std::uint32_t width = 0;
  std::uint32_t begin = 0;
  for (std::uint32_t const end : list.ends) {
    std::uint32_t const length = end - std::exchange(begin, end);
    if (length == 0) continue;
    if (width != 0 && length != width) return std::nullopt;
    width = length;
  }
  return width;
}

/// The columns of a fixed array, `width` values per row; a row without any gets zeros.
void Builder::add_array(Member& list, std::uint32_t width, std::string const& path,
                        std::vector<Column>& out) {
  std::vector<Column> flat;
  if (list.element == Member::Kind::number) flat.push_back(list.numbers.release(path));
  for (Member& part : list.parts) add_columns(part, path + ".", list.elements, flat);

  for (Column& column : flat) {
    std::uint64_t const row_width = std::uint64_t{width} * column.width();
    if (row_width > std::numeric_limits<std::uint32_t>::max())
      context_.fail(cat(in_quotes(path), " is too long"));
    std::size_t const row_bytes = row_width * size_of(column.type());
    // A few long lists and many missing ones would grow out of all proportion.
    std::uint64_t const padding = list.ends.size() - list.elements / width;
    bool const overflows = padding > 0 && row_bytes > std::numeric_limits<std::uint64_t>::max() / padding;
    context_.spend(overflows ? std::numeric_limits<std::uint64_t>::max() : padding * row_bytes);

    Column array(column.name(), column.type(), static_cast<std::uint32_t>(row_width));
    std::byte* to = array.resize_values(list.ends.size() * row_width);
    std::byte const* from = column.bytes().data();
    std::uint32_t begin = 0;
    for (std::uint32_t const end : list.ends) {
      if (end != std::exchange(begin, end)) {
        std::memcpy(to, from, row_bytes);
        from += row_bytes;
      }
      to += row_bytes;
    }
    out.push_back(std::move(array));
  }
}

/// `<name>_begin` and `<name>_end`: which elements belong to which object.
void Builder::add_range(Member const& list, std::vector<Column>& out) {
  context_.spend(2 * list.ends.size() * sizeof(std::uint32_t));
  std::vector<std::uint32_t> begins(list.ends.size(), 0);
  if (!begins.empty()) std::copy(list.ends.begin(), list.ends.end() - 1, begins.begin() + 1);
  out.push_back(Column::of<std::uint32_t>(list.name + "_begin", begins));
  out.push_back(Column::of<std::uint32_t>(list.name + "_end", list.ends));
}

}  // namespace

void EventContext::fail(std::string const& what) const {
  std::string const where = collection_.empty() ? "" : cat("collection ", in_quotes(collection_), ": ");
  throw core::DataError(cat(path_, ": event ", number_, " (byte ", text_.last(), "): ", where, what));
}

std::string_view describe(Member::Kind kind) {
  switch (kind) {
    case Member::Kind::unset: return "nothing";
    case Member::Kind::number: return "a number";
    case Member::Kind::component: return "an object";
    case Member::Kind::list: break;
  }
  return "a list";
}

void pad(Member& member, std::size_t rows, EventContext& context) {
  if (member.rows >= rows) return;
  std::uint64_t const missing = rows - member.rows;
  if (member.kind == Member::Kind::number) {
    context.spend(missing * sizeof(std::uint64_t));
    auto const nothing = static_cast<std::int64_t>(member.name == "index" ? -1 : 0);
    for (std::uint64_t k = 0; k < missing; ++k) member.numbers.push(nothing);
  } else if (member.kind == Member::Kind::list) {
    context.spend(missing * sizeof member.ends[0]);
    member.ends.resize(rows, member.ends.empty() ? 0 : member.ends.back());
  }
  member.rows = rows;
}

void build(Member& objects, Collection& collection, EventContext& context) {
  Builder(context).build(objects, collection);
}

}  // namespace corpuscle::io::json
