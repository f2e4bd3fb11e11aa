#include "corpuscle/sim/em_shower.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;
using detector::Calorimeter;
using Kind = EmShower::Kind;

/// ECALToEM and HCALToEM of the CLIC reconstruction (detector.md 2.6).
constexpr double to_em = 1.02373335516;

Vector3 direction(double theta_degrees, double phi_degrees) {
  double const theta = theta_degrees * units::degree;
  double const phi = phi_degrees * units::degree;
  return {std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi), std::cos(theta)};
}

/// Mean and spread of a number.
class Sample {
 public:
  void add(double x) {
    ++n_;
    double const d = x - mean_;
    mean_ += d / n_;
    squares_ += d * (x - mean_);
  }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double spread() const { return std::sqrt(squares_ / (n_ - 1)); }
  [[nodiscard]] double error() const { return spread() / std::sqrt(n_); }

 private:
  double n_ = 0, mean_ = 0, squares_ = 0;
};

class EmShowerTest : public ::testing::Test {
 protected:
  struct Signal {
    double energy = 0;       ///< of all hits [GeV]
    double hcal_energy = 0;  ///< of those in the HCAL
    int hits = 0;
    std::vector<double> distances;  ///< of ECAL hits from the line [mm]
  };

  void shower(Kind kind, double energy, Vector3 along, std::uint64_t key, Vector3 from = {}) {
    Flight flight;
    flight.particle = event::GenParticleId(0);
    flight.position = from;
    flight.momentum = energy * along;
    core::Random random({key});
    hits_.clear();
    account_ = {};
    shower_(flight, energy, kind, random, hits_, account_);
  }

  [[nodiscard]] double deposit_in(HitMap::Cell const& cell) const {
    double sum = 0;
    for (std::int32_t row = cell.first; row >= 0; row = hits_.deposits()[static_cast<std::size_t>(row)].next)
      sum += static_cast<double>(hits_.deposits()[static_cast<std::size_t>(row)].energy);
    return sum;
  }

  /// What the readout makes of the last shower (detector.md 2.5).
  [[nodiscard]] Signal signal(Vector3 along) const {
    Signal result;
    for (HitMap::Cell const& cell : hits_.cells()) {
      Plane const& plane = geometry_.plane_of(cell.id);
      double const deposit = deposit_in(cell);
      if (deposit <= geometry_.description().stacks[static_cast<std::size_t>(plane.stack)].threshold)
        continue;
      Calorimeter const& calorimeter =
          geometry_.description().calorimeters[static_cast<std::size_t>(plane.calorimeter)];
      double const energy = to_em * calorimeter.calibration * deposit;
      result.energy += energy;
      ++result.hits;
      if (calorimeter.kind == Calorimeter::Kind::hcal) {
        result.hcal_energy += energy;
      } else {
        Vector3 const x = geometry_.center(cell.id);
        result.distances.push_back(core::length(x - core::dot(x, along) * along));
      }
    }
    return result;
  }

  [[nodiscard]] double booked() const {
    double sum = account_.out();
    for (HitMap::Deposit const& deposit : hits_.deposits()) sum += static_cast<double>(deposit.share);
    return sum;
  }

  CaloGeometry geometry_{config::find_detector("clic")};
  EmShower shower_{geometry_};
  HitMap hits_;
  EnergyAccount account_;
};

// Shares are floats: each is rounded by up to 6e-8 of itself, and so is each partial sum in a cell. Roundings
// go both ways; 1e-6 leaves room for cells of hundreds of shares.
constexpr double rounding = 1e-6;

TEST_F(EmShowerTest, AllEnergyIsBooked) {
  core::Random random(1);
  for (double energy : {0.001, 0.02, 0.3, 4.0, 60.0})
    for (int i = 0; i < 100; ++i) {
      Vector3 const along =
          direction(std::acos(random.uniform(-1, 1)) / units::degree, random.uniform(0, 360));
      shower(i % 2 == 0 ? Kind::photon : Kind::electron, energy, along, random.bits());
      EXPECT_NEAR(booked() / energy, 1, rounding) << energy << " GeV";
    }
}

TEST_F(EmShowerTest, AllEnergyIsBookedAtTheEdgesOfTheDetector) {
  core::Random random(2);
  for (auto [theta_from, theta_to] : {std::pair(0.0, 7.0), std::pair(33.0, 37.0), std::pair(173.0, 180.0)})
    for (int i = 0; i < 300; ++i) {
      shower(Kind::photon, 3, direction(random.uniform(theta_from, theta_to), random.uniform(0, 360)),
             random.bits());
      EXPECT_NEAR(booked() / 3, 1, rounding);
    }
}

