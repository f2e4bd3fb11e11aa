#include "corpuscle/pf/cluster_particle_flow.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "pf/random_event.hpp"

namespace corpuscle::pf {
namespace {

using event::ParticleClass;

/// Mass given to charged hadrons [GeV].
constexpr double pion_mass = 0.13957;

class ClusterParticleFlowTest : public ::testing::Test {
 protected:
  detector::Detector const detector = test::simple_detector();
  ClusterParticleFlow const reconstruct{detector};
  event::Observed observed;

  detector::Helix add_track(double pt, double phi, double tan_lambda = 0.3, int charge = 1,
                            test::TrackOptions options = {}) {
    return test::add_track(observed, detector, pt, phi, tan_lambda, charge, options);
  }
  void add_cluster(core::Vector3 centroid, double energy, double ecal_fraction, double muon_energy = 0) {
    test::add_cluster(observed, centroid, energy, ecal_fraction, muon_energy);
  }
  [[nodiscard]] core::Vector3 behind_face(detector::Helix const& helix, double depth) const {
    return test::behind_face(detector, helix, depth);
  }
};

std::size_t count(event::Particles const& particles, ParticleClass particle_class) {
  return static_cast<std::size_t>(
      std::count(particles.particle_class.begin(), particles.particle_class.end(), particle_class));
}

double sum(std::vector<float> const& column) {
  return std::accumulate(column.begin(), column.end(), 0.0);
}

/// Energy of a helix with the mass of a pion [GeV].
double energy_of(double pt, double tan_lambda) {
  double const p = pt * std::sqrt(1 + tan_lambda * tan_lambda);
  return std::sqrt(p * p + pion_mass * pion_mass);
}

/// The row of the only particle of that class; fails the test if there is not exactly one.
std::size_t only(event::Particles const& particles, ParticleClass particle_class) {
  EXPECT_EQ(count(particles, particle_class), 1u);
  auto const& classes = particles.particle_class;
  return static_cast<std::size_t>(std::find(classes.begin(), classes.end(), particle_class) -
                                  classes.begin());
}

template <class T>
std::vector<T> permuted(std::vector<T> const& column, std::vector<std::size_t> const& order) {
  std::vector<T> result;
  result.reserve(order.size());
  for (std::size_t row : order) result.push_back(column[row]);
  return result;
}

template <class... Columns>
void permute(std::vector<std::size_t> const& order, Columns&... columns) {
  ((columns = permuted(columns, order)), ...);
}

event::Observed with_rows_in_order(event::Observed event, std::vector<std::size_t> const& track_order,
                                   std::vector<std::size_t> const& cluster_order) {
  auto& t = event.tracks;
  for (auto& s : t.states) {
    permute(track_order, s.is_present, s.d0, s.phi, s.omega, s.z0, s.tan_lambda, s.x, s.y, s.z, s.covariance);
  }
  permute(track_order, t.chi2, t.ndf, t.dedx, t.dedx_error, t.innermost_hit_radius, t.time);
  auto& c = event.clusters;
  permute(cluster_order, c.energy, c.energy_error, c.x, c.y, c.z, c.theta, c.phi, c.energy_ecal,
          c.energy_hcal, c.energy_other);
  return event;
}

std::vector<std::size_t> shuffled(std::size_t n, std::mt19937_64& engine) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = n; k > 1; --k) std::swap(order[k - 1], order[engine() % k]);
  return order;
}

// ------------------------------------------------------------------------------------------- laws

TEST_F(ClusterParticleFlowTest, EmptyEventGivesNoParticles) {
  auto const particles = reconstruct(observed);
  EXPECT_EQ(particles.size(), 0u);
  EXPECT_EQ(particles.tracks.size(), 0u);
  EXPECT_EQ(particles.clusters.size(), 0u);
}

