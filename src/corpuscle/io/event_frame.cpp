#include "corpuscle/io/event_frame.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <optional>
#include <utility>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/detector/cell_id.hpp"
#include "corpuscle/io/source.hpp"

namespace corpuscle::io {
namespace {

using core::cat;
using core::DataError;
using detector::Calorimeter;
using Field = detector::CellIdDecoder::Field;

/// What tracker hits are called, by the `system` of their cell ids, from 1 on (mlpf.md 1.3).
struct TrackerNames {
  char const* hits;
  char const* relations;
  char const* simulated;
};
constexpr TrackerNames tracker_names[] = {
    {"VXDTrackerHits", "VXDTrackerHitRelations", "VertexBarrelCollection"},
    {"VXDEndcapTrackerHits", "VXDEndcapTrackerHitRelations", "VertexEndcapCollection"},
    {"ITrackerHits", "InnerTrackerBarrelHitsRelations", "InnerTrackerBarrelCollection"},
    {"ITrackerEndcapHits", "InnerTrackerEndcapHitsRelations", "InnerTrackerEndcapCollection"},
    {"OTrackerHits", "OuterTrackerBarrelHitsRelations", "OuterTrackerBarrelCollection"},
    {"OTrackerEndcapHits", "OuterTrackerEndcapHitsRelations", "OuterTrackerEndcapCollection"}};
constexpr std::size_t n_tracker_systems = std::size(tracker_names);

/// Length of Track::subdetectorHitNumbers: two numbers for each `system` that CLIC software knows of.
constexpr std::size_t n_hit_numbers = 40;
/// Length of Cluster::subdetectorEnergies: ECAL, HCAL, yoke, LumiCal, LHCAL, BeamCal.
constexpr std::size_t n_cluster_energies = 6;
/// Numbers in the covariance of an EDM4hep track state, which knows a time besides the five parameters.
constexpr std::size_t n_covariance = 21;

/// A column whose storage is filled in order, one value at a time.
template <class T>
class ColumnFiller {
 public:
  ColumnFiller(std::string name, std::size_t rows, std::uint32_t width = 1)
      : column_(std::move(name), scalar_of<T>(), width), at_(column_.resize_values(rows * width)) {}
  void add(T value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  Column take() && { return std::move(column_); }

 private:
  Column column_;
  std::byte* at_;
};

/// Some rows of a column of a table.
template <class T>
Column gather(std::string name, std::vector<std::uint32_t> const& rows, std::vector<T> const& values) {
  ColumnFiller<T> column(std::move(name), rows.size());
  for (std::uint32_t const row : rows) column.add(values[row]);
  return std::move(column).take();
}

template <class T>
Column copy(std::string name, std::vector<T> const& values) {
  return Column::of<T>(std::move(name), values);
}

/// Adds columns without copying them, as an initialiser list would.
template <class... Columns>
void add_members(Collection& collection, Columns... columns) {
  (collection.members.push_back(std::move(columns)), ...);
}

/// Adds the members `<name>_begin` and `<name>_end` of a vector member or relation.
/// @param offsets  as in core::Ragged
void add_ranges(Collection& collection, std::string const& name, std::vector<std::uint32_t> const& offsets) {
  std::span<std::uint32_t const> const all(offsets);
  collection.members.push_back(Column::of<std::uint32_t>(name + "_begin", all.first(all.size() - 1)));
  collection.members.push_back(Column::of<std::uint32_t>(name + "_end", all.subspan(1)));
}

/// The same where each object has `length` elements.
void add_equal_ranges(Collection& collection, std::string const& name, std::size_t length) {
  std::vector<std::uint32_t> offsets;
  for (std::size_t k = 0; k <= collection.size; ++k)
    offsets.push_back(static_cast<std::uint32_t>(k * length));
  add_ranges(collection, name, offsets);
}

Collection make_collection(std::string name, std::string type, std::size_t size = 0) {
  Collection collection;
  collection.id = collection_id(name);
  collection.name = std::move(name);
  collection.type = std::move(type);
  collection.size = size;
  return collection;
}

std::string link_type(std::string_view from, std::string_view to) {
  return cat("podio::Link<edm4hep::", from, ",edm4hep::", to, ">");
}

/// The rows of a hit table that go to each of several collections.
struct Groups {
  std::vector<std::vector<std::uint32_t>> rows;  ///< by collection
  std::vector<ObjectRef> references;             ///< by row
};

/// What the `system` of a calorimeter's cell ids says.
struct CaloSystem {
  std::int32_t collection = -1;  ///< -1: the detector has no such system
  std::int32_t type = 0;         ///< of a hit in layer 0
};

/// Type of a hit in layer 0: the CHT word of detector.md 2.5.
std::int32_t hit_type(Calorimeter const& calorimeter) {
  using Kind = Calorimeter::Kind;
  std::int32_t const calo_type = calorimeter.kind == Kind::hcal ? 1 : calorimeter.kind == Kind::muon ? 2 : 0;
  std::int32_t const calo_id = 1 + static_cast<std::int32_t>(calorimeter.kind);  // ecal, hcal, yoke, lcal
  bool const is_other = calorimeter.collection.ends_with("Other");
  bool const is_barrel = calorimeter.shape == Calorimeter::Shape::barrel;
  std::int32_t layout = is_barrel ? 1 : 2;
  if (is_other) layout = calorimeter.kind == Kind::hcal ? 4 : 3;  // ring, plug
  if (calorimeter.kind == Kind::forward) layout = 0;              // any
  return calo_type + 10 * calo_id + 1000 * layout;
}

/// What is measured by the sensors of one `system` and `layer` of the tracker.
struct Sensor {
  float sigma_u = 0, sigma_v = 0;  ///< resolution [mm]
  bool is_disc = false;
};

Field require_field(std::string const& encoding, char const* name) {
  if (auto const field = detector::CellIdDecoder(encoding).field(name)) return *field;
  throw core::ConfigError(cat("the cell-id encoding '", encoding, "' has no field '", name, "'"));
}

std::string const& first_name(std::vector<std::string> const& names, char const* table) {
  if (names.empty() || names.front().find('*') != std::string::npos)
    throw core::ConfigError(cat("the detector file names no collection for ", table,
                                ": `collections:` has to list one, without *, to write events"));
  return names.front();
}

/// All states of all tracks, in the order of the tracks.
VectorMember frame_states(event::Tracks const& table) {
  using S = event::TrackStates;
  struct Parameter {
    char const* name;
    std::vector<float> S::*values;
  };
  static constexpr Parameter parameters[] = {{"D0", &S::d0},
                                             {"phi", &S::phi},
                                             {"omega", &S::omega},
                                             {"Z0", &S::z0},
                                             {"tanLambda", &S::tan_lambda},
                                             {"referencePoint.x", &S::x},
                                             {"referencePoint.y", &S::y},
                                             {"referencePoint.z", &S::z}};
  std::vector<std::pair<std::size_t, std::size_t>> present;  // point, row
  for (std::size_t row = 0; row < table.size(); ++row)
    for (std::size_t point = 0; point < table.states.size(); ++point)
      if (table.states[point].is_present[row]) present.emplace_back(point, row);

  VectorMember states{"trackStates", "edm4hep::TrackState", {}};
  ColumnFiller<std::int32_t> location("location", present.size());
  ColumnFiller<float> time("time", present.size());
  ColumnFiller<float> covariance("covMatrix.values", present.size(), n_covariance);
  for (auto const& [point, row] : present) {
    location.add(static_cast<std::int32_t>(point) + 1);  // 1 at IP, 2 first hit, 3 last hit, 4 calorimeter
    time.add(point == 0 ? table.time[row] : 0);
    auto const& known = table.states[point].covariance[row];
    for (std::size_t k = 0; k < n_covariance; ++k) covariance.add(k < known.size() ? known[k] : 0);
  }
  states.columns.push_back(std::move(location).take());
  states.columns.push_back(std::move(time).take());
  states.columns.push_back(std::move(covariance).take());
  for (Parameter const& parameter : parameters) {
    ColumnFiller<float> column(parameter.name, present.size());
    for (auto const& [point, row] : present) column.add((table.states[point].*parameter.values)[row]);
    states.columns.push_back(std::move(column).take());
  }
  return states;
}

/// Reads the contributions to simulated hits, following references from collection to collection.
class ContributionReader {
 public:
  explicit ContributionReader(Frame const& frame) : frame_(frame) {
    auto const found =
        std::find_if(frame.collections.begin(), frame.collections.end(),
                     [](Collection const& c) { return c.type == "edm4hep::MCParticle" && !c.is_subset; });
    if (found != frame.collections.end()) particles_ = &*found;
  }

