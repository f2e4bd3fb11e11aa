#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/generate/hepmc.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

std::string const real_file = CORPUSCLE_SOURCE_DIR "/../shared/data/eeH250_pythia.hepmc3.gz";

std::string const head = "HepMC::Version 3.02.06\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\n";
std::string const tail = "HepMC::Asciiv3-END_EVENT_LISTING\n\n";

/// e+ e- -> Z -> mu mu gamma, and a muon that decays 3 cm away.
std::string const event_text =
    "E 7 3 8\nU GEV MM\nW 1.0\nA 0 alphaQED 0.0078\n"
    "P 1 0 11 0 0 45.6 45.6 0.000511 4\nP 2 0 -11 0 0 -45.6 45.6 0.000511 4\n"
    "V -1 0 [1,2]\n"
    "P 3 -1 23 0 0 0 91.2 91.2 22\n"
    "P 4 3 13 30 0 0 30.000186 0.1056583755 2\n"
    "P 5 3 -13 -30 0 0 30.000186 0.1056583755 1\n"
    "P 6 3 22 0 0 0 0 0 1\n"
    "V -3 0 [4] @ 3.0e+01 0 0 3.0e1\n"
    "P 7 -3 11 10 0 0 10 0 1\nP 8 -3 -12 20 0 0 20 0 1\n";

std::string written(std::string const& bytes, std::string const& name = "hepmc3") {
  return testing::write_test_file(name, bytes);
}

event::GenParticles read(std::string const& event, std::int64_t number = 0) {
  return (*open_hepmc({written(head + event + tail)}))(number);
}

std::string complaint_about_file(std::string const& bytes) {
  try {
    auto events = open_hepmc({written(bytes)});
    for (std::int64_t i = 0, n = static_cast<std::int64_t>(*events->size()); i < n; ++i) (*events)(i);
  } catch (core::DataError const& error) {
    return error.what();
  }
  return "none";
}

