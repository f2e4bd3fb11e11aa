#include "corpuscle/cluster/cone_clustering.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "cluster/synthetic_hits.hpp"

namespace corpuscle {
namespace {

event::Clusters clusters_of(event::Observed const& event) {
  return cluster::ConeClustering(test::detector_with_muons())(event);
}

/// The same hits in another order: new row i holds what was in row order[i].
event::CaloHits reordered(event::CaloHits const& hits, std::vector<std::size_t> const& order) {
  event::CaloHits result;
  result.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::size_t const from = order[i];
    result.cell_id[i] = hits.cell_id[from];
    result.energy[i] = hits.energy[from];
    result.time[i] = hits.time[from];
    result.x[i] = hits.x[from];
    result.y[i] = hits.y[from];
    result.z[i] = hits.z[from];
    result.layer[i] = hits.layer[from];
    result.subdetector[i] = hits.subdetector[from];
    result.region[i] = hits.region[from];
  }
  return result;
}

TEST(ConeClustering, NoHitsMakeNoClusters) {
  event::Observed event;
  EXPECT_EQ(clusters_of(event).size(), 0u);
  test::add_entering_track(event, test::detector_with_muons(), 10, 0.1, 0.2, 1);
  EXPECT_EQ(clusters_of(event).size(), 0u);
}

TEST(ConeClustering, FewHitsAreDissolvedAndHitsOfOneCellAreNot) {
  event::Observed event;
  for (int n = 1; n <= 5; ++n) {
    test::add_hit(event, event::Subdetector::ecal, 3, {test::ecal_x(3), 0, 0}, 0.1);
    EXPECT_EQ(clusters_of(event).size(), n < 5 ? 0u : 1u);
  }
  auto const clusters = clusters_of(event);
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_EQ(clusters.hits[0].size(), 5u);
  // No two hits apart: there is no axis, and the direction is that of the place.
  EXPECT_NEAR(clusters.theta[0], std::numbers::pi / 2, 1e-6);
  EXPECT_NEAR(clusters.phi[0], 0, 1e-6);
}

TEST(ConeClustering, AnyNumberOfHitsOfOneCellIsOneCluster) {
  event::Observed event;
  for (int n = 0; n < 200000; ++n)
    test::add_hit(event, event::Subdetector::ecal, 3, {test::ecal_x(3), 0, 0}, 0.1);
  auto const clusters = clusters_of(event);
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_EQ(clusters.hits[0].size(), 200000u);
}

TEST(ConeClustering, EveryHitIsInOneClusterAtMostAndEnergiesAddUp) {
  event::Observed const event = test::random_showers(20000, 1);
  auto const clusters = clusters_of(event);
  ASSERT_GT(clusters.size(), 20u);
  std::set<std::size_t> used;
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    EXPECT_TRUE(std::is_sorted(clusters.hits[k].begin(), clusters.hits[k].end()));
    double energy = 0;
    for (event::CaloHitId hit : clusters.hits[k]) {
      EXPECT_TRUE(used.insert(hit.row()).second) << hit.row();
      energy += event.calo_hits.energy[hit.row()];
    }
    double const parts = clusters.energy_ecal[k] + clusters.energy_hcal[k] + clusters.energy_other[k];
    EXPECT_NEAR(parts, energy, 1e-6 * energy);  // three roundings to float, 6e-8 each
    EXPECT_GT(clusters.energy_error[k], 0);
    if (k > 0) {
      EXPECT_LE(clusters.energy[k], clusters.energy[k - 1]);
    }
  }
  EXPECT_GT(static_cast<double>(used.size()), 0.95 * static_cast<double>(event.calo_hits.size()));
}

TEST(ConeClustering, OrderOfHitsAndTracksDoesNotMatter) {
  auto const detector = test::detector_with_muons();
  event::Observed event = test::random_showers(5000, 2);
  event::Observed shuffled = event;
  for (int t = 0; t < 10; ++t) test::add_entering_track(event, detector, 5 + t, 0.3 * t, 0.1, 1);
  for (int t = 9; t >= 0; --t) test::add_entering_track(shuffled, detector, 5 + t, 0.3 * t, 0.1, 1);
  std::vector<std::size_t> order(event.calo_hits.size());
  std::iota(order.begin(), order.end(), 0u);
  core::Random random{3};
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.bits() % i]);
  shuffled.calo_hits = reordered(event.calo_hits, order);

  cluster::ConeClustering clustering(detector);
  auto const straight = clustering(event), mixed = clustering(shuffled);
  ASSERT_EQ(straight.size(), mixed.size());
  EXPECT_EQ(straight.energy, mixed.energy);
  EXPECT_EQ(straight.x, mixed.x);
  EXPECT_EQ(straight.theta, mixed.theta);
  for (std::size_t k = 0; k < straight.size(); ++k) {
    std::set<std::size_t> a, b;
    for (event::CaloHitId hit : straight.hits[k]) a.insert(hit.row());
    for (event::CaloHitId hit : mixed.hits[k]) b.insert(order[hit.row()]);
    EXPECT_EQ(a, b);
  }
}

