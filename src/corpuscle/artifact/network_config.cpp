#include "corpuscle/artifact/network_config.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <type_traits>

#include "corpuscle/artifact/network_members.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::artifact {
namespace {

using core::cat;
using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;  // members as they were declared

constexpr std::array<char const*, 2> kernel_names{"elu", "positive"};

Ordered to_value(std::int64_t x) {
  return x;
}
Ordered to_value(double x) {
  return x;
}
Ordered to_value(std::vector<std::int64_t> const& x) {
  return x;
}
Ordered to_value(KernelFeatures x) {
  return kernel_names[static_cast<std::size_t>(x)];
}

/// An object of numbers, texts and lists of them, no name twice.
Json parse(std::string_view text, std::string_view where) {
  auto const fail = [&](char const* problem) {
    throw core::DataError(cat(where, ": the description of the model ", problem, "; the file is damaged"));
  };
  // What is nested a million times is fine for the parser, and the end of who copies or prints it.
  constexpr int max_depth = 2;
  std::set<std::string> names;
  auto const check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > max_depth) fail("is nested too deeply");
    if (event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second)
      fail("has a member twice");
    return true;
  };
  Json object = Json::parse(text, check, false);
  if (!object.is_object()) fail("is no JSON object");
  return object;
}

/// The architecture of this name with its defaults.
Architecture architecture_of(std::string_view name, std::string_view where) {
  std::array<Architecture, std::variant_size_v<Architecture>> const all{
      WindowTransformerConfig{}, GnnLshConfig{}, KernelTransformerConfig{}, AttentionConfig{}};
  std::vector<std::string_view> known;
  for (Architecture const& each : all) {
    known.push_back(std::visit([](auto const& c) { return c.name; }, each));
    if (known.back() == name) return each;
  }
  std::string list;
  for (std::string_view each : known) list += cat(list.empty() ? "" : ", ", each);
  throw core::ConfigError(
      cat(where, ": unknown architecture '", name, "'. This version of Corpuscle has ", list));
}

/// Takes members out of a JSON object, one by one, until nothing is left.
class Reader {
 public:
  Reader(Json object, std::string_view where) : left_(std::move(object)), where_(where) {}

  [[noreturn]] void fail(std::string_view member, std::string const& problem) const {
    throw core::ConfigError(cat(where_, ": member '", member, "' of the model ", problem));
  }

  void take(char const* name, std::int64_t& x) {
    if (auto const value = find(name)) x = integer(name, *value);
  }
  void take(char const* name, double& x) {
    auto const value = find(name);
    if (!value) return;
    if (!value->is_number()) fail(name, cat("is not a number: ", value->dump()));
    x = value->get<double>();
  }
  void take(char const* name, std::vector<std::int64_t>& x) {
    auto const value = find(name);
    if (!value) return;
    if (!value->is_array()) fail(name, cat("is not a list of whole numbers: ", value->dump()));
    x.clear();
    for (Json const& each : *value) x.push_back(integer(name, each));
  }
  void take(char const* name, KernelFeatures& x) {
    auto const value = find(name);
    if (!value) return;
    for (std::size_t i = 0; i < kernel_names.size(); ++i)
      if (*value == kernel_names[i]) {
        x = static_cast<KernelFeatures>(i);
        return;
      }
    fail(name, cat("is neither 'elu' nor 'positive': ", value->dump()));
  }

  std::string take_text(char const* name) {
    auto const value = find(name);
    if (!value || !value->is_string()) fail(name, "is missing, or no text");
    return value->get<std::string>();
  }
  std::int64_t take_needed(char const* name) {
    auto const value = find(name);
    if (!value) fail(name, "is missing");
    return integer(name, *value);
  }

  void expect_nothing_left(std::vector<std::string_view> const& known) const {
    if (left_.empty()) return;
    std::string const name = left_.begin().key();
    std::string_view const near = core::nearest(name, known);
    fail(name, near.empty() ? "is unknown" : cat("is unknown; did you mean '", near, "'?"));
  }

 private:
  std::optional<Json> find(char const* name) {
    auto const found = left_.find(name);
    if (found == left_.end()) return std::nullopt;
    Json value = *found;
    left_.erase(found);
    return value;
  }

  std::int64_t integer(char const* name, Json const& value) const {
    if (!value.is_number_integer() ||
        (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()))
      fail(name, cat("is not a whole number that fits: ", value.dump()));
    return value.get<std::int64_t>();
  }

