#pragma once

#include <gtest/gtest.h>

#include "corpuscle/event/event.hpp"

namespace corpuscle::testing {

/// Compares two events column by column; `stored` particles are not looked at.
inline void expect_same_event(event::Event const& a, event::Event const& b) {
#define SAME(column) EXPECT_EQ(a.column, b.column)
#define SAME_RAGGED(column) EXPECT_TRUE(a.column == b.column) << #column
  SAME(run);
  SAME(number);
  SAME(truth.particles.pdg);
  SAME(truth.particles.generator_status);
  SAME(truth.particles.simulator_status);
  SAME(truth.particles.charge);
  SAME(truth.particles.mass);
  SAME(truth.particles.px);
  SAME(truth.particles.py);
  SAME(truth.particles.pz);
  SAME(truth.particles.x);
  SAME(truth.particles.y);
  SAME(truth.particles.z);
  SAME(truth.particles.end_x);
  SAME(truth.particles.end_y);
  SAME(truth.particles.end_z);
  SAME(truth.particles.time);
  SAME_RAGGED(truth.particles.parents);
  SAME_RAGGED(truth.particles.daughters);
  SAME_RAGGED(truth.track_links);
  SAME_RAGGED(truth.cluster_links);
  SAME_RAGGED(truth.calo_hit_links);
  SAME_RAGGED(truth.tracker_hit_links);
  for (std::size_t point = 0; point < event::n_track_points; ++point) {
    SAME(observed.tracks.states[point].is_present);
    SAME(observed.tracks.states[point].d0);
    SAME(observed.tracks.states[point].phi);
    SAME(observed.tracks.states[point].omega);
    SAME(observed.tracks.states[point].z0);
    SAME(observed.tracks.states[point].tan_lambda);
    SAME(observed.tracks.states[point].x);
    SAME(observed.tracks.states[point].y);
    SAME(observed.tracks.states[point].z);
    SAME(observed.tracks.states[point].covariance);
  }
  SAME(observed.tracks.chi2);
  SAME(observed.tracks.ndf);
  SAME(observed.tracks.dedx);
  SAME(observed.tracks.dedx_error);
  SAME(observed.tracks.innermost_hit_radius);
  SAME(observed.tracks.time);
  SAME_RAGGED(observed.tracks.hits);
  SAME(observed.tracker_hits.cell_id);
  SAME(observed.tracker_hits.x);
  SAME(observed.tracker_hits.y);
  SAME(observed.tracker_hits.z);
  SAME(observed.tracker_hits.energy_deposit);
  SAME(observed.tracker_hits.time);
  SAME(observed.calo_hits.cell_id);
  SAME(observed.calo_hits.energy);
  SAME(observed.calo_hits.energy_error);
  SAME(observed.calo_hits.time);
  SAME(observed.calo_hits.x);
  SAME(observed.calo_hits.y);
  SAME(observed.calo_hits.z);
  SAME(observed.calo_hits.layer);
  SAME(observed.calo_hits.subdetector);
  SAME(observed.calo_hits.region);
  SAME(observed.clusters.energy);
  SAME(observed.clusters.energy_error);
  SAME(observed.clusters.x);
  SAME(observed.clusters.y);
  SAME(observed.clusters.z);
  SAME(observed.clusters.theta);
  SAME(observed.clusters.phi);
  SAME(observed.clusters.energy_ecal);
  SAME(observed.clusters.energy_hcal);
  SAME(observed.clusters.energy_other);
  SAME_RAGGED(observed.clusters.hits);
#undef SAME
#undef SAME_RAGGED
}

}  // namespace corpuscle::testing
