#include "corpuscle/pf/hit_particle_flow.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "corpuscle/cluster/cone_clustering.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "corpuscle/sim/simulator.hpp"

namespace corpuscle::pf {
namespace {

using core::Vector3;
using event::Observed;
using event::ParticleClass;
using event::Particles;

struct Shot {
  std::int32_t pdg;
  Vector3 momentum;  // GeV
};

class Guns : public testing::Test {
 protected:
  event::Event shoot(std::vector<Shot> const& shots, std::int64_t number) {
    event::GenParticles particles;
    particles.resize(shots.size());
    for (std::size_t row = 0; row < shots.size(); ++row) {
      event::ParticleData const data = *event::find_particle(shots[row].pdg);
      particles.pdg[row] = data.pdg;
      particles.generator_status[row] = 1;
      particles.charge[row] = data.charge;
      particles.mass[row] = data.mass;
      particles.px[row] = shots[row].momentum.x;
      particles.py[row] = shots[row].momentum.y;
      particles.pz[row] = shots[row].momentum.z;
      particles.parents.end_row();
      particles.daughters.end_row();
    }
    return simulate_(std::move(particles), 0, number, false);
  }

  /// `n` particles one by one, all around at this polar angle; those that did not reach the calorimeter are
  /// left out.
  template <class Look>
  void shoot(std::int32_t pdg, double p, double cos_theta, int n, Look look) {
    double const sin_theta = std::sqrt(1 - cos_theta * cos_theta);
    for (int i = 0; i < n; ++i) {
      double const phi = 2 * std::numbers::pi * (i + 0.5) / n;
      event::Event const event =
          shoot({{pdg, p * Vector3{sin_theta * std::cos(phi), sin_theta * std::sin(phi), cos_theta}}}, i);
      if (event.truth.particles.daughters[0].empty()) look(event, particle_flow_.reconstruct(event.observed));
    }
  }

  /// Several particles of every kind.
  event::Event crowd(std::int64_t number) {
    core::Random random({7, static_cast<std::uint64_t>(number)});
    std::vector<Shot> shots;
    for (std::int32_t pdg : {22, 22, 22, 22, 211, -211, 211, -211, 321, 130, 2112, 11, 13}) {
      double const z = random.uniform(-0.9, 0.9), phi = random.uniform(-3, 3), p = random.uniform(1, 30);
      shots.push_back(
          {pdg, p * Vector3{std::sqrt(1 - z * z) * std::cos(phi), std::sqrt(1 - z * z) * std::sin(phi), z}});
    }
    return shoot(shots, number);
  }

  detector::Detector const clic_ = config::find_detector("clic");
  sim::Simulator simulate_{clic_, 1};
  HitParticleFlow particle_flow_{clic_};
};

double energy_sum(Particles const& particles) {
  return std::accumulate(particles.energy.begin(), particles.energy.end(), 0.0);
}

double mean(std::vector<double> const& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double error(std::vector<double> const& values) {
  double squares = 0;
  for (double v : values) squares += (v - mean(values)) * (v - mean(values));
  return std::sqrt(squares) / static_cast<double>(values.size());
}

/// The same event with the rows of its tracks and hits in another order.
Observed shuffled(Observed const& observed) {
  core::Random random({11});
  auto const permutation = [&](std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i)
      std::swap(order[i - 1], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(i))]);
    return order;
  };
  auto const reorder = [](auto& column, std::vector<std::size_t> const& order) {
    auto const old = column;
    for (std::size_t i = 0; i < order.size(); ++i) column[i] = old[order[i]];
  };
  Observed result = observed;
  event::CaloHits& hits = result.calo_hits;
  auto const hit_order = permutation(hits.size());
  reorder(hits.cell_id, hit_order);
  for (auto* column : {&hits.energy, &hits.energy_error, &hits.time, &hits.x, &hits.y, &hits.z})
    reorder(*column, hit_order);
  reorder(hits.layer, hit_order);
  reorder(hits.subdetector, hit_order);
  reorder(hits.region, hit_order);
  event::Tracks& tracks = result.tracks;
  auto const track_order = permutation(tracks.size());
  for (event::TrackStates& s : tracks.states) {
    reorder(s.is_present, track_order);
    for (auto* column : {&s.d0, &s.phi, &s.omega, &s.z0, &s.tan_lambda, &s.x, &s.y, &s.z})
      reorder(*column, track_order);
    reorder(s.covariance, track_order);
  }
  for (auto* column :
       {&tracks.chi2, &tracks.dedx, &tracks.dedx_error, &tracks.innermost_hit_radius, &tracks.time})
    reorder(*column, track_order);
  reorder(tracks.ndf, track_order);
  tracks.hits = {};
  for (std::size_t row : track_order) tracks.hits.push_back(observed.tracks.hits[row]);
  return result;
}

