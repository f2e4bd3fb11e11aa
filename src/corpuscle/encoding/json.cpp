// Schemas and normalisations as JSON, written and read strictly. The only file here that knows
// nlohmann::json.
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/encoding/normalisation.hpp"
#include "corpuscle/encoding/schema.hpp"

namespace corpuscle::encoding {
namespace {

using Json = nlohmann::ordered_json;
/// For reading: finds members in logarithmic time, so that a document of a million of them is no trap.
using Sorted = nlohmann::json;

constexpr std::string_view schema_format = "corpuscle-schema-1";
constexpr std::string_view normalisation_format = "corpuscle-normalisation-1";

/// A value in a document, and where it is.
class Reader {
 public:
  Reader(Sorted const& json, std::string place) : json_(&json), place_(std::move(place)) {}

  [[noreturn]] void fail(std::string const& problem) const {
    throw core::ConfigError(core::cat(place_, ": ", problem));
  }

  /// Makes sure that it is an object with these members and no others.
  Reader const& has(std::initializer_list<char const*> names) const {
    if (!json_->is_object()) fail("an object is needed here");
    for (char const* name : names)
      if (!json_->contains(name)) fail(core::cat("the member '", name, "' is missing"));
    for (auto const& [name, value] : json_->items()) {
      bool is_known = false;
      for (char const* known : names) is_known = is_known || name == known;
      if (!is_known) fail(core::cat("unknown member '", name, "'"));
    }
    return *this;
  }
  [[nodiscard]] Reader member(char const* name) const { return {json_->at(name), place_ + '.' + name}; }

  [[nodiscard]] std::vector<Reader> list() const {
    if (!json_->is_array()) fail("a list is needed here");
    std::vector<Reader> readers;
    for (std::size_t k = 0; k < json_->size(); ++k)
      readers.emplace_back((*json_)[k], core::cat(place_, '[', k, ']'));
    return readers;
  }
  [[nodiscard]] std::string text() const {
    if (!json_->is_string()) fail("a string is needed here");
    return json_->get<std::string>();
  }
  [[nodiscard]] double number() const {
    if (!json_->is_number() || !std::isfinite(json_->get<double>())) fail("a finite number is needed here");
    return json_->get<double>();
  }
  [[nodiscard]] std::uint64_t count() const {
    if (!json_->is_number_unsigned()) fail("a number without sign is needed here");
    return json_->get<std::uint64_t>();
  }

  /// The one of the values 0, 1, ... that has this name.
  template <class Enum>
  [[nodiscard]] Enum one_of(std::size_t n) const {
    std::string const wanted = text();
    std::string known;
    for (std::size_t k = 0; k < n; ++k) {
      if (name(static_cast<Enum>(k)) == wanted) return static_cast<Enum>(k);
      known += core::cat(k == 0 ? "" : ", ", name(static_cast<Enum>(k)));
    }
    fail(core::cat("unknown '", wanted, "'; this version of Corpuscle has ", known));
  }

