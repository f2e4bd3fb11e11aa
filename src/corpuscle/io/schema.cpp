#include "corpuscle/io/schema.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace corpuscle::io {
namespace {

using Names = std::span<std::string_view const>;

// Names of relations and vector members, in podio's declaration order.
constexpr std::string_view from_to[] = {"from", "to"};
constexpr std::string_view rec_sim[] = {"rec", "sim"};
constexpr std::string_view rec_vertex[] = {"rec", "vertex"};
constexpr std::string_view particle[] = {"particle"};
constexpr std::string_view particle_both[] = {"MCParticle", "particle"};
constexpr std::string_view particles[] = {"particles"};
constexpr std::string_view associated_particle[] = {"associatedParticle"};
constexpr std::string_view track[] = {"track"};
constexpr std::string_view time_series[] = {"timeSeries"};
constexpr std::string_view tracker_pulse[] = {"trackerPulse"};
constexpr std::string_view parents_daughters[] = {"parents", "daughters"};
constexpr std::string_view contributions[] = {"contributions"};
constexpr std::string_view cluster_many[] = {"clusters", "hits"};
constexpr std::string_view cluster_many_all[] = {"clusters", "hits", "particleIDs"};
constexpr std::string_view track_many[] = {"trackerHits", "tracks"};
constexpr std::string_view reco_many[] = {"clusters", "tracks", "particles"};
constexpr std::string_view reco_many_all[] = {"clusters", "tracks", "particles", "particleIDs"};
constexpr std::string_view reco_one[] = {"decayVertex"};
constexpr std::string_view reco_one_all[] = {"startVertex", "particleIDUsed", "decayVertex"};
constexpr std::string_view signal_vertex[] = {"signalVertexParticles"};
constexpr std::string_view signal_vertex_all[] = {"signalVertex", "signalVertexParticles"};

constexpr VectorMemberSchema weights[] = {{"weights", "double"}};
constexpr VectorMemberSchema parameters[] = {{"parameters", "float"}};
constexpr VectorMemberSchema cluster_vectors[] = {{"shapeParameters", "float"},
                                                  {"subdetectorEnergies", "float"}};
constexpr VectorMemberSchema cluster_vectors_all[] = {
    {"shapeParameters", "float"}, {"hitContributions", "float"}, {"subdetectorEnergies", "float"}};
constexpr VectorMemberSchema raw_hits[] = {{"rawHits", "edm4hep::ObjectID"}};
constexpr VectorMemberSchema electrons[] = {{"nElectrons", "uint16_t"}};
constexpr VectorMemberSchema adc_counts[] = {{"adcCounts", "int32_t"}};
constexpr VectorMemberSchema raw_data_words[] = {{"rawDataWords", "int32_t"}};
constexpr VectorMemberSchema amplitude[] = {{"amplitude", "float"}};
constexpr VectorMemberSchema hit_data[] = {{"hitData", "edm4hep::HitLevelData"}};
constexpr VectorMemberSchema track_vectors[] = {{"subdetectorHitNumbers", "int32_t"},
                                                {"subdetectorHoleNumbers", "int32_t"},
                                                {"trackStates", "edm4hep::TrackState"}};
constexpr VectorMemberSchema track_vectors_all[] = {{"subDetectorHitNumbers", "int32_t"},
                                                    {"subdetectorHitNumbers", "int32_t"},
                                                    {"subdetectorHoleNumbers", "int32_t"},
                                                    {"trackStates", "edm4hep::TrackState"},
                                                    {"dxQuantities", "edm4hep::Quantity"}};
constexpr VectorMemberSchema generator_vectors[] = {
    {"crossSections", "double"}, {"crossSectionErrors", "double"}, {"weights", "double"}};
constexpr VectorMemberSchema ionization_vectors[] = {{"electronCellID", "uint64_t"},
                                                     {"electronTime", "float"},
                                                     {"electronPosition", "edm4hep::Vector3d"},
                                                     {"pulseTime", "float"},
                                                     {"pulseAmplitude", "float"}};

/// EDM4hep 1.x.
constexpr TypeSchema current_types[] = {
    {"edm4hep::CaloHitContribution", {}, {}, particle},
    {"edm4hep::CalorimeterHit", {}, {}, {}},
    {"edm4hep::Cluster", cluster_vectors, cluster_many, {}},
    {"edm4hep::EventHeader", weights, {}, {}},
    {"edm4hep::GeneratorEventParameters", generator_vectors, signal_vertex, {}},
    {"edm4hep::GeneratorPdfInfo", {}, {}, {}},
    {"edm4hep::MCParticle", {}, parents_daughters, {}},
    {"edm4hep::ParticleID", parameters, {}, particle},
    {"edm4hep::RawCalorimeterHit", {}, {}, {}},
    {"edm4hep::RawTimeSeries", adc_counts, {}, {}},
    {"edm4hep::RecDqdx", {}, {}, track},
    {"edm4hep::ReconstructedParticle", {}, reco_many, reco_one},
    {"edm4hep::SenseWireHit", electrons, {}, {}},
    {"edm4hep::SimCalorimeterHit", {}, contributions, {}},
    {"edm4hep::SimTrackerHit", {}, {}, particle},
    {"edm4hep::TimeSeries", amplitude, {}, {}},
    {"edm4hep::Track", track_vectors, track_many, {}},
    {"edm4hep::TrackerHit3D", {}, {}, {}},
    {"edm4hep::TrackerHitPlane", {}, {}, {}},
    {"edm4hep::Vertex", parameters, particles, {}},
};

/// What differed in 0.x: types that changed, with the members of every version, and types since gone.
constexpr TypeSchema older_types[] = {
    {"edm4hep::Cluster", cluster_vectors_all, cluster_many_all, {}},
    {"edm4hep::GeneratorEventParameters", generator_vectors, signal_vertex_all, {}},
    {"edm4hep::RecDqdx", hit_data, {}, track},
    {"edm4hep::RecIonizationCluster", {}, tracker_pulse, {}},
    {"edm4hep::RecTof", {}, {}, track},
    {"edm4hep::ReconstructedParticle", {}, reco_many_all, reco_one_all},
    {"edm4hep::SimPrimaryIonizationCluster", ionization_vectors, {}, particle_both},
    {"edm4hep::SimTrackerHit", {}, {}, particle_both},
    {"edm4hep::TPCHit", raw_data_words, {}, {}},
    {"edm4hep::Track", track_vectors_all, track_many, {}},
    {"edm4hep::TrackerHit", raw_hits, {}, {}},
    {"edm4hep::TrackerHit3D", raw_hits, {}, {}},
    {"edm4hep::TrackerHitPlane", raw_hits, {}, {}},
    {"edm4hep::TrackerPulse", {}, {}, time_series},
    {"edm4hep::Vertex", parameters, particles, associated_particle},
};

constexpr TypeSchema link_schema{"podio::Link", {}, {}, from_to};
constexpr TypeSchema association_schema{"edm4hep::MCRecoAssociation", {}, {}, rec_sim};
constexpr TypeSchema vertex_association_schema{"edm4hep::RecoParticleVertexAssociation", {}, {}, rec_vertex};

/// How 0.x named a link between objects, and what 1.x says.
struct LinkName {
  std::string_view old_type;
  std::string_view type;
  TypeSchema const* schema;
};

constexpr std::string_view calo_particle = "podio::Link<edm4hep::CalorimeterHit,edm4hep::MCParticle>";
constexpr std::string_view calo_sim = "podio::Link<edm4hep::CalorimeterHit,edm4hep::SimCalorimeterHit>";
constexpr std::string_view cluster_particle = "podio::Link<edm4hep::Cluster,edm4hep::MCParticle>";
constexpr std::string_view reco_particle = "podio::Link<edm4hep::ReconstructedParticle,edm4hep::MCParticle>";
constexpr std::string_view track_particle = "podio::Link<edm4hep::Track,edm4hep::MCParticle>";
constexpr std::string_view tracker_sim = "podio::Link<edm4hep::TrackerHit,edm4hep::SimTrackerHit>";
constexpr std::string_view wire_sim = "podio::Link<edm4hep::SenseWireHit,edm4hep::SimTrackerHit>";
constexpr std::string_view vertex_reco = "podio::Link<edm4hep::Vertex,edm4hep::ReconstructedParticle>";

constexpr LinkName link_names[] = {
    {"edm4hep::CaloHitMCParticleLink", calo_particle, &link_schema},
    {"edm4hep::CaloHitSimCaloHitLink", calo_sim, &link_schema},
    {"edm4hep::ClusterMCParticleLink", cluster_particle, &link_schema},
    {"edm4hep::MCRecoCaloAssociation", calo_sim, &association_schema},
    {"edm4hep::MCRecoCaloParticleAssociation", calo_particle, &association_schema},
    {"edm4hep::MCRecoClusterParticleAssociation", cluster_particle, &association_schema},
    {"edm4hep::MCRecoParticleAssociation", reco_particle, &association_schema},
    {"edm4hep::MCRecoTrackParticleAssociation", track_particle, &association_schema},
    {"edm4hep::MCRecoTrackerAssociation", tracker_sim, &association_schema},
    {"edm4hep::MCRecoTrackerHitPlaneAssociation", tracker_sim, &association_schema},
    {"edm4hep::RecoMCParticleLink", reco_particle, &link_schema},
    {"edm4hep::RecoParticleVertexAssociation", vertex_reco, &vertex_association_schema},
    {"edm4hep::SenseWireHitSimTrackerHitLink", wire_sim, &link_schema},
    {"edm4hep::TrackMCParticleLink", track_particle, &link_schema},
    {"edm4hep::TrackerHitSimTrackerHitLink", tracker_sim, &link_schema},
    {"edm4hep::VertexRecoParticleLink", vertex_reco, &link_schema},
};

/// Renames of members, vector members and relations; `type` is the 1.x type.
struct Rename {
  std::string_view type;
  std::string_view from;
  std::string_view to;
};

constexpr Rename member_renames[] = {
    {"edm4hep::Cluster", "phi", "iPhi"},
    {"edm4hep::ReconstructedParticle", "type", "PDG"},
    {"edm4hep::SimTrackerHit", "EDep", "eDep"},
};

constexpr Rename vector_renames[] = {
    {"edm4hep::RawTimeSeries", "rawDataWords", "adcCounts"},
    {"edm4hep::Track", "subDetectorHitNumbers", "subdetectorHitNumbers"},
};

constexpr Rename relation_renames[] = {
    {"edm4hep::GeneratorEventParameters", "signalVertex", "signalVertexParticles"},
    {"edm4hep::SimPrimaryIonizationCluster", "MCParticle", "particle"},
    {"edm4hep::SimTrackerHit", "MCParticle", "particle"},
};

template <class Rows>
auto const* find_row(Rows const& rows, std::string_view type) {
  auto const found =
      std::find_if(std::begin(rows), std::end(rows), [&](auto const& row) { return row.type == type; });
  return found == std::end(rows) ? nullptr : &*found;
}

LinkName const* find_link_name(std::string_view type) {
  auto const found = std::find_if(std::begin(link_names), std::end(link_names),
                                  [&](LinkName const& link) { return link.old_type == type; });
  return found == std::end(link_names) ? nullptr : &*found;
}

constexpr std::string_view link_prefix = "podio::Link<";
constexpr std::string_view link_collection_prefix = "podio::LinkCollection<";

bool is_link(std::string_view type) {
  return type.starts_with(link_prefix) || type.starts_with(link_collection_prefix);
}

/// "podio::LinkCollection<A, B>" and "podio::Link<A, B>" as we spell them: "podio::Link<A,B>".
std::string canonical_link(std::string_view type) {
  std::string_view const prefix = type.starts_with(link_prefix) ? link_prefix : link_collection_prefix;
  std::string result(link_prefix);
  type.remove_prefix(prefix.size());
  std::copy_if(type.begin(), type.end(), std::back_inserter(result), [](char c) { return c != ' '; });
  return result;
}

std::string current_type(std::string_view type) {
  if (LinkName const* link = find_link_name(type)) return std::string(link->type);
  if (is_link(type)) return canonical_link(type);
  if (type == "edm4hep::TrackerHit") return "edm4hep::TrackerHit3D";
  if (type == "edm4hep::TPCHit") return "edm4hep::RawTimeSeries";
  return std::string(type);
}

/// Renames one of `items` (members, vectors or relations) and says whether it did.
bool rename_item(auto& items, std::string_view from, std::string_view to) {
  auto const named = [&](std::string_view wanted) {
    return std::find_if(items.begin(), items.end(), [&](auto const& item) {
      if constexpr (requires { item.name(); }) {
        return item.name() == wanted;
      } else {
        return item.name == wanted;
      }
    });
  };
  auto const old = named(from);
  if (old == items.end() || named(to) != items.end()) return false;
  if constexpr (requires { old->rename(std::string(to)); }) {
    old->rename(std::string(to));
  } else {
    old->name = to;
  }
  return true;
}

/// Renames vectors or relations, and the members that say which of their elements belong to an object.
void rename_parts(auto& parts, std::span<Rename const> renames, Collection& collection) {
  for (Rename const& entry : renames) {
    if (entry.type != collection.type || !rename_item(parts, entry.from, entry.to)) continue;
    for (std::string_view end : {"_begin", "_end"})
      rename_item(collection.members, std::string(entry.from).append(end), std::string(entry.to).append(end));
  }
}

/// Covariances were plain arrays before 0.99 and are a component with one array since.
void rename_covariance(Column& column) {
  bool const is_covariance = column.name() == "covMatrix" || column.name() == "positionError";
  // 15: a track state before it had a time; the order of the elements is the same.
  bool const is_current_size =
      column.width() == 6 || column.width() == 10 || column.width() == 15 || column.width() == 21;
  if (is_covariance && is_current_size) column.rename(column.name() + ".values");
}

/// `primary`, a yes or no, became bit 1 of the flag word `type` (edm4hep::Vertex::BITPrimaryVertex).
void upgrade_vertex(std::vector<Column>& members) {
  for (Column& member : members) {
    if (member.name() != "primary") continue;
    std::vector<std::uint32_t> flags;
    member.append_to(flags);
    for (std::uint32_t& flag : flags) flag = flag != 0 ? 1U << 1 : 0U;
    member = Column::of<std::uint32_t>("type", flags);
  }
}

void rename_ends(std::vector<Relation>& relations, Names ends) {
  for (Relation& relation : relations) {
    if (relation.name == ends[0]) {
      relation.name = "from";
    } else if (relation.name == ends[1]) {
      relation.name = "to";
    }
  }
}

}  // namespace

