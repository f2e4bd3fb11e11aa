#include "corpuscle/pf/hit_particle_flow.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "corpuscle/cluster/cone_clustering.hpp"
#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/pf/candidate.hpp"
#include "corpuscle/pf/ecal_peaks.hpp"
#include "corpuscle/pf/fragments.hpp"
#include "corpuscle/pf/hit_boxes.hpp"
#include "corpuscle/pf/shower.hpp"

namespace corpuscle::pf {
namespace {

using core::Vector3;
using event::ParticleClass;
using event::Subdetector;
using Parameters = detector::HitParticleFlow;

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// No path bends by more than 0.5 rad on its way through the calorimeters: the cosine.
constexpr double min_alignment = 0.87;

/// Cones of reclustering, relative to the first ones (detector.md 6.3: settings 2, 5 and 7).
constexpr std::array recluster_scales{0.6, 0.3, 0.2};

detector::Detector with_narrow_cones(detector::Detector detector, double scale) {
  for (detector::Clustering::Cone* cone :
       {&detector.clustering.ecal, &detector.clustering.hcal, &detector.clustering.muon}) {
    cone->tangent *= scale;
    cone->pads *= scale;
    cone->same_layer_pads *= std::max(scale, 0.5);  // neighbouring cells stay together
    cone->soft_distance *= scale;
    cone->hard_distance *= scale;
  }
  detector.clustering.association_chi = 1;
  return detector;
}

bool has_photon_shape(EcalPeak const& peak, Parameters const& cut) {
  double const log_energy = std::log(std::max(peak.energy, cut.photon_min_energy));
  return peak.energy >= cut.photon_min_energy && peak.width <= cut.photon_max_width &&
         (peak.energy < 0.5 || peak.core_fraction >= cut.photon_min_core) &&
         peak.depth10 <= cut.photon_max_start &&
         peak.depth50 <= cut.photon_max_depth + cut.photon_depth_growth * log_energy;
}

/// Of what has one track, and what it left looks like this.
ParticleClass class_of(Shower::Kind kind) {
  if (kind == Shower::Kind::electron) return ParticleClass::electron;
  return kind == Shower::Kind::muon ? ParticleClass::muon : ParticleClass::charged_hadron;
}

}  // namespace

struct HitParticleFlow::Implementation {
  explicit Implementation(detector::Detector const& d)
      : detector(d),
        parameters(d.hit_particle_flow),
        surface(d.ecal),
        energy(d),
        find_peaks(d, energy),
        cluster(d) {
    for (double scale : recluster_scales) narrow.emplace_back(with_narrow_cones(d, scale));
  }

  void reconstruct(event::Observed const& observed);
  void find_muons();
  void find_photons();
  [[nodiscard]] event::Clusters cluster_hits(cluster::ConeClustering& clustering,
                                             std::vector<std::uint32_t> const& which,
                                             std::vector<std::uint32_t> const& with_tracks);
  [[nodiscard]] std::vector<Shower> make_showers(cluster::ConeClustering& clustering,
                                                 std::vector<std::uint32_t> const& which,
                                                 std::vector<std::uint32_t> const& with_tracks);
  void associate(std::vector<Shower>& showers_to_use, std::vector<std::uint32_t> const& with_tracks) const;
  void attach_loose_hits();
  void fill_deficits(double max_excess);
  void split();
  [[nodiscard]] std::vector<Shower> recluster(Shower const& shower);
  [[nodiscard]] double discrepancy(std::vector<Shower> const& parts, std::size_t n_tracks) const;
  void force(std::size_t s);
  void add_bare_tracks();
  void merge_fragments();
  void merge(std::uint32_t from, std::uint32_t into);
  [[nodiscard]] bool fits(Shower const& parent, Shower const& fragment, double max_excess) const;
  [[nodiscard]] std::vector<Candidate> make_particles();
  HitReconstruction fill(std::vector<Candidate> const& candidates) const;

  detector::Detector detector;
  Parameters parameters;
  Surface surface;
  ShowerEnergy energy;
  EcalPeakFinder find_peaks;
  cluster::ConeClustering cluster;
  std::vector<cluster::ConeClustering> narrow;

