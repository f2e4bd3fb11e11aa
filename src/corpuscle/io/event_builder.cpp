#include "corpuscle/io/event_builder.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <unordered_map>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/detector/cell_id.hpp"

namespace corpuscle::io {
namespace {

using core::cat;
using core::DataError;
using event::Region;
using event::Subdetector;
using Patterns = std::vector<std::string>;

/// The collections that make up one table, and where in the table the rows of each start.
class TableRows {
 public:
  void add(Collection const& collection) {
    starts_.emplace_back(&collection, size_);
    size_ += collection.size;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] auto begin() const { return starts_.begin(); }
  [[nodiscard]] auto end() const { return starts_.end(); }
  [[nodiscard]] bool empty() const { return starts_.empty(); }

  /// The row of the table that a reference means; nothing if it points elsewhere.
  [[nodiscard]] std::optional<std::size_t> row(ObjectRef ref) const {
    for (auto const& [collection, start] : starts_)
      if (collection->id == ref.collection && ref.index >= 0 &&
          static_cast<std::size_t>(ref.index) < collection->size)
        return start + static_cast<std::size_t>(ref.index);
    return std::nullopt;
  }

  /// The reverse of `row`.
  [[nodiscard]] ObjectRef reference(std::size_t row) const {
    for (auto const& [collection, start] : starts_)
      if (row >= start && row < start + collection->size)
        return {static_cast<std::int32_t>(row - start), collection->id};
    return {};
  }

 private:
  std::vector<std::pair<Collection const*, std::size_t>> starts_;
  std::size_t size_ = 0;
};

bool is_type(Collection const& collection, std::span<std::string_view const> types) {
  return !collection.is_subset && std::find(types.begin(), types.end(), collection.type) != types.end();
}

constexpr std::string_view track_types[] = {"edm4hep::Track"};
constexpr std::string_view cluster_types[] = {"edm4hep::Cluster"};
constexpr std::string_view calo_hit_types[] = {"edm4hep::CalorimeterHit"};
constexpr std::string_view tracker_hit_types[] = {"edm4hep::TrackerHit3D", "edm4hep::TrackerHitPlane",
                                                  "edm4hep::SenseWireHit"};
constexpr std::string_view particle_types[] = {"edm4hep::ReconstructedParticle"};
constexpr std::string_view gen_particle_types[] = {"edm4hep::MCParticle"};
constexpr std::string_view track_link_types[] = {"podio::Link<edm4hep::Track,edm4hep::MCParticle>"};
constexpr std::string_view cluster_link_types[] = {"podio::Link<edm4hep::Cluster,edm4hep::MCParticle>"};
constexpr std::string_view calo_hit_link_types[] = {
    "podio::Link<edm4hep::CalorimeterHit,edm4hep::MCParticle>"};
constexpr std::string_view particle_link_types[] = {
    "podio::Link<edm4hep::ReconstructedParticle,edm4hep::MCParticle>"};
constexpr std::string_view tracker_hit_link_types[] = {
    "podio::Link<edm4hep::TrackerHit,edm4hep::SimTrackerHit>"};
constexpr std::string_view sim_tracker_hit_types[] = {"edm4hep::SimTrackerHit"};

/// What particle-flow objects are called where no detector file says it.
Patterns const particle_names = {"PandoraPFOs", "*PFO*", "MergedRecoParticles", "ReconstructedParticles"};
Patterns const any_name = {"*"};

enum class Take { first, all };

/// Chooses the collections of one table from a frame.
TableRows choose(Frame const& frame, Patterns const& names, std::span<std::string_view const> types,
                 Take take) {
  TableRows rows;
  for (std::string const& pattern : names)
    for (Collection const& collection : frame.collections) {
      if (!is_type(collection, types) || !core::matches(collection.name, pattern)) continue;
      rows.add(collection);
      if (take == Take::first) return rows;
    }
  return rows;
}

/// The first collection with a listed name, or else all of the right type.
TableRows choose_or_all(Frame const& frame, Patterns const& names, std::span<std::string_view const> types) {
  TableRows rows = choose(frame, names, types, Take::first);
  return rows.empty() ? choose(frame, any_name, types, Take::all) : rows;
}

/// The rows `begin..end` that an object has in a vector member or relation.
class Ranges {
 public:
  Ranges(Collection const& collection, std::string const& name, std::size_t available)
      : collection_(collection), name_(name), available_(available) {
    begin_ = collection.member(name + "_begin");
    end_ = collection.member(name + "_end");
  }
  [[nodiscard]] std::pair<std::size_t, std::size_t> operator()(std::size_t object) const {
    if (!begin_ || !end_) return {0, 0};
    auto const begin = begin_->at<std::uint64_t>(object);
    auto const end = end_->at<std::uint64_t>(object);
    if (begin > end || end > available_)
      throw DataError(cat("collection '", collection_.name, "', row ", object, ": '", name_, "' runs from ",
                          begin, " to ", end, " of ", available_));
    return {begin, end};
  }

