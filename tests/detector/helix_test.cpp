#include "corpuscle/detector/helix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::detector {
namespace {

constexpr double pi = std::numbers::pi;

/// The inner face of an ECAL as at CLIC: a dodecagon, without a beam hole unless a test makes one.
CalorimeterShell dodecagon() {
  CalorimeterShell shell;
  shell.barrel_r_min = 1500;
  shell.endcap_z_min = 2307;
  shell.sides = 12;
  return shell;
}

/// A shell without symmetry about the axes.
CalorimeterShell crooked_heptagon() {
  CalorimeterShell shell = dodecagon();
  shell.sides = 7;
  shell.normal_phi = 0.3;
  return shell;
}

/// Distance by which a point lies outside the faces of the barrel [mm]; negative inside.
double outside_barrel(CalorimeterShell const& shell, core::Vector3 point) {
  double farthest = -1e9;
  for (int side = 0; side < shell.sides; ++side) {
    double const psi = shell.normal_phi + 2 * pi * side / shell.sides;
    farthest = std::max(farthest, point.x * std::cos(psi) + point.y * std::sin(psi));
  }
  return farthest - shell.barrel_r_min;
}

core::Vector3 rotated(core::Vector3 v, double angle) {
  return {v.x * std::cos(angle) - v.y * std::sin(angle), v.x * std::sin(angle) + v.y * std::cos(angle), v.z};
}

void expect_near(core::Vector3 a, core::Vector3 b, double tolerance) {
  EXPECT_NEAR(a.x, b.x, tolerance);
  EXPECT_NEAR(a.y, b.y, tolerance);
  EXPECT_NEAR(a.z, b.z, tolerance);
}

/// Helices of all kinds that start well inside the shells above: radii from 100 mm to nearly straight.
class ManyHelices {
 public:
  explicit ManyHelices(std::uint64_t seed) : random_(seed) {}

  Helix next() {
    Helix helix;
    helix.origin = {between(-600, 600), between(-600, 600), between(-1500, 1500)};
    helix.phi = between(-pi, pi);
    helix.omega = std::pow(10., between(-9, -2)) * (between(-1, 1) < 0 ? -1 : 1);
    helix.tan_lambda = std::tan(between(-1.5, 1.5));
    return helix;
  }

 private:
  // std::uniform_real_distribution gives different numbers with different standard libraries.
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }
  std::mt19937_64 random_;
};

// --- The curve ---

TEST(Helix, StaysOnItsCircleAndRisesEvenly) {
  ManyHelices many(1);
  for (int i = 0; i < 200; ++i) {
    Helix helix = many.next();
    if (std::abs(helix.omega) < 1e-5) continue;  // the centre is so far away that the check loses its digits
    core::Vector3 const centre = helix.origin + core::Vector3{std::sin(helix.phi) / helix.omega,
                                                              -std::cos(helix.phi) / helix.omega, 0};
    for (double s : {-5000., -1., 0., 1e-3, 77., 3000.}) {
      core::Vector3 const p = helix.position(s);
      double const radius = core::transverse_length(p - centre);
      EXPECT_NEAR(radius, 1 / std::abs(helix.omega), 1e-7);
      EXPECT_NEAR(p.z, helix.origin.z + s * helix.tan_lambda, 1e-9 * std::abs(s * helix.tan_lambda));
    }
  }
}

TEST(Helix, DirectionIsTheDerivativeOfPosition) {
  ManyHelices many(2);
  for (int i = 0; i < 200; ++i) {
    Helix const helix = many.next();
    double const h = 1e-2;
    core::Vector3 const step = helix.position(500 + h) - helix.position(500 - h);
    core::Vector3 const direction = helix.direction(500);
    // A chord is shorter than its arc by (omega h)^2 / 6 < 2e-9 here, and differences lose 1e-12 / h.
    double const length_per_s = std::hypot(1., helix.tan_lambda);
    expect_near(1 / (2 * h * length_per_s) * step, direction, 1e-8);
    EXPECT_NEAR(core::length(direction), 1, 1e-14);
  }
}

