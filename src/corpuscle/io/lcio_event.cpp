#include "corpuscle/io/lcio_event.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "corpuscle/core/text.hpp"
#include "corpuscle/io/lcio_block.hpp"
#include "corpuscle/io/lcio_columns.hpp"

namespace corpuscle::io::lcio {
namespace {

using core::cat;
using sio::Cursor;
using sio::Damage;
using sio::Version;

/// LCIO's name of a type in EDM4hep's words, as they stand in the type of a link.
std::string link_end(std::string_view type) {
  if (type == "TrackerHitPlane" || type == "TrackerHitZCylinder") type = "TrackerHit";
  for (auto known : {"MCParticle", "ReconstructedParticle", "Cluster", "Track", "Vertex", "CalorimeterHit",
                     "SimCalorimeterHit", "TrackerHit", "SimTrackerHit"}) {
    if (type == known) return "edm4hep::" + std::string(type);
  }
  return "lcio::" + std::string(type.empty() ? "LCObject" : type);
}

/// EDM4hep knows each kind of link in one direction only, the reconstructed object first.
bool is_backwards(std::string_view from, std::string_view to) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> forwards{
      {{"edm4hep::ReconstructedParticle", "edm4hep::MCParticle"},
       {"edm4hep::Track", "edm4hep::MCParticle"},
       {"edm4hep::Cluster", "edm4hep::MCParticle"},
       {"edm4hep::CalorimeterHit", "edm4hep::MCParticle"},
       {"edm4hep::CalorimeterHit", "edm4hep::SimCalorimeterHit"},
       {"edm4hep::TrackerHit", "edm4hep::SimTrackerHit"},
       {"edm4hep::Vertex", "edm4hep::ReconstructedParticle"}}};
  return std::find(forwards.begin(), forwards.end(), std::pair{to, from}) != forwards.end();
}

struct LinkType {
  std::string name;
  bool is_backwards;  ///< "from" and "to" have to change places
};

LinkType link_type(std::string const& from, std::string const& to) {
  bool const turn = is_backwards(from, to);
  return {"podio::Link<" + (turn ? to : from) + ',' + (turn ? from : to) + '>', turn};
}

/// The link type that a collection's parameters promise.
LinkType link_type(Parameters const& parameters, std::string const& prefix) {
  auto const end = [&](char const* key) {
    auto const found = parameters.find(prefix + key);
    auto const* names =
        found == parameters.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
    return link_end(names && !names->empty() ? names->front() : "");
  };
  return link_type(end("FromType"), end("ToType"));
}

constexpr std::size_t bytes_per_entry = 192;  // of the maps of parameters and of collection types

class EventDecoder {
 public:
  EventDecoder(Wanted const& wanted, sio::Budget& budget) : wanted_(wanted), budget_(budget) {}

  Frame operator()(std::span<std::byte const> header, std::span<std::byte const> event) {
    decode_header(read_event_header(header));
    for (Cursor payload(event); payload.left() > 0;) {
      sio::Block const block = sio::next_block(payload);
      try {
        decode_block(block);
      } catch (Damage const& damage) {
        throw Damage(cat("collection '", block.name, "': ", damage.what()));
      }
    }
    add_absent_collections();
    connect();
    sort_by_name();
    return std::move(frame_);
  }

 private:
  [[nodiscard]] bool is_wanted(Collection const& collection) const {
    return !wanted_ || wanted_(collection.name, collection.type);
  }

  void decode_header(EventHeader const& header);
  void decode_block(sio::Block const& block);
  void add(Collection collection);
  void add_absent_collections();

  std::size_t count(Cursor& in, std::size_t least, std::size_t memory);
  void read_parameters(Cursor& in, Version version, std::string const& prefix, Parameters& out);
  template <class Value, class Read>
  void read_parameters_of(Cursor& in, std::string const& prefix, Parameters& out, std::size_t least,
                          Read read);

  void connect();
  template <class Action>
  void for_each_target(Action action);
  void restore_daughters(Collection& particles, std::uint32_t ordinal);
  void fill_vertices(Collection& vertices, std::uint32_t ordinal);
  void name_link(Collection& link) const;
  void sort_by_name();

