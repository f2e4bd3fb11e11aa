// The columns of the published encodings (mlpf.md 1.4 to 1.7): arXiv:2309.06782 and its code, version 1.6
// ("2023"), and the code of August 2026 ("2026"). Order and definitions are theirs, quirks included.
#include <cmath>
#include <optional>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/exact_sum.hpp"
#include "corpuscle/encoding/geometry.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::Subdetector;
using event::TrackPoint;
using enum Transform;

/// Their constant of curvature [GeV/(T mm)]; rounded, units::bending is not.
constexpr double published_bending = 3e-4;
/// Features of 2023 are limited to this when they are loaded; those of 2026 never reach it.
constexpr double limit = 1e6;

struct Track {
  double pt = 0, pz = 0, phi = 0;  ///< [GeV], [rad]
  double chi2 = 0, ndf = 0, dedx = 0, dedx_error = 0, innermost_radius = 0, time = 0;
  double tan_lambda = 0, d0 = 0, omega = 0, z0 = 0;

  [[nodiscard]] double p() const { return std::hypot(pt * std::cos(phi), pt * std::sin(phi), pz); }
  /// -ln tan(theta / 2) with cos theta = pz / p.
  [[nodiscard]] double eta() const { return std::asinh(pz / pt); }
};

struct Cluster {
  double energy = 0, theta = 0, phi = 0;  ///< [GeV], [rad]
  Vector3 position;                       ///< [mm]
  double ecal = 0, hcal = 0, other = 0;   ///< sums over the hits [GeV]
  double n_hits = 0;
  Vector3 sigma;           ///< spread of the hits along x, y, z [mm]
  double sum_of_hits = 0;  ///< energies and positions; not finite if one of them is not

  [[nodiscard]] double et() const {
    double const along = energy * std::cos(theta);
    return std::sqrt(energy * energy - along * along);
  }
  [[nodiscard]] double eta() const {
    double const tangent = std::tan(theta / 2);
    return tangent > 0 ? -std::log(tangent) : 0;
  }
};

struct Hit {
  double energy = 0;    ///< [GeV]
  Vector3 position;     ///< [mm]
  Vector3 direction;    ///< of the position, a unit vector
  double epsilon = 0;   ///< added to energies where eta is computed [GeV]
  double time = 0;      ///< [ns]
  double detector = 0;  ///< 0 ECAL, 1 HCAL, 2 other calorimeters, 3 tracker

  [[nodiscard]] double et() const {
    return energy * std::sqrt(direction.x * direction.x + direction.y * direction.y);
  }
  [[nodiscard]] double eta() const {
    double const pz = energy * direction.z;
    return 0.5 * std::log((energy + pz + epsilon) / (energy - pz + epsilon));
  }
};

/// Column `type` of the files, which our tables do not have.
template <class Measured>
double not_in_tables(Measured const&) {
  return 0;
}

template <class Measured, int type>
constexpr Definition<Measured> element_type{
    "elemtype", "", type, type, code, 1, [](Measured const&) { return double{type}; }};

template <class Measured>
constexpr Definition<Measured> plain(char const* name, char const* unit,
                                     double (*quantity)(Measured const&)) {
  return {name, unit, -limit, limit, none, 1, quantity};
}

constexpr Definition<Track> track_columns[] = {
    element_type<Track, 1>,
    plain<Track>("pt", "GeV", [](Track const& t) { return t.pt; }),
    plain<Track>("eta", "", [](Track const& t) { return t.eta(); }),
    plain<Track>("sin_phi", "", [](Track const& t) { return std::sin(t.phi); }),
    plain<Track>("cos_phi", "", [](Track const& t) { return std::cos(t.phi); }),
    plain<Track>("p", "GeV", [](Track const& t) { return t.p(); }),
    plain<Track>("chi2", "", [](Track const& t) { return t.chi2; }),
    plain<Track>("ndf", "", [](Track const& t) { return t.ndf; }),
    plain<Track>("dEdx", "GeV/mm", [](Track const& t) { return t.dedx; }),
    plain<Track>("dEdxError", "GeV/mm", [](Track const& t) { return t.dedx_error; }),
    plain<Track>("radiusOfInnermostHit", "mm", [](Track const& t) { return t.innermost_radius; }),
    plain<Track>("tanLambda", "", [](Track const& t) { return t.tan_lambda; }),
    plain<Track>("D0", "mm", [](Track const& t) { return t.d0; }),
    plain<Track>("omega", "1/mm", [](Track const& t) { return t.omega; }),
    plain<Track>("Z0", "mm", [](Track const& t) { return t.z0; }),
    plain<Track>("time", "ns", [](Track const& t) { return t.time; }),
};