  event::Observed const* observed_ = nullptr;
  std::vector<ChargedTrack> tracks;
  std::vector<ShowerHit> hits;
  std::vector<std::uint8_t> is_used;     ///< per hit
  std::vector<std::uint8_t> has_shower;  ///< per track
  std::vector<Shower> showers;
};

void HitParticleFlow::Implementation::reconstruct(event::Observed const& observed) {
  observed_ = &observed;
  tracks = select_tracks(observed.tracks, detector);
  hits = select_hits(observed.calo_hits, detector, surface, energy);
  is_used.assign(hits.size(), 0);
  has_shower.assign(tracks.size(), 0);
  showers.clear();
  find_muons();
  find_photons();

  std::vector<std::uint32_t> free_hits, free_tracks;
  for (std::uint32_t i = 0; i < hits.size(); ++i)
    if (!is_used[i]) free_hits.push_back(i);
  for (std::uint32_t t = 0; t < tracks.size(); ++t)
    if (!has_shower[t] && tracks[t].path) free_tracks.push_back(t);
  for (Shower& shower : make_showers(cluster, free_hits, free_tracks)) showers.push_back(std::move(shower));
  attach_loose_hits();
  fill_deficits(std::numeric_limits<double>::infinity());
  split();
  fill_deficits(parameters.fill_max_excess);
  merge_fragments();
}

// -------------------------------------------------------------------------------------------------------
// muons

/// Tracks that go on into the muon system and leave little on the way keep what lies along them, so that it
/// does not disturb what comes after.
void HitParticleFlow::Implementation::find_muons() {
  for (std::uint32_t t = 0; t < tracks.size(); ++t) {
    if (!tracks[t].path || tracks[t].p < parameters.muon_min_momentum) continue;
    TrackPath const& path = *tracks[t].path;
    Vector3 const towards = (1 / core::length(path.position)) * path.position;
    Shower shower;
    shower.kind = Shower::Kind::muon;
    int in_yoke = 0;
    for (std::uint32_t i = 0; i < hits.size(); ++i) {
      if (is_used[i] || core::dot(hits[i].direction, towards) < min_alignment) continue;
      double const depth = std::max(0., path.depth_of(hits[i].position));
      double const reach = hits[i].subdetector == Subdetector::ecal ? parameters.muon_ecal_reach
                           : hits[i].subdetector == Subdetector::hcal
                               ? parameters.muon_hcal_reach + parameters.muon_hcal_spread * depth
                               : parameters.muon_yoke_reach + parameters.muon_yoke_spread * depth;
      if (path.distance_of(hits[i].position) > reach) continue;
      shower.hits.push_back(i);
      if (hits[i].subdetector == Subdetector::muon) ++in_yoke;
    }
    if (in_yoke < parameters.muon_min_hits) continue;
    describe(shower, hits, energy);
    ShowerSums inside = shower.sums;
    inside.muon = 0;
    if (energy.hadron(inside) > parameters.muon_max_energy + parameters.muon_energy_growth * tracks[t].p)
      continue;
    shower.tracks = {t};
    shower.track_energy = tracks[t].energy;
    has_shower[t] = 1;
    for (std::uint32_t i : shower.hits) is_used[i] = 1;
    showers.push_back(std::move(shower));
  }
}

// -------------------------------------------------------------------------------------------------------
// photons

void HitParticleFlow::Implementation::find_photons() {
  for (EcalPeak& peak : find_peaks(hits)) {
    std::size_t const n = peak.hits.size();
    std::erase_if(peak.hits, [&](std::uint32_t i) { return is_used[i] != 0; });
    if (2 * peak.hits.size() < n) continue;  // a muon
    if (!has_photon_shape(peak, parameters)) continue;
    double const front = surface.distance(peak.direction);
    std::uint32_t nearest = none;
    double distance = std::numeric_limits<double>::infinity();
    for (std::uint32_t t = 0; t < tracks.size(); ++t) {
      if (!tracks[t].path) continue;
      double const d = std::min(tracks[t].path->distance_of((front + peak.depth10) * peak.direction),
                                tracks[t].path->distance_of((front + peak.depth50) * peak.direction));
      if (d < distance) {
        distance = d;
        nearest = t;
      }
    }
    Shower shower;
    shower.hits = peak.hits;
    if (distance >
        std::max(parameters.photon_track_distance, parameters.photon_soft_distance / peak.energy)) {
      shower.kind = Shower::Kind::photon;
    } else if (nearest != none && distance < parameters.electron_track_distance && !has_shower[nearest] &&
               tracks[nearest].p > parameters.electron_min_momentum &&
               peak.depth10 < parameters.electron_max_start && peak.width < parameters.electron_max_width &&
               std::abs(peak.energy / tracks[nearest].p - 1) < parameters.electron_max_mismatch) {
      shower.kind = Shower::Kind::electron;
      shower.tracks = {nearest};
      shower.track_energy = tracks[nearest].energy;
      has_shower[nearest] = 1;
    } else {
      continue;
    }
    for (std::uint32_t i : shower.hits) is_used[i] = 1;
    describe(shower, hits, energy);
    showers.push_back(std::move(shower));
  }
}

// ----------------------------------------------------------------------------------------------------
// clustering

/// Clusters of some of the hits, seeded by some of the tracks. Their hits are positions in `which`.
event::Clusters HitParticleFlow::Implementation::cluster_hits(cluster::ConeClustering& clustering,
                                                              std::vector<std::uint32_t> const& which,
                                                              std::vector<std::uint32_t> const& with_tracks) {
  event::Observed part;
  event::CaloHits const& all = observed_->calo_hits;
  part.calo_hits.resize(which.size());
  for (std::size_t k = 0; k < which.size(); ++k) {
    std::size_t const row = hits[which[k]].row;
    part.calo_hits.cell_id[k] = all.cell_id[row];
    part.calo_hits.energy[k] = all.energy[row];
    part.calo_hits.x[k] = all.x[row];
    part.calo_hits.y[k] = all.y[row];
    part.calo_hits.z[k] = all.z[row];
    part.calo_hits.layer[k] = all.layer[row];
    part.calo_hits.subdetector[k] = all.subdetector[row];
    part.calo_hits.region[k] = all.region[row];
  }
  event::Tracks& seeds = part.tracks;
  seeds.chi2.resize(with_tracks.size());
  for (event::TrackStates& states : seeds.states) states.resize(with_tracks.size());
  for (std::size_t k = 0; k < with_tracks.size(); ++k) {
    ChargedTrack const& track = tracks[with_tracks[k]];
    event::TrackStates const& given = observed_->tracks.at(event::TrackPoint::at_ip);
    for (auto point : {event::TrackPoint::at_ip, event::TrackPoint::at_calorimeter}) {
      event::TrackStates& state = seeds.at(point);
      state.is_present[k] = 1;
      state.omega[k] = given.omega[track.id.row()];
      state.tan_lambda[k] = given.tan_lambda[track.id.row()];
      state.x[k] = static_cast<float>(track.path->position.x);
      state.y[k] = static_cast<float>(track.path->position.y);
      state.z[k] = static_cast<float>(track.path->position.z);
      state.phi[k] =
          static_cast<float>(core::wrap_phi(std::atan2(track.path->direction.y, track.path->direction.x)));
    }
  }
  return clustering(part);
}

std::vector<Shower> HitParticleFlow::Implementation::make_showers(
    cluster::ConeClustering& clustering, std::vector<std::uint32_t> const& which,
    std::vector<std::uint32_t> const& with_tracks) {
  event::Clusters const clusters = cluster_hits(clustering, which, with_tracks);
  std::vector<Shower> made(clusters.size());
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    for (event::CaloHitId hit : clusters.hits[k]) made[k].hits.push_back(which[hit.row()]);
    describe(made[k], hits, energy);
  }
  associate(made, with_tracks);
  return made;
}