  /// Nothing if the reference points out of the frame.
  std::optional<event::Contribution> operator()(ObjectRef ref) {
    if (!shares_ || shares_->id != ref.collection) open(ref.collection);
    if (!shares_ || ref.index < 0) return std::nullopt;
    auto const row = static_cast<std::size_t>(ref.index);
    if (row >= shares_->size)
      throw DataError(
          cat("refers to contribution ", row, " of ", shares_->size, " in '", shares_->name, "'"));
    event::Contribution share;
    if (energy_) share.energy = energy_->at<float>(row);
    if (time_) share.time = time_->at<float>(row);
    if (owner_ && row < owner_->targets.size()) share.particle = particle(owner_->targets[row]);
    return share;
  }

 private:
  void open(std::uint32_t collection) {
    shares_ = frame_.find(collection);
    energy_ = shares_ ? shares_->member("energy") : nullptr;
    time_ = shares_ ? shares_->member("time") : nullptr;
    owner_ = shares_ ? shares_->relation("particle") : nullptr;
  }

  [[nodiscard]] event::GenParticleId particle(ObjectRef ref) const {
    if (!particles_ || ref.collection != particles_->id || ref.index < 0) return {};
    auto const row = static_cast<std::size_t>(ref.index);
    if (row >= particles_->size)
      throw DataError(cat("a contribution in '", shares_->name, "' refers to particle ", row, " of ",
                          particles_->size, " in '", particles_->name, "'"));
    return event::GenParticleId(row);
  }

