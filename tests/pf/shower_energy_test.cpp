#include "corpuscle/pf/shower_energy.hpp"

#include <gtest/gtest.h>

#include "corpuscle/config/detector.hpp"

namespace corpuscle::pf {
namespace {

using event::Subdetector;

TEST(ShowerEnergy, SumsOfPartsAreTheSumOfTheWhole) {
  ShowerEnergy const energy(config::find_detector("clic"));
  ShowerSums const a = energy.of_hit(Subdetector::ecal, 0.02, {1600, 0, 10});
  ShowerSums const b = energy.of_hit(Subdetector::hcal, 0.05, {2000, 100, 0});
  ShowerSums both = a;
  both += b;
  ShowerSums halves = 0.5 * both;
  halves += 0.5 * both;
  EXPECT_DOUBLE_EQ(energy.hadron(both), energy.hadron(halves));
  EXPECT_DOUBLE_EQ(both.sum(), 0.07);
  EXPECT_NEAR(both.centroid().x, (0.02 * 1600 + 0.05 * 2000) / 0.07, 1e-9);
}

TEST(ShowerEnergy, WithoutCalibrationTheScalesOfTheClusteringHold) {
  detector::Detector detector = config::find_detector("clic");
  detector.hit_particle_flow.calibration = {};
  ShowerEnergy const energy(detector);
  ShowerSums const hit = energy.of_hit(Subdetector::hcal, 2, {2000, 0, 0});
  EXPECT_DOUBLE_EQ(energy.hadron(hit), 2 * detector.clustering.hcal.hadron_scale);
  EXPECT_DOUBLE_EQ(energy.photon(hit), 2 * detector.clustering.hcal.em_scale);
}

TEST(ShowerEnergy, SparseHitsCountMoreThanDenseOnes) {
  // Software compensation: of two showers with the same sum, the one of many hits of single particles is
  // worth more.
  ShowerEnergy const energy(config::find_detector("clic"));
  ShowerSums sparse, dense;
  for (int i = 0; i < 400; ++i) sparse += energy.of_hit(Subdetector::hcal, 0.025, {2000, 0, 0});
  for (int i = 0; i < 10; ++i) dense += energy.of_hit(Subdetector::hcal, 1, {2000, 0, 0});
  EXPECT_NEAR(sparse.hcal, dense.hcal, 1e-9);
  EXPECT_GT(energy.hadron(sparse), 1.2 * energy.hadron(dense));
}

}  // namespace
}  // namespace corpuscle::pf
