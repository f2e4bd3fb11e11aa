#include "corpuscle/truth/gates.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpuscle/core/units.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

TEST(CircleRadius, IsThatOfAnyCircleWhereverItLies) {
  for (double const radius : {10.0, 1500.0, 1e5}) {
    std::vector<double> x, y;
    for (int i = 0; i < 10; ++i) {  // 300 mm of arc at most
      double const angle = 0.4 + 0.1 * i * std::min(1.0, 300 / radius);
      x.push_back(123 + radius * std::cos(angle));
      y.push_back(-45 + radius * std::sin(angle));
    }
    // Sagittas of 0.1 mm, positions to 1e-11: the radius to a few 1e-9 at worst.
    EXPECT_NEAR(circle_radius(x, y), radius, 1e-7 * radius);
  }
}

TEST(CircleRadius, APointOrALineHasNone) {
  EXPECT_EQ(circle_radius({1, 1, 1, 1}, {2, 2, 2, 2}), 0);
  EXPECT_EQ(circle_radius({1, 2, 3, 4}, {2, 4, 6, 8}), 0);
  EXPECT_EQ(circle_radius({1, 2}, {2, 5}), 0);
}

TEST(Judge, SaysWhatItMeasured) {
  Requirement const requirement{0.5, 2, 0.5, 2, 0.8, 0, 0};
  Gate gate = judge("T4", "ratio", {0.4, 0.9, 1, 1.1, 1.2}, requirement);
  EXPECT_EQ(gate.measured, "median 1, 80 % in [0.5, 2] (n = 5)");
  EXPECT_EQ(gate.requirement, "median 0.5 to 2, at least 80 % in [0.5, 2]");
  EXPECT_EQ(gate.verdict, Verdict::pass);
  gate = judge("T4", "ratio", {0.4, 0.4, 1, 1.1, 1.2}, requirement);
  EXPECT_EQ(gate.verdict, Verdict::fail);
  gate = judge("T4", "ratio", {2.1, 2.1, 2.1}, {0.5, 2, 0, 0, 0, 0, 0});
  EXPECT_EQ(gate.verdict, Verdict::fail);
  EXPECT_EQ(judge("T4", "ratio", {}, requirement).verdict, Verdict::no_data);
}

TEST(Judge, InterpolatesPercentiles) {
  std::vector<double> sample;
  for (int i = 0; i <= 10; ++i) sample.push_back(i);
  EXPECT_EQ(judge("", "", sample, {0, 10, 0, 0, 0, 90, 9.1}).verdict, Verdict::pass);
  EXPECT_EQ(judge("", "", sample, {0, 10, 0, 0, 0, 90, 9.0}).verdict, Verdict::fail);
  EXPECT_EQ(judge("", "", sample, {0, 10, 0, 0, 0, 95, 9.4}).verdict, Verdict::fail);  // 9.5
}

Verdict verdict_of(ConsistencyGates const& gates, std::string const& name) {
  for (Gate const& gate : gates.judge())
    if (gate.name == name) return gate.verdict;
  ADD_FAILURE() << "no gate " << name;
  return Verdict::no_data;
}

/// A pion of 3 GeV across a field of 4 T with track, hits and cluster. `scale` is a mistake in each of them.
ConsistencyGates gates_with(double scale) {
  detector::Detector detector;
  detector.field = 4;
  double const radius = 3 * scale / (units::bending * 4);
  Sketch sketch;
  auto const pion = sketch.particle({.pdg = 211, .energy = 3});
  auto const photon = sketch.particle({.energy = 2});
  sketch.track({{pion, 1}}, 0, static_cast<float>(1 / radius));
  sketch.cluster({{pion, 3 * scale}});
  sketch.cluster({{photon, 2 * scale}});
  event::Event event = sketch.event();
  event::TrackerHits& hits = event.observed.tracker_hits;
  hits.resize(6);
  for (std::size_t i = 0; i < 6; ++i) {
    double const angle = 200 * static_cast<double>(i + 1) / radius;
    hits.x[i] = radius * std::sin(angle);
    hits.y[i] = radius * (std::cos(angle) - 1);
    event.truth.tracker_hit_links.push_back({event::TrackerHitId(i), event::GenParticleId(pion), 1});
  }
  Targets const targets = TargetBuilder()(event);
  event::Particles candidates = targets.particles;
  for (float& energy : candidates.energy) energy *= static_cast<float>(scale);
  ConsistencyGates gates(detector);
  gates.add(event, targets, candidates);
  return gates;
}

TEST(ConsistencyGates, PassWhatIsRight) {
  ConsistencyGates const gates = gates_with(1);
  for (char const* name : {"H3", "H4", "T4 tracks", "T4 clusters", "R2", "P"})
    EXPECT_EQ(verdict_of(gates, name), Verdict::pass) << name;
}

TEST(ConsistencyGates, FailWhereTheScaleIsWrong) {
  ConsistencyGates const gates = gates_with(2.5);
  for (char const* name : {"H3", "H4", "T4 tracks", "T4 clusters", "R2", "P"})
    EXPECT_EQ(verdict_of(gates, name), Verdict::fail) << name;
}

TEST(ConsistencyGates, SayWhereThereIsNothingToMeasure) {
  for (Gate const& gate : ConsistencyGates({}).judge())
    EXPECT_EQ(gate.verdict, Verdict::no_data) << gate.name;
}

}  // namespace
}  // namespace corpuscle::truth