 private:
  Collection const& collection_;
  std::string name_;
  std::size_t available_;
  Column const* begin_ = nullptr;
  Column const* end_ = nullptr;
};

/// Appends a member of a collection to a column of a table: zeros where the file has no such member.
template <class T>
void append(Collection const& collection, std::string_view member, std::vector<T>& out) {
  std::size_t const before = out.size();
  if (Column const* column = collection.member(member)) column->append_to(out);
  out.resize(before + collection.size);
}

/// Wraps azimuths that a program left beyond +-pi; what is not finite stays for event::check.
void wrap(std::vector<float>& phi) {
  for (float& angle : phi) {
    if (!std::isfinite(angle)) continue;
    float const wrapped = static_cast<float>(core::wrap_phi(angle));
    angle = wrapped < std::numbers::pi_v<float> ? wrapped : -std::numbers::pi_v<float>;
  }
}

/// Follows a relation of one collection into a table, row by row.
template <class Id>
void append_relation(Collection const& collection, std::string const& name, TableRows const& targets,
                     core::Ragged<Id>& out) {
  Relation const* relation = collection.relation(name);
  Ranges const ranges(collection, name, relation ? relation->targets.size() : 0);
  for (std::size_t object = 0; object < collection.size; ++object) {
    if (relation) {
      auto const [begin, end] = ranges(object);
      for (std::size_t k = begin; k < end; ++k)
        if (auto const row = targets.row(relation->targets[k])) out.values.push_back(Id(*row));
    }
    out.end_row();
  }
}

struct HitGroup {
  Patterns const* names;
  Subdetector subdetector;
};

Region region_of(std::string_view collection) {
  auto const contains = [&](std::string_view word) { return collection.find(word) != collection.npos; };
  if (contains("Barrel") || contains("EB_") || contains("HB_")) return Region::barrel;
  if (contains("Endcap") || contains("EE_") || contains("HE_")) return Region::endcap;
  return Region::other;
}

}  // namespace

struct EventBuilder::Implementation {
  Implementation(FileInfo const& file, detector::Detector const& det) : info(file), detector(det) {}

  FileInfo info;
  detector::Detector detector;
  mutable std::unordered_map<std::string, std::optional<detector::CellIdDecoder::Field>> layer_fields;

  struct Tables {
    TableRows tracks, clusters, calo_hits, tracker_hits, particles, gen_particles;
    TableRows track_links, cluster_links, calo_hit_links, particle_links;
    TableRows tracker_hit_links, sim_tracker_hits;
    std::vector<Subdetector> hit_subdetectors;  ///< one per collection of calo_hits
  };

  [[nodiscard]] std::array<HitGroup, 4> hit_groups() const {
    auto const& names = detector.collections;
    return {{{&names.ecal_hits, Subdetector::ecal},
             {&names.hcal_hits, Subdetector::hcal},
             {&names.muon_hits, Subdetector::muon},
             {&names.forward_hits, Subdetector::forward}}};
  }