TEST(Helix, MomentumAndItsTransversePartAreConserved) {
  double const field = 4;
  ManyHelices many(3);
  for (int i = 0; i < 200; ++i) {
    Helix const helix = many.next();
    core::Vector3 const start = helix.momentum(0, field);
    for (double s : {-2000., 10., 4000.}) {
      core::Vector3 const p = helix.momentum(s, field);
      EXPECT_NEAR(core::length(p) / core::length(start), 1, 1e-14);
      EXPECT_NEAR(core::transverse_length(p) / core::transverse_length(start), 1, 1e-14);
      EXPECT_NEAR(p.z / start.z, 1, 1e-14);
    }
  }
}

TEST(Helix, MomentumComesBackForBothChargesAndFields) {
  core::Vector3 const momentum{1, -2, 0.5};
  for (double charge : {-1., 1., 2.})
    for (double field : {3.5, -2.}) {
      Helix const helix = Helix::from_momentum({1, 2, 3}, momentum, charge, field);
      EXPECT_EQ(helix.omega > 0, charge * field > 0);
      // Curvature gives momentum per charge.
      expect_near(std::abs(charge) * helix.momentum(0, field), momentum, 1e-14);
      expect_near(helix.position(0), {1, 2, 3}, 0);
    }
}

TEST(Helix, NeutralParticleFliesStraight) {
  Helix const helix = Helix::from_momentum({}, {3, 4, 5}, 0, 4);
  EXPECT_EQ(helix.omega, 0);
  expect_near(helix.position(500), {300, 400, 500}, 1e-12);
  expect_near(helix.direction(500), helix.direction(0), 0);
}

TEST(Helix, ParametersPlaceTheOriginLeftOfTheReference) {
  // detector.md 4.1: positive d0 when the point of closest approach lies to the left of the flight direction.
  Helix const helix = Helix::from_parameters(2, 0, 1e-3, 5, 0.1, {10, 20, 30});
  expect_near(helix.origin, {10, 22, 35}, 1e-14);
  ManyHelices many(4);
  for (int i = 0; i < 50; ++i) {
    Helix const h = many.next();
    Helix const moved = Helix::from_parameters(-3, h.phi, h.omega, 0, h.tan_lambda, h.origin);
    core::Vector3 const offset = moved.origin - h.origin;
    EXPECT_NEAR(core::transverse_length(offset), 3, 1e-12);
    EXPECT_NEAR(offset.x * std::cos(h.phi) + offset.y * std::sin(h.phi), 0, 1e-12);
  }
}

TEST(Helix, QuarterCircleByHand) {
  // Positive charge, field along z: clockwise seen from above.
  Helix const helix{{0, 0, 0}, 0, 1e-3, 0.5};
  double const s = pi / 2 * 1000;
  expect_near(helix.position(s), {1000, -1000, s / 2}, 1e-10);
  expect_near(helix.direction(s), 1 / std::hypot(1., 0.5) * core::Vector3{0, -1, 0.5}, 1e-14);
}

TEST(Helix, VanishingCurvatureIsALineWithTheFirstBend) {
  for (double omega : {1e-8, -1e-9, 1e-12, 1e-20, 1e-300, 5e-324, 0.}) {
    Helix const helix{{1, 2, 3}, 0, omega, 0.2};
    double const s = 2000;  // the next terms, omega^2 s^3 / 6, are below 2e-7
    expect_near(helix.position(s), {1 + s, 2 - omega * s * s / 2, 3 + 0.2 * s}, 1e-6);
  }
}

// --- Extrapolation: laws ---

TEST(Extrapolate, EveryCrossingIsTheFirstAndLiesOnTheSurface) {
  ManyHelices many(10);
  int n_barrel = 0;
  int n_endcap = 0;
  for (int i = 0; i < 2000; ++i) {
    Helix const helix = many.next();
    for (CalorimeterShell const& shell : {dodecagon(), crooked_heptagon()})
      for (Along along : {Along::momentum, Along::against_momentum}) {
        auto const crossing = extrapolate(helix, shell, along);
        if (!crossing) continue;
        core::Vector3 const p = crossing->position;
        EXPECT_EQ(crossing->s < 0, along == Along::against_momentum);
        expect_near(p, helix.position(crossing->s), 0);
        expect_near(crossing->direction, helix.direction(crossing->s), 0);
        if (crossing->face == FaceCrossing::Face::barrel) {
          ++n_barrel;
          EXPECT_NEAR(outside_barrel(shell, p), 0, 1e-6);
          EXPECT_LE(std::abs(p.z), shell.endcap_z_min);
        } else {
          ++n_endcap;
          EXPECT_NEAR(std::abs(p.z), shell.endcap_z_min, 1e-6);
          EXPECT_LE(outside_barrel(shell, p), 1e-6);
        }
        for (int k = 0; k < 100; ++k) {
          core::Vector3 const before = helix.position(crossing->s * k / 100);
          ASSERT_LT(outside_barrel(shell, before), 1e-6);
          ASSERT_LT(std::abs(before.z), shell.endcap_z_min);
        }
      }
  }
  EXPECT_GT(n_barrel, 1000);
  EXPECT_GT(n_endcap, 1000);
}