constexpr Definition<Track> track_columns_with_hits[] = {
    element_type<Track, 1>,
    plain<Track>("pt", "GeV", [](Track const& t) { return t.pt; }),
    plain<Track>("eta", "", [](Track const& t) { return t.eta(); }),
    plain<Track>("sin_phi", "", [](Track const& t) { return std::sin(t.phi); }),
    plain<Track>("cos_phi", "", [](Track const& t) { return std::cos(t.phi); }),
    plain<Track>("p", "GeV", [](Track const& t) { return t.p(); }),
    plain<Track>("chi2", "", [](Track const& t) { return t.chi2; }),
    plain<Track>("ndf", "", [](Track const& t) { return t.ndf; }),
    plain<Track>("radiusOfInnermostHit", "mm", [](Track const& t) { return t.innermost_radius; }),
    plain<Track>("tanLambda", "", [](Track const& t) { return t.tan_lambda; }),
    plain<Track>("D0", "mm", [](Track const& t) { return t.d0; }),
    plain<Track>("omega", "1/mm", [](Track const& t) { return t.omega; }),
    plain<Track>("Z0", "mm", [](Track const& t) { return t.z0; }),
    plain<Track>("time", "ns", [](Track const& t) { return t.time; }),
    plain<Track>("type", "", not_in_tables<Track>),
};

constexpr Definition<Cluster> cluster_columns[] = {
    element_type<Cluster, 2>,
    plain<Cluster>("et", "GeV", [](Cluster const& c) { return c.et(); }),
    plain<Cluster>("eta", "", [](Cluster const& c) { return c.eta(); }),
    plain<Cluster>("sin_phi", "", [](Cluster const& c) { return std::sin(c.phi); }),
    plain<Cluster>("cos_phi", "", [](Cluster const& c) { return std::cos(c.phi); }),
    plain<Cluster>("energy", "GeV", [](Cluster const& c) { return c.energy; }),
    plain<Cluster>("position.x", "mm", [](Cluster const& c) { return c.position.x; }),
    plain<Cluster>("position.y", "mm", [](Cluster const& c) { return c.position.y; }),
    plain<Cluster>("position.z", "mm", [](Cluster const& c) { return c.position.z; }),
    plain<Cluster>("iTheta", "rad", [](Cluster const& c) { return c.theta; }),
    plain<Cluster>("energy_ecal", "GeV", [](Cluster const& c) { return c.ecal; }),
    plain<Cluster>("energy_hcal", "GeV", [](Cluster const& c) { return c.hcal; }),
    plain<Cluster>("energy_other", "GeV", [](Cluster const& c) { return c.other; }),
    plain<Cluster>("num_hits", "", [](Cluster const& c) { return c.n_hits; }),
    plain<Cluster>("sigma_x", "mm", [](Cluster const& c) { return c.sigma.x; }),
    plain<Cluster>("sigma_y", "mm", [](Cluster const& c) { return c.sigma.y; }),
    plain<Cluster>("sigma_z", "mm", [](Cluster const& c) { return c.sigma.z; }),
};

/// The columns sin_phi and cos_phi are y/|r| and x/|r|: a quirk of theirs.
constexpr Definition<Hit> hit_columns[] = {
    element_type<Hit, 2>,
    plain<Hit>("et", "GeV", [](Hit const& h) { return h.et(); }),
    plain<Hit>("eta", "", [](Hit const& h) { return h.eta(); }),
    plain<Hit>("sin_phi", "", [](Hit const& h) { return h.direction.y; }),
    plain<Hit>("cos_phi", "", [](Hit const& h) { return h.direction.x; }),
    plain<Hit>("energy", "GeV", [](Hit const& h) { return h.energy; }),
    plain<Hit>("position.x", "mm", [](Hit const& h) { return h.position.x; }),
    plain<Hit>("position.y", "mm", [](Hit const& h) { return h.position.y; }),
    plain<Hit>("position.z", "mm", [](Hit const& h) { return h.position.z; }),
    plain<Hit>("time", "ns", [](Hit const& h) { return h.time; }),
    plain<Hit>("subdetector", "", [](Hit const& h) { return h.detector; }),
    plain<Hit>("type", "", not_in_tables<Hit>),
};

/// Which elements, and what differs between the generations.
struct Variant {
  char const* name;
  bool has_tracks;
  bool has_clusters;  ///< else hits
  bool is_weighted;   ///< sigma of clusters by energy
  bool has_tracker_hits;
  double epsilon;  ///< in eta of hits [GeV]
};

