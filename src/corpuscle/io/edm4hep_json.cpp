#include "corpuscle/io/edm4hep_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/json/columns.hpp"
#include "corpuscle/io/json/index.hpp"
#include "corpuscle/io/schema.hpp"
#include "corpuscle/io/whereabouts.hpp"

// json/index finds where each event lies; here its JSON becomes columns, without ever being a tree; and
// json/columns makes collections of them.

namespace corpuscle::io {
namespace {

using core::cat;
using json::EventContext;
using json::in_quotes;
using json::Member;
using Json = nlohmann::json;

constexpr std::size_t max_members = 512;  // of one object; no honest one has 50

/// Receives the JSON of one event from the parser and fills a frame.
class EventReader {
 public:
  EventReader(EventContext& context, Frame& frame, Wanted const& wanted)
      : context_(context), frame_(frame), wanted_(wanted) {}

  // The interface of the parser.
  bool null() {
    scalar(std::numeric_limits<double>::quiet_NaN());
    return true;
  }
  bool boolean(bool value) {
    scalar(value);
    return true;
  }
  bool number_integer(Json::number_integer_t value) {
    scalar(value);
    return true;
  }
  bool number_unsigned(Json::number_unsigned_t value) {
    scalar(value);
    return true;
  }
  bool number_float(Json::number_float_t value, std::string const&) {
    scalar(value);
    return true;
  }
  bool string(std::string const& value);
  bool binary(Json::binary_t const&) { return false; }
  bool key(std::string& name) {
    std::swap(key_, name);
    return true;
  }
  bool start_object(std::size_t);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t, std::string const&, nlohmann::detail::exception const& error) const {
    // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while ..."
    std::string_view what = error.what();
    if (auto const colon = what.find(": "); colon != what.npos) what.remove_prefix(colon + 2);
    fail(cat("not valid JSON: ", what.substr(0, 120)));
  }

  /// After the last bracket.
  void finish();

 private:
  enum class Place : std::uint8_t { event, collection, object, list };

  /// A bracket that is open.
  struct Level {
    Place place;
    Member* member = nullptr;  ///< whose parts the names of an object are; the list
    std::size_t row = 0;       ///< of those parts
    std::size_t guess = 0;     ///< which part will come next: objects list their members in the same order
  };

  [[noreturn]] void fail(std::string const& what) const { context_.fail(what); }

  void push_level(Level level) {
    if (levels_.size() >= json::max_depth) fail(cat("nested more than ", json::max_depth, " deep"));
    levels_.push_back(level);
  }

  template <class Number>
  void scalar(Number value);
  void begin_collection();
  void end_collection();
  Member& part(Level& level, Member::Kind kind);
  void set_kind(Member& member, Member::Kind kind) const;
  void add_element(Member& list, Member::Kind kind);
  bool is_wanted();

  EventContext& context_;
  Frame& frame_;
  Wanted const& wanted_;

  std::vector<Level> levels_;
  std::size_t skipped_ = 0;  ///< open brackets of a value nobody wants
  std::string key_;          ///< the name read last