  Frame const& frame_;
  Collection const* particles_ = nullptr;
  Collection const* shares_ = nullptr;  ///< the last collection that was referred to
  Column const *energy_ = nullptr, *time_ = nullptr;
  Relation const* owner_ = nullptr;
};

/// Appends a member of a collection: zeros where it has none, or a shorter one.
template <class T>
void append_member(Collection const& collection, char const* member, std::vector<T>& out) {
  std::size_t const before = out.size();
  if (Column const* column = collection.member(member)) column->append_to(out);
  out.resize(before + collection.size);
}

void append_sim_hits(Collection const& collection, ContributionReader& read, event::SimCaloHits& hits) {
  append_member(collection, "cellID", hits.cell_id);
  append_member(collection, "position.x", hits.x);
  append_member(collection, "position.y", hits.y);
  append_member(collection, "position.z", hits.z);
  std::vector<float> energies;
  std::vector<std::uint32_t> begins, ends;
  append_member(collection, "energy", energies);
  append_member(collection, "contributions_begin", begins);
  append_member(collection, "contributions_end", ends);
  Relation const* const relation = collection.relation("contributions");
  std::size_t const available = relation ? relation->targets.size() : 0;
  auto& shares = hits.contributions;
  for (std::size_t row = 0; row < collection.size; ++row) try {
      std::size_t const before = shares.values.size();
      if (relation && (begins[row] > ends[row] || ends[row] > available))
        throw DataError(cat("'contributions' runs from ", begins[row], " to ", ends[row], " of ", available));
      for (std::size_t k = begins[row]; relation && k < ends[row]; ++k)
        if (auto const share = read(relation->targets[k])) shares.values.push_back(*share);
      if (shares.values.size() == before) shares.values.push_back({event::GenParticleId(), energies[row], 0});
      shares.end_row();
    } catch (DataError const& error) {
      throw DataError(cat("collection '", collection.name, "', row ", row, ": ", error.what()));
    }
}

}  // namespace

struct EventFramer::Implementation {
  explicit Implementation(detector::Detector const& detector);

  template <class Find>
  Groups group(char const* table, std::vector<std::uint64_t> const& cell_ids,
               std::vector<std::string> const& collections, Find const& collection_of) const;
  [[nodiscard]] Groups group_calo_hits(event::CaloHits const& hits) const;
  [[nodiscard]] Groups group_tracker_hits(event::TrackerHits const& hits) const;