TEST_F(Guns, AnEventWithNothingInItGivesNoParticles) {
  Observed const nothing;
  EXPECT_EQ(particle_flow_(nothing).size(), 0U);
  EXPECT_EQ(particle_flow_.reconstruct(nothing).clusters.size(), 0U);
}

TEST_F(Guns, TheOrderOfTracksAndHitsDoesNotMatter) {
  for (int i = 0; i < 10; ++i) {
    event::Event const event = crowd(i);
    Particles const a = particle_flow_.reconstruct(event.observed).particles;
    Particles const b = particle_flow_.reconstruct(shuffled(event.observed)).particles;
    EXPECT_GT(a.size(), 8U);
    EXPECT_EQ(a.energy, b.energy);
    EXPECT_EQ(a.px, b.px);
    EXPECT_EQ(a.pz, b.pz);
    EXPECT_EQ(a.pdg, b.pdg);
  }
}

TEST_F(Guns, EventsBeforeDoNotMatter) {
  event::Event const event = crowd(3);
  Particles const again = particle_flow_(event.observed);
  for (int i = 0; i < 3; ++i) static_cast<void>(particle_flow_(crowd(i).observed));
  EXPECT_EQ(particle_flow_(event.observed).energy, again.energy);
}

TEST_F(Guns, EveryTrackAndHitIsUsedOnceAtMost) {
  for (int i = 0; i < 10; ++i) {
    event::Event const event = crowd(i);
    HitReconstruction const r = particle_flow_.reconstruct(event.observed);
    std::vector<int> tracks(event.observed.tracks.size()), clusters(r.clusters.size()),
        hits(event.observed.calo_hits.size());
    for (event::TrackId track : r.particles.tracks.values) ++tracks[track.row()];
    for (event::ClusterId cluster : r.particles.clusters.values) ++clusters[cluster.row()];
    for (event::CaloHitId hit : r.clusters.hits.values) ++hits[hit.row()];
    for (auto const* used : {&tracks, &clusters, &hits})
      EXPECT_TRUE(std::all_of(used->begin(), used->end(), [](int n) { return n <= 1; }));
    EXPECT_EQ(r.particles.tracks.size(), r.particles.size());
    EXPECT_EQ(r.particles.clusters.size(), r.particles.size());
    for (std::size_t k = 0; k < r.particles.size(); ++k)
      EXPECT_EQ(r.particles.charge[k] != 0, !r.particles.tracks[k].empty());
  }
}

TEST_F(Guns, GivenClustersGoToOneParticleAtMost) {
  event::Event event = crowd(0);
  event.observed.clusters = cluster::ConeClustering(clic_)(event.observed);
  Particles const particles = particle_flow_(event.observed);
  std::vector<int> used(event.observed.clusters.size());
  for (event::ClusterId cluster : particles.clusters.values) ++used[cluster.row()];
  EXPECT_TRUE(std::all_of(used.begin(), used.end(), [](int n) { return n <= 1; }));
  EXPECT_GT(particles.clusters.values.size(), used.size() / 2);
}