TEST_F(ClusterParticleFlowTest, EveryTrackAndClusterIsUsedAtMostOnce) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto const event = test::random_event(detector, 120, seed);
    auto const particles = reconstruct(event);
    ASSERT_GT(particles.size(), 20u);
    std::set<event::TrackId> const tracks(particles.tracks.values.begin(), particles.tracks.values.end());
    std::set<event::ClusterId> const clusters(particles.clusters.values.begin(),
                                              particles.clusters.values.end());
    EXPECT_EQ(tracks.size(), particles.tracks.values.size());
    EXPECT_EQ(clusters.size(), particles.clusters.values.size());
    for (auto id : tracks) EXPECT_LT(id.row(), event.tracks.size());
    for (auto id : clusters) EXPECT_LT(id.row(), event.clusters.size());
  }
}

/// Charged particles have the energy of their track, neutral ones that of their cluster, and a split-off
/// excess what its shower has beyond the tracks: nothing else is in the sum.
TEST_F(ClusterParticleFlowTest, EveryEnergyComesFromItsTrackOrItsCluster) {
  std::size_t n_excesses = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto const event = test::random_event(detector, 120, seed);
    auto const particles = reconstruct(event);
    double shower_energy = 0, excess = 0;
    for (std::size_t k = 0; k < particles.size(); ++k) {
      double const e = particles.energy[k];
      double const p = std::hypot(particles.px[k], particles.py[k], particles.pz[k]);
      EXPECT_NEAR(e * e, p * p + particles.mass[k] * particles.mass[k], 1e-5 * e * e);
      double clusters = 0;
      for (auto id : particles.clusters[k]) clusters += event.clusters.energy[id.row()];
      if (particles.charge[k] != 0) {
        ASSERT_EQ(particles.tracks[k].size(), 1u);
        auto const& at_ip = event.tracks.at(event::TrackPoint::at_ip);
        std::size_t const row = particles.tracks[k].front().row();
        double const pt = units::bending * detector.field / std::abs(at_ip.omega[row]);
        EXPECT_NEAR(p, pt * std::hypot(1.0, at_ip.tan_lambda[row]), 1e-5 * p);
        shower_energy += clusters;
      } else if (!particles.clusters[k].empty()) {
        ASSERT_EQ(particles.clusters[k].size(), 1u);
        EXPECT_NEAR(e, std::max<double>(clusters, particles.mass[k]), 1e-5 * e);
      } else {
        excess += e;
        ++n_excesses;
      }
    }
    EXPECT_LE(excess, shower_energy);
  }
  EXPECT_GT(n_excesses, 0u);  // else the law was not put to the test
}

TEST_F(ClusterParticleFlowTest, ChargeIsThatOfTheTracksUsed) {
  auto const event = test::random_event(detector, 200, 7);
  auto const particles = reconstruct(event);
  double charge = 0;
  for (auto id : particles.tracks.values) {
    charge += event.tracks.at(event::TrackPoint::at_ip).omega[id.row()] > 0 ? 1 : -1;
  }
  EXPECT_EQ(sum(particles.charge), charge);
  for (std::size_t k = 0; k < particles.size(); ++k) {
    EXPECT_EQ(event::classify(particles.pdg[k], particles.charge[k]), particles.particle_class[k]);
    EXPECT_EQ(particles.tracks[k].size(), particles.charge[k] == 0 ? 0u : 1u);
  }
}

TEST_F(ClusterParticleFlowTest, OrderOfRowsDoesNotMatter) {
  std::mt19937_64 engine(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto const event = test::random_event(detector, 100, seed);
    auto const tracks = shuffled(event.tracks.size(), engine);
    auto const clusters = shuffled(event.clusters.size(), engine);
    auto const expected = reconstruct(event);
    auto const particles = reconstruct(with_rows_in_order(event, tracks, clusters));
    EXPECT_EQ(particles.particle_class, expected.particle_class);
    EXPECT_EQ(particles.charge, expected.charge);
    EXPECT_EQ(particles.energy, expected.energy);
    EXPECT_EQ(particles.px, expected.px);
    EXPECT_EQ(particles.py, expected.py);
    EXPECT_EQ(particles.pz, expected.pz);
    ASSERT_EQ(particles.tracks.offsets, expected.tracks.offsets);
    for (std::size_t i = 0; i < particles.tracks.values.size(); ++i) {
      EXPECT_EQ(tracks[particles.tracks.values[i].row()], expected.tracks.values[i].row());
    }
    ASSERT_EQ(particles.clusters.offsets, expected.clusters.offsets);
    for (std::size_t i = 0; i < particles.clusters.values.size(); ++i) {
      EXPECT_EQ(clusters[particles.clusters.values[i].row()], expected.clusters.values[i].row());
    }
  }
}