TEST(Extrapolate, ForwardAndBackwardWalksMeet) {
  ManyHelices many(11);
  int n_checked = 0;
  for (int i = 0; i < 1000; ++i) {
    Helix const helix = many.next();
    CalorimeterShell const shell = crooked_heptagon();
    auto const forward = extrapolate(helix, shell, Along::momentum);
    auto const backward = extrapolate(helix, shell, Along::against_momentum);
    if (!forward || !backward || forward->s - backward->s > 1e5) continue;
    // Start where the forward walk ended, and go back all the way.
    Helix const from_end{forward->position, helix.phi - helix.omega * forward->s, helix.omega,
                         helix.tan_lambda};
    auto const back = extrapolate(from_end, shell, Along::against_momentum);
    ASSERT_TRUE(back.has_value());
    // A grazing start amplifies rounding: an error e of height becomes e / cos(angle to the normal).
    EXPECT_NEAR(back->s, backward->s - forward->s, 1e-6);
    expect_near(back->position, backward->position, 1e-6);
    // And from there forwards again.
    Helix const from_start{back->position, helix.phi - helix.omega * backward->s, helix.omega,
                           helix.tan_lambda};
    auto const again = extrapolate(from_start, shell, Along::momentum);
    ASSERT_TRUE(again.has_value());
    expect_near(again->position, forward->position, 1e-6);
    ++n_checked;
  }
  EXPECT_GT(n_checked, 500);
}

TEST(Extrapolate, MirroredChargeGivesTheMirroredPath) {
  ManyHelices many(12);
  for (int i = 0; i < 500; ++i) {
    Helix const helix = many.next();
    Helix const mirrored{
        {helix.origin.x, -helix.origin.y, helix.origin.z}, -helix.phi, -helix.omega, helix.tan_lambda};
    auto const a = extrapolate(helix, dodecagon());
    auto const b = extrapolate(mirrored, dodecagon());
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    EXPECT_EQ(a->face, b->face);
    expect_near({a->position.x, -a->position.y, a->position.z}, b->position, 1e-6);
  }
}

TEST(Extrapolate, RotationByOneFaceRotatesTheResult) {
  ManyHelices many(13);
  CalorimeterShell const shell = crooked_heptagon();
  double const angle = 2 * pi / shell.sides;
  for (int i = 0; i < 500; ++i) {
    Helix const helix = many.next();
    Helix const turned{rotated(helix.origin, angle), core::wrap_phi(helix.phi + angle), helix.omega,
                       helix.tan_lambda};
    auto const a = extrapolate(helix, shell);
    auto const b = extrapolate(turned, shell);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) continue;
    EXPECT_EQ(a->face, b->face);
    expect_near(rotated(a->position, angle), b->position, 1e-6);
  }
}

// --- Extrapolation: numbers by hand ---

TEST(Extrapolate, StraightLineToTheMiddleOfAFace) {
  auto const crossing = extrapolate({{}, 0, 0, 0.5}, dodecagon());
  ASSERT_TRUE(crossing.has_value());
  EXPECT_EQ(crossing->face, FaceCrossing::Face::barrel);
  EXPECT_NEAR(crossing->s, 1500, 1e-12);
  expect_near(crossing->position, {1500, 0, 750}, 1e-12);
}

TEST(Extrapolate, StraightLineToTheEdgeBetweenFaces) {
  double const edge = pi / 12;
  auto const crossing = extrapolate({{}, edge, 0, 0}, dodecagon());
  ASSERT_TRUE(crossing.has_value());
  EXPECT_NEAR(crossing->s, 1500 / std::cos(edge), 1e-10);
}

