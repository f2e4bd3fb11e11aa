#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "corpuscle/io/frame.hpp"

/// The data types of EDM4hep 1.x, as far as their shape cannot be read off a file, and how older
/// names map onto them.
namespace corpuscle::io {

struct VectorMemberSchema {
  std::string_view name;
  std::string_view element_type;
};

/// One data type: what belongs to an object besides its plain members.
struct TypeSchema {
  std::string_view type;  ///< "edm4hep::Track"
  std::span<VectorMemberSchema const> vectors;
  std::span<std::string_view const> one_to_many;
  std::span<std::string_view const> one_to_one;
};

/// The schema of a type, current or old ("edm4hep::MCRecoCaloAssociation"); null if unknown. Link types
/// have the one-to-one relations "from" and "to".
///
/// Where versions differ it names the members of all of them, in an order that holds for each: a file
/// has a part of them, in this order. (2021: Cluster with hitContributions, no `subdetectorHoleNumbers`.)
TypeSchema const* find_schema(std::string_view type);

/// The same for what EDM4hep 1.x declares, nothing else: what a writer may write. Null for a type that
/// 1.x does not have.
TypeSchema const* find_current_schema(std::string_view type);

/// The type of a plain number by any of the names it has in files: "int", "std::int32_t", "Int_t", ...
std::optional<Scalar> number_type(std::string_view spelling);

/// The type of one object of a collection class, in today's spelling: "edm4hep::TrackCollection" ->
/// "edm4hep::Track", "podio::LinkCollection<A,B>" -> "podio::Link<A,B>", "podio::UserDataCollection<int>" ->
/// "int32_t"; what is none of these stays.
std::string object_type(std::string_view collection_class);

/// Renames types, members, vectors and relations of older EDM4hep versions to those of 1.x, in place;
/// what is already current stays. Members that no longer exist keep their name and values.
void upgrade(Collection& collection);

}  // namespace corpuscle::io
