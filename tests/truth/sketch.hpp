#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::truth {

/// An event drawn by hand, a stroke at a time.
class Sketch {
 public:
  static constexpr std::int32_t created = 1 << 30;
  static constexpr std::int32_t backscatter = 1 << 29;

  struct Particle {
    std::int32_t pdg = 22;
    double energy = 1;            ///< [GeV]; massless
    std::size_t parent = no_row;  ///< made in simulation by this one
    std::int32_t status = 1;
    std::int32_t simulator_status = 0;
    double phi = 0;  ///< of the momentum, across the beams
  };
  static constexpr std::size_t no_row = static_cast<std::size_t>(-1);

  /// @return the row of the particle
  std::size_t particle(Particle const& p) {
    parents_.push_back(p.parent);
    event::GenParticles& t = event_.truth.particles;
    std::size_t const row = t.size();
    t.resize(row + 1);
    t.pdg[row] = p.pdg;
    t.generator_status[row] = p.status;
    t.simulator_status[row] = p.simulator_status;
    bool const is_neutral = p.pdg == 22 || p.pdg == 130 || p.pdg == 310 || p.pdg == 2112 || p.pdg == 111 ||
                            std::abs(p.pdg) == 12 || std::abs(p.pdg) == 14 || std::abs(p.pdg) == 16;
    bool const is_lepton = std::abs(p.pdg) == 11 || std::abs(p.pdg) == 13;
    t.charge[row] = is_neutral ? 0.F : (p.pdg > 0) != is_lepton ? 1.F : -1.F;
    t.px[row] = p.energy * std::cos(p.phi);
    t.py[row] = p.energy * std::sin(p.phi);
    return row;
  }
  std::size_t made_of(std::size_t parent, std::int32_t pdg, double energy, std::int32_t bits = 0,
                      double phi = 0) {
    return particle({pdg, energy, parent, 0, created | bits, phi});
  }

  using Weights = std::vector<std::pair<std::size_t, double>>;  ///< (particle, weight)

  /// A track along x unless phi says otherwise.
  std::size_t track(Weights const& links, float phi = 0, float omega = 1e-3F) {
    event::Tracks& t = event_.observed.tracks;
    std::size_t const row = t.size();
    for (event::TrackStates& states : t.states) states.resize(row + 1);
    auto& ip = t.at(event::TrackPoint::at_ip);
    ip.is_present[row] = 1;
    ip.phi[row] = phi;
    ip.omega[row] = omega;
    t.chi2.push_back(static_cast<float>(row));
    t.ndf.push_back(5);
    t.dedx.push_back(0);
    t.dedx_error.push_back(0);
    t.innermost_hit_radius.push_back(30);
    t.time.push_back(0);
    t.hits.end_row();
    for (auto const& [particle, weight] : links)
      event_.truth.track_links.push_back(
          {event::TrackId(row), event::GenParticleId(particle), static_cast<float>(weight)});
    return row;
  }

  /// A cluster of one hit per entry, of which the particle made all [GeV].
  std::size_t cluster(Weights const& energies) {
    double total = 0;
    for (auto const& [particle, energy] : energies) {
      event_.observed.clusters.hits.values.emplace_back(hit({{particle, energy}}));
      total += energy;
    }
    event_.observed.clusters.hits.end_row();
    return bare_cluster(total);
  }

  /// A cluster of a file without hits: weights are fractions of its energy.
  std::size_t cluster_with_links(double energy, Weights const& fractions) {
    event_.observed.clusters.hits.end_row();
    std::size_t const row = bare_cluster(energy);
    for (auto const& [particle, weight] : fractions)
      event_.truth.cluster_links.push_back(
          {event::ClusterId(row), event::GenParticleId(particle), static_cast<float>(weight)});
    return row;
  }

  /// A hit of its own, with the sum of the weights as energy unless it is given.
  std::size_t hit(Weights const& links, double energy = -1) {
    event::CaloHits& h = event_.observed.calo_hits;
    std::size_t const row = h.size();
    h.resize(row + 1);
    double sum = 0;
    for (auto const& [particle, weight] : links) {
      event_.truth.calo_hit_links.push_back(
          {event::CaloHitId(row), event::GenParticleId(particle), static_cast<float>(weight)});
      sum += weight;
    }
    h.energy[row] = static_cast<float>(energy < 0 ? sum : energy);
    h.x[row] = 2000 + static_cast<float>(row);
    h.cell_id[row] = row;
    return row;
  }

