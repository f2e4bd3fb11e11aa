#include "corpuscle/pf/cluster_particle_flow.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/pf/candidate.hpp"
#include "corpuscle/pf/charged_track.hpp"

namespace corpuscle::pf {
namespace {

using core::Vector3;
using detector::CalorimeterShell;
using event::ParticleClass;
using Parameters = detector::ParticleFlow;

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// A track that may form a particle, and where it goes.
struct Track : ChargedTrack {
  std::size_t cluster = none;  ///< the shower it made
};

/// A cluster and what becomes of it: the shower of one or several tracks, a fragment of such a
/// shower, or a neutral particle.
struct Cluster {
  event::ClusterId id;
  Vector3 centroid;   ///< [mm]
  Vector3 direction;  ///< unit vector from the origin to the centroid
  double energy = 0;  ///< [GeV]
  double depth = 0;   ///< of the centroid behind the calorimeter surface, seen from the origin [mm]
  double ecal_fraction = 0;
  double muon_energy = 0;       ///< seen outside ECAL and HCAL [GeV]
  bool is_photon_like = false;  ///< in the ECAL alone, and early
  std::size_t n_tracks = 0;
  double track_energy = 0;   ///< sum over its tracks [GeV]
  double shower_energy = 0;  ///< its own and its fragments' [GeV]
  std::size_t next = none;   ///< chain of the fragments of a shower, starting at the shower
  bool is_fragment = false;
};

/// A track near a cluster.
struct Pair {
  double score = 0;  ///< the smaller, the better they fit
  std::size_t track = 0;
  std::size_t cluster = 0;

  friend auto operator<=>(Pair const&, Pair const&) = default;
};

double energy_of(Vector3 momentum, double mass) {
  return std::sqrt(core::dot(momentum, momentum) + mass * mass);
}

// -------------------------------------------------------------------------------------- clusters

/// Distance from the origin to the calorimeter surface in this direction [mm].
double distance_to_surface(Vector3 direction, CalorimeterShell const& shell,
                           std::vector<Vector3> const& normals) {
  double towards_face = 0;
  for (Vector3 const& normal : normals) towards_face = std::max(towards_face, core::dot(normal, direction));
  return 1 / std::max(towards_face / shell.barrel_r_min, std::abs(direction.z) / shell.endcap_z_min);
}

/// Share of the energy seen in the ECAL; where the file does not tell, the place of the centroid does.
double ecal_fraction(event::Clusters const& clusters, std::size_t row, detector::Detector const& detector) {
  double const ecal = clusters.energy_ecal[row];
  double const all = ecal + clusters.energy_hcal[row] + clusters.energy_other[row];
  if (all > 0) return ecal / all;
  double const radius = std::hypot(clusters.x[row], clusters.y[row]);
  bool const in_ecal =
      radius < detector.ecal.barrel_r_max && std::abs(clusters.z[row]) < detector.ecal.endcap_z_max;
  return in_ecal ? 1 : 0;
}

std::vector<Cluster> prepare_clusters(event::Clusters const& clusters, detector::Detector const& detector,
                                      std::vector<Vector3> const& normals) {
  Parameters const& cut = detector.particle_flow;
  std::vector<Cluster> prepared(clusters.size());
  for (std::size_t row = 0; row < clusters.size(); ++row) {
    Cluster& cluster = prepared[row];
    cluster.id = event::ClusterId(row);
    cluster.centroid = {clusters.x[row], clusters.y[row], clusters.z[row]};
    double const distance = core::length(cluster.centroid);
    cluster.direction = distance > 0 ? (1 / distance) * cluster.centroid : Vector3{0, 0, 1};
    cluster.energy = cluster.shower_energy = clusters.energy[row];
    cluster.depth = distance - distance_to_surface(cluster.direction, detector.ecal, normals);
    cluster.ecal_fraction = ecal_fraction(clusters, row, detector);
    cluster.muon_energy = clusters.energy_other[row];
    cluster.is_photon_like =
        cluster.ecal_fraction >= cut.photon_min_ecal_fraction && cluster.depth <= cut.photon_max_depth;
  }
  auto const key = [](Cluster const& c) {
    return std::tuple(-c.energy, c.centroid.x, c.centroid.y, c.centroid.z, c.ecal_fraction, c.muon_energy);
  };
  std::sort(prepared.begin(), prepared.end(),
            [&](Cluster const& a, Cluster const& b) { return key(a) < key(b); });
  return prepared;
}

// ------------------------------------------------------------------------------------- association

/// Square of the resolution of a shower of this energy [GeV^2].
double hadronic_variance(double energy, Parameters const& parameters) {
  double const stochastic = parameters.hadronic_stochastic;
  double const constant = parameters.hadronic_constant * energy;
  return stochastic * stochastic * energy + constant * constant;
}

/// How many standard deviations more the calorimeter saw than the tracks carry.
double significance(double shower_energy, double track_energy, Parameters const& parameters) {
  return (shower_energy - track_energy) / std::sqrt(hadronic_variance(track_energy, parameters));
}

/// Where a point lies from the path of a track behind the calorimeter surface [mm]; a point before the
/// surface is measured from the entry.
struct Separation {
  double depth = 0;
  double distance = 0;
};

Separation separation(TrackPath const& path, Vector3 point) {
  return {std::max(0.0, path.depth_of(point)), path.distance_of(point)};
}

/// Clusters ordered by polar angle, to find those near a direction.
class PolarOrder {
 public:
  PolarOrder(std::vector<Cluster> const& clusters, double cone)
      : cos_cone_(std::cos(cone)), sin_cone_(std::sin(cone)) {
    rows_.reserve(clusters.size());
    for (std::size_t k = 0; k < clusters.size(); ++k) rows_.emplace_back(clusters[k].direction.z, k);
    std::sort(rows_.begin(), rows_.end());
  }