/// Gives each track the shower that has most of the first hits on its path.
void HitParticleFlow::Implementation::associate(std::vector<Shower>& candidates,
                                                std::vector<std::uint32_t> const& with_tracks) const {
  struct Near {
    double depth;
    std::uint32_t shower;
    auto operator<=>(Near const&) const = default;
  };
  std::vector<Near> near;
  for (std::uint32_t t : with_tracks) {
    TrackPath const& path = *tracks[t].path;
    Vector3 const towards = (1 / core::length(path.position)) * path.position;
    near.clear();
    for (std::uint32_t s = 0; s < candidates.size(); ++s)
      for (std::uint32_t i : candidates[s].hits) {
        // Runs once per track and hit: a cheap test first.
        if (core::dot(hits[i].direction, towards) < min_alignment) continue;
        double const reach = hits[i].subdetector == Subdetector::ecal ? parameters.association_distance
                                                                      : parameters.association_distance_hcal;
        double const depth = path.depth_of(hits[i].position);
        if (depth > 1000 ||
            path.distance_of(hits[i].position) > reach + parameters.association_spread * std::max(depth, 0.))
          continue;
        near.push_back({depth, s});
      }
    if (near.empty()) continue;
    std::sort(near.begin(), near.end());
    std::size_t const n = std::min(near.size(), static_cast<std::size_t>(parameters.association_hits));
    std::map<std::uint32_t, int> votes;
    for (std::size_t k = 0; k < n; ++k) ++votes[near[k].shower];
    auto const best = std::max_element(votes.begin(), votes.end(),
                                       [](auto const& a, auto const& b) { return a.second < b.second; });
    candidates[best->first].tracks.push_back(t);
    candidates[best->first].track_energy += tracks[t].energy;
  }
}