  // The collection that is being read.
  bool is_counting_ = false;  ///< its objects are not wanted
  bool was_asked_ = false;    ///< whether they are
  std::string name_;
  std::optional<std::string> type_;
  std::optional<std::uint32_t> id_;
  std::optional<Member> objects_;  ///< a list of one row
};

template <class Number>
void EventReader::scalar(Number value) {
  if (skipped_ > 0) return;
  if (levels_.empty()) fail("is not an object");
  Level& level = levels_.back();
  switch (level.place) {
    case Place::event: return;
    case Place::collection:
      if (key_ == "collID") {
        if (id_) fail("has two 'collID'");
        if constexpr (std::is_same_v<Number, Json::number_unsigned_t>) {
          if (value <= std::numeric_limits<std::uint32_t>::max()) id_ = static_cast<std::uint32_t>(value);
        }
        if (!id_) fail("'collID' is not an integer of 32 bits");
      } else if (key_ == "collType" || key_ == "collection") {
        fail(cat(in_quotes(key_), " is a number"));
      }
      return;
    case Place::object: {
      Member& member = part(level, Member::Kind::number);
      context_.spend(sizeof(std::uint64_t));
      member.numbers.push(value);
      return;
    }
    case Place::list:
      add_element(*level.member, Member::Kind::number);
      if (is_counting_) return;
      context_.spend(sizeof(std::uint64_t));
      level.member->numbers.push(value);
  }
}

bool EventReader::string(std::string const& value) {
  if (skipped_ > 0) return true;
  if (levels_.empty()) fail("is not an object");
  Level const& level = levels_.back();
  if (level.place == Place::event) return true;
  if (level.place == Place::list && is_counting_) {
    add_element(*level.member, Member::Kind::number);
    return true;
  }
  if (level.place != Place::collection) fail(cat("the text ", in_quotes(value), " where a number belongs"));
  if (key_ == "collType") {
    if (type_) fail("has two 'collType'");
    type_ = object_type(value);
  } else if (key_ == "collID" || key_ == "collection") {
    fail(cat(in_quotes(key_), " is a text"));
  }
  return true;
}

bool EventReader::start_object(std::size_t) {
  if (skipped_ > 0) {
    ++skipped_;
    return true;
  }
  if (levels_.empty()) {
    push_level({.place = Place::event});
    return true;
  }
  Level& level = levels_.back();
  switch (level.place) {
    case Place::event: begin_collection(); break;
    case Place::collection:
      if (key_ == "collID" || key_ == "collType" || key_ == "collection")
        fail(cat(in_quotes(key_), " is an object"));
      ++skipped_;
      break;
    case Place::object: {
      Member& member = part(level, Member::Kind::component);
      push_level({.place = Place::object, .member = &member, .row = level.row});
      break;
    }
    case Place::list:
      add_element(*level.member, Member::Kind::component);
      if (is_counting_) {
        ++skipped_;
      } else {
        push_level({.place = Place::object, .member = level.member, .row = level.member->elements - 1});
      }
  }
  return true;
}

bool EventReader::start_array(std::size_t) {
  if (skipped_ > 0) {
    ++skipped_;
    return true;
  }
  if (levels_.empty()) fail("is not an object");
  Level& level = levels_.back();
  switch (level.place) {
    case Place::event: fail(cat("collection ", in_quotes(key_), " is a list, not an object"));
    case Place::collection:
      if (key_ == "collection") {
        if (objects_) fail("has two 'collection'");
        is_counting_ = type_ && !is_wanted();  // without a type yet, it will be asked at the end
        objects_.emplace();
        objects_->kind = Member::Kind::list;
        push_level({.place = Place::list, .member = &*objects_});
      } else if (key_ == "collID" || key_ == "collType") {
        fail(cat(in_quotes(key_), " is a list"));
      } else {
        ++skipped_;
      }
      break;
    case Place::object: {
      Member& member = part(level, Member::Kind::list);
      push_level({.place = Place::list, .member = &member});
      break;
    }
    case Place::list:
      if (!is_counting_) fail("a list directly within a list");
      add_element(*level.member, Member::Kind::number);
      ++skipped_;
  }
  return true;
}

bool EventReader::end_object() {
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  bool const was_collection = levels_.back().place == Place::collection;
  levels_.pop_back();
  if (was_collection) end_collection();
  return true;
}

bool EventReader::end_array() {
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  Member& list = *levels_.back().member;
  if (list.elements > std::numeric_limits<std::uint32_t>::max()) fail("more than 2^32 elements");
  if (&list != &*objects_) {
    context_.spend(sizeof list.ends[0]);
    list.ends.push_back(static_cast<std::uint32_t>(list.elements));
  }
  levels_.pop_back();
  return true;
}

void EventReader::begin_collection() {
  context_.spend(sizeof(Collection) + 2 * key_.size());
  name_ = key_;
  context_.enter(name_);
  is_counting_ = false;
  was_asked_ = false;
  type_.reset();
  id_.reset();
  objects_.reset();
  push_level({.place = Place::collection});
}

void EventReader::end_collection() {
  if (!type_) fail("has no 'collType'");
  if (!id_) fail("has no 'collID'");
  if (!objects_) fail("has no 'collection'");
  if (!was_asked_) is_counting_ = !is_wanted();
  Collection& collection = frame_.collections.emplace_back();
  collection.name = name_;
  collection.type = *type_;
  collection.id = *id_;
  collection.size = objects_->elements;
  if (!is_counting_) json::build(*objects_, collection, context_);
  upgrade(collection);
  objects_.reset();
  context_.enter("");
}

bool EventReader::is_wanted() {
  was_asked_ = true;
  if (!wanted_) return true;
  Collection current;
  current.type = *type_;
  upgrade(current);
  return wanted_(name_, current.type);
}

/// The part of the innermost object that is called `key_`, made ready for the value of this row.
Member& EventReader::part(Level& level, Member::Kind kind) {
  std::vector<Member>& parts = level.member->parts;
  if (level.guess >= parts.size() || parts[level.guess].name != key_) {
    auto const same = [&](Member const& part) { return part.name == key_; };
    level.guess = static_cast<std::size_t>(std::find_if(parts.begin(), parts.end(), same) - parts.begin());
    if (level.guess == parts.size()) {
      if (parts.size() == max_members) fail(cat("objects of more than ", max_members, " members"));
      // What the member and, later, its column cost besides their numbers.
      context_.spend(4 * sizeof(Member) + 2 * key_.size());
      parts.emplace_back().name = key_;
    }
  }
  Member& member = parts[level.guess++];
  set_kind(member, kind);
  if (member.rows > level.row) fail(cat("object ", level.row, " has two ", in_quotes(key_)));
  pad(member, level.row, context_);
  ++member.rows;
  return member;
}

void EventReader::set_kind(Member& member, Member::Kind kind) const {
  if (member.kind == Member::Kind::unset) member.kind = kind;
  if (member.kind != kind)
    fail(cat(in_quotes(member.name), " is ", describe(kind), " here and ", describe(member.kind), " before"));
}

void EventReader::add_element(Member& list, Member::Kind kind) {
  ++list.elements;
  if (is_counting_) return;
  if (list.element == Member::Kind::unset) list.element = kind;
  if (list.element != kind) fail("numbers and objects in one list");
}

void EventReader::finish() {
  auto& collections = frame_.collections;
  auto const repeated = [&](auto property) {
    std::sort(collections.begin(), collections.end(),
              [&](Collection const& a, Collection const& b) { return property(a) < property(b); });
    return std::adjacent_find(
        collections.begin(), collections.end(),
        [&](Collection const& a, Collection const& b) { return property(a) == property(b); });
  };
  if (auto const twin = repeated([](Collection const& c) { return c.id; }); twin != collections.end())
    fail(cat("collections ", in_quotes(twin->name), " and ", in_quotes((twin + 1)->name),
             " have the same collID ", twin->id));
  if (auto const twin = repeated([](Collection const& c) -> std::string const& { return c.name; });
      twin != collections.end())
    fail(cat("there are two collections ", in_quotes(twin->name)));
}

class JsonSource final : public Source {
 public:
  JsonSource(std::string path, std::unique_ptr<json::Text> text)
      : text_(std::move(text)), index_(json::index_events(path, *text_)) {
    info_.path = std::move(path);
    info_.format = "EDM4hep JSON";
    info_.layout = "edm4hep2json";
    if (!index_.version.empty()) info_.schema = "EDM4hep " + index_.version;
    info_.entries = index_.events.size() + (index_.damage ? 1 : 0);
  }

