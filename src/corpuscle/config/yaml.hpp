#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Strict reading of YAML into plain structs: every key is known, present, of the right type and in range,
/// or a core::ConfigError says where, as `file:line:column: message`, with the nearest valid key.
///
/// A struct is bound by one function that lists its keys, with unit and range:
///
///     void bind(Section& section, Tracker& tracker) {
///       section.number("r_min", tracker.r_min, {0, 1e4, "mm"}).number("r_max", tracker.r_max, {0, 1e4,
///       "mm"});
///     }
///     auto const tracker = Document::load("tracker.yaml").read<Tracker>(bind);
///
/// Optional keys are those that the function asks for only if the section has them.
///
/// What is accepted is the plain part of YAML: mappings, lists, text and numbers, one document per file.
/// Anchors, aliases, tags and quoted numbers are refused.
namespace corpuscle::config {

struct Node;

/// What a number may be: lowest and highest value, and the unit that a complaint mentions.
struct Range {
  double lowest = std::numeric_limits<double>::lowest();
  double highest = std::numeric_limits<double>::max();
  std::string_view unit = {};
};

/// One mapping of a document while it is being read. Each key is asked for once, in any order; a key that
/// is missing leaves its value as it was and is reported at the end, after any key that nobody asked for,
/// since the one is mostly a misspelling of the other.
class Section {
 public:
  template <class T>
  using Binding = void (*)(Section&, T&);

  Section& number(std::string_view key, double& value, Range range = {});
  Section& integer(std::string_view key, int& value, Range range = {});
  Section& text(std::string_view key, std::string& value);
  Section& texts(std::string_view key, std::vector<std::string>& values);  ///< a list, perhaps empty

  /// One of several words; `value` becomes its index (the enumerator, for an enum).
  template <class T>
  Section& choice(std::string_view key, T& value, std::span<std::string_view const> words) {
    if (std::optional<std::size_t> const index = chosen(key, words)) value = static_cast<T>(*index);
    return *this;
  }

  /// @param bind  a Binding<T>, or anything that is called like one
  template <class T, class Bind>
  Section& section(std::string_view key, T& value, Bind const& bind) {
    if (std::optional<Section> inner = open(key)) {
      bind(*inner, value);
      inner->finish();
    }
    return *this;
  }

  /// A list of sections, one or more.
  template <class T, class Bind>
  Section& sections(std::string_view key, std::vector<T>& values, Bind const& bind) {
    values.clear();
    for (Section& inner : open_list(key)) {
      bind(inner, values.emplace_back());
      inner.finish();
    }
    return *this;
  }

  /// Whether the key is there. One that is not may stay away; the word is then known for "did you mean".
  bool has(std::string_view key);

  /// Complains at the value of `key`, if that is there, unless the condition holds.
  Section& require(bool condition, std::string_view key, std::string_view complaint);

 private:
  friend class Document;
  Section(Node const& node, std::string const& file);

  Node const* find(std::string_view key);
  Node const* entry(std::string_view key) const;
  std::optional<Section> open(std::string_view key);
  std::vector<Section> open_list(std::string_view key);
  std::optional<std::size_t> chosen(std::string_view key, std::span<std::string_view const> words);
  double number_in(Node const& node, std::string_view key, Range range) const;
  void finish() const;

  Node const* node_;
  std::string const* file_;
  std::vector<std::string_view> asked_;
  std::vector<std::string_view> optional_;
};

/// A YAML document, parsed and not yet interpreted.
class Document {
 public:
  /// @throws core::EnvironmentError if the file cannot be read.
  /// @throws core::ConfigError if it is not YAML of the accepted kind, or larger than 1 MB.
  static Document load(std::string const& path);

  /// @param name  what messages call the document
  static Document parse(std::string const& text, std::string name);

  /// The whole document as a `T`.
  template <class T>
  [[nodiscard]] T read(Section::Binding<T> bind) const {
    T value{};
    Section top = root();
    bind(top, value);
    top.finish();
    return value;
  }

 private:
  Document(std::string name, std::shared_ptr<Node const> root);
  [[nodiscard]] Section root() const;

  std::string name_;
  std::shared_ptr<Node const> root_;
};

}  // namespace corpuscle::config