TEST_F(ClusterParticleFlowTest, TurningTheEventByOneFaceTurnsTheParticles) {
  double const angle = 2 * std::numbers::pi / detector.ecal.sides;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto event = test::random_event(detector, 60, seed);
    auto const expected = reconstruct(event);
    for (float& phi : event.tracks.at(event::TrackPoint::at_ip).phi) {
      phi = static_cast<float>(core::wrap_phi(phi + angle));
    }
    for (std::size_t k = 0; k < event.clusters.size(); ++k) {
      double const x = event.clusters.x[k], y = event.clusters.y[k];
      event.clusters.x[k] = static_cast<float>(x * std::cos(angle) - y * std::sin(angle));
      event.clusters.y[k] = static_cast<float>(x * std::sin(angle) + y * std::cos(angle));
    }
    auto const particles = reconstruct(event);
    ASSERT_EQ(particles.particle_class, expected.particle_class);
    for (std::size_t k = 0; k < particles.size(); ++k) {
      double const x = expected.px[k], y = expected.py[k];
      double const tolerance = 1e-5 * particles.energy[k];  // tracks and clusters are given as floats
      EXPECT_NEAR(particles.px[k], x * std::cos(angle) - y * std::sin(angle), tolerance);
      EXPECT_NEAR(particles.py[k], x * std::sin(angle) + y * std::cos(angle), tolerance);
      EXPECT_NEAR(particles.pz[k], expected.pz[k], tolerance);
    }
  }
}

TEST_F(ClusterParticleFlowTest, OneInstanceServesManyThreads) {
  auto const event = test::random_event(detector, 100, 3);
  auto const expected = reconstruct(event);
  std::vector<int> agreements(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(agreements.size());
    for (int& agreement : agreements) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) agreement += reconstruct(event).energy == expected.energy;
      });
    }
  }
  EXPECT_EQ(agreements, std::vector<int>(4, 20));
}

// ---------------------------------------------------------------------------------- one at a time

TEST_F(ClusterParticleFlowTest, ClustersAloneBecomeNeutralParticles) {
  add_cluster({1580, 0, 200}, 5, 0.99);
  add_cluster({0, -2000, 300}, 8, 0.3);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 2u);
  std::size_t const photon = only(particles, ParticleClass::photon);
  std::size_t const hadron = only(particles, ParticleClass::neutral_hadron);
  EXPECT_EQ(particles.pdg[photon], 22);
  EXPECT_FLOAT_EQ(particles.energy[photon], 5);
  EXPECT_FLOAT_EQ(particles.mass[photon], 0);
  // From the interaction point to the centroid.
  EXPECT_NEAR(particles.px[photon], 5 * 1580 / std::hypot(1580, 200), 1e-4);
  EXPECT_NEAR(particles.pz[photon], 5 * 200 / std::hypot(1580, 200), 1e-4);
  EXPECT_EQ(particles.pdg[hadron], 130);
  EXPECT_FLOAT_EQ(particles.mass[hadron], 0.497611f);
  EXPECT_FLOAT_EQ(particles.energy[hadron], 8);
}