TEST(ConeClustering, ResultDoesNotDependOnEventsBefore) {
  auto const detector = test::detector_with_muons();
  auto const first = test::random_showers(3000, 4), second = test::random_showers(2000, 5);
  cluster::ConeClustering used(detector);
  used(first);
  auto const again = used(second), fresh = cluster::ConeClustering(detector)(second);
  EXPECT_EQ(again.energy, fresh.energy);
  EXPECT_EQ(again.hits, fresh.hits);
}

TEST(ConeClustering, APhotonIsOneCompactCluster) {
  for (double energy : {0.5, 2., 10., 50.}) {
    event::Observed event;
    test::add_photon(event, energy, 1.3, 2);
    auto const clusters = clusters_of(event);
    ASSERT_EQ(clusters.size(), 1u) << energy;
    auto const scale = static_cast<float>(detector::Clustering{}.ecal.em_scale);
    EXPECT_FLOAT_EQ(clusters.energy[0], clusters.energy_ecal[0] * scale);
    EXPECT_NEAR(clusters.y[0], 1.3, 5.1 / 2);  // half a cell, at low energy
    EXPECT_NEAR(clusters.z[0], 2, 5.1 / 2);
    // The shower goes along x. Its rms is 30 mm along and 5 across, so 1 mm off at one end is 0.03.
    EXPECT_NEAR(clusters.theta[0], std::numbers::pi / 2, 0.03);
    EXPECT_NEAR(clusters.phi[0], 0, 0.03);
  }
}

TEST(ConeClustering, PhotonsTwentyMillimetresApartAreTwoClusters) {
  for (double distance : {20., 25., 30., 40.})
    for (auto [high, low] : {std::pair{5., 5.}, {8., 4.}, {10., 2.}, {20., 20.}}) {
      event::Observed alone_high, alone_low, both;
      test::add_photon(alone_high, high, 1.3, 2);
      test::add_photon(alone_low, low, 1.3 + distance, 2);
      test::add_photon(both, high, 1.3, 2);
      test::add_photon(both, low, 1.3 + distance, 2);
      auto const clusters = clusters_of(both);
      ASSERT_EQ(clusters.size(), 2u) << distance << " mm, " << high << " and " << low << " GeV";
      // Halo cells between them change sides: 15 % of the energy is in the halo, half of it on the near side.
      EXPECT_NEAR(clusters.energy[0] / clusters_of(alone_high).energy[0], 1, 0.08);
      EXPECT_NEAR(clusters.energy[1] / clusters_of(alone_low).energy[0], 1, 0.15);
    }
}

TEST(ConeClustering, AMuonIsOneClusterThroughAllDetectors) {
  for (double slope : {0., 0.2, 0.5}) {
    event::Observed event;
    test::add_mip(event, 0.05, slope);
    auto const without_track = clusters_of(event);
    ASSERT_EQ(without_track.size(), 2u) << "calorimeters and muon system, with the coil between them";
    EXPECT_EQ(without_track.hits[0].size(), 100u);
    test::add_entering_track(event, test::detector_with_muons(), 200, 0.05, slope, 1);
    auto const with_track = clusters_of(event);
    ASSERT_EQ(with_track.size(), 1u);
    EXPECT_EQ(with_track.hits[0].size(), 107u);
    EXPECT_NEAR(with_track.energy_other[0], 7 * 0.05, 1e-6);
  }
}

TEST(ConeClustering, ATrackKeepsItsPathThroughMissingHits) {
  // Every hit of 12 ECAL layers in a row is below the threshold.
  event::Observed event;
  test::add_mip(event, 0, 0);
  for (std::size_t i = 8; i < 20; ++i) event.calo_hits.energy[i] = 0.001F;
  test::add_entering_track(event, test::detector_with_muons(), 200, 0, 0, 1);
  auto const clusters = clusters_of(event);
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_EQ(clusters.hits[0].size(), 107u - 12u);
}

TEST(ConeClustering, HitsBelowTheThresholdAreNotUsed) {
  event::Observed event;
  test::add_photon(event, 5, 0, 0);
  auto const clusters = clusters_of(event);
  detector::Clustering const parameters;
  for (event::CaloHitId hit : clusters.hits[0]) {
    bool const is_first = event.calo_hits.layer[hit.row()] == 0;
    EXPECT_GE(event.calo_hits.energy[hit.row()],
              is_first ? parameters.ecal.min_energy_first : parameters.ecal.min_energy);
  }
  EXPECT_LT(clusters.hits[0].size(), event.calo_hits.size());
}

TEST(ConeClustering, LayersThatAreUnknownFollowFromThePlace) {
  event::Observed event;
  test::add_photon(event, 5, 0, 0);
  auto const known = clusters_of(event);
  std::fill(event.calo_hits.layer.begin(), event.calo_hits.layer.end(), std::int16_t{-1});
  EXPECT_EQ(clusters_of(event).hits, known.hits);
}

TEST(ConeClustering, ForwardHitsAreLeftAlone) {
  event::Observed event;
  test::add_photon(event, 5, 0, 0);
  std::fill(event.calo_hits.subdetector.begin(), event.calo_hits.subdetector.end(),
            event::Subdetector::forward);
  EXPECT_EQ(clusters_of(event).size(), 0u);
}

}  // namespace
}  // namespace corpuscle