TEST_F(EmShowerTest, AllEnergyOfShowersThatStartInsideIsBooked) {
  // Secondaries of hadrons go in all directions: along the layers, back to the tracker, out of the back.
  core::Random random(3);
  for (int i = 0; i < 1000; ++i) {
    Vector3 const from =
        random.uniform(1400, 3500) * direction(random.uniform(5, 175), random.uniform(0, 360));
    Vector3 along = direction(std::acos(random.uniform(-1, 1)) / units::degree, random.uniform(0, 360));
    if (i % 4 == 0) along = {0, 0, 1};
    if (i % 4 == 1) along = direction(90, 30 * (i % 12) + 90);
    shower(Kind::electron, 0.7, along, random.bits(), from);
    EXPECT_NEAR(booked() / 0.7, 1, rounding);
  }
}

TEST_F(EmShowerTest, WhatMissesTheDetectorLeaks) {
  shower(Kind::photon, 5, {0, 0, 1}, 1);
  EXPECT_EQ(account_.leaked, 5);
  EXPECT_TRUE(hits_.cells().empty());
}

TEST_F(EmShowerTest, TheSameRandomStreamGivesTheSameHitsWhateverWasBefore) {
  Vector3 const along = direction(70, 20);
  shower(Kind::photon, 8, along, 7);
  std::vector<HitMap::Deposit> const once(hits_.deposits().begin(), hits_.deposits().end());
  shower(Kind::electron, 30, direction(20, 200), 8);
  shower(Kind::photon, 8, along, 7);
  ASSERT_EQ(hits_.deposits().size(), once.size());
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(hits_.deposits()[i].energy, once[i].energy);
    EXPECT_EQ(hits_.deposits()[i].share, once[i].share);
    EXPECT_EQ(hits_.deposits()[i].time, once[i].time);
  }
}

TEST_F(EmShowerTest, StavesAndSidesAreAlike) {
  Sample energies[12];
  Sample hits[12];
  for (int stave = 0; stave < 12; ++stave)
    for (int i = 0; i < 1000; ++i) {
      Vector3 along = direction(65, 11 + 30 * stave);
      if (stave % 2 == 1) along.z = -along.z;
      shower(Kind::photon, 2, along, static_cast<std::uint64_t>(1000 * stave + i));
      Signal const seen = signal(along);
      energies[stave].add(seen.energy);
      hits[stave].add(seen.hits);
    }
  // 24 differences of two means: beyond 4 sigma once in 660 times.
  for (int stave = 1; stave < 12; ++stave) {
    EXPECT_NEAR(energies[stave].mean(), energies[0].mean(), 4 * std::numbers::sqrt2 * energies[0].error());
    EXPECT_NEAR(hits[stave].mean(), hits[0].mean(), 4 * std::numbers::sqrt2 * hits[0].error());
  }
}

TEST_F(EmShowerTest, PhotonsHaveTheEnergyAndTheResolutionOfTheFullSimulation) {
  struct Point {
    double energy;
    int n;
    double resolution;  // detector.md 2.3
  };
  for (double theta : {85.0, 50.0, 20.0})
    for (Point const point : {Point{1, 10000, 0.156}, Point{10, 2000, 0.0503}, Point{100, 200, 0.0185}}) {
      Vector3 const along = direction(theta, 5);
      Sample sample;
      for (int i = 0; i < point.n; ++i) {
        shower(Kind::photon, point.energy, along, static_cast<std::uint64_t>(i));
        sample.add(signal(along).energy / point.energy);
      }
      // Linear within 0.5 % (1 % is asked for), and 4 sigma of the mean: together at most 1.1 %.
      EXPECT_NEAR(sample.mean(), 1, 0.005 + 4 * sample.error()) << point.energy << " GeV at " << theta;
      // The spread of n numbers is known to 1/sqrt(2n) of itself; 5 % for the model.
      EXPECT_NEAR(sample.spread() / point.resolution, 1, 0.05 + 4 / std::sqrt(2. * point.n))
          << point.energy << " GeV at " << theta;
    }
}

// The unconverted photons of clic_gamma_rec and clic_gamma_barrel: momentum, hits, and the distances from
// their line below which half and 90 % of the hits lie.
struct RealPhoton {
  Vector3 momentum;  // [GeV]
  int hits;
  double median, most;  // [mm]
};
constexpr RealPhoton real_photons[] = {
    {{1.050, 0.272, -3.579}, 147, 8.6, 31.8},   {{-1.666, -9.608, -2.134}, 347, 11.7, 32.6},
    {{-0.469, 2.125, 5.338}, 183, 9.1, 33.4},   {{-1.958, -3.512, 0.771}, 176, 9.1, 33.4},
    {{2.586, -0.360, 0.877}, 108, 7.4, 38.8},   {{4.325, 8.001, 2.755}, 341, 10.6, 44.5},
    {{-6.742, -3.485, 2.084}, 267, 10.8, 32.7}, {{-3.025, 5.343, 1.215}, 242, 8.2, 34.7},
    {{-1.080, -3.435, 0.809}, 150, 8.2, 22.4},  {{-5.681, -6.197, 0.387}, 299, 9.4, 43.5},
    {{-6.083, -1.895, 1.659}, 258, 10.7, 35.8}, {{0.454, 7.349, 2.137}, 310, 10.2, 36.0},
};

