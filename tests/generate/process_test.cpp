#include "corpuscle/generate/process.hpp"

#include <gtest/gtest.h>

#include <string>

#include "corpuscle/core/error.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

constexpr char const* valid =
    "description: e+e- -> mu mu\nbeams: electron_positron\nenergy: 250\npolarisation: fermion_pair\n"
    "pythia:\n  - WeakSingleBoson:ffbar2gmZ = on\n";

std::string written(std::string const& text) {
  return testing::write_test_file("mumu.yaml", text);
}

std::string complaint_about(std::string const& name_or_path) {
  try {
    find_process(name_or_path);
  } catch (core::ConfigError const& error) {
    return error.what();
  }
  return "none";
}

TEST(Process, ThoseOfTheReferenceSamplesAreBuiltIn) {
  for (char const* name :
       {"ttbar", "qqbar", "qqbar_200", "qqbar_365", "z_qq", "ww", "zh_tautau", "zh_bb", "pileup"}) {
    Process const process = find_process(name);
    EXPECT_EQ(process.name, name);
    EXPECT_FALSE(process.description.empty());
    EXPECT_FALSE(process.pythia.empty());
  }
  EXPECT_EQ(find_process("ttbar").energy, 380);
  EXPECT_EQ(find_process("z_qq").energy, 91.19);
  EXPECT_EQ(find_process("pileup").beams, Beams::photon_photon);
}

TEST(Process, AFileOfOnesOwnIsNamedByItsPath) {
  Process const process = find_process(written(valid));
  EXPECT_TRUE(process.name.ends_with("mumu")) << process.name;
  EXPECT_EQ(process.energy, 250);
  EXPECT_EQ(process.pythia, std::vector<std::string>{"WeakSingleBoson:ffbar2gmZ = on"});
}

TEST(Process, AnUnknownNameIsAnsweredWithTheNearestAndTheList) {
  std::string const complaint = complaint_about("tbar");
  EXPECT_NE(complaint.find("did you mean 'ttbar'?"), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("zh_tautau"), std::string::npos) << complaint;
}

TEST(Process, WhatIsWrongInAFileIsNamedWithItsPlace) {
  std::string const text = valid;
  auto const with = [&](std::string const& from, std::string const& to) {
    std::string changed = text;
    return complaint_about(written(changed.replace(changed.find(from), from.size(), to)));
  };
  EXPECT_NE(with("electron_positron", "protons")
                .find("yaml:2:8: 'beams' = 'protons' is unknown; it is one of: electron_positron"),
            std::string::npos);
  EXPECT_NE(with("250", "-1").find("yaml:3:9"), std::string::npos);
  EXPECT_NE(with("energy", "enrgy").find("did you mean 'energy'?"), std::string::npos);
  EXPECT_NE(with("  - Weak", "  Weak").find("'pythia' must be a list"), std::string::npos);
}

TEST(Process, AFileThatIsNotThereIsAnErrorOfTheEnvironment) {
  EXPECT_THROW(find_process("./not/there.yaml"), core::EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::generate
