#include "corpuscle/config/detector.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <ostream>
#include <string>
#include <utility>

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
  std::string const path = testing::TempDir() + std::to_string(::getpid()) + "_corpuscle_detector_test.yaml";
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
  if (at == std::string::npos) return "no such piece: " + piece;
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

using detector::Calorimeter;
using detector::TrackerSurface;

/// Calls f(surface, path in radiation lengths) for every surface of the tracker that a straight line from the
/// origin passes.
template <class F>
void for_each_crossed(detector::Tracking const& tracking, double degrees, F f) {
  double const theta = degrees * std::numbers::pi / 180;
  for (TrackerSurface const& surface : tracking.surfaces) {
    bool const is_disc = surface.shape == TrackerSurface::Shape::disc;
    double const at = is_disc ? surface.position * std::tan(theta) : surface.position / std::tan(theta);
    if (at >= surface.from && at <= surface.to)
      f(surface, surface.x0 / (is_disc ? std::cos(theta) : std::sin(theta)));
  }
}

struct Ray {
  double theta;  ///< [degrees]
  int sensors;
  double x0;         ///< to the calorimeter
  double x0_inside;  ///< up to a radius of 110 mm
};

/// The table of detector.md 1.2. Below 15 degrees it counts a support tube at r = 570 mm that would have to
/// be longer than the tracker (2306 mm): the column is less by the 0.0125 / sin(theta) of that.
double tube(double degrees) {
  return 0.0125 / std::sin(degrees * std::numbers::pi / 180);
}
Ray const rays_of_clic[] = {{89, 12, .094, .014},
                            {80, 12, .095, .014},
                            {70, 12, .100, .015},
                            {60, 12, .108, .016},
                            {50, 12, .122, .018},
                            {40, 12, .146, .022},
                            {35, 12, .154, .024},
                            {30, 13, .169, .028},
                            {25, 15, .183, .038},
                            {20, 17, .198, .044},
                            {15, 15, .210, .037},
                            {12, 13, .179 - tube(12), .023},
                            {10, 11, .187 - tube(10), .033},
                            {9, 11, .196 - tube(9), .034}};

TEST(SimulationOfClic, TracksSeeTheSensorsAndTheMaterialOfTheSheet) {
  for (Ray const& ray : rays_of_clic) {
    SCOPED_TRACE(ray.theta);
    int sensors = 0;
    double x0 = 0, x0_inside = 0;
    for_each_crossed(find_detector("clic").simulation.tracking, ray.theta,
                     [&](TrackerSurface const& surface, double path) {
                       sensors += surface.is_sensitive() ? 1 : 0;
                       x0 += path;
                       double const radius =
                           surface.shape == TrackerSurface::Shape::cylinder
                               ? surface.position
                               : surface.position * std::tan(ray.theta * std::numbers::pi / 180);
                       if (radius < 110) x0_inside += path;
                     });
    EXPECT_EQ(sensors, ray.sensors);
    EXPECT_NEAR(x0, ray.x0, 0.01 * ray.x0 + 0.0005);  // 1 %, and the rounding of the table
    EXPECT_NEAR(x0_inside, ray.x0_inside, 0.01 * ray.x0_inside + 0.0005);
  }
}

TEST(SimulationOfClic, StacksAddUpToTheDepthsOfTheSheet) {
  // detector.md 1.4, total depth.
  auto const& stacks = find_detector("clic").simulation.stacks;
  EXPECT_EQ(stacks[0].name, "ecal");
  EXPECT_NEAR(40 * stacks[0].x0, 21.8, 0.05);
  EXPECT_NEAR(40 * stacks[0].lambda, 1.06, 0.005);
  EXPECT_EQ(stacks[1].name, "hcal");
  EXPECT_NEAR(60 * stacks[1].x0, 69, 0.5);
  EXPECT_NEAR(60 * stacks[1].lambda, 7.49, 0.005);
}

