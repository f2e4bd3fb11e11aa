#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "corpuscle/event/event.hpp"

namespace corpuscle::testing {

/// All bytes of an event that matter: equal for equal events, column by column.
class Fingerprint {
 public:
  explicit Fingerprint(event::Event const& e) {
    add(std::vector{e.run, e.number});
    event::Tracks const& t = e.observed.tracks;
    for (event::TrackStates const& s : t.states)
      add(s.is_present, s.d0, s.phi, s.omega, s.z0, s.tan_lambda, s.x, s.y, s.z, s.covariance);
    add(t.chi2, t.ndf, t.dedx, t.dedx_error, t.innermost_hit_radius, t.time, t.hits.offsets, t.hits.values);
    event::TrackerHits const& th = e.observed.tracker_hits;
    add(th.cell_id, th.x, th.y, th.z, th.energy_deposit, th.time);
    event::CaloHits const& h = e.observed.calo_hits;
    add(h.cell_id, h.energy, h.energy_error, h.time, h.x, h.y, h.z, h.layer, h.subdetector, h.region);
    event::Clusters const& c = e.observed.clusters;
    add(c.energy, c.energy_error, c.x, c.y, c.z, c.theta, c.phi, c.energy_ecal, c.energy_hcal, c.energy_other,
        c.hits.offsets, c.hits.values);
    event::GenParticles const& p = e.truth.particles;
    add(p.pdg, p.generator_status, p.simulator_status, p.charge, p.mass, p.px, p.py, p.pz, p.x, p.y, p.z,
        p.end_x, p.end_y, p.end_z, p.time, p.parents.offsets, p.parents.values, p.daughters.offsets,
        p.daughters.values);
    add(e.truth.track_links, e.truth.cluster_links, e.truth.calo_hit_links, e.truth.tracker_hit_links);
  }

  friend bool operator==(Fingerprint const&, Fingerprint const&) = default;

 private:
  template <class... T>
  void add(std::vector<T> const&... columns) {
    (add_one(columns), ...);
  }
  template <class T>
  void add_one(std::vector<T> const& column) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(std::to_string(column.size())).append(":");
    bytes_.append(reinterpret_cast<char const*>(column.data()), column.size() * sizeof(T));
  }
  std::string bytes_;
};

}  // namespace corpuscle::testing
