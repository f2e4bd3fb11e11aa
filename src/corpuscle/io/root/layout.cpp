#include "corpuscle/io/root/layout.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

#include "corpuscle/io/schema.hpp"

namespace corpuscle::io::root {
namespace {

bool is_parameter(std::string_view name) {
  return name == "PARAMETERS" ||
         (name.starts_with("GP") && (name.ends_with("Keys") || name.ends_with("Values")));
}

/// The T of "vector<T>", "std::vector<T>"; empty if it is no vector.
std::string_view element_of(std::string_view class_name) {
  if (class_name.starts_with("std::")) class_name.remove_prefix(5);
  if (!class_name.starts_with("vector<") || !class_name.ends_with('>')) return {};
  class_name.remove_prefix(7);
  class_name.remove_suffix(1);
  while (class_name.ends_with(' ')) class_name.remove_suffix(1);
  return class_name;
}

/// One spelling for each type of number; what is none stays.
std::string spell(std::string_view type) {
  auto const number = number_type(type);
  return std::string(number ? name(*number) : type);
}

/// The number after the last `separator` of a legacy branch name, and the collection before it.
struct Numbered {
  std::string collection;
  std::size_t number;
};
std::optional<Numbered> split_number(std::string_view name, char separator) {
  std::size_t const at = name.rfind(separator);
  if (at == std::string_view::npos || at == 0 || at + 1 == name.size()) return std::nullopt;
  std::size_t number = 0;
  auto const [end, error] = std::from_chars(name.data() + at + 1, name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return Numbered{std::string(name.substr(0, at)), number};
}

std::string strip_data(std::string_view element) {
  if (element.ends_with("Data")) element.remove_suffix(4);
  return spell(element);
}

bool is_vector_member(std::string const& type, std::string const& member) {
  TypeSchema const* schema = find_schema(type);
  return schema && std::any_of(schema->vectors.begin(), schema->vectors.end(),
                               [&](VectorMemberSchema const& vector) { return vector.name == member; });
}

std::vector<std::string> legacy_vectors(std::string const& type, std::vector<std::string> const& ranges) {
  std::vector<std::string> names;
  std::copy_if(ranges.begin(), ranges.end(), std::back_inserter(names),
               [&](std::string const& range) { return is_vector_member(type, range); });
  return names;
}

std::vector<std::string> legacy_relations(std::string const& type, std::vector<std::string> const& ranges) {
  std::vector<std::string> names;
  std::copy_if(ranges.begin(), ranges.end(), std::back_inserter(names),
               [&](std::string const& range) { return !is_vector_member(type, range); });
  if (TypeSchema const* schema = find_schema(type))
    names.insert(names.end(), schema->one_to_one.begin(), schema->one_to_one.end());
  return names;
}

}  // namespace

Collection empty_collection(CollectionPlan const& plan) {
  Collection collection;
  collection.name = plan.name;
  collection.type = plan.type;
  collection.id = plan.id;
  collection.is_subset = plan.is_subset;
  upgrade(collection);
  return collection;
}

std::vector<Collection> empty_collections(std::vector<CollectionPlan> const& plans) {
  std::vector<Collection> collections;
  collections.reserve(plans.size());
  for (CollectionPlan const& plan : plans) collections.push_back(empty_collection(plan));
  return collections;
}

std::vector<ObjectRef> references(std::vector<Column> const& columns) {
  auto const named = [&](std::string_view name) {
    return std::find_if(columns.begin(), columns.end(), [&](Column const& c) { return c.name() == name; });
  };
  auto const index = named("index");
  auto const collection = named("collectionID");
  std::vector<ObjectRef> targets;
  if (index == columns.end() || collection == columns.end()) return targets;
  targets.resize(std::min(index->rows(), collection->rows()));
  for (std::size_t k = 0; k < targets.size(); ++k)
    targets[k] = {index->at<std::int32_t>(k), collection->at<std::uint32_t>(k)};
  return targets;
}

std::vector<CollectionPlan> plan_collections(std::vector<TopLevel> const& branches,
                                             std::map<std::string, CollectionType> const& types) {
  std::map<std::string, CollectionPlan> plans;
  auto const type_from_metadata = [&](CollectionPlan& plan) {
    if (auto const found = types.find(plan.name); found != types.end()) {
      plan.id = found->second.id;
      if (!found->second.type.empty()) plan.type = found->second.type;
    }
  };

  // First the collections themselves: branches of objects, of plain numbers, and references of subsets.
  for (TopLevel const& branch : branches) {
    std::string_view const element = element_of(branch.class_name);
    std::string_view const name = branch.name;
    if (is_parameter(name) || element.empty()) continue;
    if (element == "podio::ObjectID" || element == "edm4hep::ObjectID") {
      std::string collection;
      if (name.ends_with("_objIdx"))
        collection = name.substr(0, name.size() - 7);
      else if (auto const numbered = split_number(name, '#'); numbered && numbered->number == 0) {
        bool const has_objects = std::any_of(branches.begin(), branches.end(), [&](TopLevel const& b) {
          return b.name == numbered->collection;
        });
        if (!has_objects) collection = numbered->collection;
      }
      if (collection.empty()) continue;
      CollectionPlan plan{.name = collection,
                          .type = "",
                          .id = 0,
                          .is_subset = true,
                          .data = branch.name,
                          .vectors = {},
                          .relations = {}};
      type_from_metadata(plan);
      plans.emplace(collection, std::move(plan));
      continue;
    }
    if (name.starts_with('_') || name.find('#') != name.npos) continue;
    bool const is_object = element.ends_with("Data");
    if (!is_object) {  // a vector member of the legacy layout, or user data
      auto const numbered = split_number(name, '_');
      bool const is_member =
          numbered && std::any_of(branches.begin(), branches.end(), [&](TopLevel const& b) {
            return b.name == numbered->collection && element_of(b.class_name).ends_with("Data");
          });
      if (is_member || element.starts_with("edm4hep::")) continue;
    }
    CollectionPlan plan{.name = branch.name,
                        .type = strip_data(element),
                        .id = 0,
                        .is_subset = false,
                        .data = branch.name,
                        .vectors = {},
                        .relations = {}};
    type_from_metadata(plan);
    plans.emplace(branch.name, std::move(plan));
  }

  // Then what belongs to them.
  auto const ranges_of = [&](std::string const& name) -> std::vector<std::string> const& {
    return std::find_if(branches.begin(), branches.end(), [&](TopLevel const& b) { return b.name == name; })
        ->ranges;
  };
  for (TopLevel const& branch : branches) {
    std::string_view const element = element_of(branch.class_name);
    std::string_view const name = branch.name;
    if (is_parameter(name) || element.empty() || plans.contains(branch.name)) continue;
    bool const is_relation = element == "podio::ObjectID" || element == "edm4hep::ObjectID";

    if (name.starts_with(
            '_')) {  // _Collection_member; either may contain underscores: longest collection wins
      for (std::size_t at = name.rfind('_'); at != std::string_view::npos && at > 0;
           at = name.rfind('_', at - 1)) {
        auto const plan = plans.find(std::string(name.substr(1, at - 1)));
        if (plan == plans.end()) continue;
        std::string const member(name.substr(at + 1));
        if (is_relation)
          plan->second.relations.push_back({member, "", branch.name});
        else
          plan->second.vectors.push_back({member, spell(element), branch.name});
        break;
      }
    } else if (auto const relation = split_number(name, '#'); relation && is_relation) {
      auto const plan = plans.find(relation->collection);
      if (plan == plans.end() || plan->second.is_subset) continue;
      auto const names = legacy_relations(plan->second.type, ranges_of(relation->collection));
      if (relation->number < names.size())
        plan->second.relations.push_back({names[relation->number], "", branch.name});
    } else if (auto const vector = split_number(name, '_'); vector) {
      auto const plan = plans.find(vector->collection);
      if (plan == plans.end()) continue;
      auto const names = legacy_vectors(plan->second.type, ranges_of(vector->collection));
      if (vector->number < names.size())
        plan->second.vectors.push_back({names[vector->number], spell(element), branch.name});
    }
  }

  std::vector<CollectionPlan> sorted;
  sorted.reserve(plans.size());
  for (auto& [name, plan] : plans) sorted.push_back(std::move(plan));
  return sorted;
}

}  // namespace corpuscle::io::root
