#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "corpuscle/io/frame.hpp"

namespace corpuscle::io::root {

/// A top-level branch of a TTree or field of an RNTuple.
struct TopLevel {
  std::string name;
  std::string class_name;  ///< as ROOT spells it: "vector<edm4hep::TrackData>"
  /// Members of the objects that end in "_begin", without that ending, in the order of the file.
  std::vector<std::string> ranges;
};

/// What the podio metadata say of one collection.
struct CollectionType {
  std::uint32_t id = 0;
  std::string type;  ///< of an object: "edm4hep::Track"
  bool is_subset = false;
};

/// One vector member or relation and the branch that holds it.
struct Part {
  std::string name;
  std::string element_type;  ///< empty for relations
  std::string branch;
};

/// Which branches hold the parts of one collection.
struct CollectionPlan {
  std::string name;
  std::string type;
  std::uint32_t id = 0;
  bool is_subset = false;
  std::string data;  ///< branch of the objects' members, or of the references of a subset
  std::vector<Part> vectors;
  std::vector<Part> relations;
};

/// A collection of that plan without contents, under its type of today.
Collection empty_collection(CollectionPlan const& plan);
std::vector<Collection> empty_collections(std::vector<CollectionPlan> const& plans);

/// The references in the columns "index" and "collectionID" of a relation; none if it has no such columns.
std::vector<ObjectRef> references(std::vector<Column> const& columns);

/// Sorts the branches of an event tree into collections, for every layout podio has used: `X#k` and
/// `X_k` (legacy), `_X_name` (0.16 and later), `X_objIdx` (subsets). Where a branch only has a number,
/// the k-th vector member and the k-th relation are found among the ranges of the objects, told apart by
/// the schema; one-to-one relations follow. `types` may be empty.
std::vector<CollectionPlan> plan_collections(std::vector<TopLevel> const& branches,
                                             std::map<std::string, CollectionType> const& types);

}  // namespace corpuscle::io::root