  [[nodiscard]] Collection frame_header(event::Event const& event) const;
  [[nodiscard]] Collection frame_particles(event::GenParticles const& particles) const;
  void frame_calo_hits(event::CaloHits const& hits, Groups const& groups, Frame& frame) const;
  void frame_tracker_hits(event::TrackerHits const& hits, Groups const& groups, Frame& frame) const;
  void frame_tracker_truth(event::Event const& event, Groups const& groups, Frame& frame) const;
  [[nodiscard]] Collection frame_tracks(event::Observed const& seen, Groups const& hits) const;
  [[nodiscard]] Collection frame_dqdx(event::Tracks const& tracks) const;
  [[nodiscard]] Collection frame_clusters(event::Clusters const& clusters, Groups const& hits) const;
  template <class From, class Reference>
  [[nodiscard]] Collection frame_links(std::string const& name, char const* from_type,
                                       std::vector<event::Link<From>> const& links,
                                       Reference const& reference) const;

  detector::Collections const names;
  std::string const detector_name, calorimeter_cell_id, tracker_cell_id;
  std::string tracks, clusters, particles, track_links, cluster_links, calo_hit_links;
  std::uint32_t particles_id = 0;
  Field calo_system, tracker_system, tracker_layer;
  std::vector<std::string> calo_collections, tracker_collections;
  std::vector<CaloSystem> calo_systems;      ///< by `system`
  std::vector<std::vector<Sensor>> sensors;  ///< by `system`, then by `layer`
};

EventFramer::Implementation::Implementation(detector::Detector const& detector)
    : names(detector.collections),
      detector_name(detector.name),
      calorimeter_cell_id(detector.calorimeter_cell_id),
      tracker_cell_id(detector.tracker_cell_id),
      tracks(first_name(names.tracks, "tracks")),
      clusters(first_name(names.clusters, "clusters")),
      particles(first_name(names.gen_particles, "generated particles")),
      track_links(first_name(names.track_links, "links of tracks")),
      cluster_links(first_name(names.cluster_links, "links of clusters")),
      calo_hit_links(first_name(names.calo_hit_links, "links of calorimeter hits")),
      particles_id(collection_id(particles)),
      calo_system(require_field(calorimeter_cell_id, "system")),
      tracker_system(require_field(tracker_cell_id, "system")),
      tracker_layer(require_field(tracker_cell_id, "layer")) {
  if (!detector.simulation.is_described())
    throw core::ConfigError(cat("detector ", detector.name, " has no `simulation:` section in its file"));
  for (TrackerNames const& tracker : tracker_names) tracker_collections.emplace_back(tracker.hits);
  sensors.resize(n_tracker_systems + 1);
  for (detector::TrackerSurface const& surface : detector.simulation.tracking.surfaces) {
    if (surface.sigma_u <= 0) continue;  // passive
    if (surface.system < 1 || surface.system > static_cast<int>(n_tracker_systems) || surface.layer < 0)
      throw core::ConfigError(cat("detector ", detector.name, ": no hits can have system ", surface.system,
                                  ", layer ", surface.layer, ": systems of the tracker are 1 to ",
                                  n_tracker_systems));
    auto& layers = sensors[static_cast<std::size_t>(surface.system)];
    auto const layer = static_cast<std::size_t>(surface.layer);
    if (layers.size() <= layer) layers.resize(layer + 1);
    layers[layer] = {static_cast<float>(surface.sigma_u), static_cast<float>(surface.sigma_v),
                     surface.shape == detector::TrackerSurface::Shape::disc};
  }
  for (Calorimeter const& calorimeter : detector.simulation.calorimeters) {
    if (calorimeter.system < 0)
      throw core::ConfigError(cat("detector ", detector.name, ": calorimeter ", calorimeter.collection,
                                  " has the negative system ", calorimeter.system));
    auto const system = static_cast<std::size_t>(calorimeter.system);
    auto known = std::find(calo_collections.begin(), calo_collections.end(), calorimeter.collection);
    if (known == calo_collections.end()) known = calo_collections.insert(known, calorimeter.collection);
    if (calo_systems.size() <= system) calo_systems.resize(system + 1);
    calo_systems[system] = {static_cast<std::int32_t>(known - calo_collections.begin()),
                            hit_type(calorimeter)};
  }
}

/// @param collection_of  number of a collection for a `system`, or -1
template <class Find>
Groups EventFramer::Implementation::group(char const* table, std::vector<std::uint64_t> const& cell_ids,
                                          std::vector<std::string> const& collections,
                                          Find const& collection_of) const {
  std::vector<std::uint32_t> ids;
  for (std::string const& collection : collections) ids.push_back(collection_id(collection));
  Groups groups;
  groups.rows.resize(collections.size());
  groups.references.reserve(cell_ids.size());
  for (std::size_t row = 0; row < cell_ids.size(); ++row) {
    std::int32_t const collection = collection_of(cell_ids[row]);
    if (collection < 0)
      throw DataError(cat("table '", table, "', column 'cell_id', row ", row, ": ", cell_ids[row],
                          " belongs to no system of detector ", detector_name));
    auto const k = static_cast<std::size_t>(collection);
    groups.references.push_back({static_cast<std::int32_t>(groups.rows[k].size()), ids[k]});
    groups.rows[k].push_back(static_cast<std::uint32_t>(row));
  }
  return groups;
}

Groups EventFramer::Implementation::group_calo_hits(event::CaloHits const& hits) const {
  return group("calorimeter hits", hits.cell_id, calo_collections, [&](std::uint64_t cell_id) {
    auto const system = static_cast<std::size_t>(calo_system(cell_id));
    return system < calo_systems.size() ? calo_systems[system].collection : -1;
  });
}

Groups EventFramer::Implementation::group_tracker_hits(event::TrackerHits const& hits) const {
  return group("tracker hits", hits.cell_id, tracker_collections, [&](std::uint64_t cell_id) {
    std::int64_t const system = tracker_system(cell_id);
    bool const exists = system >= 1 && system <= static_cast<std::int64_t>(n_tracker_systems);
    return exists ? static_cast<std::int32_t>(system - 1) : -1;
  });
}

Collection EventFramer::Implementation::frame_header(event::Event const& event) const {
  Collection header = make_collection("EventHeader", "edm4hep::EventHeader", 1);
  add_members(header, copy<std::uint64_t>("eventNumber", {static_cast<std::uint64_t>(event.number)}),
              copy<std::uint32_t>("runNumber", {static_cast<std::uint32_t>(event.run)}),
              copy<double>("weight", {1}));
  return header;
}

Collection EventFramer::Implementation::frame_particles(event::GenParticles const& table) const {
  Collection out = make_collection(particles, "edm4hep::MCParticle", table.size());
  add_members(out, copy("PDG", table.pdg), copy("generatorStatus", table.generator_status),
              copy("simulatorStatus", table.simulator_status), copy("charge", table.charge),
              copy("time", table.time), copy("mass", table.mass), copy("vertex.x", table.x),
              copy("vertex.y", table.y), copy("vertex.z", table.z), copy("endpoint.x", table.end_x),
              copy("endpoint.y", table.end_y), copy("endpoint.z", table.end_z), copy("momentum.x", table.px),
              copy("momentum.y", table.py), copy("momentum.z", table.pz));
  auto const relate = [&](char const* name, core::Ragged<event::GenParticleId> const& relatives) {
    Relation& relation = out.relations.emplace_back(Relation{name, {}});
    relation.targets.reserve(relatives.values.size());
    for (event::GenParticleId const id : relatives.values)
      relation.targets.push_back({static_cast<std::int32_t>(id.row()), particles_id});
    add_ranges(out, name, relatives.offsets);
  };
  relate("parents", table.parents);
  relate("daughters", table.daughters);
  return out;
}

void EventFramer::Implementation::frame_calo_hits(event::CaloHits const& hits, Groups const& groups,
                                                  Frame& frame) const {
  for (std::size_t k = 0; k < calo_collections.size(); ++k) {
    auto const& rows = groups.rows[k];
    Collection out = make_collection(calo_collections[k], "edm4hep::CalorimeterHit", rows.size());
    add_members(out, gather("cellID", rows, hits.cell_id), gather("energy", rows, hits.energy),
                gather("energyError", rows, hits.energy_error), gather("time", rows, hits.time),
                gather("position.x", rows, hits.x), gather("position.y", rows, hits.y),
                gather("position.z", rows, hits.z));
    ColumnFiller<std::int32_t> type("type", rows.size());
    for (std::uint32_t const row : rows) {
      auto const system = static_cast<std::size_t>(calo_system(hits.cell_id[row]));
      type.add(calo_systems[system].type + 10000 * std::max<std::int32_t>(0, hits.layer[row]));
    }
    out.members.push_back(std::move(type).take());
    frame.collections.push_back(std::move(out));
  }
}

void EventFramer::Implementation::frame_tracker_hits(event::TrackerHits const& hits, Groups const& groups,
                                                     Frame& frame) const {
  constexpr float right_angle = std::numbers::pi_v<float> / 2;
  for (std::size_t k = 0; k < n_tracker_systems; ++k) {
    auto const& rows = groups.rows[k];
    auto const& layers = sensors[k + 1];
    Collection out = make_collection(tracker_names[k].hits, "edm4hep::TrackerHitPlane", rows.size());
    add_members(out, gather("cellID", rows, hits.cell_id), gather("time", rows, hits.time),
                gather("eDep", rows, hits.energy_deposit), gather("position.x", rows, hits.x),
                gather("position.y", rows, hits.y), gather("position.z", rows, hits.z));
    // Polar angle and azimuth of the two measured directions: u along r-phi, v along z or r.
    ColumnFiller<float> u_theta("u.a", rows.size()), u_phi("u.b", rows.size()), v_theta("v.a", rows.size()),
        v_phi("v.b", rows.size()), du("du", rows.size()), dv("dv", rows.size());
    for (std::uint32_t const row : rows) {
      auto const layer = static_cast<std::size_t>(tracker_layer(hits.cell_id[row]));
      Sensor const sensor = layer < layers.size() ? layers[layer] : Sensor{};
      double const phi = std::atan2(hits.y[row], hits.x[row]);
      u_theta.add(right_angle);
      u_phi.add(static_cast<float>(core::wrap_phi(phi + std::numbers::pi / 2)));
      v_theta.add(sensor.is_disc ? right_angle : 0);
      v_phi.add(sensor.is_disc ? static_cast<float>(phi) : 0);
      du.add(sensor.sigma_u);
      dv.add(sensor.sigma_v);
    }
    for (ColumnFiller<float>* column : {&u_theta, &u_phi, &v_theta, &v_phi, &du, &dv})
      out.members.push_back(std::move(*column).take());
    frame.collections.push_back(std::move(out));
  }
}

/// Simulated hits, one per link of a measured one, and the links between the two.
void EventFramer::Implementation::frame_tracker_truth(event::Event const& event, Groups const& groups,
                                                      Frame& frame) const {
  event::TrackerHits const& hits = event.observed.tracker_hits;
  std::vector<std::vector<std::uint32_t>> links_of(n_tracker_systems);
  auto const& links = event.truth.tracker_hit_links;
  for (std::size_t k = 0; k < links.size(); ++k) {
    auto const system = static_cast<std::size_t>(tracker_system(hits.cell_id[links[k].from.row()]));
    links_of[system - 1].push_back(static_cast<std::uint32_t>(k));
  }
  for (std::size_t k = 0; k < n_tracker_systems; ++k) {
    std::size_t const n = links_of[k].size();
    Collection simulated = make_collection(tracker_names[k].simulated, "edm4hep::SimTrackerHit", n);
    Collection relations =
        make_collection(tracker_names[k].relations, link_type("TrackerHit", "SimTrackerHit"), n);
    Relation particle{"particle", {}}, from{"from", {}}, to{"to", {}};
    ColumnFiller<float> weight("weight", n);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t const link : links_of[k]) {
      std::size_t const hit = links[link].from.row();
      to.targets.push_back({static_cast<std::int32_t>(rows.size()), simulated.id});
      from.targets.push_back(groups.references[hit]);
      particle.targets.push_back({static_cast<std::int32_t>(links[link].to.row()), particles_id});
      weight.add(links[link].weight);
      rows.push_back(static_cast<std::uint32_t>(hit));
    }
    add_members(simulated, gather("cellID", rows, hits.cell_id), gather("eDep", rows, hits.energy_deposit),
                gather("time", rows, hits.time), gather("position.x", rows, hits.x),
                gather("position.y", rows, hits.y), gather("position.z", rows, hits.z));
    simulated.relations.push_back(std::move(particle));
    relations.members.push_back(std::move(weight).take());
    relations.relations.push_back(std::move(from));
    relations.relations.push_back(std::move(to));
    frame.collections.push_back(std::move(simulated));
    frame.collections.push_back(std::move(relations));
  }
}

Collection EventFramer::Implementation::frame_tracks(event::Observed const& seen, Groups const& hits) const {
  event::Tracks const& table = seen.tracks;
  Collection out = make_collection(tracks, "edm4hep::Track", table.size());

  // The type has a bit for each `system` with hits. Hit numbers: of the fit, and all, by `system`
  // (detector.md 4.1); here every hit is used.
  std::vector<std::int32_t> types(table.size());
  std::vector<std::int32_t> hit_numbers(table.size() * n_hit_numbers);
  Relation track_hits{"trackerHits", {}};
  track_hits.targets.reserve(table.hits.values.size());
  for (std::size_t row = 0; row < table.size(); ++row)
    for (event::TrackerHitId const hit : table.hits[row]) {
      track_hits.targets.push_back(hits.references[hit.row()]);
      auto const system = static_cast<std::size_t>(tracker_system(seen.tracker_hits.cell_id[hit.row()]));
      types[row] |= 1 << system;
      ++hit_numbers[row * n_hit_numbers + 2 * system - 2];
      ++hit_numbers[row * n_hit_numbers + 2 * system - 1];
    }

  std::vector<std::uint32_t> state_offsets{0};
  for (std::size_t row = 0; row < table.size(); ++row) {
    state_offsets.push_back(state_offsets.back());
    for (event::TrackStates const& states : table.states) state_offsets.back() += states.is_present[row];
  }

  add_members(out, copy("type", types), copy("chi2", table.chi2), copy("ndf", table.ndf));
  add_equal_ranges(out, "subdetectorHitNumbers", n_hit_numbers);
  add_ranges(out, "trackStates", state_offsets);
  add_ranges(out, "trackerHits", table.hits.offsets);
  out.vectors.push_back({"subdetectorHitNumbers", "int32_t", {copy("", hit_numbers)}});
  out.vectors.push_back(frame_states(table));
  out.relations.push_back(std::move(track_hits));
  return out;
}

Collection EventFramer::Implementation::frame_dqdx(event::Tracks const& table) const {
  Collection out = make_collection(tracks + "_dQdx", "edm4hep::RecDqdx", table.size());
  add_members(out, copy("dQdx.value", table.dedx), copy("dQdx.error", table.dedx_error));
  Relation& track = out.relations.emplace_back(Relation{"track", {}});
  std::uint32_t const id = collection_id(tracks);
  for (std::size_t row = 0; row < table.size(); ++row)
    track.targets.push_back({static_cast<std::int32_t>(row), id});
  return out;
}

Collection EventFramer::Implementation::frame_clusters(event::Clusters const& table,
                                                       Groups const& hits) const {
  Collection out = make_collection(clusters, "edm4hep::Cluster", table.size());
  add_members(out, copy("energy", table.energy), copy("energyError", table.energy_error),
              copy("position.x", table.x), copy("position.y", table.y), copy("position.z", table.z),
              copy("iTheta", table.theta), copy("iPhi", table.phi));
  ColumnFiller<float> energies("", table.size() * n_cluster_energies);
  for (std::size_t row = 0; row < table.size(); ++row)
    for (float const energy :
         {table.energy_ecal[row], table.energy_hcal[row], table.energy_other[row], 0.F, 0.F, 0.F})
      energies.add(energy);
  Relation& cluster_hits = out.relations.emplace_back(Relation{"hits", {}});
  cluster_hits.targets.reserve(table.hits.values.size());
  for (event::CaloHitId const hit : table.hits.values)
    cluster_hits.targets.push_back(hits.references[hit.row()]);
  add_equal_ranges(out, "subdetectorEnergies", n_cluster_energies);
  add_ranges(out, "hits", table.hits.offsets);
  out.vectors.push_back({"subdetectorEnergies", "float", {std::move(energies).take()}});
  return out;
}

/// @param reference  to the object that is row k of the table the links come from
template <class From, class Reference>
Collection EventFramer::Implementation::frame_links(std::string const& name, char const* from_type,
                                                    std::vector<event::Link<From>> const& links,
                                                    Reference const& reference) const {
  Collection out = make_collection(name, link_type(from_type, "MCParticle"), links.size());
  ColumnFiller<float> weight("weight", links.size());
  Relation from{"from", {}}, to{"to", {}};
  from.targets.reserve(links.size());
  to.targets.reserve(links.size());
  for (event::Link<From> const& link : links) {
    weight.add(link.weight);
    from.targets.push_back(reference(link.from.row()));
    to.targets.push_back({static_cast<std::int32_t>(link.to.row()), particles_id});
  }
  out.members.push_back(std::move(weight).take());
  out.relations.push_back(std::move(from));
  out.relations.push_back(std::move(to));
  return out;
}

EventFramer::EventFramer(detector::Detector const& detector)
    : implementation_(std::make_unique<Implementation>(detector)) {}
EventFramer::~EventFramer() = default;
EventFramer::EventFramer(EventFramer&&) noexcept = default;

std::vector<Collection> EventFramer::schema() const {
  Frame const empty = (*this)(event::Event{});
  std::vector<Collection> schema;
  for (Collection const& collection : empty.collections)
    schema.push_back(make_collection(collection.name, collection.type));
  return schema;
}

Parameters EventFramer::metadata() const {
  Implementation const& self = *implementation_;
  Parameters metadata;
  auto const encode = [&](std::string const& collection, std::string const& encoding) {
    metadata[collection + "__CellIDEncoding"] = std::vector<std::string>{encoding};
  };
  for (std::string const& collection : self.calo_collections) encode(collection, self.calorimeter_cell_id);
  for (TrackerNames const& tracker : tracker_names) {
    encode(tracker.hits, self.tracker_cell_id);
    encode(tracker.simulated, self.tracker_cell_id);
  }
  metadata[detector_key] = std::vector<std::string>{self.detector_name};
  return metadata;
}

Frame EventFramer::operator()(event::Event const& event) const {
  Implementation const& self = *implementation_;
  event::Observed const& seen = event.observed;
  event::Truth const& truth = event.truth;
  Groups const calo_hits = self.group_calo_hits(seen.calo_hits);
  Groups const tracker_hits = self.group_tracker_hits(seen.tracker_hits);
  auto const row_of = [](std::string const& collection) {
    return [id = collection_id(collection)](std::size_t row) {
      return ObjectRef{static_cast<std::int32_t>(row), id};
    };
  };

  Frame frame;
  auto const add = [&](Collection collection) { frame.collections.push_back(std::move(collection)); };
  add(self.frame_header(event));
  add(self.frame_particles(truth.particles));
  add(self.frame_tracks(seen, tracker_hits));
  add(self.frame_dqdx(seen.tracks));
  add(self.frame_clusters(seen.clusters, calo_hits));
  self.frame_tracker_hits(seen.tracker_hits, tracker_hits, frame);
  self.frame_tracker_truth(event, tracker_hits, frame);
  self.frame_calo_hits(seen.calo_hits, calo_hits, frame);
  add(self.frame_links(self.track_links, "Track", truth.track_links, row_of(self.tracks)));
  add(self.frame_links(self.cluster_links, "Cluster", truth.cluster_links, row_of(self.clusters)));
  add(self.frame_links(self.calo_hit_links, "CalorimeterHit", truth.calo_hit_links,
                       [&](std::size_t row) { return calo_hits.references[row]; }));
  std::sort(frame.collections.begin(), frame.collections.end(),
            [](Collection const& a, Collection const& b) { return a.name < b.name; });
  return frame;
}

event::SimCaloHits read_sim_calo_hits(Frame const& frame) {
  event::SimCaloHits hits;
  ContributionReader read(frame);
  for (Collection const& collection : frame.collections)
    if (collection.type == "edm4hep::SimCalorimeterHit" && !collection.is_subset)
      append_sim_hits(collection, read, hits);
  return hits;
}

}  // namespace corpuscle::io