  [[nodiscard]] Tables choose_tables(Frame const& frame) const {
    auto const& names = detector.collections;
    Tables t;
    t.tracks = choose_or_all(frame, names.tracks, track_types);
    t.clusters = choose_or_all(frame, names.clusters, cluster_types);
    t.gen_particles = choose(frame, names.gen_particles, gen_particle_types, Take::first);
    if (t.gen_particles.empty()) t.gen_particles = choose(frame, any_name, gen_particle_types, Take::first);
    t.particles = choose(frame, names.particles, particle_types, Take::first);
    if (t.particles.empty()) t.particles = choose(frame, particle_names, particle_types, Take::first);
    t.tracker_hits = choose(frame, names.tracker_hits, tracker_hit_types, Take::all);
    if (t.tracker_hits.empty()) t.tracker_hits = choose(frame, any_name, tracker_hit_types, Take::all);
    t.track_links = choose_or_all(frame, names.track_links, track_link_types);
    t.cluster_links = choose_or_all(frame, names.cluster_links, cluster_link_types);
    t.calo_hit_links = choose_or_all(frame, names.calo_hit_links, calo_hit_link_types);
    t.particle_links = choose_or_all(frame, names.particle_links, particle_link_types);
    t.tracker_hit_links = choose(frame, any_name, tracker_hit_link_types, Take::all);
    t.sim_tracker_hits = choose(frame, any_name, sim_tracker_hit_types, Take::all);
    for (HitGroup const& group : hit_groups())
      for (auto const& [collection, start] : choose(frame, *group.names, calo_hit_types, Take::all)) {
        t.calo_hits.add(*collection);
        t.hit_subdetectors.push_back(group.subdetector);
      }
    if (t.calo_hits.empty())
      for (auto const& [collection, start] : choose(frame, any_name, calo_hit_types, Take::all)) {
        t.calo_hits.add(*collection);
        t.hit_subdetectors.push_back(Subdetector::other);
      }
    return t;
  }

  /// The field that holds the layer in the cell ids of a collection.
  std::optional<detector::CellIdDecoder::Field> const& layer_field(std::string const& collection,
                                                                   Parameters const& event_parameters) const {
    auto const known = layer_fields.find(collection);
    if (known != layer_fields.end()) return known->second;
    std::string encoding = detector.calorimeter_cell_id;
    for (Parameters const* parameters : {&info.metadata, &event_parameters})  // podio's place, LCIO's place
      if (auto const found = parameters->find(collection + "__CellIDEncoding"); found != parameters->end())
        if (auto const* texts = std::get_if<std::vector<std::string>>(&found->second);
            texts && !texts->empty())
          encoding = texts->front();
    std::optional<detector::CellIdDecoder::Field> field;
    if (!encoding.empty()) field = detector::CellIdDecoder(encoding).field("layer");
    return layer_fields.emplace(collection, field).first->second;
  }

  void fill_tracks(Frame const& frame, Tables const& tables, event::Tracks& tracks) const;
  void fill_states(Collection const& collection, event::Tracks& tracks) const;
  void fill_calo_hits(Frame const& frame, Tables const& tables, event::CaloHits& hits) const;
  void fill_clusters(Tables const& tables, event::CaloHits const& hits, event::Clusters& clusters) const;
  void fill_particles(Tables const& tables, event::Particles& particles) const;
  void fill_gen_particles(Tables const& tables, event::GenParticles& particles) const;
  static void fill_tracker_hit_links(Tables const& tables,
                                     std::vector<event::Link<event::TrackerHitId>>& out);

  /// Calls `take(from, to, weight)` with the rows that each link means, whichever way it points.
  template <class Action>
  static void for_each_link(TableRows const& links, TableRows const& from, TableRows const& to,
                            Action const& take) {
    for (auto const& [collection, start] : links) {
      Relation const* one = collection->relation("from");
      Relation const* other = collection->relation("to");
      if (!one || !other) continue;
      std::size_t const n = std::min({collection->size, one->targets.size(), other->targets.size()});
      std::vector<float> weights;
      append(*collection, "weight", weights);
      for (std::size_t k = 0; k < n; ++k) {
        auto source = from.row(one->targets[k]);
        auto target = to.row(other->targets[k]);
        if (!source && !target) {
          source = from.row(other->targets[k]);
          target = to.row(one->targets[k]);
        }
        if (source && target) take(*source, *target, weights[k]);
      }
    }
  }

