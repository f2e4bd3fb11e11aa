#include "corpuscle/sim/track_walk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

constexpr double muon_mass = 0.10566;
constexpr double never = std::numeric_limits<double>::infinity();

class TrackWalkTest : public ::testing::Test {
 protected:
  /// At the middle of the ECAL face whose normal is the x axis, going straight into it.
  static Traveller muon(double momentum, double charge = -1) {
    Traveller result;
    result.position = {1500, 1, 301};  // not on the edge of a cell
    result.direction = {1, 0, 0};
    result.mass = muon_mass;
    result.kinetic = std::hypot(momentum, muon_mass) - muon_mass;
    result.charge = charge;
    result.matter = Matter::muon;
    return result;
  }

  TrackWalk::End walk(Traveller& particle, std::uint64_t key, double depth = never) {
    core::Random random(key);
    return walk_(particle, depth, {event::GenParticleId(0), random, hits_, account_});
  }

  [[nodiscard]] double shares() const {
    double sum = 0;
    for (HitMap::Deposit const& deposit : hits_.deposits()) sum += static_cast<double>(deposit.share);
    return sum;
  }

  detector::Detector detector_ = config::find_detector("clic");
  CaloGeometry geometry_{detector_};
  TrackWalk walk_{geometry_, detector_.field};
  HitMap hits_;
  EnergyAccount account_;
};

TEST(RelativeLoss, HasItsMinimumAtBetaGammaThree) {
  EXPECT_NEAR(relative_loss(3), 1, 1e-12);
  EXPECT_NEAR(relative_loss(3 * (1 + 1e-9)), relative_loss(3 * (1 - 1e-9)), 1e-8);
  EXPECT_GT(relative_loss(1), 1.3);
  EXPECT_NEAR(relative_loss(100 / muon_mass), 1.55, 0.08);  // iron, the tables cited in the header
  for (double low = 0.01; low < 2.9; low *= 1.1) EXPECT_GT(relative_loss(low), relative_loss(low * 1.1));
}

TEST_F(TrackWalkTest, WhatAParticleLosesIsBooked) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    hits_.clear();
    account_ = {};
    core::Random random(i);
    Traveller particle = muon(0.01 * std::pow(1e4, random.uniform()), i % 3 == 0 ? 1 : -1);
    double const phi = random.uniform(-1.5, 1.5);
    double const lambda = random.uniform(-1.5, 1.5);
    particle.direction = {std::cos(lambda) * std::cos(phi), std::cos(lambda) * std::sin(phi),
                          std::sin(lambda)};
    double const before = particle.kinetic;
    TrackWalk::End const end = walk(particle, i, i % 2 == 0 ? never : 30 * random.uniform());
    EXPECT_NEAR(shares() + account_.dead + particle.kinetic, before, 1e-6 * before) << i;
    EXPECT_GE(particle.kinetic, 0);
    EXPECT_EQ(end == TrackWalk::End::stopped, particle.kinetic == 0);
    EXPECT_NEAR(core::length(particle.direction), 1, 1e-9);
  }
}