/// What is said about the event with `from` replaced by `to`.
std::string complaint_with(std::string const& from, std::string const& to) {
  std::string changed = event_text;
  EXPECT_NE(changed.find(from), std::string::npos) << from;
  return complaint_about_file(head + changed.replace(changed.find(from), from.size(), to) + tail);
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

std::string inflated(std::string const& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  std::vector<char> buffer(1 << 16);
  for (int n = 0; (n = gzread(file, buffer.data(), 1 << 16)) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

std::string bytes_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(HepMCReader, ReadsParticlesVerticesAndAncestry) {
  event::GenParticles const p = read(event_text);
  testing::expect_sound(p);
  ASSERT_EQ(p.size(), 8u);
  EXPECT_EQ(p.pdg, (std::vector<std::int32_t>{11, -11, 23, 13, -13, 22, 11, -12}));
  EXPECT_EQ(p.generator_status, (std::vector<std::int32_t>{4, 4, 22, 2, 1, 1, 1, 1}));
  EXPECT_EQ(p.charge, (std::vector<float>{-1, 1, 0, -1, 1, 0, -1, 0}));
  EXPECT_EQ(p.px[4], -30);
  EXPECT_EQ(p.parents[2].size(), 2u);
  EXPECT_EQ(p.parents[3][0].row(), 2u);
  EXPECT_EQ(p.daughters[3].size(), 2u);
  EXPECT_EQ(p.x[6], 30);
  EXPECT_EQ(p.end_x[3], 30);
  EXPECT_EQ(p.end_x[4], 0);
  EXPECT_FLOAT_EQ(p.time[6], 30.F / 299.792458F);
}

TEST(HepMCReader, UnitsAreConverted) {
  std::string other = event_text;
  other.replace(other.find("U GEV MM"), 8, "U MEV CM");
  event::GenParticles const gev = read(event_text);
  event::GenParticles const mev = read(other);
  EXPECT_DOUBLE_EQ(mev.px[3], gev.px[3] / 1000);
  EXPECT_DOUBLE_EQ(mev.mass[3], gev.mass[3] / 1000);
  EXPECT_DOUBLE_EQ(mev.x[6], gev.x[6] * 10);
  EXPECT_FLOAT_EQ(mev.time[6], gev.time[6] * 10);
}

TEST(HepMCReader, AVertexWithoutPositionIsWhereItsParticlesWereMade) {
  std::string shifted = event_text;
  shifted.replace(shifted.find("E 7 3 8"), 7, "E 7 3 8 @ 1 2 3 0");
  event::GenParticles const p = read(shifted);
  EXPECT_EQ(p.y[0], 2);
  EXPECT_EQ(p.y[4], 2);
  EXPECT_EQ(p.y[6], 0);  // its vertex says so
}

TEST(HepMCReader, MassIsThatOfEnergyAndMomentumWhereTheFileDisagrees) {
  std::string massless = event_text;
  massless.replace(massless.find("30.000186 0.1056583755 1"), 24, "50 0 1");
  event::GenParticles const p = read(massless);
  EXPECT_DOUBLE_EQ(p.mass[4], 40);
  EXPECT_DOUBLE_EQ(p.energy(4), 50);
}

TEST(HepMCReader, NegativeMassesOfFinalParticlesLoseTheirSign) {
  std::string negative = event_text;
  negative.replace(negative.find("30.000186 0.1056583755 1"), 24, "30.000186 -0.1056583755 1");
  EXPECT_DOUBLE_EQ(read(negative).mass[4], 0.1056583755);
}

TEST(HepMCReader, ParentsThatComeLaterAreMovedForward) {
  // The vertex of particle 1 has particle 2 coming in.
  event::GenParticles const p =
      read("E 0 1 2\nU GEV MM\nV -1 0 [2]\nP 1 -1 22 0 0 1 1 0 1\nP 2 0 111 0 0 1 1.0090686 0.1349768 2\n");
  testing::expect_sound(p);
  EXPECT_EQ(p.pdg, (std::vector<std::int32_t>{111, 22}));
}

TEST(HepMCReader, NoParticlesIsAnEvent) {
  EXPECT_EQ(read("E 0 0 0\nU GEV MM\n").size(), 0u);
}

TEST(HepMCReader, AHundredThousandParticlesAreAnEvent) {
  std::string text = "E 0 0 100000\nU GEV MM\n";
  for (int i = 1; i <= 100'000; ++i) text += "P " + std::to_string(i) + " 0 211 1 0 0 1.00969 0.13957 1\n";
  EXPECT_EQ(read(text).size(), 100'000u);
}

TEST(HepMCReader, FarAndLongLivedVerticesAreKept) {
  std::string far = event_text;
  far.replace(far.find("@ 3.0e+01 0 0 3.0e1"), 19, "@ 3.0e+13 0 0 3.0e13");
  EXPECT_EQ(read(far).x[6], 3e13);
}

TEST(HepMCReader, FinalParticlesOfUnknownKindsAreKeptWithTheChargeOfTheirCode) {
  std::string strange = event_text;
  strange.replace(strange.find("P 6 3 22 0 0 0 0 0 1"), 20, "P 6 3 4122 0 0 0 2.28646 2.28646 1");
  event::GenParticles const p = read(strange);
  EXPECT_EQ(p.charge[5], 1);
  EXPECT_DOUBLE_EQ(p.mass[5], 2.28646);
}

TEST(HepMCReader, NumberIsThePositionInTheFiles) {
  std::string const three = written(head + event_text + "E 0 0 0\nU GEV MM\n" + event_text + tail, "three");
  std::string const one = written(head + event_text + tail, "one");
  std::string const none = written(head + tail, "none");
  auto events = open_hepmc({none, three, none, one});
  EXPECT_EQ((*events)(3).size(), 8u);
  EXPECT_EQ((*events)(1).size(), 0u);
  EXPECT_EQ((*events)(2).size(), 8u);
  EXPECT_EQ((*events)(0).size(), 8u);
  EXPECT_EQ(events->size(), 4u);
  for (std::int64_t number : {std::int64_t{4}, std::int64_t{-1}, std::int64_t{1'000'000}})
    EXPECT_THROW((*events)(number), core::DataError);
  EXPECT_EQ((*events)(3).size(), 8u);
}

TEST(HepMCReader, FilesJoinedEndToEndAreOneFile) {
  std::string const file = head + event_text + tail;
  auto events = open_hepmc({written(file + file)});
  EXPECT_EQ(events->size(), 2u);
  EXPECT_EQ(testing::fingerprint((*events)(0)), testing::fingerprint((*events)(1)));
}

TEST(HepMCReader, AfterADamagedEventTheOthersCanStillBeRead) {
  std::string bad = event_text;
  bad.replace(bad.find("45.6"), 4, "nan ");
  auto events = open_hepmc({written(head + event_text + bad + event_text + tail)});
  EXPECT_THROW((*events)(1), core::DataError);
  EXPECT_EQ((*events)(2).size(), 8u);
  EXPECT_EQ((*events)(0).size(), 8u);
}

TEST(HepMCReader, FrameIsAsTheCallerSays) {
  std::string const path = written(head + tail);
  EXPECT_EQ(open_hepmc({path})->frame(), GeneratorFrame::collision);
  EXPECT_EQ(open_hepmc({path}, GeneratorFrame::detector)->frame(), GeneratorFrame::detector);
}

TEST(HepMCReader, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_CONTAINS(complaint_with("P 5 3 -13 -30", "P 5 3 -13 nan"), "hepmc3: line 13: px 'nan'");
  EXPECT_CONTAINS(complaint_with("P 5 3 -13 -30", "P 5 3 -13 1e999"), "line 13: px '1e999'");
  EXPECT_CONTAINS(complaint_with("@ 3.0e+01", "@ inf"), "line 15: x 'inf'");
  EXPECT_CONTAINS(complaint_with("P 6 3 22", "P 6 3 9999999"), "PDG code 9999999 is not known");
  EXPECT_CONTAINS(complaint_with("10 0 0 10 0 1", "10 0 0 5 0 1"), "less than its momentum");
  EXPECT_CONTAINS(complaint_with("10 0 0 10 0 1", "10 0 0 -20 0 1"), "less than its momentum");
  EXPECT_CONTAINS(complaint_with("E 7 3 8", "E 7 3 9"), "8 particles instead of the 9");
  EXPECT_CONTAINS(complaint_with("E 7 3 8", "E 7 3 7"), "more than the 7 particles");
  EXPECT_CONTAINS(complaint_with("E 7 3 8", "E 7 1 8"), "more than the 1 vertices");
  EXPECT_CONTAINS(complaint_with("E 7 3 8", "E 7 3 99999999999"), "number of particles");
  EXPECT_CONTAINS(complaint_with("U GEV MM\n", ""), "units");
  EXPECT_CONTAINS(complaint_with("U GEV MM", "U TEV MM"), "unknown unit of momentum 'TEV'");
  EXPECT_CONTAINS(complaint_with("U GEV MM", "U GEV INCH"), "unknown unit of length 'INCH'");
  EXPECT_CONTAINS(complaint_with("P 3 -1 23", "P 3 -2 23"), "vertex -2 comes after");
  EXPECT_CONTAINS(complaint_with("P 3 -1 23", "P 3 8 23"), "particle 8 comes after its daughter");
  EXPECT_CONTAINS(complaint_with("P 3 -1 23", "P 9 -1 23"), "should be particle 3");
  EXPECT_CONTAINS(complaint_with("V -3 0 [4]", "V -3 0 [1]"), "particle 1 ends at two vertices");
  EXPECT_CONTAINS(complaint_with("V -3 0 [4]", "V -1 0 [4]"), "vertex -1 comes a second time");
  EXPECT_CONTAINS(complaint_with("V -3 0 [4]", "V -3 0 4"), "in brackets");
  EXPECT_CONTAINS(complaint_with("V -3 0 [4]", "V -3 0 [4,]x"), "in brackets");
  EXPECT_CONTAINS(complaint_with("V -3 0 [4]", "V -3 0 [40]"), "an incoming particle '40'");
  EXPECT_CONTAINS(complaint_with("P 7 -3 11 10 0 0 10 0 1", "P 7 -3 11 10 0 0"), "ends before the energy");
  EXPECT_CONTAINS(complaint_with("P 7 -3 11 10 0 0 10 0 1", "P 7 -3 11 10 0 0 10 0 1 1"),
                  "where it should end");
  EXPECT_CONTAINS(complaint_with("A 0 alphaQED", "Z 0 alphaQED"), "starts with 'Z'");
  EXPECT_CONTAINS(complaint_with("A 0 alphaQED 0.0078\n", "\n"), "is empty");
}

TEST(HepMCReader, AParticleThatIsItsOwnAncestorIsRefused) {
  EXPECT_CONTAINS(complaint_with("V -1 0 [1,2]", "V -1 0 [1,7]"), "cycle");
  EXPECT_CONTAINS(complaint_with("V -1 0 [1,2]", "V -1 0 [3]"), "cycle");
}

TEST(HepMCReader, OtherFormatsAreRefusedByName) {
  EXPECT_CONTAINS(complaint_about_file("\nHepMC::Version 2.06.09\nHepMC::IO_GenEvent-START_EVENT_LISTING\n"),
                  "HepMC2");
  EXPECT_CONTAINS(complaint_about_file("HepMC::Version 4.0\nHepMC::Asciiv4-START_EVENT_LISTING\n"),
                  "another version");
  EXPECT_CONTAINS(complaint_about_file("<LesHouchesEvents version=\"3.0\">\n"), "Les Houches");
  EXPECT_CONTAINS(complaint_about_file("root\1\2\3"), "ROOT");
  EXPECT_CONTAINS(complaint_about_file(std::string("\0\0\0\1\0\0\3\x56", 8)), "StdHep");
  EXPECT_CONTAINS(complaint_about_file(""), "no HepMC3 ASCII file");
  EXPECT_CONTAINS(complaint_about_file(std::string(3'000'000, 'x')), "longer than a line");
  EXPECT_THROW(open_hepmc({"not/there.hepmc"}), core::EnvironmentError);
}

TEST(HepMCReader, AFileCutAtAnyPlaceIsRefused) {
  std::string const whole = head + event_text + event_text + tail;
  std::size_t const needed = whole.size() - 2;  // without its last two line ends it is still whole
  for (std::size_t size = 0; size < needed; ++size)
    ASSERT_NE(complaint_about_file(whole.substr(0, size)), "none") << size;
  EXPECT_EQ(complaint_about_file(whole.substr(0, needed)), "none");
}

TEST(HepMCReader, DamageIsRefusedOrHarmless) {
  // Flips in the text of three real events: what is still read is sound.
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << real_file << " is not here";
  std::string text = inflated(real_file);
  std::size_t end = 0;
  for (int i = 0; i < 4; ++i) end = text.find("\nE ", end + 1);
  text = text.substr(0, end + 1) + tail;
  ASSERT_EQ(complaint_about_file(text), "none");
  core::Random random{1};
  int n_refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = text;
    auto const place = static_cast<std::size_t>(random.uniform() * static_cast<double>(text.size()));
    damaged[place] = static_cast<char>(random.bits());
    try {
      auto events = open_hepmc({written(damaged)});
      for (std::int64_t k = 0, n = static_cast<std::int64_t>(*events->size()); k < n; ++k)
        testing::expect_sound((*events)(k));
    } catch (core::DataError const&) {
      ++n_refused;
    }
  }
  EXPECT_GT(n_refused, 200);  // the others hit digits and attributes
}

TEST(HepMCReader, DamagedAndCutGzipIsRefused) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << real_file << " is not here";
  std::string const whole = bytes_of(real_file);
  for (std::size_t i = 1; i < 40; ++i)
    ASSERT_NE(complaint_about_file(whole.substr(0, whole.size() * i / 40)), "none") << i;
  core::Random random{2};
  for (int i = 0; i < 40; ++i) {
    std::string damaged = whole;
    // Behind the header, whose date and name do not matter.
    auto const place =
        100 + static_cast<std::size_t>(random.uniform() * static_cast<double>(whole.size() - 108));
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    ASSERT_NE(complaint_about_file(damaged), "none") << place;
  }
}

TEST(HepMCReader, AHundredHiggsEventsHave6497FinalParticlesAndTheEnergyOfTheirBeams) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << real_file << " is not here";
  auto events = open_hepmc({real_file});
  ASSERT_EQ(events->size(), 100u);
  std::size_t n_final = 0;
  for (std::int64_t number = 0; number < 100; ++number) {
    event::GenParticles const particles = (*events)(number);
    testing::expect_sound(particles);
    testing::Sum const sum = testing::sum_of_final(particles);
    ASSERT_NEAR(sum.energy, 250, 250e-6);
    ASSERT_NEAR(core::length(sum.momentum), 0, 250e-6);
    for (std::int32_t status : particles.generator_status) n_final += status == 1;
  }
  EXPECT_EQ(n_final, 6497u);  // README.md of the data
}

}  // namespace
}  // namespace corpuscle::generate
