// The columns of our own schemas. What is the same for tracks and clusters comes first and is in the same
// place, so that a network can compare the two directly.
#include <cmath>
#include <numbers>
#include <optional>

#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/geometry.hpp"
#include "corpuscle/encoding/hit_groups.hpp"
#include "corpuscle/encoding/measured_cluster.hpp"
#include "corpuscle/encoding/measured_track.hpp"

namespace corpuscle::encoding {
namespace {

using event::Region;
using event::Subdetector;
using enum Transform;

constexpr char const* clusters_schema = "corpuscle-clusters-1";
constexpr char const* hits_schema = "corpuscle-hits-1";
constexpr char const* groups_schema = "corpuscle-hit-groups-1";

constexpr double pi = std::numbers::pi;

using Track = MeasuredTrack;
constexpr Definition<Track> track_columns[] = {
    {"energy", "GeV", 1e-3, 1e4, log, 1, [](Track const& t) { return t.p; }},
    {"pt", "GeV", 1e-3, 1e4, log, 1, [](Track const& t) { return t.pt; }},
    {"centre_eta", "", -6, 6, none, 1, [](Track const& t) { return t.centre.eta; }},
    {"centre_sin_phi", "", -1, 1, none, 1, [](Track const& t) { return t.centre.sin_phi; }},
    {"centre_cos_phi", "", -1, 1, none, 1, [](Track const& t) { return t.centre.cos_phi; }},
    {"entry_eta", "", -6, 6, none, 1, [](Track const& t) { return t.entry.eta; }},
    {"entry_sin_phi", "", -1, 1, none, 1, [](Track const& t) { return t.entry.sin_phi; }},
    {"entry_cos_phi", "", -1, 1, none, 1, [](Track const& t) { return t.entry.cos_phi; }},
    {"direction_x", "", -1, 1, none, 1, [](Track const& t) { return t.direction.x; }},
    {"direction_y", "", -1, 1, none, 1, [](Track const& t) { return t.direction.y; }},
    {"direction_z", "", -1, 1, none, 1, [](Track const& t) { return t.direction.z; }},
    {"has_entry", "", 0, 1, none, 1, [](Track const& t) { return t.reaches_calorimeter ? 1. : 0.; }},
    {"eta", "", -6, 6, none, 1, [](Track const& t) { return t.at_origin.eta; }},
    {"sin_phi", "", -1, 1, none, 1, [](Track const& t) { return t.at_origin.sin_phi; }},
    {"cos_phi", "", -1, 1, none, 1, [](Track const& t) { return t.at_origin.cos_phi; }},
    {"charge", "e", -1, 1, none, 1, [](Track const& t) { return t.charge; }},
    {"momentum_error", "", 1e-6, 1e2, log, 1e-3, [](Track const& t) { return t.momentum_error; }},
    {"d0", "mm", -1e4, 1e4, asinh, 0.01, [](Track const& t) { return t.d0; }},
    {"z0", "mm", -1e4, 1e4, asinh, 0.01, [](Track const& t) { return t.z0; }},
    {"d0_significance", "", -1e6, 1e6, asinh, 1, [](Track const& t) { return t.d0 / t.d0_error; }},
    {"z0_significance", "", -1e6, 1e6, asinh, 1, [](Track const& t) { return t.z0 / t.z0_error; }},
    {"chi2_per_ndf", "", 1e-3, 1e4, log, 1, [](Track const& t) { return t.chi2_per_ndf; }},
    {"ndf", "", 0, 1e3, none, 10, [](Track const& t) { return t.ndf; }},
    {"innermost_radius", "mm", 1, 1e4, log, 100, [](Track const& t) { return t.innermost_radius; }},
    {"last_radius", "mm", 0, 1e4, none, 1e3, [](Track const& t) { return t.last_radius; }},
    {"last_z", "mm", -1e4, 1e4, none, 1e3, [](Track const& t) { return t.last_z; }},
};

using Cluster = MeasuredCluster;
constexpr Definition<Cluster> cluster_columns[] = {
    {"energy", "GeV", 1e-5, 1e4, log, 1, [](Cluster const& c) { return c.energy; }},
    {"pt", "GeV", 1e-5, 1e4, log, 1, [](Cluster const& c) { return c.pt; }},
    {"centre_eta", "", -6, 6, none, 1, [](Cluster const& c) { return c.centre.eta; }},
    {"centre_sin_phi", "", -1, 1, none, 1, [](Cluster const& c) { return c.centre.sin_phi; }},
    {"centre_cos_phi", "", -1, 1, none, 1, [](Cluster const& c) { return c.centre.cos_phi; }},
    {"entry_eta", "", -6, 6, none, 1, [](Cluster const& c) { return c.entry.eta; }},
    {"entry_sin_phi", "", -1, 1, none, 1, [](Cluster const& c) { return c.entry.sin_phi; }},
    {"entry_cos_phi", "", -1, 1, none, 1, [](Cluster const& c) { return c.entry.cos_phi; }},
    {"direction_x", "", -1, 1, none, 1, [](Cluster const& c) { return c.direction.x; }},
    {"direction_y", "", -1, 1, none, 1, [](Cluster const& c) { return c.direction.y; }},
    {"direction_z", "", -1, 1, none, 1, [](Cluster const& c) { return c.direction.z; }},
    {"has_entry", "", 0, 1, none, 1, [](Cluster const& c) { return c.has_hits ? 1. : 0.; }},
    {"raw_energy", "GeV", 1e-5, 1e4, log, 1, [](Cluster const& c) { return c.raw_energy; }},
    {"ecal_fraction", "", 0, 1, none, 1, [](Cluster const& c) { return c.ecal / c.raw_energy; }},
    {"hcal_fraction", "", 0, 1, none, 1, [](Cluster const& c) { return c.hcal / c.raw_energy; }},
    {"other_fraction", "", 0, 1, none, 1, [](Cluster const& c) { return c.other / c.raw_energy; }},
    {"sparse_ecal", "", 0, 1, none, 1, [](Cluster const& c) { return c.sparse_ecal / c.raw_energy; }},
    {"sparse_hcal", "", 0, 1, none, 1, [](Cluster const& c) { return c.sparse_hcal / c.raw_energy; }},
    {"sparsest_hcal", "", 0, 1, none, 1, [](Cluster const& c) { return c.sparsest_hcal / c.raw_energy; }},
    {"n_hits", "", 1, 1e5, log, 10, [](Cluster const& c) { return c.n_hits; }},
    {"max_hit_energy", "GeV", 1e-5, 1e3, log, 0.1, [](Cluster const& c) { return c.max_hit_energy; }},
    {"distance", "mm", 0, 1e4, none, 1e3, [](Cluster const& c) { return c.distance; }},
    {"depth", "mm", -5e3, 1e4, none, 100, [](Cluster const& c) { return c.depth; }},
    {"begin_depth", "mm", -5e3, 1e4, none, 100, [](Cluster const& c) { return c.begin_depth; }},
    {"end_depth", "mm", -5e3, 1e4, none, 100, [](Cluster const& c) { return c.end_depth; }},
    {"length", "mm", 0, 1e4, asinh, 10, [](Cluster const& c) { return c.length; }},
    {"width", "mm", 0, 1e4, asinh, 10, [](Cluster const& c) { return c.width; }},
    {"core_fraction", "", 0, 1, none, 1, [](Cluster const& c) { return c.core_energy / c.raw_energy; }},
    {"pointing", "rad", 0, pi, none, 1, [](Cluster const& c) { return c.pointing; }},
    {"time", "ns", -1e4, 1e6, asinh, 1, [](Cluster const& c) { return c.time; }},
};

struct Hit {
  double energy = 0, pt = 0;  ///< [GeV]
  core::Vector3 position;     ///< [mm]
  Angles angles;
  double depth = 0;        ///< behind the face of the ECAL, as seen from the origin [mm]
  double layer = unknown;  ///< outwards from 0
  double time = 0;         ///< [ns]
  Subdetector subdetector = Subdetector::ecal;
  Region region = Region::barrel;
};

template <Subdetector which>
double is_in(Hit const& hit) {
  return hit.subdetector == which ? 1 : 0;
}
template <Region which>
double is_in(Hit const& hit) {
  return hit.region == which ? 1 : 0;
}

constexpr Definition<Hit> hit_columns[] = {
    {"energy", "GeV", 1e-7, 1e3, log, 1, [](Hit const& h) { return h.energy; }},
    {"pt", "GeV", 1e-7, 1e3, log, 1, [](Hit const& h) { return h.pt; }},
    {"centre_eta", "", -6, 6, none, 1, [](Hit const& h) { return h.angles.eta; }},
    {"centre_sin_phi", "", -1, 1, none, 1, [](Hit const& h) { return h.angles.sin_phi; }},
    {"centre_cos_phi", "", -1, 1, none, 1, [](Hit const& h) { return h.angles.cos_phi; }},
    {"x", "mm", -1e4, 1e4, none, 1e3, [](Hit const& h) { return h.position.x; }},
    {"y", "mm", -1e4, 1e4, none, 1e3, [](Hit const& h) { return h.position.y; }},
    {"z", "mm", -1e4, 1e4, none, 1e3, [](Hit const& h) { return h.position.z; }},
    {"depth", "mm", -5e3, 1e4, none, 100, [](Hit const& h) { return h.depth; }},
    {"layer", "", 0, 1e3, none, 10, [](Hit const& h) { return h.layer; }},
    {"time", "ns", -1e4, 1e6, asinh, 1, [](Hit const& h) { return h.time; }},
    {"is_ecal", "", 0, 1, none, 1, is_in<Subdetector::ecal>},
    {"is_hcal", "", 0, 1, none, 1, is_in<Subdetector::hcal>},
    {"is_muon", "", 0, 1, none, 1, is_in<Subdetector::muon>},
    {"is_forward", "", 0, 1, none, 1, is_in<Subdetector::forward>},
    {"is_barrel", "", 0, 1, none, 1, is_in<Region::barrel>},
    {"is_endcap", "", 0, 1, none, 1, is_in<Region::endcap>},
};

class CorpuscleEncoding : public Encoding {
 public:
  /// @param cells  what there is beside tracks: clusters, hits or groups of hits
  CorpuscleEncoding(ElementType cells, detector::Detector const& detector)
      : cells_(cells), detector_(detector), surface_(detector.ecal) {}