/// Hits in clusters too small to be one go to the shower that has the nearest hit: without them soft neutral
/// hadrons lose a quarter of their energy.
void HitParticleFlow::Implementation::attach_loose_hits() {
  std::vector<std::uint32_t> owner(hits.size(), none), owned;
  for (std::uint32_t s = 0; s < showers.size(); ++s)
    for (std::uint32_t i : showers[s].hits) owner[i] = s;
  for (std::uint32_t i = 0; i < hits.size(); ++i)
    if (owner[i] != none) owned.push_back(i);
  HitBoxes const boxes(hits, owned, parameters.loose_hit_reach);
  std::vector<std::uint8_t> has_more(showers.size());
  for (std::uint32_t i = 0; i < hits.size(); ++i) {
    if (owner[i] != none) continue;
    auto const nearest = boxes.nearest(hits[i].position);
    if (!nearest) continue;
    showers[owner[*nearest]].hits.push_back(i);
    has_more[owner[*nearest]] = 1;
  }
  for (std::size_t s = 0; s < showers.size(); ++s)
    if (has_more[s]) describe(showers[s], hits, energy);
}

/// Showers with less energy than their tracks take in neutral ones that lie on the path of a track, nearest
/// first. Too much is left to split().
void HitParticleFlow::Implementation::fill_deficits(double max_excess) {
  std::vector<std::uint32_t> owner(tracks.size(), none);
  for (std::uint32_t s = 0; s < showers.size(); ++s)
    for (std::uint32_t t : showers[s].tracks) owner[t] = s;
  struct Near {
    double distance;
    std::uint32_t track, shower;
    auto operator<=>(Near const&) const = default;
  };
  std::vector<Near> near;
  for (std::uint32_t t = 0; t < tracks.size(); ++t) {
    if (!tracks[t].path || (owner[t] != none && showers[owner[t]].kind != Shower::Kind::hadronic)) continue;
    if (owner[t] != none &&
        excess(showers[owner[t]].energy, showers[owner[t]].track_energy, parameters) > parameters.deficit)
      continue;
    TrackPath const& path = *tracks[t].path;
    for (std::uint32_t s = 0; s < showers.size(); ++s) {
      if (!showers[s].tracks.empty()) continue;
      Vector3 const centroid = showers[s].sums.centroid();
      double const depth = path.depth_of(centroid);
      if (depth < -100 || depth > 2500) continue;
      double const reach = parameters.deficit_reach + parameters.deficit_spread * std::max(0., depth);
      double const distance = path.distance_of(centroid) / reach;
      if (distance < 1) near.push_back({distance, t, s});
    }
  }
  std::sort(near.begin(), near.end());
  for (auto const& [distance, t, s] : near) {
    if (showers[s].is_gone || !showers[s].tracks.empty()) continue;
    if (owner[t] == none) {
      showers[s].kind = Shower::Kind::hadronic;
      describe(showers[s], hits, energy);
      showers[s].tracks = {t};
      showers[s].track_energy = tracks[t].energy;
      owner[t] = s;
      continue;
    }
    Shower const& parent = showers[owner[t]];
    if (excess(parent.energy, parent.track_energy, parameters) > parameters.deficit) continue;
    if (fits(parent, showers[s],
             showers[s].kind == Shower::Kind::photon ? parameters.deficit_photon_max_excess : max_excess))
      merge(s, owner[t]);
  }
  std::erase_if(showers, [](Shower const& shower) { return shower.is_gone; });
}

// ----------------------------------------------------------------------------------------------------
// splitting

