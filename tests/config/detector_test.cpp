#include "corpuscle/config/detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>

#include "corpuscle/config/embedded.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::config {
namespace {

std::string read_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string source_of(std::string const& name) {
  return std::string(CORPUSCLE_SOURCE_DIR) + "/detectors/" + name + ".yaml";
}

/// What loading says to the file of CLIC with one piece of text replaced; "file" stands for its path.
std::string complaint_about_clic_with(std::string const& piece, std::string const& replacement) {
  std::string text = read_file(source_of("clic"));
  std::size_t const at = text.find(piece);
  if (at == std::string::npos) return "no such piece: " + piece;
  text.replace(at, piece.size(), replacement);
  std::string const path = testing::TempDir() + "corpuscle_detector_test.yaml";
  std::ofstream(path, std::ios::binary) << text;
  std::string complaint = "accepted";
  try {
    load_detector(path);
  } catch (core::ConfigError const& error) {
    complaint = std::string(error.what()).replace(0, path.size(), "file");
  }
  std::filesystem::remove(path);
  return complaint;
}

/// "file:12:3: " for the first place where `piece` stands in the file of CLIC.
std::string place_of(std::string const& piece) {
  std::string const text = read_file(source_of("clic"));
  std::size_t const at = text.find(piece);
  auto const line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  std::size_t const column = at - text.rfind('\n', at);
  return core::cat("file:", line, ':', column, ": ");
}

TEST(BuiltInDetectors, AreThoseOfTheFolder) {
  std::size_t n_files = 0;
  for (auto const& file :
       std::filesystem::directory_iterator(std::string(CORPUSCLE_SOURCE_DIR) + "/detectors"))
    if (file.path().extension() == ".yaml") ++n_files;
  EXPECT_EQ(built_in_detectors().size(), n_files);
  EXPECT_GE(n_files, 3u);
}

TEST(BuiltInDetectors, AreEmbeddedByteByByte) {
  for (EmbeddedFile const& file : embedded_detectors())
    EXPECT_EQ(file.text,
              read_file(std::string(CORPUSCLE_SOURCE_DIR) + "/detectors/" + std::string(file.name)));
}

TEST(BuiltInDetectors, HaveSensibleGeometry) {
  for (detector::Detector const& d : built_in_detectors()) {
    SCOPED_TRACE(d.name);
    EXPECT_GE(d.ecal.barrel_r_min, d.tracker.r_max);
    EXPECT_GE(d.ecal.endcap_z_min, d.tracker.z_max);
    EXPECT_GE(d.hcal.barrel_r_min, d.ecal.barrel_r_max);
    EXPECT_GE(d.hcal.endcap_z_min, d.ecal.endcap_z_max);
    EXPECT_GT(d.muon.barrel_r_min, d.hcal.barrel_r_max);
    EXPECT_GE(d.muon.endcap_z_min, d.hcal.endcap_z_max);
    // Layers of an ECAL and an HCAL fill them.
    for (detector::CalorimeterShell const& shell : {d.ecal, d.hcal})
      EXPECT_NEAR(shell.layers * shell.layer_pitch, shell.barrel_r_max - shell.barrel_r_min,
                  shell.layer_pitch);
    // A face of every polygon is flat towards the floor.
    for (detector::CalorimeterShell const& shell : {d.ecal, d.hcal, d.muon}) {
      double const faces = (-std::numbers::pi / 2 - shell.normal_phi) / (2 * std::numbers::pi / shell.sides);
      EXPECT_NEAR(faces, std::round(faces), 1e-9);
    }
    EXPECT_FALSE(d.collections.clusters.empty());
    EXPECT_FALSE(d.collections.tracks.empty());
    EXPECT_FALSE(d.signature.names.empty());
  }
}

TEST(BuiltInDetectors, NoNameBelongsToTwo) {
  auto const is_named = [](detector::Detector const& d, std::string const& name) {
    return std::any_of(d.signature.names.begin(), d.signature.names.end(),
                       [&](std::string const& pattern) { return core::matches(name, pattern); });
  };
  for (detector::Detector const& a : built_in_detectors())
    for (detector::Detector const& b : built_in_detectors())
      EXPECT_EQ(is_named(a, b.name), a.name == b.name) << a.name << " and " << b.name;
}

TEST(FindDetector, KnowsFileNameOwnNameAndPath) {
  EXPECT_EQ(find_detector("clic").name, "CLIC_o3_v14");
  EXPECT_EQ(find_detector("CLIC_o3_v14").ecal.barrel_r_min, 1500);
  EXPECT_EQ(find_detector("cld").field, 2);
  EXPECT_EQ(find_detector(source_of("ild")).field, 3.5);
}

TEST(FindDetector, UnknownNameIsAnsweredWithWhatExists) {
  auto const answer = [](std::string const& name) {
    try {
      return find_detector(name).name;
    } catch (core::ConfigError const& error) {
      return std::string(error.what());
    }
  };
  EXPECT_NE(answer("clik").find("unknown detector 'clik'; did you mean 'clic'?"), std::string::npos);
  EXPECT_NE(answer("elephant").find("unknown detector 'elephant'. Built in are"), std::string::npos);
  EXPECT_NE(answer("elephant").find("cld (CLD_"), std::string::npos);
  EXPECT_THROW(find_detector("./no_such_file.yaml"), core::EnvironmentError);
}

TEST(LoadDetector, FileAsItIsLoads) {
  EXPECT_EQ(complaint_about_clic_with("name:", "name:"), "accepted");
}

TEST(LoadDetector, MisspeltKeyIsNamedWithTheNearest) {
  EXPECT_EQ(complaint_about_clic_with("field:", "feild:"),
            place_of("field:") + "unknown key 'feild'; did you mean 'field'?");
  EXPECT_EQ(complaint_about_clic_with("  barrel_z_max:", "  barel_z_max:"),
            place_of("barrel_z_max:") + "unknown key 'barel_z_max'; did you mean 'barrel_z_max'?");
}

TEST(LoadDetector, MissingKeyIsNamed) {
  EXPECT_EQ(complaint_about_clic_with("field:", "#"), place_of("name:") + "missing key 'field'");
}

TEST(LoadDetector, ValuesOutsideTheirRangeAreNamedWithTheUnit) {
  EXPECT_EQ(complaint_about_clic_with("field: 4.0", "field: -4.0"),
            place_of("4.0 ") + "'field' = -4.0 is out of range: from 0.01 to 20 T");
  EXPECT_EQ(complaint_about_clic_with("sides: 12", "sides: 2"),
            place_of("12 ") + "'sides' = 2 is out of range: from 3 to 100");
}

TEST(LoadDetector, RadiiMustBeInOrder) {
  EXPECT_EQ(complaint_about_clic_with("barrel_r_max: 1702", "barrel_r_max: 1400"),
            place_of("1702") + "'barrel_r_max' must be greater than 'barrel_r_min'");
}

TEST(LoadDetector, CellIdEncodingMustDecode) {
  std::string const complaint = complaint_about_clic_with("layer:9", "layer:99");
  EXPECT_EQ(complaint.rfind(place_of("\"system:5,side:-2,module"), 0), 0u) << complaint;
  EXPECT_NE(complaint.find("field 'layer:99': has a width that is not 1 to 64 bits"), std::string::npos)
      << complaint;
}

}  // namespace
}  // namespace corpuscle::config