TEST_F(EmShowerTest, PhotonsHaveTheHitsOfRealOnes) {
  Sample hits;    // simulated over real, photon by photon
  Sample median;  // the same of the distances
  Sample most;
  std::uint64_t key = 0;
  for (RealPhoton const& real : real_photons) {
    double const energy = core::length(real.momentum);
    Vector3 const along = 1 / energy * real.momentum;
    Sample n;
    Sample half;
    Sample nine_tenths;
    for (int i = 0; i < 100; ++i) {
      shower(Kind::photon, energy, along, ++key);
      Signal seen = signal(along);
      std::sort(seen.distances.begin(), seen.distances.end());
      n.add(seen.hits);
      half.add(seen.distances[seen.distances.size() / 2]);
      nine_tenths.add(seen.distances[seen.distances.size() * 9 / 10]);
    }
    hits.add(n.mean() / real.hits);
    median.add(half.mean() / real.median);
    most.add(nine_tenths.mean() / real.most);
  }
  // The twelve ratios scatter by what real photons do, 10 to 20 %: the error of their mean is 2 to 6 %.
  EXPECT_NEAR(hits.mean(), 1, 3 * hits.error());
  EXPECT_NEAR(median.mean(), 1, 3 * median.error());
  EXPECT_NEAR(most.mean(), 1, 3 * most.error());
  EXPECT_LT(hits.error(), 0.04);
  EXPECT_LT(median.error(), 0.06);
  EXPECT_LT(most.error(), 0.08);
}

TEST_F(EmShowerTest, LittleEnergyComesThroughTheEcal) {
  // detector.md 3.2, electrons beyond 21.8 radiation lengths: 0.34 % at 10 GeV, 1.4 % at 100 GeV, of average
  // showers; fluctuations add to it. Next to nothing comes through the HCAL or gets between staves.
  auto const hcal_part = [&](double energy, int n) {
    Vector3 const along = direction(88, 3);
    Sample in_hcal;
    Sample lost;
    for (int i = 0; i < n; ++i) {
      shower(Kind::electron, energy, along, static_cast<std::uint64_t>(i));
      in_hcal.add(signal(along).hcal_energy / energy);
      lost.add((account_.leaked + account_.dead) / energy);
    }
    EXPECT_LT(lost.mean(), 1e-3);
    return in_hcal.mean();
  };
  double const at_10 = hcal_part(10, 1000);
  double const at_100 = hcal_part(100, 200);
  EXPECT_GT(at_10, 0.0030);
  EXPECT_LT(at_10, 0.0090);
  EXPECT_GT(at_100, 0.012);
  EXPECT_LT(at_100, 0.024);
}

TEST_F(EmShowerTest, HcalsAgreeOnTheEnergyOfAShower) {
  struct Place {
    Vector3 from, along;
  };
  for (Place const place : {Place{{1745, 0, 300}, {1, 0, 0}}, Place{{1200, 0, 2545}, {0, 0, 1}},
                            Place{{2500, 0, -2360}, {0, 0, -1}}}) {
    Sample sample;
    for (int i = 0; i < 2000; ++i) {
      shower(Kind::electron, 5, place.along, static_cast<std::uint64_t>(i), place.from);
      sample.add(signal(place.along).energy / 5);
    }
    // em_sampling times calibration times to_em is 1.0225 of the energy; up to 3 % is lost in small hits.
    EXPECT_NEAR(sample.mean(), 1.0225 - 0.015, 0.015 + 4 * sample.error());
    EXPECT_NEAR(sample.spread() * std::sqrt(5.), 0.22, 0.02);  // detector.md 3.3; known to 1.6 % of itself
  }
}

TEST_F(EmShowerTest, NothingIsFasterThanLight) {
  for (double theta : {90.0, 45.0, 30.0, 15.0})
    for (int i = 0; i < 50; ++i) {
      shower(Kind::photon, 5, direction(theta, 14), static_cast<std::uint64_t>(i));
      for (HitMap::Cell const& cell : hits_.cells()) {
        HitMap::Deposit const& deposit = hits_.deposits()[static_cast<std::size_t>(cell.first)];
        Plane const& plane = geometry_.plane_of(cell.id);
        // A spot is up to half a diagonal from the centre of its cell; one that was moved to the plane of
        // another stave, up to a layer.
        double const off = 0.75 * plane.cell_size +
                           geometry_.description().stacks[static_cast<std::size_t>(plane.stack)].pitch;
        EXPECT_GT(static_cast<double>(deposit.time) * units::c_light,
                  core::length(geometry_.center(cell.id)) - off);
        EXPECT_LT(static_cast<double>(deposit.time), 20);
      }
    }
}

}  // namespace
}  // namespace corpuscle::sim