  template <class From>
  static void fill_links(TableRows const& links, TableRows const& from, TableRows const& to,
                         std::vector<event::Link<From>>& out) {
    for_each_link(links, from, to, [&](std::size_t source, std::size_t target, float weight) {
      out.push_back({From(source), event::GenParticleId(target), weight});
    });
  }
};

void EventBuilder::Implementation::fill_states(Collection const& collection, event::Tracks& tracks) const {
  VectorMember const* member = collection.vector("trackStates");
  std::size_t const first_row = tracks.at(event::TrackPoint::at_ip).size();
  for (event::TrackStates& states : tracks.states) states.resize(first_row + collection.size);
  if (!member || member->columns.empty()) return;
  auto const column = [&](std::string_view name) -> Column const* {
    auto const found = std::find_if(member->columns.begin(), member->columns.end(),
                                    [&](Column const& c) { return c.name() == name; });
    return found == member->columns.end() ? nullptr : &*found;
  };
  Column const* const location = column("location");
  Column const* const covariance = column("covMatrix.values");
  std::size_t const available = member->columns[0].rows();
  struct Target {
    Column const* from;
    std::vector<float> event::TrackStates::*to;
  };
  using S = event::TrackStates;
  Target const targets[] = {{column("D0"), &S::d0},
                            {column("phi"), &S::phi},
                            {column("omega"), &S::omega},
                            {column("Z0"), &S::z0},
                            {column("tanLambda"), &S::tan_lambda},
                            {column("referencePoint.x"), &S::x},
                            {column("referencePoint.y"), &S::y},
                            {column("referencePoint.z"), &S::z}};
  Column const* const time = column("time");

  Ranges const ranges(collection, "trackStates", available);
  for (std::size_t track = 0; track < collection.size; ++track) {
    auto const [begin, end] = ranges(track);
    bool has_ip = false;
    for (std::size_t k = begin; k < end && location; ++k) has_ip |= location->at<std::int32_t>(k) == 1;
    for (std::size_t k = begin; k < end; ++k) {
      // EDM4hep: 1 at IP, 2 first hit, 3 last hit, 4 calorimeter. Where no state says so, and the first says
      // nothing, it is the one at the IP (fast simulation).
      std::int32_t code = location ? location->at<std::int32_t>(k) : 0;
      if (!has_ip && k == begin && code == 0) code = 1;
      if (code < 1 || code > 4) continue;
      event::TrackStates& states = tracks.states[static_cast<std::size_t>(code - 1)];
      std::size_t const row = first_row + track;
      if (states.is_present[row]) continue;  // the first of its kind counts
      states.is_present[row] = 1;
      for (Target const& target : targets)
        if (target.from) (states.*target.to)[row] = target.from->at<float>(k);
      if (covariance && covariance->width() >= 15)
        for (std::size_t c = 0; c < 15; ++c)
          states.covariance[row][c] = covariance->at<float>(k * covariance->width() + c);
      if (code == 1 && time) tracks.time[row] = time->at<float>(k);
    }
  }
}

void EventBuilder::Implementation::fill_tracks(Frame const& frame, Tables const& tables,
                                               event::Tracks& tracks) const {
  for (auto const& [collection, start] : tables.tracks) {
    append(*collection, "chi2", tracks.chi2);
    append(*collection, "ndf", tracks.ndf);
    append(*collection, "dEdx", tracks.dedx);
    append(*collection, "dEdxError", tracks.dedx_error);
    append(*collection, "radiusOfInnermostHit", tracks.innermost_hit_radius);
    tracks.time.resize(start + collection->size);
    fill_states(*collection, tracks);
    append_relation(*collection, "trackerHits", tables.tracker_hits, tracks.hits);

    // EDM4hep 1.x keeps dE/dx in a collection of its own, one row per track.
    Collection const* dqdx = frame.find(collection->name + "_dQdx");
    Relation const* owner = dqdx ? dqdx->relation("track") : nullptr;
    Column const* value = dqdx ? dqdx->member("dQdx.value") : nullptr;
    Column const* error = dqdx ? dqdx->member("dQdx.error") : nullptr;
    for (std::size_t k = 0; owner && value && error && k < std::min(dqdx->size, owner->targets.size()); ++k)
      if (auto const row = tables.tracks.row(owner->targets[k])) {
        tracks.dedx[*row] = value->at<float>(k);
        tracks.dedx_error[*row] = error->at<float>(k);
      }
  }
  // Real files hold NaN where dE/dx could not be measured: it says no more than 0 does.
  for (auto* column : {&tracks.dedx, &tracks.dedx_error})
    for (float& value : *column)
      if (!std::isfinite(value)) value = 0;
  for (event::TrackStates& states : tracks.states) wrap(states.phi);
  event::TrackStates const& first = tracks.at(event::TrackPoint::at_first_hit);
  for (std::size_t row = 0; row < tracks.size(); ++row)
    if (tracks.innermost_hit_radius[row] == 0 && first.is_present[row])
      tracks.innermost_hit_radius[row] = std::hypot(first.x[row], first.y[row]);
}

void EventBuilder::Implementation::fill_calo_hits(Frame const& frame, Tables const& tables,
                                                  event::CaloHits& hits) const {
  std::size_t group = 0;
  for (auto const& [collection, start] : tables.calo_hits) {
    append(*collection, "cellID", hits.cell_id);
    append(*collection, "energy", hits.energy);
    append(*collection, "energyError", hits.energy_error);
    append(*collection, "time", hits.time);
    append(*collection, "position.x", hits.x);
    append(*collection, "position.y", hits.y);
    append(*collection, "position.z", hits.z);
    hits.subdetector.resize(start + collection->size, tables.hit_subdetectors[group++]);
    hits.region.resize(start + collection->size, region_of(collection->name));
    auto const& layer = layer_field(collection->name, frame.parameters);
    for (std::size_t row = start; row < start + collection->size; ++row)
      hits.layer.push_back(layer ? static_cast<std::int16_t>((*layer)(hits.cell_id[row])) : std::int16_t{-1});
  }
}

void EventBuilder::Implementation::fill_clusters(Tables const& tables, event::CaloHits const& hits,
                                                 event::Clusters& clusters) const {
  for (auto const& [collection, start] : tables.clusters) {
    append(*collection, "energy", clusters.energy);
    append(*collection, "energyError", clusters.energy_error);
    append(*collection, "position.x", clusters.x);
    append(*collection, "position.y", clusters.y);
    append(*collection, "position.z", clusters.z);
    append(*collection, "iTheta", clusters.theta);
    append(*collection, "iPhi", clusters.phi);
    append_relation(*collection, "hits", tables.calo_hits, clusters.hits);

    std::size_t const rows = start + collection->size;
    for (auto* column : {&clusters.energy_ecal, &clusters.energy_hcal, &clusters.energy_other})
      column->resize(rows);
    VectorMember const* stored = collection->vector("subdetectorEnergies");
    Column const* energies = stored && !stored->columns.empty() ? &stored->columns[0] : nullptr;
    Ranges const ranges(*collection, "subdetectorEnergies", energies ? energies->rows() : 0);
    for (std::size_t k = 0; k < collection->size; ++k) {
      std::size_t const row = start + k;
      auto const [begin, end] = energies ? ranges(k) : std::pair<std::size_t, std::size_t>{0, 0};
      if (begin < end) {  // ECAL, HCAL, yoke, LumiCal, LHCAL, BeamCal
        clusters.energy_ecal[row] = energies->at<float>(begin);
        if (begin + 1 < end) clusters.energy_hcal[row] = energies->at<float>(begin + 1);
        for (std::size_t other = begin + 2; other < end; ++other)
          clusters.energy_other[row] += energies->at<float>(other);
        continue;
      }
      for (event::CaloHitId hit : clusters.hits[row]) {
        Subdetector const where = hits.subdetector[hit.row()];
        auto& column = where == Subdetector::ecal   ? clusters.energy_ecal
                       : where == Subdetector::hcal ? clusters.energy_hcal
                                                    : clusters.energy_other;
        column[row] += hits.energy[hit.row()];
      }
    }
  }
  wrap(clusters.phi);
}

void EventBuilder::Implementation::fill_particles(Tables const& tables, event::Particles& particles) const {
  for (auto const& [collection, start] : tables.particles) {
    append(*collection, "PDG", particles.pdg);
    append(*collection, "charge", particles.charge);
    append(*collection, "energy", particles.energy);
    append(*collection, "momentum.x", particles.px);
    append(*collection, "momentum.y", particles.py);
    append(*collection, "momentum.z", particles.pz);
    append(*collection, "mass", particles.mass);
    append(*collection, "referencePoint.x", particles.x);
    append(*collection, "referencePoint.y", particles.y);
    append(*collection, "referencePoint.z", particles.z);
    append_relation(*collection, "tracks", tables.tracks, particles.tracks);
    append_relation(*collection, "clusters", tables.clusters, particles.clusters);
  }
  for (std::size_t row = 0; row < particles.size(); ++row)
    particles.particle_class.push_back(event::classify(particles.pdg[row], particles.charge[row]));
}

void EventBuilder::Implementation::fill_gen_particles(Tables const& tables,
                                                      event::GenParticles& particles) const {
  for (auto const& [collection, start] : tables.gen_particles) {
    append(*collection, "PDG", particles.pdg);
    append(*collection, "generatorStatus", particles.generator_status);
    append(*collection, "simulatorStatus", particles.simulator_status);
    append(*collection, "charge", particles.charge);
    append(*collection, "mass", particles.mass);
    append(*collection, "momentum.x", particles.px);
    append(*collection, "momentum.y", particles.py);
    append(*collection, "momentum.z", particles.pz);
    append(*collection, "vertex.x", particles.x);
    append(*collection, "vertex.y", particles.y);
    append(*collection, "vertex.z", particles.z);
    append(*collection, "endpoint.x", particles.end_x);
    append(*collection, "endpoint.y", particles.end_y);
    append(*collection, "endpoint.z", particles.end_z);
    append(*collection, "time", particles.time);
    append_relation(*collection, "parents", tables.gen_particles, particles.parents);
    append_relation(*collection, "daughters", tables.gen_particles, particles.daughters);
  }
}

/// EDM4hep links a measured hit to a simulated one, which knows its particle. Ordered by hit.
void EventBuilder::Implementation::fill_tracker_hit_links(
    Tables const& tables, std::vector<event::Link<event::TrackerHitId>>& out) {
  std::vector<std::optional<std::size_t>> particle_of(tables.sim_tracker_hits.size());
  for (auto const& [collection, start] : tables.sim_tracker_hits)
    if (Relation const* owner = collection->relation("particle"))
      for (std::size_t k = 0; k < std::min(collection->size, owner->targets.size()); ++k)
        particle_of[start + k] = tables.gen_particles.row(owner->targets[k]);
  for_each_link(tables.tracker_hit_links, tables.tracker_hits, tables.sim_tracker_hits,
                [&](std::size_t hit, std::size_t simulated, float weight) {
                  if (auto const particle = particle_of[simulated])
                    out.push_back({event::TrackerHitId(hit), event::GenParticleId(*particle), weight});
                });
  std::stable_sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.from < b.from; });
}