std::optional<Scalar> number_type(std::string_view spelling) {
  if (spelling.starts_with("std::")) spelling.remove_prefix(5);
  struct Spelling {
    std::string_view name;
    Scalar type;
  };
  static constexpr Spelling spellings[] = {
      {"float", Scalar::f32},      {"Float_t", Scalar::f32},        {"double", Scalar::f64},
      {"Double_t", Scalar::f64},   {"int8_t", Scalar::i8},          {"char", Scalar::i8},
      {"signed char", Scalar::i8}, {"Char_t", Scalar::i8},          {"int16_t", Scalar::i16},
      {"short", Scalar::i16},      {"Short_t", Scalar::i16},        {"int32_t", Scalar::i32},
      {"int", Scalar::i32},        {"Int_t", Scalar::i32},          {"int64_t", Scalar::i64},
      {"long", Scalar::i64},       {"Long_t", Scalar::i64},         {"Long64_t", Scalar::i64},
      {"uint8_t", Scalar::u8},     {"unsigned char", Scalar::u8},   {"UChar_t", Scalar::u8},
      {"uint16_t", Scalar::u16},   {"unsigned short", Scalar::u16}, {"UShort_t", Scalar::u16},
      {"uint32_t", Scalar::u32},   {"unsigned int", Scalar::u32},   {"UInt_t", Scalar::u32},
      {"uint64_t", Scalar::u64},   {"unsigned long", Scalar::u64},  {"ULong_t", Scalar::u64},
      {"ULong64_t", Scalar::u64},  {"bool", Scalar::boolean},       {"Bool_t", Scalar::boolean}};
  auto const* found = std::find_if(std::begin(spellings), std::end(spellings),
                                   [&](Spelling const& known) { return known.name == spelling; });
  return found == std::end(spellings) ? std::nullopt : std::optional(found->type);
}

