#include "corpuscle/encoding/hit_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "encoding/sketch.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::Subdetector;

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

double ecal_cell() {
  return std::max(clic().ecal.cell_size, clic().ecal.layer_pitch);
}

event::Clusters group(event::Observed const& event) {
  return group_hits(event.calo_hits, clic());
}

/// Hits of one energy in a row along x, so many cells of the ECAL apart.
event::Observed row_of_hits(std::size_t n, double cells, double energy) {
  event::Observed event;
  for (std::size_t i = 0; i < n; ++i)
    test::add_hit(event, {1600 + static_cast<double>(i) * cells * ecal_cell(), 0, 0}, energy);
  return event;
}

TEST(HitGroups, EveryHitIsInOneGroupAndNoEnergyIsLost) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    event::Observed const event = test::random_event_with_hits(clic(), 100, seed);
    event::Clusters const groups = group(event);
    std::set<std::size_t> seen;
    for (event::CaloHitId const id : groups.hits.values) seen.insert(id.row());
    EXPECT_EQ(seen.size(), event.calo_hits.size());
    EXPECT_EQ(groups.hits.values.size(), event.calo_hits.size());
    EXPECT_GT(groups.size(), 1U);
    EXPECT_LT(groups.size(), event.calo_hits.size() / 2);
    auto const sum = [](std::vector<float> const& column) {
      return std::accumulate(column.begin(), column.end(), 0.);
    };
    double const energy = sum(event.calo_hits.energy);
    // Each number is rounded to a float.
    double const tolerance = 1e-6 * energy;
    EXPECT_NEAR(sum(groups.energy), energy, tolerance);
    EXPECT_NEAR(sum(groups.energy_ecal) + sum(groups.energy_hcal) + sum(groups.energy_other), energy,
                tolerance);
    EXPECT_TRUE(std::is_sorted(groups.energy.rbegin(), groups.energy.rend()));
  }
}

TEST(HitGroups, OrderOfHitsChangesNothing) {
  core::Random random({3});
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    event::Observed const event = test::random_event_with_hits(clic(), 100, seed);
    event::Clusters const a = group(event);
    event::Clusters const b = group(test::shuffled(event, random));
    EXPECT_EQ(a.energy, b.energy);  // to the bit
    EXPECT_EQ(a.x, b.x);
    EXPECT_EQ(a.theta, b.theta);
    EXPECT_EQ(a.energy_ecal, b.energy_ecal);
    EXPECT_EQ(a.hits.offsets, b.hits.offsets);
  }
}

TEST(HitGroups, TwoShowersAreTwoGroups) {
  event::Observed event;
  for (int i = -3; i <= 3; ++i)
    for (double const y : {0., 12 * ecal_cell()})
      test::add_hit(event, {1600 + i * ecal_cell(), y, 0}, i == 0 ? 1 : 0.2);
  event::Clusters const groups = group(event);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups.hits[0].size(), 7U);
  EXPECT_FLOAT_EQ(groups.energy[0], 2.2F);
  EXPECT_NEAR(groups.x[0], 1600, 1e-3);
}

TEST(HitGroups, TwoHeightsWithAValleyBetweenThemAreTwoGroups) {
  event::Observed event;
  double const energies[] = {1, 0.4, 0.2, 0.1, 0.2, 0.4, 1};
  for (int i = 0; i < 7; ++i) test::add_hit(event, {1600 + i * ecal_cell(), 0, 0}, energies[i]);
  EXPECT_EQ(group(event).size(), 2U);
  // One height is near enough for the other to follow it.
  event::Observed close;
  for (int i = 0; i < 3; ++i) test::add_hit(close, {1600 + i * ecal_cell(), 0, 0}, i == 1 ? 0.1 : 1 + i);
  EXPECT_EQ(group(close).size(), 1U);
}

TEST(HitGroups, SparseHitsGatherFromFarAndDenseOnesDoNot) {
  // Of equal density the first in the order is the denser one.
  EXPECT_EQ(group(row_of_hits(2, 11.9, 0.01)).size(), 1U);
  EXPECT_EQ(group(row_of_hits(2, 12.1, 0.01)).size(), 2U);
  EXPECT_EQ(group(row_of_hits(2, 11.9, 1)).size(), 2U);
  EXPECT_EQ(group(row_of_hits(2, 2.9, 1)).size(), 1U);
  EXPECT_EQ(group(row_of_hits(2, 3.1, 1)).size(), 2U);
}

TEST(HitGroups, SubdetectorsAreKeptApart) {
  event::Observed event;
  test::add_hit(event, {1800, 0, 0}, 0.01, Subdetector::ecal);
  test::add_hit(event, {1801, 0, 0}, 0.03, Subdetector::hcal);
  test::add_hit(event, {1802, 0, 0}, 0.02, Subdetector::muon);
  event::Clusters const groups = group(event);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups.energy_hcal[0], 0.03F);
  EXPECT_EQ(groups.energy_other[1], 0.02F);
  EXPECT_EQ(groups.energy_ecal[2], 0.01F);
}

TEST(HitGroups, HitsThatCannotBePlacedAreLeftOut) {
  EXPECT_EQ(group({}).size(), 0U);
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (auto const column : {&event::CaloHits::energy, &event::CaloHits::time, &event::CaloHits::x,
                              &event::CaloHits::y, &event::CaloHits::z}) {
      event::Observed event = row_of_hits(3, 1, 0.1);
      (event.calo_hits.*column)[1] = bad;
      event::Clusters const groups = group(event);
      ASSERT_EQ(groups.size(), 1U);
      EXPECT_EQ(groups.hits[0].size(), 2U);
    }
  event::Observed event = row_of_hits(2, 1, 0.1);
  event.calo_hits.energy = {0, -1};
  EXPECT_EQ(group(event).size(), 0U);
}

// As in files without positions. Pair by pair it would be 5 10^9, which no machine remembers.
TEST(HitGroups, AHundredThousandHitsInOnePlaceAreOneGroup) {
  event::Observed event;
  event.calo_hits.resize(100'000);
  std::fill(event.calo_hits.energy.begin(), event.calo_hits.energy.end(), 0.01F);
  event::Clusters const groups = group(event);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.hits[0].size(), 100'000U);
  EXPECT_FLOAT_EQ(groups.energy[0], 1000);
}

TEST(HitGroups, PlacesFarAwayAreHarmless) {
  event::Observed event = row_of_hits(2, 1, 0.1);
  test::add_hit(event, {1e30, -1e30, 1e30}, 1);
  test::add_hit(event, {-1e30, 1e30, 0}, 1);
  EXPECT_EQ(group(event).hits.values.size(), 4U);
}

}  // namespace
}  // namespace corpuscle::encoding