 private:
  Sorted const* json_;
  std::string place_;
};

Sorted parse(std::string_view text, std::string_view where) {
  // Members of the same name are damage, which the library would pass over.
  std::vector<std::set<std::string>> open;
  bool is_twice = false;
  auto const watch = [&](int, Sorted::parse_event_t event, Sorted& parsed) {
    if (event == Sorted::parse_event_t::object_start) open.emplace_back();
    if (event == Sorted::parse_event_t::object_end) open.pop_back();
    if (event == Sorted::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
      is_twice = true;
    return true;
  };
  Sorted json = Sorted::parse(text, watch, false);
  if (json.is_discarded() || is_twice)
    throw core::DataError(core::cat(where, ": not valid JSON. Is the file damaged?"));
  return json;
}

/// @throws core::ConfigError naming both formats
void require_format(Reader const& document, std::string_view ours) {
  std::string const theirs = document.member("format").text();
  if (theirs != ours)
    document.fail(core::cat("its format is '", theirs, "', this version of Corpuscle reads '", ours, "'"));
}

Json as_json(Column const& c) {
  return {{"name", c.name},
          {"unit", c.unit},
          {"range", {c.low, c.high}},
          {"transform", name(c.transform)},
          {"scale", c.scale}};
}

Column read_column(Reader const& reader) {
  reader.has({"name", "unit", "range", "transform", "scale"});
  Column c;
  c.name = reader.member("name").text();
  c.unit = reader.member("unit").text();
  std::vector<Reader> const range = reader.member("range").list();
  if (range.size() != 2) reader.member("range").fail("two numbers are needed here");
  c.low = range[0].number();
  c.high = range[1].number();
  c.transform = reader.member("transform").one_of<Transform>(4);
  c.scale = reader.member("scale").number();
  if (c.name.empty()) reader.fail("a column needs a name");
  if (!(c.low <= c.high)) reader.fail(core::cat("the range of '", c.name, "' is upside down"));
  if (!(c.scale > 0)) reader.fail(core::cat("the scale of '", c.name, "' is not above 0"));
  if (c.transform == Transform::log && !(c.low > 0))
    reader.fail(core::cat("the range of '", c.name, "' has no logarithm"));
  return c;
}

}  // namespace

std::string to_json(Schema const& schema) {
  Json elements = Json::array();
  for (ElementColumns const& element : schema.elements) {
    Json columns = Json::array();
    for (Column const& column : element.columns) columns.push_back(as_json(column));
    elements.push_back({{"type", name(element.type)}, {"columns", std::move(columns)}});
  }
  return Json{{"format", schema_format}, {"name", schema.name}, {"elements", std::move(elements)}}.dump();
}

Schema schema_from_json(std::string_view text, std::string_view where) {
  Sorted const json = parse(text, where);
  Reader const document(json, std::string(where));
  document.has({"format", "name", "elements"});
  require_format(document, schema_format);
  Schema schema{document.member("name").text(), {}};
  for (Reader const& element : document.member("elements").list()) {
    element.has({"type", "columns"});
    ElementColumns columns{element.member("type").one_of<ElementType>(n_element_types), {}};
    if (schema.columns(columns.type) != nullptr)
      element.fail(core::cat("the type '", name(columns.type), "' comes twice"));
    std::set<std::string> names;
    for (Reader const& column : element.member("columns").list()) {
      columns.columns.push_back(read_column(column));
      if (!names.insert(columns.columns.back().name).second)
        column.fail(core::cat("the name '", columns.columns.back().name, "' comes twice"));
    }
    schema.elements.push_back(std::move(columns));
  }
  return schema;
}

std::string to_json(Normalisation const& normalisation) {
  Json elements = Json::array();
  for (Normalisation::OfType const& of_type : normalisation.types)
    elements.push_back({{"type", name(of_type.type)},
                        {"rows", of_type.rows},
                        {"mean", of_type.mean},
                        {"deviation", of_type.deviation}});
  return Json{
      {"format", normalisation_format}, {"schema", normalisation.schema}, {"elements", std::move(elements)}}
      .dump();
}

Normalisation normalisation_from_json(std::string_view text, Schema const& schema, std::string_view where) {
  Sorted const json = parse(text, where);
  Reader const document(json, std::string(where));
  document.has({"format", "schema", "elements"});
  require_format(document, normalisation_format);
  Normalisation result{document.member("schema").text(), {}};
  if (result.schema != schema.name)
    document.fail(core::cat("its normalisation is for the schema '", result.schema, "', needed is '",
                            schema.name, "'"));
  std::vector<Reader> const elements = document.member("elements").list();
  if (elements.size() != schema.elements.size())
    document.fail(core::cat(elements.size(), " types of elements, the schema has ", schema.elements.size()));
  for (std::size_t t = 0; t < elements.size(); ++t) {
    Reader const& element = elements[t];
    element.has({"type", "rows", "mean", "deviation"});
    ElementColumns const& expected = schema.elements[t];
    Normalisation::OfType of_type;
    of_type.type = element.member("type").one_of<ElementType>(n_element_types);
    if (of_type.type != expected.type)
      element.fail(
          core::cat("the type '", name(of_type.type), "' where the schema has '", name(expected.type), "'"));
    of_type.rows = element.member("rows").count();
    for (Reader const& value : element.member("mean").list()) of_type.mean.push_back(value.number());
    for (Reader const& value : element.member("deviation").list()) {
      of_type.deviation.push_back(value.number());
      if (!(of_type.deviation.back() > 0)) value.fail("a deviation is not above 0");
    }
    std::size_t const n = expected.columns.size();
    if (of_type.mean.size() != n || of_type.deviation.size() != n)
      element.fail(core::cat(of_type.mean.size(), " means and ", of_type.deviation.size(),
                             " deviations, the schema has ", n, " columns"));
    result.types.push_back(std::move(of_type));
  }
  return result;
}

}  // namespace corpuscle::encoding