/// The median of Moyal's distribution is 0.787 widths above its peak, where its density is 0.214 per width:
/// the median of n scatters by 0.5 / (0.214 sqrt(n)) = 2.3 / sqrt(n) widths.
TEST_F(TrackWalkTest, AMuonCrossesEveryLayerAndLeavesAMip) {
  std::vector<double> ecal;
  std::vector<double> hcal;
  constexpr std::uint64_t n = 50;
  for (std::uint64_t i = 0; i < n; ++i) {
    hits_.clear();
    Traveller particle = muon(50);
    EXPECT_EQ(walk(particle, i), TrackWalk::End::left);
    EXPECT_FALSE(geometry_.encloses(particle.position));
    std::set<std::pair<int, int>> layers;
    for (HitMap::Cell const& cell : hits_.cells()) {
      Plane const& plane = geometry_.plane_of(cell.id);
      layers.insert({plane.calorimeter, plane.layer});
      auto const& calorimeter =
          geometry_.description().calorimeters[static_cast<std::size_t>(plane.calorimeter)];
      double const energy =
          calorimeter.calibration *
          static_cast<double>(hits_.deposits()[static_cast<std::size_t>(cell.first)].energy);
      if (calorimeter.kind == detector::Calorimeter::Kind::ecal) ecal.push_back(energy);
      if (calorimeter.kind == detector::Calorimeter::Kind::hcal) hcal.push_back(energy);
    }
    EXPECT_EQ(layers.size(), 40U + 60U + 7U);
  }
  auto const median = [](std::vector<double>& values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  // Widths in calibrated energy: 0.319 and 1.28 MeV. Tracks that change cell, a few of 100, pull the median
  // down.
  ASSERT_GE(ecal.size(), 40 * n);
  ASSERT_GE(hcal.size(), 60 * n);
  EXPECT_NEAR(median(ecal), 5.50e-3 + 0.787 * 0.319e-3, 5 * 2.3 / std::sqrt(40 * n) * 0.319e-3);
  EXPECT_NEAR(median(hcal), 24.5e-3 + 0.787 * 1.28e-3, 5 * 2.3 / std::sqrt(60 * n) * 1.28e-3);
}

/// 2 GeV in 4 T turn on a circle of 1668 mm: after the 202 mm of the ECAL they are 12.2 mm aside, and
/// multiple scattering in 22 X0 (theta_0 = 13.6 MeV / p * sqrt(22), over sqrt(3)) makes that 3.7 mm wide.
TEST_F(TrackWalkTest, TheFieldBendsTracksAsAHelix) {
  constexpr int n = 200;
  for (double charge : {-1., 1.}) {
    double sum = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      hits_.clear();
      Traveller particle = muon(2, charge);
      walk(particle, i);
      double last = 0;
      for (HitMap::Cell const& cell : hits_.cells())
        if (core::Vector3 const at = geometry_.center(cell.id); at.x < 1702) last = at.y;
      sum += last - 1;
    }
    // Less 2 mm of sagitta; and energy loss, 10 % on the way, bends a little more.
    EXPECT_NEAR(sum / n, -charge * 12.2, 5 * 3.7 / std::sqrt(n) + 1.5);
  }
}

TEST_F(TrackWalkTest, SlowParticlesRangeOut) {
  // 0.5 GeV lose at least 5.46 MeV per ECAL layer: 0.22 GeV in 40 layers, and the rest, 0.18 GeV, in 7 layers
  // of the HCAL.
  Traveller particle = muon(0.5);
  EXPECT_EQ(walk(particle, 1), TrackWalk::End::stopped);
  EXPECT_EQ(particle.kinetic, 0);
  EXPECT_GT(core::transverse_length(particle.position), 1702);
  EXPECT_LT(core::transverse_length(particle.position), 1740 + 8 * 26.5);
}

/// Free flight: the depth of the interaction in protons' interaction lengths is what was asked for.
TEST_F(TrackWalkTest, NeutralParticlesInteractAtTheGivenDepth) {
  Traveller neutron;
  neutron.position = {1500, 1, 301};
  neutron.direction = {1, 0, 0};
  neutron.mass = 0.93957;
  neutron.kinetic = 5;
  neutron.matter = Matter::nucleon;
  EXPECT_EQ(walk(neutron, 1, 0.5), TrackWalk::End::interacted);
  EXPECT_NEAR(neutron.position.x, 1500 + 0.5 / 0.02639 * 5.05, 5.05);
  EXPECT_EQ(neutron.kinetic, 5);
  EXPECT_EQ(hits_.cells().size(), 0U);
  double const beta = std::sqrt(5 * (5 + 2 * 0.93957)) / (5 + 0.93957);
  EXPECT_NEAR(neutron.time, (neutron.position.x - 1500) / (beta * units::c_light), 1e-9);
}

TEST_F(TrackWalkTest, WhoNeverMeetsMatterIsLost) {
  Traveller looper = muon(0.3);
  looper.position = {0, 0, 0};  // its circle of 250 mm stays in the tracker
  EXPECT_EQ(walk(looper, 1), TrackWalk::End::left);
  EXPECT_TRUE(geometry_.encloses(looper.position));
  EXPECT_EQ(hits_.cells().size(), 0U);
}

}  // namespace
}  // namespace corpuscle::sim