  [[nodiscard]] FileInfo const& info() const override { return info_; }

  void read(std::size_t entry, Frame& frame, Wanted const& wanted) override {
    frame = {};
    if (entry >= info_.entries)
      throw core::DataError(cat(info_.path, ": there is no entry ", entry, ", only ", info_.entries));
    if (entry == index_.events.size()) throw core::DataError(cat(info_.path, ": ", describe(*index_.damage)));
    note_whereabouts(static_cast<std::int64_t>(entry), "");
    json::EventRange const& range = index_.events[entry];
    if (entry > 0 && index_.events[entry - 1].number == range.number)
      throw core::DataError(cat(info_.path, ": event ", range.number, " (byte ", range.begin,
                                "): there is a second event of this number"));
    EventContext context(info_.path, *text_, range.number);
    EventReader reader(context, frame, wanted);
    try {
      Json::sax_parse(json::Cursor(*text_, range.begin), json::Cursor(*text_, range.end), &reader);
      reader.finish();
    } catch (...) {
      frame = {};
      throw;
    }
  }

 private:
  [[nodiscard]] static std::string describe(json::Damage const& damage) {
    std::string const where = damage.number ? cat("event ", *damage.number) : "between events";
    return cat(where, " (byte ", damage.offset, "): ", damage.what);
  }

  std::unique_ptr<json::Text> text_;
  json::Index index_;
  FileInfo info_;
};

}  // namespace

std::unique_ptr<Source> open_edm4hep_json(std::string const& path) {
  return std::make_unique<JsonSource>(path, json::open_text(path));
}

std::unique_ptr<Source> open_edm4hep_json_bytes(std::string const& name, std::string_view text) {
  return std::make_unique<JsonSource>(name, json::view_text(text));
}

}  // namespace corpuscle::io