  Json left_;
  std::string where_;
};

/// Sees to it that a member is between low and high.
class RangeCheck {
 public:
  explicit RangeCheck(std::string_view where) : where_(where) {}

  template <class T, class Limit>
  void operator()(char const* name, T const& x, Limit low, Limit high) const {
    if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
      for (std::int64_t each : x) (*this)(name, each, low, high);
    } else if constexpr (!std::is_enum_v<T>) {
      if (!(x >= low && x <= high))
        throw core::ConfigError(
            cat(where_, ": member '", name, "' of the model is ", x, ", not between ", low, " and ", high));
    }
  }

 private:
  std::string_view where_;
};

}  // namespace

std::int64_t n_outputs(ModelConfig const& config) {
  if (auto const* window = std::get_if<WindowTransformerConfig>(&config.architecture))
    return window->classes + window->regressed;
  return std::holds_alternative<AttentionConfig>(config.architecture) ? 13 : 14;
}

std::string to_json(ModelConfig const& config) {
  Ordered object;
  Architecture architecture = config.architecture;
  std::visit(
      [&](auto& c) {
        object["architecture"] = c.name;
        object["features"] = config.features;
        object["types"] = config.types;
        for_each_member(
            c, [&](char const* name, auto const& member, auto, auto) { object[name] = to_value(member); });
      },
      architecture);
  return object.dump();
}

ModelConfig config_from_json(std::string_view text, std::string_view where) {
  Reader reader(parse(text, where), where);
  ModelConfig config;
  config.architecture = architecture_of(reader.take_text("architecture"), where);
  config.features = reader.take_needed("features");
  config.types = reader.take_needed("types");
  std::vector<std::string_view> known;
  std::visit(
      [&](auto& c) {
        for_each_member(c, [&](char const* name, auto& member, auto, auto) {
          known.emplace_back(name);
          reader.take(name, member);
        });
      },
      config.architecture);
  reader.expect_nothing_left(known);
  check(config, where);
  return config;
}

void check(ModelConfig const& config, std::string_view where) {
  RangeCheck const in_range(where);
  in_range("features", config.features, 1, 1 << 14);
  in_range("types", config.types, std::int64_t{1}, max_types);
  Architecture architecture = config.architecture;
  std::visit([&](auto& c) { for_each_member(c, in_range); }, architecture);

  auto const fail = [&](std::string const& problem) { throw core::ConfigError(cat(where, ": ", problem)); };
  // The published decoders and our windows find the direction in columns 2 to 4, and the former the energy
  // in 5.
  bool const is_window = std::holds_alternative<WindowTransformerConfig>(architecture);
  if (config.features < (is_window ? 5 : 6))
    fail(cat("a model of ", config.features, " features: columns 0 to ", is_window ? 4 : 5,
             " hold energy and direction in every encoding"));
  auto const divides = [&](std::int64_t heads, std::int64_t width) {
    if (width % heads != 0)
      fail(cat("a width of ", width, " cannot be shared by ", heads, " heads: take a divisor"));
  };
  if (auto const* c = std::get_if<AttentionConfig>(&architecture)) divides(c->heads, c->width);
  // Weights of a few megabytes would do for features that no memory holds.
  constexpr std::int64_t max_kernel_features = 1 << 14;
  constexpr std::int64_t max_kernel_weights =
      1 << 24;  // of positive features: heads x features x heads x width
  if (auto const* c = std::get_if<KernelTransformerConfig>(&architecture)) {
    std::int64_t const n = c->heads * c->random_features;
    if (n > max_kernel_features || n * c->heads * c->width > max_kernel_weights)
      fail(cat(c->heads, " heads of ", c->random_features, " random features are more than ",
               std::min(max_kernel_features, max_kernel_weights / (c->heads * c->width)),
               ": fewer heads or fewer features"));
  }
  if (auto const* c = std::get_if<WindowTransformerConfig>(&architecture)) {
    divides(c->heads, c->width);
    if (4 * c->frequencies > c->width / c->heads)
      fail(cat(c->frequencies, " frequencies need heads of ", 4 * c->frequencies, ", which are ",
               c->width / c->heads, " wide: fewer frequencies or fewer heads"));
  }
}

}  // namespace corpuscle::artifact