// Within 1 % for photons and 2 % for K0L (the calibration), and 4 standard errors of the mean.
TEST_F(Guns, PhotonsHaveTheirEnergyAndComeAsOne) {
  for (double p : {1., 10., 50.}) {
    std::vector<double> response;
    int n_one = 0, n = 0;
    shoot(22, p, 0.3, 200, [&](event::Event const&, HitReconstruction const& r) {
      response.push_back(energy_sum(r.particles) / p);
      ++n;
      n_one += r.particles.size() == 1 && r.particles.particle_class[0] == ParticleClass::photon;
    });
    EXPECT_NEAR(mean(response), 1, 0.01 + 4 * error(response)) << p;
    EXPECT_GT(n_one, 0.9 * n) << p;  // we have seen 0.95 to 1
  }
}

TEST_F(Guns, NeutralHadronsHaveTheirEnergy) {
  for (double p : {5., 20., 60.}) {
    std::vector<double> response;
    shoot(130, p, -0.2, 300, [&](event::Event const& event, HitReconstruction const& r) {
      response.push_back(energy_sum(r.particles) / event.truth.particles.energy(0));
    });
    EXPECT_NEAR(mean(response), 1, 0.02 + 4 * error(response)) << p;
  }
}

TEST_F(Guns, PionsAreMeasuredByTheirTracks) {
  for (double p : {2., 10., 50.}) {
    int n_right = 0, n = 0;
    std::vector<double> extra;  // neutral energy that is not there
    shoot(-211, p, 0.1, 200, [&](event::Event const& event, HitReconstruction const& r) {
      if (event.observed.tracks.size() != 1) return;
      ++n;
      extra.push_back(energy_sum(r.particles) / p - 1);
      auto const is_pion = [&](std::size_t k) {
        return r.particles.pdg[k] == -211 && std::abs(r.particles.energy[k] / p - 1) < 0.05;
      };
      bool found = false;
      for (std::size_t k = 0; k < r.particles.size(); ++k) found = found || is_pion(k);
      n_right += found;
    });
    EXPECT_GT(n_right, 0.97 * n) << p;  // the others: electrons, and muons from decays in flight
    EXPECT_LT(mean(extra), 0.06) << p;  // we have seen 0.01 to 0.03
  }
}

TEST_F(Guns, MuonsAreRecognised) {
  int n_right = 0, n = 0;
  shoot(13, 20, 0.1, 100, [&](event::Event const& event, HitReconstruction const& r) {
    if (event.observed.tracks.size() != 1) return;
    ++n;
    n_right += r.particles.size() == 1 && r.particles.pdg[0] == 13;
  });
  EXPECT_GT(n_right, 0.9 * n);  // detector.md 2.4 has 99 % above 10 GeV; cracks of the yoke at some azimuths
}

TEST_F(Guns, APhotonBesideAPionKeepsItsEnergy) {
  // 60 mm apart where they enter: 40 mrad.
  int n_found = 0, n = 0;
  for (int i = 0; i < 100; ++i) {
    event::Event const event = shoot({{211, {20, 0, 2}}, {22, {10, 0, 1.4}}}, i);
    if (event.observed.tracks.size() != 1 || !event.truth.particles.daughters[1].empty()) continue;
    ++n;
    Particles const particles = particle_flow_(event.observed);
    for (std::size_t k = 0; k < particles.size(); ++k)
      // 4 sigma of 17 %/sqrt(E) are 2.2 GeV.
      if (particles.pdg[k] == 22 && std::abs(particles.energy[k] - 10.1) < 2.2) {
        ++n_found;
        break;
      }
  }
  EXPECT_GT(n_found, 0.8 * n);  // we have seen 0.9: pions shower where the photon is
}

}  // namespace
}  // namespace corpuscle::pf