  /// The event; call it once, at the end.
  event::Event event() {
    auto& particles = event_.truth.particles;
    for (std::size_t row = 0; row < particles.size(); ++row) {
      if (parents_[row] != no_row) particles.parents.values.emplace_back(parents_[row]);
      particles.parents.end_row();
      for (std::size_t child = 0; child < particles.size(); ++child)
        if (parents_[child] == row) particles.daughters.values.emplace_back(child);
      particles.daughters.end_row();
    }
    event::check(event_);
    return event_;
  }

 private:
  std::size_t bare_cluster(double energy) {
    event::Clusters& c = event_.observed.clusters;
    std::size_t const row = c.size();
    c.resize(row + 1);
    c.energy[row] = static_cast<float>(energy);
    c.x[row] = 2000;
    c.y[row] = static_cast<float>(row);
    return row;
  }

  event::Event event_;
  std::vector<std::size_t> parents_;
};

/// Where each row went: `to[old row]`.
struct Shuffle {
  std::vector<std::size_t> to;

  Shuffle(std::size_t n, core::Random& random) : to(n) {
    std::iota(to.begin(), to.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i) std::swap(to[i - 1], to[random.bits() % i]);
  }
  template <class T>
  void apply(std::vector<T>& column) const {
    std::vector<T> const old = column;
    for (std::size_t i = 0; i < old.size(); ++i) column[to[i]] = old[i];
  }
  template <class Table>
  core::Id<Table> operator()(core::Id<Table> id) const {
    return id.is_valid() ? core::Id<Table>(to[id.row()]) : id;
  }
  template <class T, class Map>
  void apply(core::Ragged<T>& rows, Map const& map) const {
    std::vector<std::size_t> from(to.size());
    for (std::size_t i = 0; i < to.size(); ++i) from[to[i]] = i;
    core::Ragged<T> result;
    for (std::size_t const i : from) {
      for (T const& value : rows[i]) result.values.push_back(map(value));
      result.end_row();
    }
    rows = result;
  }
};

/// The same event with the rows of its tables in another order.
struct Shuffled {
  event::Event event;
  Shuffle particles, tracks, clusters, hits;

  Shuffled(event::Event const& original, core::Random& random)
      : event(original),
        particles(event.truth.particles.size(), random),
        tracks(event.observed.tracks.size(), random),
        clusters(event.observed.clusters.size(), random),
        hits(event.observed.calo_hits.size(), random) {
    auto& p = event.truth.particles;
    for (auto* column : {&p.pdg, &p.generator_status, &p.simulator_status}) particles.apply(*column);
    for (auto* column : {&p.charge, &p.time}) particles.apply(*column);
    for (auto* column : {&p.mass, &p.px, &p.py, &p.pz, &p.x, &p.y, &p.z, &p.end_x, &p.end_y, &p.end_z})
      particles.apply(*column);
    particles.apply(p.parents, particles);
    particles.apply(p.daughters, particles);

    auto& t = event.observed.tracks;
    for (event::TrackStates& s : t.states) {
      tracks.apply(s.is_present);
      tracks.apply(s.covariance);
      for (auto* column : {&s.d0, &s.phi, &s.omega, &s.z0, &s.tan_lambda, &s.x, &s.y, &s.z})
        tracks.apply(*column);
    }
    tracks.apply(t.ndf);
    for (auto* column : {&t.chi2, &t.dedx, &t.dedx_error, &t.innermost_hit_radius, &t.time})
      tracks.apply(*column);
    tracks.apply(t.hits, [](event::TrackerHitId id) { return id; });

    auto& h = event.observed.calo_hits;
    hits.apply(h.cell_id);
    for (auto* column : {&h.energy, &h.energy_error, &h.time, &h.x, &h.y, &h.z}) hits.apply(*column);
    hits.apply(h.layer);
    hits.apply(h.subdetector);
    hits.apply(h.region);

    auto& c = event.observed.clusters;
    for (auto* column : {&c.energy, &c.energy_error, &c.x, &c.y, &c.z, &c.theta, &c.phi, &c.energy_ecal,
                         &c.energy_hcal, &c.energy_other})
      clusters.apply(*column);
    clusters.apply(c.hits, hits);

    relink(event.truth.track_links, tracks, random);
    relink(event.truth.cluster_links, clusters, random);
    relink(event.truth.calo_hit_links, hits, random);
    event.stored = {};
    event.truth.particle_links.clear();
    event.truth.tracker_hit_links.clear();
    event::check(event);
  }

 private:
  template <class Link>
  void relink(std::vector<Link>& links, Shuffle const& from, core::Random& random) {
    for (Link& link : links) {
      link.from = from(link.from);
      link.to = particles(link.to);
    }
    Shuffle(links.size(), random).apply(links);
  }
};

}  // namespace corpuscle::truth