/// Mean squared mismatch of the showers with tracks, tracks that have lost theirs included.
double HitParticleFlow::Implementation::discrepancy(std::vector<Shower> const& parts,
                                                    std::size_t n_tracks) const {
  double sum = 0;
  std::size_t n = 0, found = 0;
  for (Shower const& part : parts) {
    if (part.tracks.empty()) continue;
    double const x = excess(part.energy, part.track_energy, parameters);
    sum += x * x;
    ++n;
    found += part.tracks.size();
  }
  double const lost = static_cast<double>(n_tracks - found);
  return (sum + parameters.lost_track_penalty * lost) / (static_cast<double>(n) + lost);
}

std::vector<Shower> HitParticleFlow::Implementation::recluster(Shower const& shower) {
  std::vector<Shower> best;
  double least = discrepancy({shower}, shower.tracks.size()) - 1;
  for (cluster::ConeClustering& clustering : narrow) {
    std::vector<Shower> parts = make_showers(clustering, shower.hits, shower.tracks);
    double const found = discrepancy(parts, shower.tracks.size());
    if (found >= least) continue;
    least = found;
    best = std::move(parts);
    if (least < 1) break;
  }
  return best;
}

/// Cuts a neutral out of a shower with too much energy: the hits farthest from the tracks.
void HitParticleFlow::Implementation::force(std::size_t s) {
  struct Ranked {
    double distance;
    std::uint32_t hit;
    auto operator<=>(Ranked const&) const = default;
  };
  std::vector<Ranked> ranked;
  for (std::uint32_t i : showers[s].hits) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::uint32_t t : showers[s].tracks) {
      TrackPath const& path = *tracks[t].path;
      double const depth = std::max(0., path.depth_of(hits[i].position));
      nearest = std::min(nearest, path.distance_of(hits[i].position) / (50 + 0.3 * depth));
    }
    ranked.push_back({nearest, i});
  }
  std::sort(ranked.begin(), ranked.end());
  double const scale = showers[s].energy / energy.hadron_sum(showers[s].sums);
  ShowerSums kept;
  Shower rest;
  std::vector<std::uint32_t> keep;
  for (Ranked const& r : ranked) {
    if (energy.hadron_sum(kept) * scale < showers[s].track_energy) {
      kept += hits[r.hit].sums;
      keep.push_back(r.hit);
    } else {
      rest.hits.push_back(r.hit);
    }
  }
  if (rest.hits.empty()) return;
  showers[s].hits = std::move(keep);
  describe(showers[s], hits, energy);
  describe(rest, hits, energy);
  showers.push_back(std::move(rest));
}

void HitParticleFlow::Implementation::split() {
  std::size_t const n = showers.size();
  for (std::size_t s = 0; s < n; ++s) {
    if (showers[s].tracks.empty() || showers[s].kind != Shower::Kind::hadronic) continue;
    if (excess(showers[s].energy, showers[s].track_energy, parameters) < parameters.split_excess) continue;
    std::vector<Shower> parts = recluster(showers[s]);
    if (parts.empty()) continue;
    showers[s].is_gone = true;
    for (Shower& part : parts) showers.push_back(std::move(part));
  }
  for (std::size_t s = 0, end = showers.size(); s < end; ++s) {
    if (showers[s].is_gone || showers[s].tracks.empty() || showers[s].kind != Shower::Kind::hadronic)
      continue;
    if (excess(showers[s].energy, showers[s].track_energy, parameters) > parameters.force_excess) force(s);
  }
  std::erase_if(showers, [](Shower const& shower) { return shower.is_gone; });
}

// ----------------------------------------------------------------------------------------------------
// fragments

void HitParticleFlow::Implementation::merge(std::uint32_t from, std::uint32_t into) {
  showers[into].hits.insert(showers[into].hits.end(), showers[from].hits.begin(), showers[from].hits.end());
  showers[from].is_gone = true;
  describe(showers[into], hits, energy);
}

/// Whether the energy of a shower still fits its tracks, if it has any, with another one's.
bool HitParticleFlow::Implementation::fits(Shower const& parent, Shower const& fragment,
                                           double max_excess) const {
  if (parent.tracks.empty()) return true;
  ShowerSums sums = parent.sums;
  sums += fragment.sums;
  return excess(energy.hadron(sums), parent.track_energy, parameters) < max_excess;
}