  void append_all(event::Observed const& observed, Elements& elements) const override {
    for (std::size_t row = 0; row < observed.tracks.size(); ++row)
      if (auto const track = measure_track(observed.tracks, row, detector_))
        append<Track>(elements, ElementType::track, row, track_columns, *track, track->reference,
                      track->broken);
    if (cells_ == ElementType::hit) return append_hits(observed.calo_hits, elements);
    if (cells_ == ElementType::cluster)
      return append_clusters(observed.clusters, observed.calo_hits, elements);
    elements.groups = group_hits(observed.calo_hits, detector_);
    append_clusters(*elements.groups, observed.calo_hits, elements);
    for (std::size_t row = 0; row < observed.calo_hits.size(); ++row) {
      Named const broken = broken_input(observed.calo_hits, row);
      double const energy = observed.calo_hits.energy[row];
      auto const hit = static_cast<std::uint32_t>(row);
      if (broken.name != nullptr) {
        ++elements.n_broken;
        elements.flaws.push_back({ElementType::hit, hit, true, broken.name, broken.value});
      } else if (energy < min_grouped_energy || energy > max_grouped_energy) {
        elements.flaws.push_back({ElementType::hit, hit, false, "energy", energy});
      }
    }
  }

 private:
  void append_clusters(event::Clusters const& clusters, event::CaloHits const& hits,
                       Elements& elements) const {
    ClusterMeasurer measure(detector_, surface_);
    for (std::size_t row = 0; row < clusters.size(); ++row) {
      Cluster const cluster = measure(clusters, row, hits);
      append<Cluster>(elements, cells_, row, cluster_columns, cluster, cluster.reference, cluster.broken);
    }
  }