  Wanted const& wanted_;
  sio::Budget& budget_;
  Frame frame_;
  TagTable tags_;
  std::unordered_map<std::string_view, std::string_view> types_;  // collections that have no block yet
};

// ---- the event header ------------------------------------------------------------------------------

void EventDecoder::decode_header(EventHeader const& header) {
  Cursor in = header.rest;
  for (std::size_t n = count(in, 8, bytes_per_entry); n > 0; --n) {
    std::string_view const name = in.text();
    std::string_view type = in.text();
    if (auto const suffix = type.rfind("_References"); suffix != type.npos) type = type.substr(0, suffix);
    if (!types_.emplace(name, type).second) throw Damage(cat("two collections named '", name, "'"));
  }
  read_parameters(in, header.version, "", frame_.parameters);

  Collection collection;
  collection.name = "EventHeader";
  collection.type = "edm4hep::EventHeader";
  collection.size = 1;
  if (is_wanted(collection)) {
    double weight = 1;
    if (auto const found = frame_.parameters.find("_weight"); found != frame_.parameters.end()) {
      if (auto const* floats = std::get_if<std::vector<float>>(&found->second); floats && !floats->empty()) {
        weight = floats->front();
      }
    }
    Builder builder(collection, budget_);
    builder.member<std::uint64_t>("eventNumber")(static_cast<std::uint32_t>(header.event));
    builder.member<std::uint32_t>("runNumber")(static_cast<std::uint32_t>(header.run));
    builder.member<std::uint64_t>("timeStamp")(static_cast<std::uint64_t>(header.time_stamp));
    builder.member<double>("weight")(weight);
    builder.range("weights").close(0);
    builder.numbers<double>("weights", "double");
  }
  add(std::move(collection));
}

/// Reads a number of things that take `least` bytes each here and `memory` bytes each when unpacked.
std::size_t EventDecoder::count(Cursor& in, std::size_t least, std::size_t memory) {
  std::size_t const n = in.count(least);
  budget_.spend(n * memory);
  return n;
}

template <class Value, class Read>
void EventDecoder::read_parameters_of(Cursor& in, std::string const& prefix, Parameters& out,
                                      std::size_t least, Read read) {
  for (std::size_t n = count(in, 8, bytes_per_entry); n > 0; --n) {
    std::string key = prefix + std::string(in.text());
    std::vector<Value> values(count(in, least, sizeof(Value)));
    budget_.spend(2 * key.size());
    for (Value& value : values) value = read();
    out.insert_or_assign(std::move(key), std::move(values));
  }
}

void EventDecoder::read_parameters(Cursor& in, Version version, std::string const& prefix, Parameters& out) {
  read_parameters_of<std::int32_t>(in, prefix, out, 4, [&] { return in.i32(); });
  read_parameters_of<float>(in, prefix, out, 4, [&] { return in.f32(); });
  if (version > Version{2, 16}) read_parameters_of<double>(in, prefix, out, 8, [&] { return in.f64(); });
  read_parameters_of<std::string>(in, prefix, out, 4, [&] {
    std::string_view const text = in.text();
    budget_.spend(text.size());
    return std::string(text);
  });
}

// ---- collections -----------------------------------------------------------------------------------

void EventDecoder::decode_block(sio::Block const& block) {
  auto const announced = types_.find(block.name);
  if (announced == types_.end()) throw Damage("not announced by the event header");
  std::string_view const type = announced->second;
  types_.erase(announced);
  if (block.version < oldest) throw Damage("written by LCIO 1.2 or older, which is not supported");

  Cursor in = block.body;
  std::uint32_t const flags = in.u32();
  Collection collection;
  collection.name = block.name;
  std::string const prefix = collection.name + "__";
  Parameters parameters;
  read_parameters(in, block.version, prefix, parameters);
  if (type == "LCGenericObject" && (flags & is_fixed_size) != 0) in.skip(12);

  Kind const* const kind = find_kind(type);
  collection.is_subset = (flags & is_subset) != 0;
  collection.size = in.count(collection.is_subset || !kind ? 4 : kind->least);
  if (!kind) {
    collection.type = "lcio::" + std::string(type);
    add(std::move(collection));
    return;
  }
  LinkType link{std::string(kind->edm4hep), false};
  if (kind->edm4hep.empty()) link = link_type(parameters, prefix);
  collection.type = link.name;
  Collection parts;
  parts.name = collection.name + std::string(kind->parts_suffix);
  parts.type = kind->parts_type;
  bool const has_parts = !kind->parts_suffix.empty() && !collection.is_subset;

  if (is_wanted(collection)) {
    frame_.parameters.merge(parameters);
    auto const ordinal = static_cast<std::uint32_t>(frame_.collections.size() + 1);
    BlockReader reader(in, block.version, flags, ordinal, tags_, budget_);
    if (collection.is_subset) {
      reader.read_subset(collection);
    } else {
      reader.read(*kind, collection, parts);
    }
    if (link.is_backwards && !collection.is_subset) {
      collection.relations[link_from].targets.swap(collection.relations[link_to].targets);
    }
  }
  add(std::move(collection));
  if (!has_parts) return;
  if (!is_wanted(parts)) {
    parts.members.clear();
    parts.vectors.clear();
    parts.relations.clear();
  }
  add(std::move(parts));
}

void EventDecoder::add(Collection collection) {
  budget_.spend(2 * sizeof(Collection) + collection.name.size());
  collection.id = collection_id(collection.name);
  frame_.collections.push_back(std::move(collection));
}

// ---- what needs the whole event --------------------------------------------------------------------

/// Collections that the header announces and the event does not hold are there, but empty.
void EventDecoder::add_absent_collections() {
  for (auto const& [name, type] : types_) {
    Kind const* const kind = find_kind(type);
    Collection collection;
    collection.name = std::string(name);
    collection.type =
        kind && !kind->edm4hep.empty() ? std::string(kind->edm4hep) : "lcio::" + std::string(type);
    add(std::move(collection));
  }
}

template <class Action>
void EventDecoder::for_each_target(Action action) {
  for (Collection& collection : frame_.collections) {
    for (Relation& relation : collection.relations) {
      for (ObjectRef& target : relation.targets) action(target);
    }
  }
}

void EventDecoder::connect() {
  tags_.prepare();
  for_each_target([&](ObjectRef& target) {
    if (target.collection == 0) target = tags_.find(static_cast<std::uint32_t>(target.index));
  });
  for (std::size_t k = 0; k < frame_.collections.size(); ++k) {
    Collection& collection = frame_.collections[k];
    if (collection.relations.empty() || collection.is_subset) continue;
    auto const ordinal = static_cast<std::uint32_t>(k + 1);
    if (collection.type == "edm4hep::MCParticle") restore_daughters(collection, ordinal);
    if (collection.type == "edm4hep::Vertex") fill_vertices(collection, ordinal);
    if (collection.type.starts_with("podio::Link") && collection.type.find("lcio::") != std::string::npos) {
      name_link(collection);
    }
  }
  for_each_target([&](ObjectRef& target) {
    if (target.collection != 0) target.collection = frame_.collections[target.collection - 1].id;
  });
}

void EventDecoder::sort_by_name() {
  auto& collections = frame_.collections;
  std::sort(collections.begin(), collections.end(),
            [](Collection const& a, Collection const& b) { return a.name < b.name; });
  auto const twin =
      std::adjacent_find(collections.begin(), collections.end(),
                         [](Collection const& a, Collection const& b) { return a.name == b.name; });
  if (twin != collections.end()) throw Damage(cat("two collections named '", twin->name, "'"));
}

/// LCIO stores parents only, and an endpoint only where the simulation set one: elsewhere it is the
/// vertex of the first daughter. Parents in other collections are not told of their daughters.
void EventDecoder::restore_daughters(Collection& particles, std::uint32_t ordinal) {
  std::vector<ObjectRef> const& parents = particles.relations[mc_parents].targets;
  std::vector<std::uint32_t> first(particles.size + 1);  // daughter of each particle, once summed up
  budget_.spend(2 * first.size() * sizeof(std::uint32_t) + parents.size() * sizeof(ObjectRef));
  for (ObjectRef parent : parents) {
    if (parent.collection == ordinal) ++first[static_cast<std::size_t>(parent.index) + 1];
  }
  std::partial_sum(first.begin(), first.end(), first.begin());

  Builder builder(particles, budget_);
  auto daughters_of = builder.range("daughters");
  for (std::size_t row = 0; row < particles.size; ++row) daughters_of.close(first[row + 1]);
  std::vector<ObjectRef>& daughters = builder.relation("daughters");
  daughters.resize(first.back());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  Column const& parents_end = column(particles, "parents_end");
  for (std::size_t row = 0, k = 0; row < particles.size; ++row) {
    for (std::size_t const end = parents_end.at<std::uint32_t>(row); k < end; ++k) {
      if (parents[k].collection != ordinal) continue;
      daughters[next[static_cast<std::size_t>(parents[k].index)]++] = {static_cast<std::int32_t>(row),
                                                                       ordinal};
    }
  }

  Column const& status = column(particles, "simulatorStatus");
  for (std::string const axis : {".x", ".y", ".z"}) {
    Column const& vertex = column(particles, "vertex" + axis);
    std::byte* const endpoint = column(particles, "endpoint" + axis).resize_values(particles.size);
    for (std::size_t row = 0; row < particles.size; ++row) {
      if (first[row] == first[row + 1] || (status.at<std::uint32_t>(row) & endpoint_is_set) != 0) continue;
      auto const value = vertex.at<double>(static_cast<std::size_t>(daughters[first[row]].index));
      std::memcpy(endpoint + row * sizeof value, &value, sizeof value);
    }
  }
}

/// An LCIO vertex points at the particle that decays there, EDM4hep's at the products and is pointed at
/// by the particle.
void EventDecoder::fill_vertices(Collection& vertices, std::uint32_t ordinal) {
  std::vector<ObjectRef> decaying;
  decaying.swap(vertices.relations[vertex_particles].targets);
  std::vector<ObjectRef>& products = vertices.relations[vertex_particles].targets;
  auto particles_of = Builder(vertices, budget_).range("particles");
  for (std::size_t row = 0; row < decaying.size(); ++row) {
    if (decaying[row].collection != 0) {
      Collection& owner = frame_.collections[decaying[row].collection - 1];
      if (owner.type == "edm4hep::ReconstructedParticle" && !owner.relations.empty()) {
        auto const particle = static_cast<std::size_t>(decaying[row].index);
        owner.relations[particle_decay_vertex].targets[particle] = {static_cast<std::int32_t>(row), ordinal};
        auto const begin = column(owner, "particles_begin").at<std::size_t>(particle);
        auto const end = column(owner, "particles_end").at<std::size_t>(particle);
        auto const& parts = owner.relations[particle_parts].targets;
        budget_.spend(3 * (end - begin) * sizeof(ObjectRef));
        products.insert(products.end(), parts.begin() + begin, parts.begin() + end);
      }
    }
    particles_of.close(products.size());
  }
}

/// Types that the collection's parameters do not tell are those of the first objects linked.
void EventDecoder::name_link(Collection& link) const {
  std::array<std::string, 2> types;
  for (std::size_t side = 0; side < 2; ++side) {
    auto const& targets = link.relations[side].targets;
    auto const found =
        std::find_if(targets.begin(), targets.end(), [](ObjectRef target) { return target.collection != 0; });
    if (found == targets.end()) return;
    types[side] = frame_.collections[found->collection - 1].type;
    if (types[side].starts_with("edm4hep::TrackerHit")) types[side] = "edm4hep::TrackerHit";
  }
  LinkType const type = link_type(types[link_from], types[link_to]);
  link.type = type.name;
  if (type.is_backwards) link.relations[link_from].targets.swap(link.relations[link_to].targets);
}

}  // namespace

EventHeader read_event_header(std::span<std::byte const> payload) {
  Cursor cursor(payload);
  sio::Block block = sio::next_block(cursor);
  if (block.name != "EventHeader") throw Damage("no EventHeader block");
  EventHeader header;
  header.version = block.version;
  if (header.version < oldest) throw Damage("written by LCIO 1.2 or older, which is not supported");
  header.run = block.body.i32();
  header.event = block.body.i32();
  header.time_stamp = static_cast<std::int64_t>(block.body.u64());
  header.detector = block.body.text();
  header.rest = block.body;
  return header;
}

std::vector<std::string> announced_collections(EventHeader const& header, sio::Budget& budget) {
  Cursor in = header.rest;
  std::size_t const n = in.count(8);
  budget.spend(n * bytes_per_entry);
  std::vector<std::string> names_and_types(2 * n);
  for (std::string& text : names_and_types) text = in.text();
  return names_and_types;
}

Frame decode_event(std::span<std::byte const> header, std::span<std::byte const> event, Wanted const& wanted,
                   sio::Budget& budget) {
  return EventDecoder(wanted, budget)(header, event);
}

}  // namespace corpuscle::io::lcio