constexpr Variant variants[] = {
    {"mlpf-2023-clusters", true, true, false, false, 0},
    {"mlpf-2023-hits", true, false, false, false, 0},
    {"mlpf-2026-clusters", true, true, true, false, 1e-12},
    {"mlpf-2026-hits", false, false, true, true, 1e-12},
};

Schema schema_of(Variant const& variant) {
  Schema schema{variant.name, {}};
  if (variant.has_tracks) {
    std::span<Definition<Track> const> const columns =
        variant.has_clusters ? std::span<Definition<Track> const>(track_columns) : track_columns_with_hits;
    schema.elements.push_back(columns_of<Track>(ElementType::track, columns));
  }
  if (variant.has_tracker_hits)
    schema.elements.push_back(columns_of<Hit>(ElementType::tracker_hit, hit_columns));
  schema.elements.push_back(variant.has_clusters ? columns_of<Cluster>(ElementType::cluster, cluster_columns)
                                                 : columns_of<Hit>(ElementType::hit, hit_columns));
  return schema;
}

/// Mean and spread of positions along one axis, relative to a point among them [mm].
class Spread {
 public:
  void add(double offset, double weight) {
    sum_ += weight * offset;
    square_ += weight * offset * offset;
  }
  [[nodiscard]] double sigma(double weights) const {
    double const mean = sum_ / weights;
    double const variance = square_ / weights - mean * mean;
    return variance < 0 ? 0 : std::sqrt(variance);  // NaN stays NaN
  }

 private:
  ExactSum<24> sum_;     // room for 2^28 mm
  ExactSum<14> square_;  // 2^38 mm^2
};

class MlpfEncoding : public Encoding {
 public:
  MlpfEncoding(Variant const& variant, double field) : variant_(variant), field_(field) {}

  void append_all(event::Observed const& observed, Elements& elements) const override {
    if (variant_.has_tracks) append_tracks(observed.tracks, elements);
    if (variant_.has_clusters) return append_clusters(observed.clusters, observed.calo_hits, elements);
    if (variant_.has_tracker_hits) append_tracker_hits(observed.tracker_hits, elements);
    append_calo_hits(observed.calo_hits, elements);
  }

 private:
  void append_tracks(event::Tracks const& tracks, Elements& elements) const {
    auto const& s = tracks.at(TrackPoint::at_ip);
    auto const& first = tracks.at(TrackPoint::at_first_hit);
    std::span<Definition<Track> const> const columns =
        variant_.has_clusters ? std::span<Definition<Track> const>(track_columns) : track_columns_with_hits;
    for (std::size_t row = 0; row < tracks.size(); ++row) {
      if (!s.is_present[row]) continue;
      Track t;
      t.omega = s.omega[row];
      t.tan_lambda = s.tan_lambda[row];
      t.phi = s.phi[row];
      t.d0 = s.d0[row];
      t.z0 = s.z0[row];
      t.pt = published_bending * std::abs(field_ / t.omega);
      t.pz = t.pt * t.tan_lambda;
      t.chi2 = tracks.chi2[row];
      t.ndf = tracks.ndf[row];
      t.dedx = tracks.dedx[row];
      t.dedx_error = tracks.dedx_error[row];
      t.innermost_radius = tracks.innermost_hit_radius[row];
      if (t.innermost_radius == 0 && first.is_present[row])
        t.innermost_radius = std::hypot(first.x[row], first.y[row]);
      t.time = tracks.time[row];
      Vector3 const origin{s.x[row] - t.d0 * std::sin(t.phi), s.y[row] + t.d0 * std::cos(t.phi),
                           s.z[row] + t.z0};
      Reference const reference = make_reference(t.p(), t.pt, t.eta(), std::sin(t.phi), std::cos(t.phi),
                                                 t.omega * field_ > 0 ? 1 : -1, origin);
      Named const broken = first_broken({{"omega", t.omega},
                                         {"tan_lambda", t.tan_lambda},
                                         {"phi", t.phi},
                                         {"d0", t.d0},
                                         {"z0", t.z0},
                                         {"chi2", t.chi2},
                                         {"dedx", t.dedx},
                                         {"dedx_error", t.dedx_error},
                                         {"innermost_hit_radius", t.innermost_radius},
                                         {"time", t.time},
                                         {"x", s.x[row]},
                                         {"y", s.y[row]},
                                         {"z", s.z[row]}});
      append(elements, ElementType::track, row, columns, t, reference, broken);
    }
  }