/// Tracks that no shower was found for may still find one among the fragments.
void HitParticleFlow::Implementation::add_bare_tracks() {
  std::vector<std::uint8_t> has_one(tracks.size());
  for (Shower const& shower : showers)
    for (std::uint32_t t : shower.tracks) has_one[t] = 1;
  for (std::uint32_t t = 0; t < tracks.size(); ++t) {
    if (has_one[t] || !tracks[t].path) continue;
    Shower& bare = showers.emplace_back();
    bare.tracks = {t};
    bare.track_energy = tracks[t].energy;
  }
}

void HitParticleFlow::Implementation::merge_fragments() {
  add_bare_tracks();
  std::sort(showers.begin(), showers.end(), [](Shower const& a, Shower const& b) {
    auto const key = [](Shower const& s) {
      return std::tuple(s.energy, s.sums.moment.x, s.sums.moment.y, s.sums.moment.z);
    };
    return key(a) < key(b);
  });
  FragmentEvidence evidence(hits, tracks, energy, parameters);
  for (std::uint32_t s = 0; s < showers.size(); ++s) {
    if (!showers[s].tracks.empty()) continue;
    evidence.set_fragment(showers[s]);
    std::uint32_t parent = none;
    double best = showers[s].energy < 1 ? parameters.fragment_soft_evidence : parameters.fragment_evidence;
    for (std::uint32_t other = 0; other < showers.size(); ++other) {
      if (other == s || showers[other].is_gone || showers[other].kind == Shower::Kind::muon) continue;
      double const found = evidence.of(showers[other]);
      if (found <= best) continue;
      best = found;
      parent = other;
    }
    if (parent != none) merge(s, parent);
  }
  std::erase_if(showers, [](Shower const& shower) { return shower.is_gone || shower.hits.empty(); });
}

// -----------------------------------------------------------------------------------------------------
// particles

std::vector<Candidate> HitParticleFlow::Implementation::make_particles() {
  std::vector<Candidate> particles;
  std::vector<std::uint32_t> shower_of(tracks.size(), none);
  for (std::uint32_t s = 0; s < showers.size(); ++s)
    for (std::uint32_t t : showers[s].tracks) shower_of[t] = s;
  std::vector<std::uint8_t> is_given(showers.size());  // to the hardest of the tracks that share it
  for (std::uint32_t t = 0; t < tracks.size(); ++t) {
    ChargedTrack const& track = tracks[t];
    std::uint32_t const s = shower_of[t];
    if (s == none && (track.energy > parameters.unassociated_track_max_energy ||
                      track.impact > parameters.unassociated_track_max_impact))
      continue;
    Candidate particle;
    particle.particle_class = s == none ? ParticleClass::charged_hadron : class_of(showers[s].kind);
    particle.charge = track.charge;
    particle.mass = particle.particle_class == ParticleClass::electron ? electron_mass
                    : particle.particle_class == ParticleClass::muon   ? muon_mass
                                                                       : pion_mass;
    particle.energy = std::hypot(track.p, particle.mass);
    particle.momentum = track.momentum;
    particle.reference = track.origin;
    particle.track = track.id;
    if (s != none && !is_given[s]) {
      particle.shower = s;
      is_given[s] = 1;
    }
    particles.push_back(particle);
  }
  for (std::uint32_t s = 0; s < showers.size(); ++s) {
    Shower const& shower = showers[s];
    if (!shower.tracks.empty() || shower.sums.ecal + shower.sums.hcal <= 0) continue;
    bool const is_photon = shower.kind == Shower::Kind::photon ||
                           (shower.sums.ecal > parameters.broad_photon_min_ecal * shower.sums.sum() &&
                            shower.first_depth < parameters.photon_max_start);
    Candidate particle;
    particle.shower = s;
    if (is_photon) {
      particle.energy = energy.photon(shower.sums);
      if (particle.energy < (shower.kind == Shower::Kind::photon ? parameters.photon_min_energy
                                                                 : parameters.broad_photon_min_energy))
        continue;
    } else {
      if (shower.energy < parameters.neutral_min_energy ||
          shower.hits.size() < static_cast<std::size_t>(parameters.neutral_min_hits))
        continue;
      particle.particle_class = ParticleClass::neutral_hadron;
      particle.mass = kaon_mass;
      particle.energy = shower.energy;
    }
    Vector3 const centroid = shower.sums.centroid();
    double const p = std::sqrt(particle.energy * particle.energy - particle.mass * particle.mass);
    particle.momentum = p / core::length(centroid) * centroid;
    particles.push_back(particle);
  }
  sort_by_energy(particles);
  return particles;
}

