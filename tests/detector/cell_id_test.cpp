#include "corpuscle/detector/cell_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

#include "corpuscle/core/error.hpp"

namespace corpuscle::detector {
namespace {

constexpr char const* clic_calorimeter =
    "system:5,side:-2,module:8,stave:4,layer:9,submodule:4,x:32:-16,y:-16";

std::int64_t decode(std::string const& encoding, std::string const& field, std::uint64_t cell_id) {
  auto const found = CellIdDecoder(encoding).field(field);
  if (!found) throw std::out_of_range(field);
  return (*found)(cell_id);
}

TEST(CellIdDecoder, FieldsFollowOneAnotherFromTheLowestBit) {
  EXPECT_EQ(decode("a:4,b:8", "a", 0xAB3), 3);
  EXPECT_EQ(decode("a:4,b:8", "b", 0xAB3), 0xAB);
}

TEST(CellIdDecoder, OffsetPlacesAFieldAndThoseAfterIt) {
  EXPECT_EQ(decode("a:4,b:32:8,c:8", "b", 0x0000'12AB'0000'0000), 0xAB);
  EXPECT_EQ(decode("a:4,b:32:8,c:8", "c", 0x0000'12AB'0000'0000), 0x12);
}

TEST(CellIdDecoder, NegativeWidthIsSigned) {
  EXPECT_EQ(decode("side:-2", "side", 0b01), 1);
  EXPECT_EQ(decode("side:-2", "side", 0b10), -2);
  EXPECT_EQ(decode("side:-2", "side", 0b11), -1);
  EXPECT_EQ(decode("side:2", "side", 0b11), 3);
  EXPECT_EQ(decode("flag:-1", "flag", 1), -1);
  EXPECT_EQ(decode("x:48:-16", "x", 0x8000'0000'0000'0000), -32768);
}

TEST(CellIdDecoder, SixtyFourBitsAreOneField) {
  std::uint64_t const all = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(decode("all:-64", "all", all), -1);
  EXPECT_EQ(decode("all:-64", "all", all >> 1), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(decode("all:64", "all", 12345), 12345);
  EXPECT_EQ(decode("low:63,top:1", "top", all), 1);
  EXPECT_EQ(decode("low:63,top:1", "low", all), std::numeric_limits<std::int64_t>::max());
}

TEST(CellIdDecoder, SpacesAroundFieldsDoNotMatter) {
  EXPECT_EQ(decode(" a:4 , b:8", "b", 0x120), 0x12);
}

TEST(CellIdDecoder, UnknownFieldIsNothing) {
  EXPECT_FALSE(CellIdDecoder(clic_calorimeter).field("slice").has_value());
}

TEST(CellIdDecoder, BadStringsNameTheField) {
  struct Case {
    char const* encoding;
    char const* complaint;
  };
  for (Case const& c : {Case{"", "field '': has no name"},                            //
                        Case{"a:4,,b:4", "field '': has no name"},                    //
                        Case{":4", "field ':4': has no name"},                        //
                        Case{"a", "field 'a': is not name:width"},                    //
                        Case{"a:", "field 'a:': is not name:width"},                  //
                        Case{"a:x", "field 'a:x': is not name:width"},                //
                        Case{"a:4b", "field 'a:4b': is not name:width"},              //
                        Case{"a:1:2:3", "field 'a:1:2:3': is not name:width"},        //
                        Case{"a:99999999999", "field 'a:99999999999': is not name"},  //
                        Case{"a:0", "field 'a:0': has a width"},                      //
                        Case{"a:65", "field 'a:65': has a width"},                    //
                        Case{"a:-2147483648", "field 'a:-2147483648': has a width"},  //
                        Case{"a:60,b:5", "field 'b:5': does not fit"},                //
                        Case{"a:-1:5", "field 'a:-1:5': does not fit"},               //
                        Case{"a:2147483647:5", "does not fit"},                       //
                        Case{"a:4,a:4", "field 'a:4': is there twice"},               //
                        Case{"a:8,b:7:2", "field 'b:7:2': overlaps"}}) {
    try {
      CellIdDecoder const decoder{c.encoding};
      ADD_FAILURE() << "accepted '" << c.encoding << "'";
    } catch (core::DataError const& error) {
      EXPECT_NE(std::string(error.what()).find(c.complaint), std::string::npos) << error.what();
    }
  }
}

// Hits of ECalBarrelCollection in clic_ttbar365_sim.edm4hep.root, printed with uproot:
//   uproot.open(FILE)["events"].arrays(["ECalBarrelCollection.cellID", "ECalBarrelCollection.position.x",
//   ...])
// The sensitive slice of layer i is at 1500 + 5.05 i + 2.40 mm from the axis, measured along the normal of
// a face of the dodecagon (detector.md 1.3).
TEST(CellIdDecoder, LayersOfRealClicHitsAreWhereTheGeometryPutsThem) {
  struct Hit {
    std::uint64_t cell_id;
    double x, y;
  };
  auto const decoder = CellIdDecoder(clic_calorimeter);
  auto const system = decoder.field("system").value();
  auto const layer = decoder.field("layer").value();
  for (Hit const& hit :
       {Hit{35747124473757844, 1183.8165, -954.36957}, Hit{14354987589043604, 1441.3666, 508.27988},
        Hit{37435974337691796, 1214.4305, -972.04456}, Hit{36310014318084244, 1318.6803, -1114.6788},
        Hit{39406264831705236, 1333.9802, -1088.1783}, Hit{38280382094770324, 1261.0851, -1022.5365}}) {
    double distance = 0;
    for (int side = 0; side < 12; ++side) {
      double const psi = side * std::numbers::pi / 6;
      distance = std::max(distance, hit.x * std::cos(psi) + hit.y * std::sin(psi));
    }
    EXPECT_EQ(system(hit.cell_id), 20);
    EXPECT_NEAR(distance, 1500 + 5.05 * static_cast<double>(layer(hit.cell_id)) + 2.40, 1e-3) << hit.cell_id;
  }
}

}  // namespace
}  // namespace corpuscle::detector