TEST_F(ClusterParticleFlowTest, SoftTracksAloneBecomeChargedHadrons) {
  add_track(2, 0.5, 0.3, -1);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 1u);
  EXPECT_EQ(particles.pdg[0], -211);
  EXPECT_EQ(particles.charge[0], -1);
  EXPECT_NEAR(particles.energy[0], energy_of(2, 0.3), 1e-5);
  EXPECT_TRUE(particles.clusters[0].empty());
}

TEST_F(ClusterParticleFlowTest, BadTracksMakeNoParticle) {
  add_track(2, 0.5, 0.3, 1, {.relative_momentum_error = 0.2});
  add_track(2, 1.5, 0.3, 1, {.d0 = 250});
  add_track(2, 2.5, 0.3, 1, {.innermost_hit_radius = 340});
  add_track(20, -1.5, 0.3, 1);             // hard, and nothing in the calorimeter
  add_track(2, -2.5, 0.3, 1, {.z0 = 50});  // displaced, and nothing in the calorimeter
  add_track(1e9, -0.5);                    // no curvature: no measurement
  EXPECT_EQ(reconstruct(observed).size(), 0u);
}

TEST_F(ClusterParticleFlowTest, ATrackFoundTwiceIsOneParticle) {
  add_track(0.5, 1.0, 0.4, 1);
  add_track(0.501, 1.001, 0.4, 1);                   // a clone
  add_track(0.5, 1.0 + std::numbers::pi, -0.4, -1);  // an arc found backwards
  EXPECT_EQ(reconstruct(observed).size(), 1u);
  add_track(0.5, 1.0, 0.4, -1);  // another particle
  EXPECT_EQ(reconstruct(observed).size(), 2u);
}

TEST_F(ClusterParticleFlowTest, PhotonNextToAChargedShowerKeepsItsCluster) {
  auto const helix = add_track(20, 0.2);
  auto const shower = behind_face(helix, 250);
  add_cluster(shower, 21, 0.4);
  add_cluster(behind_face(helix, 80) + core::Vector3{0, 60, 0}, 4, 0.99);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 2u);
  EXPECT_NEAR(particles.energy[only(particles, ParticleClass::charged_hadron)], energy_of(20, 0.3), 1e-3);
  EXPECT_FLOAT_EQ(particles.energy[only(particles, ParticleClass::photon)], 4);
}

TEST_F(ClusterParticleFlowTest, OnlyASignificantExcessIsSplitOff) {
  double const track = energy_of(20, 0.3);
  double const sigma = std::hypot(0.6 * std::sqrt(track), 0.03 * track);
  for (double n_sigma : {1.0, 5.0}) {
    observed = {};
    auto const helix = add_track(20, 0.2);
    double const shower = track + n_sigma * sigma;
    add_cluster(behind_face(helix, 250), shower, 0.4);
    auto const particles = reconstruct(observed);
    ASSERT_EQ(particles.size(), n_sigma > 3 ? 2u : 1u);
    if (particles.size() == 1) continue;
    std::size_t const neutral = only(particles, ParticleClass::neutral_hadron);
    EXPECT_NEAR(particles.energy[neutral], n_sigma * sigma, 1e-3);
    EXPECT_TRUE(particles.clusters[neutral].empty());  // the cluster is the charged particle's
  }
}

TEST_F(ClusterParticleFlowTest, FragmentBehindAChargedShowerIsMerged) {
  auto const helix = add_track(20, 0.2);
  add_cluster(behind_face(helix, 150), 6, 0.6);
  add_cluster(behind_face(helix, 700) + core::Vector3{0, 100, 0}, 5, 0);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 1u);
  EXPECT_EQ(particles.clusters[0].size(), 2u);
  EXPECT_EQ(particles.tracks[0].size(), 1u);
}

TEST_F(ClusterParticleFlowTest, NeutralHadronBehindACompleteShowerStays) {
  auto const helix = add_track(20, 0.2);
  add_cluster(behind_face(helix, 150), 20, 0.6);
  add_cluster(behind_face(helix, 700) + core::Vector3{0, 100, 0}, 5, 0);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 2u);
  EXPECT_FLOAT_EQ(particles.energy[only(particles, ParticleClass::neutral_hadron)], 5);
}