HitReconstruction HitParticleFlow::Implementation::fill(std::vector<Candidate> const& candidates) const {
  HitReconstruction result;
  auto& [clusters, particles] = result;
  particles.resize(candidates.size());
  std::vector<std::size_t> with_shower;
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    Candidate const& c = candidates[k];
    fill_row(particles, k, c);
    if (c.shower != Candidate::none) {
      particles.clusters.values.push_back(event::ClusterId(with_shower.size()));
      with_shower.push_back(c.shower);
    }
    particles.clusters.end_row();
  }
  clusters.resize(with_shower.size());
  for (std::size_t k = 0; k < with_shower.size(); ++k) {
    Shower const& shower = showers[with_shower[k]];
    Vector3 const centroid = shower.sums.centroid();
    clusters.energy[k] = static_cast<float>(shower.energy);
    clusters.x[k] = static_cast<float>(centroid.x);
    clusters.y[k] = static_cast<float>(centroid.y);
    clusters.z[k] = static_cast<float>(centroid.z);
    clusters.theta[k] = static_cast<float>(std::atan2(core::transverse_length(centroid), centroid.z));
    clusters.phi[k] = static_cast<float>(core::wrap_phi(std::atan2(centroid.y, centroid.x)));
    clusters.energy_ecal[k] = static_cast<float>(shower.sums.ecal);
    clusters.energy_hcal[k] = static_cast<float>(shower.sums.hcal);
    clusters.energy_other[k] = static_cast<float>(shower.sums.muon);
    std::size_t const begin = clusters.hits.values.size();
    for (std::uint32_t i : shower.hits) clusters.hits.values.push_back(event::CaloHitId(hits[i].row));
    std::sort(clusters.hits.values.begin() + static_cast<std::ptrdiff_t>(begin), clusters.hits.values.end());
    clusters.hits.end_row();
  }
  return result;
}

bool has_hits(event::Observed const& observed) {
  if (observed.clusters.size() == 0) return observed.calo_hits.size() > 0;
  return observed.clusters.hits.values.size() >= observed.clusters.size();
}

HitParticleFlow::HitParticleFlow(detector::Detector const& detector)
    : implementation_(std::make_unique<Implementation>(detector)) {
  CORPUSCLE_EXPECT(detector.ecal.sides >= 3);
}
HitParticleFlow::~HitParticleFlow() = default;
HitParticleFlow::HitParticleFlow(HitParticleFlow&&) noexcept = default;

HitReconstruction HitParticleFlow::reconstruct(event::Observed const& observed) {
  implementation_->reconstruct(observed);
  return implementation_->fill(implementation_->make_particles());
}

event::Particles HitParticleFlow::operator()(event::Observed const& observed) {
  auto [clusters, particles] = reconstruct(observed);
  // Each given cluster goes to the particle that has most of its hit energy.
  std::vector<std::uint32_t> particle_of(observed.calo_hits.size(), none);
  for (std::size_t p = 0; p < particles.size(); ++p)
    for (event::ClusterId cluster : particles.clusters[p])
      for (event::CaloHitId hit : clusters.hits[cluster.row()])
        particle_of[hit.row()] = static_cast<std::uint32_t>(p);
  std::vector<std::vector<event::ClusterId>> clusters_of(particles.size());
  for (std::size_t row = 0; row < observed.clusters.hits.size(); ++row) {
    std::map<std::uint32_t, double> shares;
    for (event::CaloHitId hit : observed.clusters.hits[row])
      if (particle_of[hit.row()] != none)
        shares[particle_of[hit.row()]] += observed.calo_hits.energy[hit.row()];
    auto const best = std::max_element(shares.begin(), shares.end(),
                                       [](auto const& a, auto const& b) { return a.second < b.second; });
    if (best != shares.end()) clusters_of[best->first].push_back(event::ClusterId(row));
  }
  particles.clusters = {};
  for (auto const& row : clusters_of) particles.clusters.push_back(std::span<event::ClusterId const>(row));
  return particles;
}

}  // namespace corpuscle::pf
