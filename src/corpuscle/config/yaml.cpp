#include "corpuscle/config/yaml.hpp"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::config {

/// A value of the document and where it stands. Entries of a mapping are keyed by `text` of their `key`.
struct Node {
  enum class Kind { nothing, number, text, list, mapping };

  Kind kind = Kind::nothing;
  int line = 1;
  int column = 1;
  std::string text;         ///< of a scalar, as written
  double number = 0;        ///< if that is what it is
  std::vector<Node> keys;   ///< of a mapping, one per item
  std::vector<Node> items;  ///< of a list or mapping
};

namespace {

constexpr std::size_t max_bytes = 1 << 20;
constexpr std::size_t max_keys = 1000;     // of one mapping; looking for duplicates is quadratic
constexpr std::size_t max_entries = 1000;  // of a list of mappings
constexpr std::size_t max_depth = 32;      // far below where the recursion of yaml-cpp hurts

[[noreturn]] void fail(std::string const& file, int line, int column, std::string_view complaint) {
  throw core::ConfigError(core::cat(file, ':', line, ':', column, ": ", complaint));
}

[[noreturn]] void fail(std::string const& file, Node const& node, std::string_view complaint) {
  fail(file, node.line, node.column, complaint);
}

[[noreturn]] void fail(std::string const& file, YAML::Mark const& mark, std::string_view complaint) {
  fail(file, std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1, complaint);
}

std::string describe(Node const& node) {
  switch (node.kind) {
    case Node::Kind::nothing: break;
    case Node::Kind::number: return core::cat("the number ", node.text);
    case Node::Kind::text: return core::cat("the text '", node.text, "'");
    case Node::Kind::list: return "a list";
    case Node::Kind::mapping: return "a mapping";
  }
  return "nothing";
}

/// A scalar written without quotes: a number if all of it reads as one, else text.
Node plain_scalar(std::string const& text) {
  Node node;
  node.text = text;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), node.number);
  bool const is_number =
      error == std::errc{} && end == text.data() + text.size() && std::isfinite(node.number);
  node.kind = is_number ? Node::Kind::number : Node::Kind::text;
  if (text.empty() || text == "~" || text == "null") node.kind = Node::Kind::nothing;
  return node;
}

/// Builds the tree from the events of the parser, and refuses at once what we do not want to meet later.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string const& file) : file_(file) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(YAML::Mark const& mark) override {
    if (std::exchange(has_document_, true)) fail(file_, mark, "one document per file, please");
  }
  void OnDocumentEnd() override {}
  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override { add({}, mark, {}, anchor); }
  void OnAlias(YAML::Mark const&, YAML::anchor_t) override {}  // its anchor was refused before
  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& text) override {
    bool const is_quoted = tag == "!";
    Node node = plain_scalar(text);
    if (is_quoted) node.kind = Node::Kind::text;
    add(std::move(node), mark, is_quoted ? "" : tag, anchor);
  }
  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::mapping, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  void open(Node::Kind kind, YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor) {
    if (open_.size() == max_depth) fail(file_, mark, core::cat("nested more than ", max_depth, " deep"));
    Node node;
    node.kind = kind;
    // The address stays valid: a parent gets no further item before this one is closed.
    open_.push_back(&add(std::move(node), mark, tag, anchor));
  }

  Node& add(Node node, YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor) {
    if (!tag.empty() && tag != "?") fail(file_, mark, core::cat("tag '", tag, "' is not used here"));
    if (anchor != YAML::NullAnchor) fail(file_, mark, "anchors are not used here");
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (open_.empty()) return root_ = std::move(node);
    Node& parent = *open_.back();
    bool const is_key = parent.kind == Node::Kind::mapping && parent.keys.size() == parent.items.size();
    if (!is_key) {
      if (node.kind == Node::Kind::nothing && parent.kind == Node::Kind::mapping) {
        // The parser notices a missing value at the next token, perhaps lines later.
        node.line = parent.keys.back().line;
        node.column = parent.keys.back().column;
      }
      return parent.items.emplace_back(std::move(node));
    }
    check_key(parent, node);
    return parent.keys.emplace_back(std::move(node));
  }

  void check_key(Node const& mapping, Node const& key) const {
    if (key.kind != Node::Kind::text) fail(file_, key, core::cat("a key is text, not ", describe(key)));
    if (mapping.keys.size() == max_keys) fail(file_, key, core::cat("more than ", max_keys, " keys"));
    for (Node const& other : mapping.keys)
      if (other.text == key.text)
        fail(file_, key, core::cat("duplicate key '", key.text, "', first given in line ", other.line));
  }

  std::string const& file_;
  Node root_;
  std::vector<Node*> open_;
  bool has_document_ = false;
};

std::string number_text(double value) {
  char digits[32];
  auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

}  // namespace

Section::Section(Node const& node, std::string const& file) : node_(&node), file_(&file) {}

Node const* Section::entry(std::string_view key) const {
  for (std::size_t i = 0; i < node_->keys.size(); ++i)
    if (node_->keys[i].text == key) return &node_->items[i];
  return nullptr;
}

Node const* Section::find(std::string_view key) {
  asked_.push_back(key);
  return entry(key);
}

bool Section::has(std::string_view key) {
  optional_.push_back(key);
  return entry(key) != nullptr;
}