EventBuilder::EventBuilder(FileInfo const& info, detector::Detector const& detector)
    : implementation_(std::make_unique<Implementation>(info, detector)) {}
EventBuilder::~EventBuilder() = default;
EventBuilder::EventBuilder(EventBuilder&&) noexcept = default;

detector::Detector const& EventBuilder::detector() const noexcept {
  return implementation_->detector;
}

Wanted EventBuilder::wanted() const {
  return [](std::string_view name, std::string_view type) {
    static constexpr std::string_view types[] = {
        "edm4hep::Track",        "edm4hep::Cluster",    "edm4hep::CalorimeterHit",
        "edm4hep::TrackerHit3D", "edm4hep::TrackerHit", "edm4hep::TrackerHitPlane",
        "edm4hep::SenseWireHit", "edm4hep::MCParticle", "edm4hep::ReconstructedParticle",
        "edm4hep::EventHeader",  "edm4hep::RecDqdx",    "edm4hep::SimTrackerHit"};
    return std::find(std::begin(types), std::end(types), type) != std::end(types) ||
           type.find("Link") != type.npos || type.find("Association") != type.npos || name == "EventHeader";
  };
}

event::Event EventBuilder::operator()(Frame const& frame, std::size_t entry) const try {
  Implementation const& self = *implementation_;
  auto const tables = self.choose_tables(frame);
  event::Event event;
  if (Collection const* header = frame.find("EventHeader"); header && header->size > 0) {
    if (Column const* run = header->member("runNumber"); run && run->values() > 0)
      event.run = run->at<std::int64_t>(0);
    if (Column const* number = header->member("eventNumber"); number && number->values() > 0)
      event.number = number->at<std::int64_t>(0);
  }
  event::Observed& seen = event.observed;
  for (auto const& [collection, start] : tables.tracker_hits) {
    append(*collection, "cellID", seen.tracker_hits.cell_id);
    append(*collection, "position.x", seen.tracker_hits.x);
    append(*collection, "position.y", seen.tracker_hits.y);
    append(*collection, "position.z", seen.tracker_hits.z);
    append(*collection, "eDep", seen.tracker_hits.energy_deposit);
    append(*collection, "time", seen.tracker_hits.time);
  }
  self.fill_tracks(frame, tables, seen.tracks);
  self.fill_calo_hits(frame, tables, seen.calo_hits);
  self.fill_clusters(tables, seen.calo_hits, seen.clusters);
  self.fill_particles(tables, event.stored);
  self.fill_gen_particles(tables, event.truth.particles);
  self.fill_links(tables.track_links, tables.tracks, tables.gen_particles, event.truth.track_links);
  self.fill_links(tables.cluster_links, tables.clusters, tables.gen_particles, event.truth.cluster_links);
  self.fill_links(tables.calo_hit_links, tables.calo_hits, tables.gen_particles, event.truth.calo_hit_links);
  self.fill_tracker_hit_links(tables, event.truth.tracker_hit_links);
  self.fill_links(tables.particle_links, tables.particles, tables.gen_particles, event.truth.particle_links);
  event::check(event);
  return event;
} catch (DataError const& error) {
  throw DataError(cat(implementation_->info.path, ": entry ", entry, ": ", error.what()));
}