  /// Calls `visit` with each cluster whose polar angle is within the cone of that of `direction`.
  template <class Visit>
  void near(Vector3 direction, Visit const& visit) const {
    // cos(theta -+ cone), or the pole where the cone reaches beyond it.
    double const z = std::clamp(direction.z, -1.0, 1.0);
    double const spread = std::sqrt(1 - z * z) * sin_cone_;
    double const least = z < -cos_cone_ ? -1 : z * cos_cone_ - spread;
    double const most = z > cos_cone_ ? 1 : z * cos_cone_ + spread;
    auto row = std::lower_bound(rows_.begin(), rows_.end(), std::pair(least, std::size_t{0}));
    for (; row != rows_.end() && row->first <= most; ++row) visit(row->second);
  }

 private:
  std::vector<std::pair<double, std::size_t>> rows_;
  double cos_cone_, sin_cone_;
};

/// Which tracks and clusters are close, best or nearest first.
struct Pairs {
  std::vector<Pair> matches;     ///< position and energy agree; the score is the squared mismatch
  std::vector<Pair> neighbours;  ///< not far; the score is the distance [mm]
};

Pairs find_pairs(std::vector<Track> const& tracks, std::vector<Cluster> const& clusters,
                 Parameters const& parameters) {
  double const cos_cone = std::cos(parameters.association_cone);
  double const max_score = parameters.association_significance * parameters.association_significance;
  PolarOrder const by_polar_angle(clusters, parameters.association_cone);
  Pairs pairs;
  for (std::size_t t = 0; t < tracks.size(); ++t) {
    Track const& track = tracks[t];
    if (!track.path) continue;
    TrackPath const& path = *track.path;
    Vector3 const direction = (1 / core::length(path.position)) * path.position;
    // Runs once per track and nearby cluster: the hot loop.
    by_polar_angle.near(direction, [&](std::size_t c) {
      Cluster const& cluster = clusters[c];
      if (core::dot(direction, cluster.direction) < cos_cone) return;
      auto const [depth, distance] = separation(path, cluster.centroid);
      if (distance < parameters.neighbour_distance && !cluster.is_photon_like) {
        pairs.neighbours.push_back({distance, t, c});
      }
      double const position =
          distance / (parameters.association_distance + parameters.association_growth * depth);
      if (position * position >= max_score) return;
      // A neutral particle may lie on top, and a muon or a late shower leaves little in the cluster, so that
      // a mismatch of the energy counts as 3 sigma at most. But a photon is not the rest of a hard hadron,
      // and a fake track of few hits, which shows by its poor curvature, is not believed.
      bool const may_fall_short =
          !cluster.is_photon_like && track.relative_momentum_error < parameters.track_trusted_momentum_error;
      double const energy = std::clamp(significance(cluster.energy, track.energy, parameters),
                                       may_fall_short ? -3.0 : -max_score, 3.0);
      double const score = position * position + energy * energy;
      if (score < max_score) pairs.matches.push_back({score, t, c});
    });
  }
  std::sort(pairs.matches.begin(), pairs.matches.end());
  std::sort(pairs.neighbours.begin(), pairs.neighbours.end());
  return pairs;
}

void give(Track& track, Cluster& cluster, std::size_t cluster_index) {
  track.cluster = cluster_index;
  cluster.track_energy += track.energy;
  ++cluster.n_tracks;
}

/// Gives tracks their showers: first the best matches, where a further track joins a shower only if the
/// energy suffices for all; then, to tracks left over, free clusters farther away whose energy fits
/// (detector.md 6.2, recovery of unmatched tracks).
void associate(std::vector<Track>& tracks, std::vector<Cluster>& clusters, Pairs const& pairs,
               Parameters const& parameters) {
  for (Pair const& pair : pairs.matches) {
    Track& track = tracks[pair.track];
    Cluster& cluster = clusters[pair.cluster];
    if (track.cluster != none) continue;
    bool const is_full = cluster.n_tracks > 0 &&
                         significance(cluster.energy, cluster.track_energy + track.energy, parameters) <
                             parameters.deficit_significance;
    if (!is_full) give(track, cluster, pair.cluster);
  }
  for (Pair const& pair : pairs.neighbours) {
    Track& track = tracks[pair.track];
    Cluster& cluster = clusters[pair.cluster];
    if (track.cluster != none || cluster.n_tracks > 0) continue;
    if (std::abs(significance(cluster.energy, track.energy, parameters)) <=
        parameters.recovery_significance) {
      give(track, cluster, pair.cluster);
    }
  }
}

/// Adds neutral pieces to showers whose energy falls short of their tracks, nearest first
/// (detector.md 6.5, 6.7). Photons are left alone, and so is a piece too energetic to be one.
void merge_fragments(std::vector<Track> const& tracks, std::vector<Cluster>& clusters, Pairs const& pairs,
                     Parameters const& parameters) {
  for (Pair const& pair : pairs.neighbours) {
    Cluster& fragment = clusters[pair.cluster];
    std::size_t const shower_index = tracks[pair.track].cluster;
    if (shower_index == none || fragment.n_tracks > 0 || fragment.is_fragment ||
        fragment.energy > parameters.fragment_max_energy) {
      continue;
    }
    Cluster& shower = clusters[shower_index];
    double const merged = shower.shower_energy + fragment.energy;
    if (significance(shower.shower_energy, shower.track_energy, parameters) >
            parameters.deficit_significance ||
        significance(merged, shower.track_energy, parameters) > parameters.fragment_max_significance) {
      continue;
    }
    shower.shower_energy = merged;
    fragment.is_fragment = true;
    fragment.next = shower.next;
    shower.next = pair.cluster;
  }
}

// --------------------------------------------------------------------------------------- particles

/// What a track is, by the shower it made.
ParticleClass identify(Track const& track, std::vector<Cluster> const& clusters,
                       Parameters const& parameters) {
  if (track.cluster == none || clusters[track.cluster].n_tracks != 1) return ParticleClass::charged_hadron;
  Cluster const& shower = clusters[track.cluster];
  double const p = core::length(track.momentum);
  if (p >= parameters.muon_min_momentum && shower.muon_energy > 0 &&
      shower.depth >= parameters.muon_min_depth &&
      shower.shower_energy - shower.muon_energy <= parameters.muon_max_energy) {
    return ParticleClass::muon;
  }
  if (shower.is_photon_like && shower.ecal_fraction >= parameters.electron_min_ecal_fraction &&
      std::abs(shower.shower_energy / p - 1) <= parameters.electron_max_energy_mismatch) {
    return ParticleClass::electron;
  }
  return ParticleClass::charged_hadron;
}

Candidate charged_particle(Track const& track, ParticleClass particle_class) {
  Candidate particle;
  particle.particle_class = particle_class;
  particle.charge = track.charge;
  particle.mass = particle_class == ParticleClass::electron ? electron_mass
                  : particle_class == ParticleClass::muon   ? muon_mass
                                                            : pion_mass;
  particle.energy = energy_of(track.momentum, particle.mass);
  particle.momentum = track.momentum;
  particle.reference = track.origin;
  particle.track = track.id;
  return particle;
}

/// A particle of this energy from the interaction point towards the cluster; nothing if it is too soft.
std::optional<Candidate> neutral_particle(Cluster const& cluster, double energy,
                                          Parameters const& parameters) {
  Candidate particle;
  bool const is_photon = cluster.is_photon_like;
  if (energy < (is_photon ? parameters.photon_min_energy : parameters.neutral_hadron_min_energy)) {
    return std::nullopt;
  }
  particle.particle_class = is_photon ? ParticleClass::photon : ParticleClass::neutral_hadron;
  // With less energy than the mass it was seen in part only; where it flew is known all the same.
  particle.mass = is_photon || energy <= kaon_mass ? 0 : kaon_mass;
  particle.energy = energy;
  double const p = std::sqrt(particle.energy * particle.energy - particle.mass * particle.mass);
  particle.momentum = p * cluster.direction;
  return particle;
}

std::vector<Candidate> make_particles(std::vector<Track> const& tracks, std::vector<Cluster> const& clusters,
                                      Parameters const& parameters) {
  std::vector<Candidate> particles;
  particles.reserve(tracks.size() + clusters.size());
  std::vector<bool> is_given(clusters.size());  // to the hardest of the tracks that share it
  for (Track const& track : tracks) {
    if (track.cluster == none && (track.energy > parameters.unassociated_track_max_energy ||
                                  track.impact > parameters.unassociated_track_max_impact)) {
      continue;
    }
    Candidate particle = charged_particle(track, identify(track, clusters, parameters));
    if (track.cluster != none && !is_given[track.cluster]) {
      particle.shower = track.cluster;
      is_given[track.cluster] = true;
      Cluster const& shower = clusters[track.cluster];
      double const excess = shower.shower_energy - shower.track_energy;
      if (particle.particle_class == ParticleClass::charged_hadron &&
          significance(shower.shower_energy, shower.track_energy, parameters) >
              parameters.excess_significance) {
        if (auto neutral = neutral_particle(shower, excess, parameters)) particles.push_back(*neutral);
      }
    }
    particles.push_back(particle);
  }
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    Cluster const& cluster = clusters[k];
    if (cluster.n_tracks > 0 || cluster.is_fragment) continue;
    if (auto neutral = neutral_particle(cluster, cluster.energy, parameters)) {
      neutral->shower = k;
      particles.push_back(*neutral);
    }
  }
  sort_by_energy(particles);
  return particles;
}

event::Particles fill(std::vector<Candidate> const& candidates, std::vector<Cluster> const& clusters) {
  event::Particles particles;
  particles.resize(candidates.size());
  particles.tracks.offsets.reserve(candidates.size() + 1);
  particles.clusters.offsets.reserve(candidates.size() + 1);
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    Candidate const& c = candidates[k];
    fill_row(particles, k, c);
    for (std::size_t i = c.shower; i != none; i = clusters[i].next) {
      particles.clusters.values.push_back(clusters[i].id);
    }
    particles.clusters.end_row();
  }
  return particles;
}

}  // namespace

ClusterParticleFlow::ClusterParticleFlow(detector::Detector detector) : detector_(std::move(detector)) {
  CORPUSCLE_EXPECT(detector_.ecal.sides >= 3);
  for (int side = 0; side < detector_.ecal.sides; ++side) {
    double const phi = detector_.ecal.normal_phi + 2 * std::numbers::pi * side / detector_.ecal.sides;
    face_normals_.push_back({std::cos(phi), std::sin(phi), 0});
  }
}

event::Particles ClusterParticleFlow::operator()(event::Observed const& observed) const {
  Parameters const& parameters = detector_.particle_flow;
  std::vector<Track> tracks;
  for (ChargedTrack const& track : select_tracks(observed.tracks, detector_)) tracks.push_back({track, none});
  std::vector<Cluster> clusters = prepare_clusters(observed.clusters, detector_, face_normals_);
  Pairs const pairs = find_pairs(tracks, clusters, parameters);
  associate(tracks, clusters, pairs, parameters);
  merge_fragments(tracks, clusters, pairs, parameters);
  return fill(make_particles(tracks, clusters, parameters), clusters);
}

}  // namespace corpuscle::pf