  static Named broken_input(event::CaloHits const& hits, std::size_t row) {
    return first_broken({{"energy", hits.energy[row]},
                         {"time", hits.time[row]},
                         {"x", hits.x[row]},
                         {"y", hits.y[row]},
                         {"z", hits.z[row]}});
  }

  void append_hits(event::CaloHits const& hits, Elements& elements) const {
    for (std::size_t row = 0; row < hits.size(); ++row) {
      Hit hit;
      hit.position = {hits.x[row], hits.y[row], hits.z[row]};
      hit.energy = hits.energy[row];
      hit.angles = Angles::of(hit.position);
      hit.pt = hit.energy * core::transverse_length(hit.position) / core::length(hit.position);
      hit.depth = surface_.depth(hit.position);
      if (hits.layer[row] >= 0) hit.layer = hits.layer[row];
      hit.time = hits.time[row];
      hit.subdetector = hits.subdetector[row];
      hit.region = hits.region[row];
      Reference const reference =
          make_reference(hit.energy, hit.pt, hit.angles.eta, hit.angles.sin_phi, hit.angles.cos_phi);
      append<Hit>(elements, ElementType::hit, row, hit_columns, hit, reference, broken_input(hits, row));
    }
  }

  ElementType cells_;
  detector::Detector detector_;
  CalorimeterSurface surface_;
};

}  // namespace

std::vector<Schema> corpuscle_schemas() {
  ElementColumns const tracks = columns_of<Track>(ElementType::track, track_columns);
  return {{clusters_schema, {tracks, columns_of<Cluster>(ElementType::cluster, cluster_columns)}},
          {hits_schema, {tracks, columns_of<Hit>(ElementType::hit, hit_columns)}},
          {groups_schema, {tracks, columns_of<Cluster>(ElementType::hit_group, cluster_columns)}}};
}

std::unique_ptr<Encoding const> make_corpuscle_encoding(std::string const& schema,
                                                        detector::Detector const& detector) {
  ElementType cells{};
  if (schema == clusters_schema) {
    cells = ElementType::cluster;
  } else if (schema == hits_schema) {
    cells = ElementType::hit;
  } else if (schema == groups_schema) {
    cells = ElementType::hit_group;
  } else {
    return nullptr;
  }
  return std::make_unique<CorpuscleEncoding const>(cells, detector);
}

}  // namespace corpuscle::encoding