Collection EventBuilder::particle_collection(std::string const& name) {
  Collection collection;
  collection.name = name;
  collection.type = "edm4hep::ReconstructedParticle";
  collection.id = collection_id(name);
  return collection;
}

void EventBuilder::add_particles(Frame& frame, event::Particles const& particles,
                                 std::string const& name) const {
  auto const tables = implementation_->choose_tables(frame);
  Collection out = particle_collection(name);
  out.size = particles.size();
  out.members = {
      Column::of<std::int32_t>("PDG", particles.pdg),     Column::of<float>("energy", particles.energy),
      Column::of<float>("momentum.x", particles.px),      Column::of<float>("momentum.y", particles.py),
      Column::of<float>("momentum.z", particles.pz),      Column::of<float>("referencePoint.x", particles.x),
      Column::of<float>("referencePoint.y", particles.y), Column::of<float>("referencePoint.z", particles.z),
      Column::of<float>("charge", particles.charge),      Column::of<float>("mass", particles.mass)};
  auto const relate = [&](std::string const& relation_name, auto const& ids, TableRows const& rows) {
    Column begin(relation_name + "_begin", Scalar::u32);
    Column end(relation_name + "_end", Scalar::u32);
    Relation relation{relation_name, {}};
    for (std::size_t row = 0; row < particles.size(); ++row) {
      begin.push_back_integer(static_cast<std::int64_t>(relation.targets.size()));
      for (auto const id : ids[row]) relation.targets.push_back(rows.reference(id.row()));
      end.push_back_integer(static_cast<std::int64_t>(relation.targets.size()));
    }
    out.members.push_back(std::move(begin));
    out.members.push_back(std::move(end));
    out.relations.push_back(std::move(relation));
  };
  relate("tracks", particles.tracks, tables.tracks);
  relate("clusters", particles.clusters, tables.clusters);
  std::erase_if(frame.collections, [&](Collection const& collection) { return collection.name == name; });
  auto const at = std::lower_bound(frame.collections.begin(), frame.collections.end(), name,
                                   [](Collection const& c, std::string const& n) { return c.name < n; });
  frame.collections.insert(at, std::move(out));
}

detector::Detector const* recognise(FileInfo const& info, Frame const& first,
                                    std::span<detector::Detector const> candidates) {
  auto const by_name = [&](detector::Detector const& candidate) {
    auto const& names = candidate.signature.names;
    return std::any_of(names.begin(), names.end(),
                       [&](std::string const& pattern) { return core::matches(info.detector, pattern); });
  };
  auto const by_collections = [&](detector::Detector const& candidate) {
    auto const& required = candidate.signature.collections;
    return !required.empty() &&
           std::all_of(required.begin(), required.end(), [&](std::string const& pattern) {
             return std::any_of(
                 first.collections.begin(), first.collections.end(),
                 [&](Collection const& collection) { return core::matches(collection.name, pattern); });
           });
  };
  if (!info.detector.empty()) {
    auto const named = std::find_if(candidates.begin(), candidates.end(), by_name);
    return named == candidates.end() ? nullptr : &*named;
  }
  auto const found = std::find_if(candidates.begin(), candidates.end(), by_collections);
  return found == candidates.end() ? nullptr : &*found;
}

}  // namespace corpuscle::io