TEST_F(ClusterParticleFlowTest, LeftOverTrackTakesAFartherClusterWhoseEnergyFits) {
  auto const helix = add_track(3, 0.2);
  core::Vector3 const aside = behind_face(helix, 200) + core::Vector3{0, 0, 180};
  add_cluster(aside, energy_of(3, 0.3), 0.4);
  EXPECT_EQ(reconstruct(observed).size(), 1u);
  observed.clusters.energy[0] = 20;  // too much for the track: something else
  EXPECT_EQ(reconstruct(observed).size(), 2u);
}

TEST_F(ClusterParticleFlowTest, HardTrackTakesNoSoftPhoton) {
  auto const helix = add_track(40, 0.2);
  add_cluster(behind_face(helix, 70), 1.5, 0.99);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 1u);  // the track has no shower, so it is not believed
  EXPECT_EQ(particles.pdg[0], 22);
}

TEST_F(ClusterParticleFlowTest, PoorTrackIsNotBelievedAgainstTheCalorimeter) {
  for (double error : {0.002, 0.03}) {
    observed = {};
    auto const helix = add_track(40, 0.2, 0.3, 1, {.relative_momentum_error = error});
    add_cluster(behind_face(helix, 250), 12, 0.4);
    auto const particles = reconstruct(observed);
    ASSERT_EQ(particles.size(), 1u);
    EXPECT_EQ(particles.pdg[0], error < 0.01 ? 211 : 130);
  }
}

TEST_F(ClusterParticleFlowTest, SecondTrackNeedsEnergyInTheSharedCluster) {
  auto const first = add_track(10, 0.200);
  add_track(8, 0.205);
  add_cluster(behind_face(first, 200), energy_of(10, 0.3), 0.5);
  EXPECT_EQ(count(reconstruct(observed), ParticleClass::charged_hadron), 1u);
}

TEST_F(ClusterParticleFlowTest, TwoTracksShareACluster) {
  auto const first = add_track(10, 0.200);
  add_track(8, 0.205);
  add_cluster(behind_face(first, 200), energy_of(10, 0.3) + energy_of(8, 0.3), 0.5);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(count(particles, ParticleClass::charged_hadron), 2u);
  ASSERT_EQ(particles.size(), 2u);
  EXPECT_EQ(particles.clusters[0].size(), 1u);  // the harder one has it
  EXPECT_EQ(particles.clusters[1].size(), 0u);
}

TEST_F(ClusterParticleFlowTest, ElectronIsATrackWithAnElectromagneticShowerOfItsEnergy) {
  auto const helix = add_track(30, -1.0, 0.3, -1);
  add_cluster(behind_face(helix, 80), 30 * std::hypot(1, 0.3), 0.99);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 1u);
  EXPECT_EQ(particles.pdg[0], 11);
  EXPECT_NEAR(particles.mass[0], 0.000511, 1e-6);
}

TEST_F(ClusterParticleFlowTest, MuonIsAHardTrackWithASmallClusterThatReachesTheYoke) {
  auto const helix = add_track(30, -1.0, 0.3, 1);
  add_cluster(behind_face(helix, 1500), 2.5, 0.1, 0.5);
  auto const particles = reconstruct(observed);
  ASSERT_EQ(particles.size(), 1u);
  EXPECT_EQ(particles.pdg[0], -13);
  EXPECT_NEAR(particles.mass[0], 0.105658, 1e-6);
}

TEST_F(ClusterParticleFlowTest, ChargeSignFollowsTheField) {
  auto reversed = detector;
  reversed.field = -detector.field;
  add_track(2, 0.5, 0.3, 1);
  EXPECT_EQ(reconstruct(observed).charge[0], 1);
  EXPECT_EQ(ClusterParticleFlow(reversed)(observed).charge[0], -1);
}

}  // namespace
}  // namespace corpuscle::pf