  void append_clusters(event::Clusters const& clusters, event::CaloHits const& hits,
                       Elements& elements) const {
    for (std::size_t row = 0; row < clusters.size(); ++row) {
      Cluster c;
      c.energy = clusters.energy[row];
      c.theta = clusters.theta[row];
      c.phi = clusters.phi[row];
      c.position = {clusters.x[row], clusters.y[row], clusters.z[row]};
      if (clusters.hits[row].empty()) {
        c.ecal = clusters.energy_ecal[row];
        c.hcal = clusters.energy_hcal[row];
        c.other = clusters.energy_other[row];
      } else {
        measure_hits(c, clusters.hits[row], hits);
      }
      Reference const reference = make_reference(c.energy, c.et(), c.eta(), std::sin(c.phi), std::cos(c.phi));
      Named const broken = first_broken({{"energy", c.energy},
                                         {"theta", c.theta},
                                         {"phi", c.phi},
                                         {"x", c.position.x},
                                         {"y", c.position.y},
                                         {"z", c.position.z},
                                         {"hits", c.sum_of_hits},
                                         {"energy_ecal", c.ecal},
                                         {"energy_hcal", c.hcal},
                                         {"energy_other", c.other}});
      append<Cluster>(elements, ElementType::cluster, row, cluster_columns, c, reference, broken);
    }
  }

  void measure_hits(Cluster& c, std::span<event::CaloHitId const> members,
                    event::CaloHits const& hits) const {
    ExactSum<36> ecal, hcal, other, weights;
    Spread x, y, z;
    for (event::CaloHitId const id : members) {
      std::size_t const hit = id.row();
      double const e = hits.energy[hit];
      (hits.subdetector[hit] == Subdetector::ecal   ? ecal
       : hits.subdetector[hit] == Subdetector::hcal ? hcal
                                                    : other) += e;
      double const weight = variant_.is_weighted ? e : 1;
      weights += weight;
      c.sum_of_hits += e + hits.x[hit] + hits.y[hit] + hits.z[hit];
      x.add(hits.x[hit] - c.position.x, weight);
      y.add(hits.y[hit] - c.position.y, weight);
      z.add(hits.z[hit] - c.position.z, weight);
    }
    c.ecal = ecal;
    c.hcal = hcal;
    c.other = other;
    c.n_hits = static_cast<double>(members.size());
    c.sigma = {x.sigma(weights), y.sigma(weights), z.sigma(weights)};
  }

  void append_hit(Elements& elements, ElementType type, std::size_t row, Hit& hit) const {
    hit.epsilon = variant_.epsilon;
    hit.direction = (1 / core::length(hit.position)) * hit.position;
    Reference const reference =
        make_reference(hit.energy, hit.et(), hit.eta(), hit.direction.y, hit.direction.x);
    append<Hit>(elements, type, row, hit_columns, hit, reference,
                first_broken({{"energy", hit.energy},
                              {"time", hit.time},
                              {"x", hit.position.x},
                              {"y", hit.position.y},
                              {"z", hit.position.z}}));
  }

  void append_calo_hits(event::CaloHits const& hits, Elements& elements) const {
    for (std::size_t row = 0; row < hits.size(); ++row) {
      Hit hit;
      hit.energy = hits.energy[row];
      hit.position = {hits.x[row], hits.y[row], hits.z[row]};
      hit.time = hits.time[row];
      hit.detector = hits.subdetector[row] == Subdetector::ecal   ? 0
                     : hits.subdetector[row] == Subdetector::hcal ? 1
                                                                  : 2;
      append_hit(elements, ElementType::hit, row, hit);
    }
  }

  void append_tracker_hits(event::TrackerHits const& hits, Elements& elements) const {
    for (std::size_t row = 0; row < hits.size(); ++row) {
      Hit hit;
      hit.energy = hits.energy_deposit[row];
      hit.position = {hits.x[row], hits.y[row], hits.z[row]};
      hit.time = hits.time[row];
      hit.detector = 3;
      append_hit(elements, ElementType::tracker_hit, row, hit);
    }
  }

  Variant variant_;
  double field_;  ///< [T]
};

}  // namespace

std::vector<Schema> mlpf_schemas() {
  std::vector<Schema> schemas;
  for (Variant const& variant : variants) schemas.push_back(schema_of(variant));
  return schemas;
}

std::unique_ptr<Encoding const> make_mlpf_encoding(std::string const& schema,
                                                   detector::Detector const& detector) {
  for (Variant const& variant : variants)
    if (variant.name == schema) return std::make_unique<MlpfEncoding const>(variant, detector.field);
  return nullptr;
}

}  // namespace corpuscle::encoding