TEST(SimulationOfBuiltInDetectors, AgreesWithWhatReconstructionKnows) {
  int n_described = 0;
  for (detector::Detector const& d : built_in_detectors()) {
    if (!d.simulation.is_described()) continue;
    SCOPED_TRACE(d.name);
    ++n_described;
    for (Calorimeter const& c : d.simulation.calorimeters) {
      SCOPED_TRACE(c.collection + ", system " + std::to_string(c.system));
      detector::Stack const& stack = d.simulation.stacks[static_cast<std::size_t>(c.stack)];
      auto const& [shell, hits] = [&] {
        switch (c.kind) {
          case Calorimeter::Kind::ecal: return std::pair(d.ecal, d.collections.ecal_hits);
          case Calorimeter::Kind::hcal: return std::pair(d.hcal, d.collections.hcal_hits);
          case Calorimeter::Kind::muon: return std::pair(d.muon, d.collections.muon_hits);
          case Calorimeter::Kind::forward: break;
        }
        return std::pair(detector::CalorimeterShell(), d.collections.forward_hits);
      }();
      EXPECT_NE(std::find(hits.begin(), hits.end(), c.collection), hits.end());
      if (c.kind == Calorimeter::Kind::forward) continue;
      EXPECT_EQ(c.sides, shell.sides);
      EXPECT_EQ(c.normal_phi, shell.normal_phi);
      EXPECT_EQ(stack.cell_size, shell.cell_size);
      if (c.shape == Calorimeter::Shape::barrel) {
        EXPECT_EQ(c.layers, shell.layers);
        EXPECT_EQ(stack.pitch, shell.layer_pitch);
        EXPECT_EQ(c.r_min, shell.barrel_r_min);
        EXPECT_EQ(c.r_max, shell.barrel_r_max);
        EXPECT_EQ(c.z_max, shell.barrel_z_max);
      } else {
        EXPECT_GE(c.r_min, shell.endcap_r_min);
        EXPECT_LE(c.r_max, shell.endcap_r_max);
        EXPECT_LE(c.z_max, shell.endcap_z_max);
        if (c.region == Calorimeter::Region::endcap) {
          EXPECT_EQ(c.z_min, shell.endcap_z_min);
        }
      }
    }
    double first = 1e9;
    for (TrackerSurface const& surface : d.simulation.tracking.surfaces) {
      bool const is_disc = surface.shape == TrackerSurface::Shape::disc;
      EXPECT_LE(is_disc ? surface.to : surface.position, d.tracker.r_max);
      EXPECT_LE(is_disc ? surface.position : surface.to, d.tracker.z_max);
      if (!is_disc && surface.is_sensitive()) first = std::min(first, surface.position);
    }
    EXPECT_NEAR(first, d.tracker.r_min, 1);
    EXPECT_GT(d.simulation.coil.r_min, d.hcal.barrel_r_max);
    EXPECT_LT(d.simulation.coil.r_max, d.muon.barrel_r_min);
  }
  EXPECT_GE(n_described, 2);
}

TEST(LoadDetector, SimulationMayBeLeftOut) {
  EXPECT_FALSE(find_detector("ild").simulation.is_described());
  EXPECT_TRUE(find_detector("clic").simulation.is_described());
}

struct Absurdity {
  std::string name, piece, replacement, place, complaint;
};

void PrintTo(Absurdity const& absurdity, std::ostream* out) {
  *out << absurdity.replacement;
}

class AbsurdGeometry : public testing::TestWithParam<Absurdity> {};

TEST_P(AbsurdGeometry, IsNamedWithItsPlace) {
  Absurdity const& a = GetParam();
  EXPECT_EQ(complaint_about_clic_with(a.piece, a.replacement), place_of(a.place) + a.complaint);
}