TEST(Extrapolate, BackwardsAStraightLineMeetsTheOppositeFace) {
  auto const crossing = extrapolate({{100, 0, 0}, 0, 0, 0.5}, dodecagon(), Along::against_momentum);
  ASSERT_TRUE(crossing.has_value());
  EXPECT_NEAR(crossing->s, -1600, 1e-12);
  expect_near(crossing->position, {-1500, 0, -800}, 1e-12);
  EXPECT_GT(crossing->direction.x, 0) << "the direction stays that of the momentum";
}

TEST(Extrapolate, CircleMeetsTheFacePlane) {
  // x(s) = R sin(s / R) = 1500 on the face towards x; y = -(R - sqrt(R^2 - 1500^2)).
  CalorimeterShell square = dodecagon();
  square.sides = 4;  // wide enough for the small radius to stay on that face
  for (double radius : {2000., 5000., 1e5, 1e7}) {
    auto const crossing = extrapolate({{}, 0, 1 / radius, 0}, square);
    ASSERT_TRUE(crossing.has_value());
    EXPECT_NEAR(crossing->s, radius * std::asin(1500 / radius), 1e-6);
    double const sagitta = 1500 * 1500 / (radius + std::sqrt(radius * radius - 1500 * 1500));
    expect_near(crossing->position, {1500, -sagitta, 0}, 1e-6);
  }
}

TEST(Extrapolate, NearlyRoundPolygonIsACylinder) {
  // detector.md 4.1: s = (2 / omega) asin(omega rho / 2) from the axis to the radius rho.
  CalorimeterShell cylinder = dodecagon();
  cylinder.sides = 5000;  // corners stick out by 1500 (1 / cos(pi / 5000) - 1) = 3e-4 mm
  double const omega = units::bending * 4 / 1.5;  // 1.5 GeV in 4 T
  auto const crossing = extrapolate(Helix::from_momentum({}, {0, 1.5, 0.3}, 1, 4), cylinder);
  ASSERT_TRUE(crossing.has_value());
  EXPECT_NEAR(crossing->s, 2 / omega * std::asin(omega * 1500 / 2), 1e-3);
}

TEST(Extrapolate, TrackAcrossTheFaceAtFirstComesRoundToIt) {
  // Starts parallel to the face towards x and bends into it: x(s) = R (1 - cos(s / R)) with R = 1200.
  CalorimeterShell square = dodecagon();
  square.sides = 4;
  auto const crossing = extrapolate({{900, 0, 0}, pi / 2, 1. / 1200, 0}, square);
  ASSERT_TRUE(crossing.has_value());
  EXPECT_NEAR(crossing->s, 1200 * std::acos(0.5), 1e-9);
  // And one that starts away from it comes round three quarters of a turn later.
  auto const round = extrapolate({{900, 0, 0}, pi, -1. / 700, 0}, square);
  ASSERT_TRUE(round.has_value());
  EXPECT_NEAR(round->s, 700 * (pi + std::asin(600. / 700)), 1e-9);
}

TEST(Extrapolate, EndcapComesFirstWhereItIsReachedFirst) {
  // At tan(lambda) = 2307 / 1500 a straight line meets the edge of barrel face and endcap.
  double const edge = 2307. / 1500;
  auto const below = extrapolate({{}, 0, 0, edge * 0.999}, dodecagon());
  auto const above = extrapolate({{}, 0, 0, -edge * 1.001}, dodecagon());
  ASSERT_TRUE(below && above);
  EXPECT_EQ(below->face, FaceCrossing::Face::barrel);
  EXPECT_EQ(above->face, FaceCrossing::Face::endcap);
  expect_near(above->position, {1500 / 1.001, 0, -2307}, 1e-9);
}

TEST(Extrapolate, LooperReachesTheEndcapAfterItsTurns) {
  double const radius = 300;
  double const tan_lambda = 0.1;
  Helix const helix{{200, 100, 0}, 0.4, -1 / radius, tan_lambda};
  auto const crossing = extrapolate(helix, dodecagon());
  ASSERT_TRUE(crossing.has_value());
  EXPECT_EQ(crossing->face, FaceCrossing::Face::endcap);
  double const turns = 2307 / (2 * pi * radius * tan_lambda);  // 12.2
  EXPECT_NEAR(crossing->s / (2 * pi * radius), turns, 1e-12);
  double const azimuth = 0.4 + 2 * pi * (turns - 12);
  core::Vector3 const centre = helix.origin + radius * core::Vector3{-std::sin(0.4), std::cos(0.4), 0};
  expect_near(crossing->position,
              centre + core::Vector3{radius * std::sin(azimuth), -radius * std::cos(azimuth), 2307}, 1e-6);

  auto const back = extrapolate(helix, dodecagon(), Along::against_momentum);
  ASSERT_TRUE(back.has_value());
  EXPECT_NEAR(back->position.z, -2307, 1e-9);
}

