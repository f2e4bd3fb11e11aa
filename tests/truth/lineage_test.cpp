#include "corpuscle/truth/lineage.hpp"

#include <gtest/gtest.h>

#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

/// A lineage with rank = row: the sketches below list particles by descending energy.
Lineage lineage_of(event::Event const& event) {
  Footprints const prints(event, HitWeights::as_shares);
  for (std::size_t row = 0; row < prints.particles.size(); ++row) EXPECT_EQ(prints.particles.row[row], row);
  return {event.truth.particles, prints.particles};
}

TEST(Lineage, WhatTheSimulationMadeComesFromTheFinalState) {
  Sketch sketch;
  auto const b_quark = static_cast<Rank>(sketch.particle({.pdg = 5, .energy = 20, .status = 2}));
  auto const photon = static_cast<Rank>(sketch.particle({.pdg = 22, .energy = 10, .parent = b_quark}));
  auto const electron = static_cast<Rank>(sketch.made_of(photon, 11, 6));
  auto const again = static_cast<Rank>(sketch.made_of(electron, 22, 2));
  auto const orphan = static_cast<Rank>(sketch.made_of(Sketch::no_row, 22, 1));
  Lineage const lineage = lineage_of(sketch.event());
  EXPECT_TRUE(lineage.is_final(photon));
  EXPECT_FALSE(lineage.is_final(b_quark));
  EXPECT_TRUE(lineage.is_made(again));
  EXPECT_EQ(lineage.origin(again), photon);
  EXPECT_EQ(lineage.origin(photon), photon);
  EXPECT_EQ(lineage.origin(b_quark), b_quark);
  EXPECT_EQ(lineage.origin(orphan), no_rank);
  EXPECT_EQ(lineage.maker(electron), photon);
  EXPECT_EQ(lineage.maker(photon), no_rank);
  EXPECT_EQ(lineage.made_by(electron), std::vector<Rank>{again});
  EXPECT_EQ(lineage.ancestors({again}), (std::vector<std::uint8_t>{1, 1, 1, 0, 0}));
  EXPECT_EQ(lineage.descendants({photon}), (std::vector<std::uint8_t>{0, 0, 1, 1, 0}));
}

TEST(Lineage, CirclesOfDamagedFilesHaveNoOrigin) {
  Sketch sketch;
  auto const a = sketch.made_of(1, 11, 2);
  sketch.made_of(a, 22, 1);
  sketch.track({{a, 1}});
  event::Event const event = sketch.event();
  EXPECT_EQ(lineage_of(event).origin(0), no_rank);
  for (Rule const rule : {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard})
    EXPECT_EQ(TargetBuilder({rule})(event).particles.size(), 0U);
}

TEST(Lineage, TheDeepestSurrogateStands) {
  Sketch sketch;
  auto const lambda_b = static_cast<Rank>(sketch.particle({.pdg = 5122, .energy = 20, .status = 2}));
  auto const lambda =
      static_cast<Rank>(sketch.particle({.pdg = 3122, .energy = 10, .parent = lambda_b, .status = 2}));
  auto const proton = static_cast<Rank>(sketch.particle({.pdg = 2212, .energy = 8, .parent = lambda}));
  Lineage const lineage = lineage_of(sketch.event());
  EXPECT_EQ(surrogates(lineage, {lambda_b, lambda}, {}), std::vector<Rank>{lambda});
  EXPECT_TRUE(surrogates(lineage, {lambda_b, lambda}, {proton}).empty());
}

}  // namespace
}  // namespace corpuscle::truth