std::string object_type(std::string_view type) {
  constexpr std::string_view user_data = "podio::UserDataCollection<";
  if (type.starts_with(user_data) && type.ends_with('>')) {
    type = type.substr(user_data.size(), type.size() - user_data.size() - 1);
    auto const number = number_type(type);
    return std::string(number ? name(*number) : type);
  }
  if (is_link(type)) return canonical_link(type);
  if (type.ends_with("Collection")) type.remove_suffix(10);
  if (type.ends_with("Data")) type.remove_suffix(4);
  return std::string(type);
}

TypeSchema const* find_schema(std::string_view type) {
  if (TypeSchema const* found = find_row(older_types, type)) return found;
  if (TypeSchema const* found = find_row(current_types, type)) return found;
  if (LinkName const* link = find_link_name(type)) return link->schema;
  return is_link(type) ? &link_schema : nullptr;
}

TypeSchema const* find_current_schema(std::string_view type) {
  if (TypeSchema const* found = find_row(current_types, type)) return found;
  return is_link(type) ? &link_schema : nullptr;
}

void upgrade(Collection& collection) {
  LinkName const* const link = find_link_name(collection.type);
  collection.type = current_type(collection.type);

  for (Rename const& entry : member_renames)
    if (entry.type == collection.type) rename_item(collection.members, entry.from, entry.to);
  rename_parts(collection.vectors, vector_renames, collection);
  rename_parts(collection.relations, relation_renames, collection);

  if (collection.type == "edm4hep::Vertex" && !collection.member("type")) upgrade_vertex(collection.members);
  for (Column& member : collection.members) rename_covariance(member);
  for (VectorMember& vector : collection.vectors) {
    for (Column& column : vector.columns) rename_covariance(column);
  }

  if (link && link->schema == &vertex_association_schema) {
    // The vertex is now the origin of the link.
    static constexpr std::string_view ends[] = {"vertex", "rec"};
    rename_ends(collection.relations, ends);
  } else if (link) {
    rename_ends(collection.relations, rec_sim);
  }
  if (link) {
    std::stable_sort(collection.relations.begin(), collection.relations.end(),
                     [](Relation const& a, Relation const& b) { return a.name < b.name; });
  }
}

}  // namespace corpuscle::io