INSTANTIATE_TEST_SUITE_P(
    Simulation, AbsurdGeometry,
    testing::Values(
        Absurdity{"ZeroPitch", "pitch: 26.5 ", "pitch: 0 ", "26.5 ",
                  "'pitch' = 0 is out of range: from 0.001 to 1e+05 mm"},
        Absurdity{"NegativePitch", "      pitch: 5.05", "      pitch: -5", "5.05      ",
                  "'pitch' = -5 is out of range: from 0.001 to 1e+05 mm"},
        Absurdity{"TooManyLayers", "layers: 40, sides: 12, normal_phi: 0, r_min: 1500",
                  "layers: 41, sides: 12, normal_phi: 0, r_min: 1500",
                  "40, sides: 12, normal_phi: 0, r_min: 1500",
                  "'layers' = 41 do not fit: they need 207.05 mm of 202"},
        Absurdity{"NoLayers", "layers: 40, sides: 12, normal_phi: 0, r_min: 1500",
                  "layers: 0, sides: 12, normal_phi: 0, r_min: 1500",
                  "40, sides: 12, normal_phi: 0, r_min: 1500",
                  "'layers' = 0 is out of range: from 1 to 1000"},
        Absurdity{"UnknownStack", "stack: hcal,", "stack: hcla,",
                  "hcal,\n       layers: 60, sides: 12, normal_phi: 0, r_min: 1740",
                  "'stack' = 'hcla' is unknown; it is one of: ecal, hcal, yoke_barrel, yoke_endcap, lumical"},
        Absurdity{"SameStackTwice", "name: hcal ", "name: ecal ", "- name: ecal ",
                  "'stacks' has 'ecal' twice"},
        Absurdity{"SensitiveSliceOutsideItsLayer", "sensitive_offset: 2.4 ", "sensitive_offset: 4.9 ", "2.4 ",
                  "'sensitive_offset' puts the sensitive slice outside its layer"},
        Absurdity{"WindowThatEndsBeforeItBegins", "window_to: 10", "window_to: -2", "10\n      noise",
                  "'window_to' must be greater than 'window_from'"},
        Absurdity{"RadiiInWrongOrder", "r_min: 1740, r_max: 3330", "r_min: 1740, r_max: 1740", "3330, z_max",
                  "'r_max' must be greater than 'r_min'"},
        Absurdity{"BarrelWithoutHole", "r_min: 1740,", "r_min: 0,", "1740, r_max",
                  "'r_min' must be greater than 0"},
        Absurdity{"EndcapInWrongOrder", "z_min: 2353.5", "z_min: 2600.5", "2539, calibration",
                  "'z_max' must be greater than 'z_min'"},
        Absurdity{"RoundBarrel", "layers: 60, sides: 12", "layers: 60, sides: 0",
                  "12, normal_phi: 0, r_min: 1740", "'sides' must be 3 or more, or 0 for a round endcap"},
        Absurdity{"EndcapKeyInABarrel", "cell_shift: 15", "grid_phi: 1", "cell_shift: 15",
                  "unknown key 'grid_phi'; did you mean 'normal_phi'?"},
        Absurdity{"SameSystemTwice", "system: 29, kind", "system: 20, kind", "- {collection: ECALBarrel",
                  "'calorimeters' has system 20 twice"},
        Absurdity{"SurfaceThatEndsBeforeItBegins", "to: 102, x0: 0.00235", "to: 3.2, x0: 0.00235",
                  "102, x0: 0.00235", "'to' must be greater than 'from'"},
        Absurdity{"DiscWithoutHole", "disc: 1310, from: 617.5,", "disc: 1310,", "{disc: 1310",
                  "missing key 'from'"},
        Absurdity{"SurfaceOfNoShape", "{cylinder: 127,", "{cylindre: 127,", "cylinder: 127,",
                  "unknown key 'cylindre'; did you mean 'cylinder'?"},
        Absurdity{"NegativeMaterial", "x0: 0.0017", "x0: -1", "0.0017}",
                  "'x0' = -1 is out of range: from 0 to 100"},
        Absurdity{"SensorThatMeasuresNothing", "sigma_u: 0.005, sigma_v: 0.005", "sigma_u: 0, sigma_v: 0.005",
                  "0.005, sigma_v: 0.005", "'sigma_u' = 0 is out of range: from 1e-05 to 100 mm"},
        Absurdity{"SensorWithoutSystem", "system: 6, layer: 0", "layer: 0", "{disc: 1310",
                  "missing key 'system'"},
        Absurdity{"SameSensorTwice", "system: 6, layer: 1", "system: 6, layer: 0", "- {cylinder: 29.7",
                  "'surfaces' has layer 0 of system 6 twice"},
        Absurdity{"CoilInsideOut", "r_max: 4290", "r_max: 3000", "4290",
                  "'r_max' must be greater than 'r_min'"},
        Absurdity{"MisspeltSection", "\nsimulation:", "\nsimulaton:", "simulation:",
                  "unknown key 'simulaton'; did you mean 'simulation'?"},
        Absurdity{"SectionWithoutContent",
                  "  coil:", "  soil:", "coil:", "unknown key 'soil'; did you mean 'coil'?"}),
    [](testing::TestParamInfo<Absurdity> const& absurdity) { return absurdity.param.name; });

}  // namespace
}  // namespace corpuscle::config