double Section::number_in(Node const& node, std::string_view key, Range range) const {
  if (node.kind != Node::Kind::number)
    fail(*file_, node, core::cat("'", key, "' must be a number, not ", describe(node)));
  if (node.number < range.lowest || node.number > range.highest) {
    std::string_view const space = range.unit.empty() ? "" : " ";
    fail(*file_, node,
         core::cat("'", key, "' = ", node.text, " is out of range: from ", number_text(range.lowest), " to ",
                   number_text(range.highest), space, range.unit));
  }
  return node.number;
}

Section& Section::number(std::string_view key, double& value, Range range) {
  if (Node const* node = find(key)) value = number_in(*node, key, range);
  return *this;
}

Section& Section::integer(std::string_view key, int& value, Range range) {
  if (Node const* node = find(key)) {
    range.lowest = std::max<double>(range.lowest, std::numeric_limits<int>::min());
    range.highest = std::min<double>(range.highest, std::numeric_limits<int>::max());
    double const number = number_in(*node, key, range);
    if (number != std::trunc(number))
      fail(*file_, *node, core::cat("'", key, "' must be a whole number, not ", describe(*node)));
    value = static_cast<int>(number);
  }
  return *this;
}

Section& Section::text(std::string_view key, std::string& value) {
  if (Node const* node = find(key)) {
    if (node->kind != Node::Kind::text)
      fail(*file_, *node, core::cat("'", key, "' must be text, not ", describe(*node)));
    value = node->text;
  }
  return *this;
}

Section& Section::texts(std::string_view key, std::vector<std::string>& values) {
  if (Node const* node = find(key)) {
    if (node->kind != Node::Kind::list)
      fail(*file_, *node, core::cat("'", key, "' must be a list, not ", describe(*node)));
    values.clear();
    for (Node const& item : node->items) {
      if (item.kind != Node::Kind::text)
        fail(*file_, item, core::cat("'", key, "' must be a list of texts; this is ", describe(item)));
      values.push_back(item.text);
    }
  }
  return *this;
}

Section& Section::require(bool condition, std::string_view key, std::string_view complaint) {
  if (Node const* node = condition ? nullptr : entry(key))
    fail(*file_, *node, core::cat("'", key, "' ", complaint));
  return *this;
}

std::optional<Section> Section::open(std::string_view key) {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind != Node::Kind::mapping)
    fail(*file_, *node, core::cat("'", key, "' must be a mapping, not ", describe(*node)));
  return Section(*node, *file_);
}

std::vector<Section> Section::open_list(std::string_view key) {
  std::vector<Section> sections;
  Node const* node = find(key);
  if (node == nullptr) return sections;
  if (node->kind != Node::Kind::list)
    fail(*file_, *node, core::cat("'", key, "' must be a list of mappings, not ", describe(*node)));
  if (node->items.empty() || node->items.size() > max_entries)
    fail(*file_, *node,
         core::cat("'", key, "' has ", node->items.size(), " entries, not 1 to ", max_entries));
  for (Node const& item : node->items) {
    if (item.kind != Node::Kind::mapping)
      fail(*file_, item, core::cat("'", key, "' must be a list of mappings; this is ", describe(item)));
    sections.push_back(Section(item, *file_));
  }
  return sections;
}

std::optional<std::size_t> Section::chosen(std::string_view key, std::span<std::string_view const> words) {
  std::string word;
  text(key, word);
  Node const* node = entry(key);
  if (node == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return i;
  std::string listed;
  for (std::string_view known : words) listed += core::cat(listed.empty() ? "" : ", ", known);
  fail(*file_, *node, core::cat("'", key, "' = '", word, "' is unknown; it is one of: ", listed));
}

void Section::finish() const {
  std::vector<std::string_view> known = asked_;
  known.insert(known.end(), optional_.begin(), optional_.end());
  for (Node const& key : node_->keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    std::string_view const nearest = core::nearest(key.text, known);
    fail(*file_, key,
         core::cat("unknown key '", key.text, "'",
                   nearest.empty() ? "" : core::cat("; did you mean '", nearest, "'?")));
  }
  for (std::string_view key : asked_) {
    auto const is_key = [&](Node const& node) { return node.text == key; };
    if (std::none_of(node_->keys.begin(), node_->keys.end(), is_key))
      fail(*file_, *node_, core::cat("missing key '", key, "'"));
  }
}

Document::Document(std::string name, std::shared_ptr<Node const> root)
    : name_(std::move(name)), root_(std::move(root)) {}

Document Document::load(std::string const& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(max_bytes + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof())
    throw core::EnvironmentError(core::cat(path, ": cannot be read: ", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse(text, path);
}

Document Document::parse(std::string const& text, std::string name) {
  if (text.size() > max_bytes) fail(name, 1, 1, "larger than 1 MB: this is no configuration file");
  TreeBuilder builder(name);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) continue;
  } catch (YAML::Exception const& error) {
    fail(name, error.mark, core::cat("not valid YAML: ", error.msg));
  }
  auto root = std::make_shared<Node const>(builder.take_root());
  return {std::move(name), std::move(root)};
}

Section Document::root() const {
  if (root_->kind != Node::Kind::mapping)
    fail(name_, *root_, core::cat("must be a mapping, not ", describe(*root_)));
  return {*root_, name_};
}

}  // namespace corpuscle::config