TEST(Extrapolate, LooperWithoutSlopeNeverLeaves) {
  EXPECT_FALSE(extrapolate({{}, 0, 1. / 300, 0}, dodecagon()).has_value());
}

TEST(Extrapolate, LooperMayTakeNoMoreThanItsTurns) {
  double const turn = 2 * pi * 300;
  Helix const helix{{}, 0, 1. / 300, 2307 / (50.5 * turn)};
  EXPECT_TRUE(extrapolate(helix, dodecagon(), Along::momentum, 51).has_value());
  EXPECT_FALSE(extrapolate(helix, dodecagon(), Along::momentum, 50).has_value());
}

TEST(Extrapolate, BeamHoleIsNoFace) {
  CalorimeterShell shell = dodecagon();
  shell.endcap_r_min = 260;
  EXPECT_FALSE(extrapolate({{}, 0, 0, 2307. / 259}, shell).has_value());
  EXPECT_TRUE(extrapolate({{}, 0, 0, 2307. / 261}, shell).has_value());
}

TEST(Extrapolate, StartOutsideGivesNothing) {
  EXPECT_FALSE(extrapolate({{1501, 0, 0}, pi, 0, 0}, dodecagon()).has_value());
  EXPECT_FALSE(extrapolate({{0, 0, -2308}, 0, 0, 1}, dodecagon()).has_value());
  // Inside the circle through the corners, outside the face.
  EXPECT_FALSE(extrapolate({{1500.1, 10, 0}, pi, 0, 0}, dodecagon()).has_value());
}

TEST(Extrapolate, StartOnTheFaceLeavesAtOnceOrCrossesOver) {
  for (double x : {1500., 1500 + 5e-7, 1500 - 5e-7}) {
    auto const out = extrapolate({{x, 10, 0}, 0.3, 1e-4, 0}, dodecagon());
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->s, 0);
  }
  auto const in = extrapolate({{1500, 10, 0}, pi, 0, 0}, dodecagon());
  ASSERT_TRUE(in.has_value());
  EXPECT_NEAR(in->s, 3000, 1e-9);
}

// Track states at the last hit and at the calorimeter of SiTracks_Refitted in cld_nunuHbb240_rec.edm4hep.root
// (rows 6, 8, 14 and 17), printed with uproot from _SiTracks_Refitted_trackStates. The second comes from a
// Kalman filter that also goes through the material behind the last hit, hence the tolerance of 5 mm.
TEST(Extrapolate, AgreesWithTheTrackStatesOfTheCldReconstruction) {
  struct Case {
    double d0, phi, omega, z0, tan_lambda;
    core::Vector3 last_hit, calorimeter;
  };
  CalorimeterShell cld = dodecagon();
  cld.barrel_r_min = 2150;
  for (Case const& c : {Case{-1.32958,
                             -0.0737474,
                             0.000222112,
                             1.58225,
                             0.0388205,
                             {2108.271, 354.402, 82.021},
                             {2150.0, 349.790, 85.232}},
                        Case{0.00367754,
                             2.9905329,
                             -0.00031111989,
                             0.0584166,
                             -0.4293024,
                             {-58.310, 9.4330, -25.7505},
                             {-2150.0, -385.108, -957.074}},
                        Case{-5.2184186,
                             -3.0805745,
                             -0.00096965960,
                             11.947122,
                             0.62704504,
                             {-1010.5114, 1430.3311, 1305.1486},
                             {-1979.0035, 384.5082, 2307.0}},
                        Case{-0.00075193,
                             2.8775933,
                             0.0036992456,
                             0.00559153,
                             -0.5411540,
                             {-36.310, 7.7154, -18.3148},
                             {88.247, 533.549, -2307.0}}}) {
    Helix const helix = Helix::from_parameters(c.d0, c.phi, c.omega, c.z0, c.tan_lambda, c.last_hit);
    auto const crossing = extrapolate(helix, cld);
    ASSERT_TRUE(crossing.has_value());
    expect_near(crossing->position, c.calorimeter, 5);
  }
}

}  // namespace
}  // namespace corpuscle::detector
