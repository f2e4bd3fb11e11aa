#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/generate/generator.hpp"
#include "support/fingerprint.hpp"

/// What tests ask of generated particles.
namespace corpuscle::testing {

/// A path for a file of the test that runs: tests may run at the same time.
inline std::string test_path(std::string const& name) {
  ::testing::TestInfo const& test = *::testing::UnitTest::GetInstance()->current_test_info();
  return ::testing::TempDir() + test.test_suite_name() + "." + test.name() + "." + name;
}

/// Writes a file there, and returns where.
inline std::string write_test_file(std::string const& name, std::string const& bytes) {
  std::string path = test_path(name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// Equal for equal particles, column by column, bit by bit.
inline Fingerprint fingerprint(event::GenParticles particles) {
  event::Event event;
  event.truth.particles = std::move(particles);
  return Fingerprint(event);
}

/// Momentum and energy of the final state.
struct Sum {
  core::Vector3 momentum;
  double energy = 0;
};

inline Sum sum_of_final(event::GenParticles const& particles) {
  Sum sum;
  for (std::size_t row = 0; row < particles.size(); ++row) {
    if (particles.generator_status[row] != 1) continue;
    sum.momentum = sum.momentum + core::Vector3{particles.px[row], particles.py[row], particles.pz[row]};
    sum.energy += particles.energy(row);
  }
  return sum;
}

inline std::size_t count(event::GenParticles const& particles, std::int32_t pdg, std::int32_t status) {
  std::size_t n = 0;
  for (std::size_t row = 0; row < particles.size(); ++row)
    n += particles.pdg[row] == pdg && particles.generator_status[row] == status;
  return n;
}

/// What generator.hpp promises of the table: columns and ids in order, parents before daughters, the two
/// relations each other's inverse, a final state without daughters.
inline void expect_sound(event::GenParticles const& particles) {
  event::Event event;
  event.truth.particles = particles;
  ASSERT_NO_THROW(event::check(event));
  std::vector<std::pair<std::size_t, std::size_t>> made;
  std::vector<std::pair<std::size_t, std::size_t>> came_from;
  for (std::size_t row = 0; row < particles.size(); ++row) {
    for (event::GenParticleId parent : particles.parents[row]) {
      ASSERT_LT(parent.row(), row);
      came_from.emplace_back(parent.row(), row);
    }
    for (event::GenParticleId daughter : particles.daughters[row]) made.emplace_back(row, daughter.row());
    ASSERT_TRUE(particles.generator_status[row] != 1 || particles.daughters[row].empty());
  }
  std::sort(came_from.begin(), came_from.end());
  std::sort(made.begin(), made.end());
  ASSERT_EQ(came_from, made);
}

}  // namespace corpuscle::testing
