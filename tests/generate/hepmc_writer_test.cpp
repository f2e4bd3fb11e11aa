#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/generate/gun.hpp"
#include "corpuscle/generate/hepmc.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

std::string const real_file = CORPUSCLE_SOURCE_DIR "/../shared/data/eeH250_pythia.hepmc3.gz";

std::string fresh(std::string const& name) {
  std::string path = testing::test_path(name);
  std::filesystem::remove(path);
  return path;
}

std::string bytes_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<event::GenParticles> pions(int n) {
  auto gun = make_gun({.pdg = 211, .energy_min = 1, .energy_max = 50, .multiplicity_max = 10}, 1);
  std::vector<event::GenParticles> events;
  for (int i = 0; i < n; ++i) events.push_back((*gun)(i));
  return events;
}

void write(std::string const& path, std::vector<event::GenParticles> const& events) {
  HepMCWriter writer(path);
  for (std::size_t i = 0; i < events.size(); ++i) writer.write(static_cast<std::int64_t>(i), events[i]);
  writer.close();
}

void expect_read_back(std::string const& path, std::vector<event::GenParticles> const& events) {
  auto read = open_hepmc({path});
  ASSERT_EQ(read->size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    ASSERT_EQ(testing::fingerprint((*read)(static_cast<std::int64_t>(i))), testing::fingerprint(events[i]))
        << i;
}

TEST(HepMCWriter, WhatItWritesIsReadBackBitByBit) {
  std::vector<event::GenParticles> events = pions(20);
  events.emplace_back();  // an event without particles
  for (char const* name : {"pions.hepmc3", "pions.hepmc3.gz"}) {
    std::string const path = fresh(name);
    write(path, events);
    expect_read_back(path, events);
  }
}

TEST(HepMCWriter, ARealFileIsReadBackBitByBit) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << real_file << " is not here";
  auto read = open_hepmc({real_file});
  std::vector<event::GenParticles> events;
  for (std::int64_t i = 0; i < 100; ++i) events.push_back((*read)(i));
  std::string const path = fresh("higgs.hepmc3.gz");
  write(path, events);
  expect_read_back(path, events);
}

TEST(HepMCWriter, GzipIsGzipAndTheRestIsText) {
  write(fresh("a.hepmc3"), pions(1));
  write(fresh("a.hepmc3.gz"), pions(1));
  EXPECT_EQ(bytes_of(testing::test_path("a.hepmc3")).substr(0, 14), "HepMC::Version");
  EXPECT_EQ(bytes_of(testing::test_path("a.hepmc3.gz")).substr(0, 2), "\x1f\x8b");
}

TEST(HepMCWriter, SameEventsSameBytes) {
  write(fresh("a.hepmc3.gz"), pions(5));
  write(fresh("b.hepmc3.gz"), pions(5));
  EXPECT_EQ(bytes_of(testing::test_path("a.hepmc3.gz")), bytes_of(testing::test_path("b.hepmc3.gz")));
}

TEST(HepMCWriter, DisplacedParticlesWithoutParentsKeepTheirVertex) {
  std::vector<event::GenParticles> events = pions(1);
  event::GenParticles& p = events[0];
  p.x[0] = p.end_x[0] = 12.5;
  p.time[0] = 0.25F;
  std::string const path = fresh("displaced.hepmc3");
  write(path, events);
  expect_read_back(path, events);
}

TEST(HepMCWriter, AncestryThatVerticesCannotHoldLosesLinksAndNoParticles) {
  // Row 2 is from 0 and 1, row 3 from 0 alone, row 4 from 2 and 1: particle 1 can end at one vertex only.
  event::GenParticles p;
  p.resize(5);
  p.pdg.assign(5, 22);
  p.generator_status = {2, 2, 2, 1, 1};
  using Id = event::GenParticleId;
  p.parents.end_row();
  p.parents.end_row();
  p.parents.push_back({Id(0), Id(1)});
  p.parents.push_back({Id(0)});
  p.parents.push_back({Id(2), Id(1)});
  p.daughters.push_back({Id(2), Id(3)});
  p.daughters.push_back({Id(2), Id(4)});
  p.daughters.push_back({Id(4)});
  p.daughters.end_row();
  p.daughters.end_row();
  std::string const path = fresh("tangled.hepmc3");
  write(path, {p});
  event::GenParticles const back = (*open_hepmc({path}))(0);
  testing::expect_sound(back);
  EXPECT_EQ(back.generator_status, p.generator_status);
}

TEST(HepMCWriter, WithoutCloseThereIsNoFile) {
  std::string const path = fresh("unfinished.hepmc3");
  { HepMCWriter(path).write(0, pions(1).front()); }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(HepMCWriter, AFolderThatIsNotThereIsAnErrorOfTheEnvironment) {
  EXPECT_THROW(HepMCWriter("not/there/x.hepmc3"), core::EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::generate
