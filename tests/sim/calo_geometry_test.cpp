#include "corpuscle/sim/calo_geometry.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;
using detector::Calorimeter;

constexpr double pi = std::numbers::pi;

/// A hit of a full simulation, the position rounded to 10 um.
struct Hit {
  std::uint64_t cell_id;
  double x, y, z;
};

/// From clic_ttbar365_sim.edm4hep.root, drawn at random: one hit of each stave of both barrels, three of each
/// endcap. Of the yoke endcap there are no more than these.
constexpr Hit geant4_hits[] = {
    {41095411042091028U, 1674.10, 76.50, 744.60},
    {38561848481022100U, 1251.61, -1028.84, 693.60},
    {18426759436280791316U, 927.91, -1403.19, -362.10},
    {81064466881446292U, -387.60, -1563.00, 1463.70},
    {112871800675238420U, -439.52, -1556.87, 2045.10},
    {18387352930935112340U, -1272.71, -840.80, -1076.10},
    {18366523473423500052U, -1547.85, 275.40, -1458.60},
    {18341754023370032020U, -1448.69, 677.40, -1902.30},
    {89508939517395988U, -657.82, 1384.18, 1616.70},
    {104708876023104660U, -219.30, 1532.70, 1897.20},
    {18358923679123899668U, 1014.34, 1277.48, -1596.30},
    {13229323916936596U, 1397.33, 806.75, 239.70},
    {29556070856261693U, -148.98, 1513.01, 2364.95},
    {30681970765201469U, -168.68, 1518.29, 2385.15},
    {32933474222473277U, -299.17, 1188.94, 2349.80},
    {65302301986783325U, -1175.88, 183.08, -2460.90},
    {18428728451153264733U, 696.40, 1318.17, -2491.20},
    {18422818318446493789U, 541.13, 324.92, -2400.30},
    {13229538666872885U, -165.53, 308.35, 2435.65},
    {12384649871360053U, -288.39, -228.96, 2349.80},
    {12384649870835765U, -288.39, -228.96, 2344.75},
    {18429011206030753877U, 293.19, -147.20, -2496.25},
    {18432107173069193301U, 323.13, 161.57, -2425.55},
    {18436892273432068181U, 231.46, 154.46, -2319.50},
    {18428166716658286602U, 1840.50, -60.00, -1995.00},
    {7599794306416778U, 1420.07, -1062.37, 795.00},
    {18443647861852733706U, 1011.44, -1571.87, -315.00},
    {18426759363247997322U, 90.00, -1761.00, -2115.00},
    {18432107306208461322U, -1481.69, -1606.37, -1575.00},
    {18442240521329443466U, -1474.82, -1232.54, -465.00},
    {18426477853913645834U, -1867.00, 150.00, -2175.00},
    {18433514758394610570U, -1578.02, 841.79, -1395.00},
    {10977592813814794U, -1362.44, 1399.82, 1185.00},
    {7036917369013386U, -300.00, 1840.50, 765.00},
    {5066506633217290U, 1193.31, 1466.87, 525.00},
    {8162851648701834U, 1897.66, 1719.15, 885.00},
    {7599923159105579U, -603.81, 876.13, 2745.50},
    {3940847249784875U, -48.52, 1441.68, 2931.00},
    {18444210940653076523U, 517.03, 886.39, 2560.00},
    {11821991976763467U, -1294.71, 36.33, -2825.00},
    {13229358270906443U, -1424.07, 133.11, -2851.50},
    {10696053414166603U, -1108.92, 266.08, -2772.00},
    {16607122410176556U, -1531.10, 1124.60, 2374.50},
    {12103617273659436U, -896.64, 1637.88, 2454.00},
    {14355434265641004U, -1097.40, 1815.90, 2374.50},
    {3658826804887628U, 281.20, 2440.37, -2374.50},
    {16607062283255884U, -1779.57, 197.31, -2507.00},
    {1688519150403660U, 452.98, 2270.11, -2507.00},
    {3659509705736238U, 228.93, 2361.21, 4837.50},
    {3659492525342766U, 197.87, 2245.29, 4610.50},
    {3940950321659950U, 137.83, 2137.15, 4383.50},
};

Vector3 direction(double theta, double phi) {
  return {std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi), std::cos(theta)};
}

class CaloGeometryTest : public ::testing::Test {
 protected:
  explicit CaloGeometryTest(detector::Detector detector = config::find_detector("clic"))
      : detector_(std::move(detector)), geometry_(detector_) {}

  [[nodiscard]] detector::Simulation const& description() const { return geometry_.description(); }
  [[nodiscard]] Plane const& plane(Crossing const& crossing) const {
    return geometry_.planes()[static_cast<std::size_t>(crossing.plane)];
  }
  [[nodiscard]] Calorimeter const& calorimeter(Crossing const& crossing) const {
    return description().calorimeters[static_cast<std::size_t>(plane(crossing).calorimeter)];
  }

  [[nodiscard]] std::vector<Crossing> trace(Vector3 start, Vector3 along, double max_path = 1e5) const {
    std::vector<Crossing> out;
    geometry_.trace(start, along, max_path, out);
    return out;
  }

  [[nodiscard]] double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  [[nodiscard]] Vector3 any_direction() { return direction(std::acos(uniform(-1, 1)), uniform(-pi, pi)); }
  [[nodiscard]] Vector3 any_point() {
    return {uniform(-6600, 6600), uniform(-6600, 6600), uniform(-5800, 5800)};
  }

  /// The plane of the layer that a point is in, by looking at all of them; -1 outside, -2 in the coil.
  [[nodiscard]] int locate(Vector3 p) const {
    auto const& coil = description().coil;
    double const r = std::hypot(p.x, p.y);
    if (r > coil.r_min && r < coil.r_max && std::abs(p.z) < coil.z_max) return -2;
    int first = 0;
    int found = -1;
    for (Calorimeter const& c : description().calorimeters) {
      auto const& stack = description().stacks[static_cast<std::size_t>(c.stack)];
      bool const is_barrel = c.shape == Calorimeter::Shape::barrel;
      // The face that the point is in front of, and how far out.
      int face = 0;
      double reach = c.sides > 0 ? -1e9 : r;
      for (int k = 0; k < c.sides; ++k) {
        double const phi = c.normal_phi - k * 2 * pi / c.sides;
        double const d = p.x * std::cos(phi) + p.y * std::sin(phi);
        if (d > reach) {
          reach = d;
          face = k;
        }
      }
      double const depth = is_barrel ? reach - c.r_min : std::abs(p.z) - c.z_min;
      bool const is_inside = is_barrel ? std::abs(p.z) < c.z_max : reach > c.r_min && reach < c.r_max;
      int const stave = is_barrel ? face : (p.z < 0 ? 1 : 0);
      // The LumiCal is listed last: it has the room where the HCAL endcap reaches into it.
      if (is_inside && depth > 0 && depth < c.layers * stack.pitch) {
        found = first + stave * c.layers + static_cast<int>(depth / stack.pitch);
        bool const is_near_lumical = c.kind == Calorimeter::Kind::hcal && std::abs(p.z) > 2539 &&
                                     std::abs(p.z) < 2539 + 40 * 4.32 && r < 340;
        if (is_near_lumical) found = -1;
      }
      first += (is_barrel ? c.sides : 2) * c.layers;
    }
    return found;
  }

  detector::Detector detector_;
  CaloGeometry geometry_;
  std::mt19937_64 engine_{20240229};
};

class CldGeometryTest : public CaloGeometryTest {
 protected:
  CldGeometryTest() : CaloGeometryTest(config::find_detector("cld")) {}
};

TEST_F(CaloGeometryTest, CellsLieWhereGeant4HasThem) {
  for (Hit const& hit : geant4_hits) {
    SCOPED_TRACE(hit.cell_id);
    Vector3 const center = geometry_.center(hit.cell_id);
    // Both files and table round.
    EXPECT_NEAR(center.x, hit.x, 0.006);
    EXPECT_NEAR(center.y, hit.y, 0.006);
    EXPECT_NEAR(center.z, hit.z, 0.006);
    Plane const& plane = geometry_.plane_of(hit.cell_id);
    EXPECT_EQ(geometry_.cell(plane, dot(plane.u, center), dot(plane.v, center)), hit.cell_id);
    EXPECT_EQ(geometry_.cell_near(center), hit.cell_id);
  }
}

TEST_F(CaloGeometryTest, PlanesHaveRightHandedFramesAndIdsOfTheirOwn) {
  std::set<std::uint64_t> ids;
  for (Plane const& p : geometry_.planes()) {
    ids.insert(p.base_id);
    Vector3 const u_cross_v{p.u.y * p.v.z - p.u.z * p.v.y, p.u.z * p.v.x - p.u.x * p.v.z,
                            p.u.x * p.v.y - p.u.y * p.v.x};
    EXPECT_NEAR(length(u_cross_v - p.normal), 0, 1e-12);
    EXPECT_NEAR(length(p.normal), 1, 1e-12);
    EXPECT_NEAR(dot(p.normal, p.origin), p.distance, 1e-9);
    EXPECT_GT(p.distance, 0);
  }
  EXPECT_EQ(ids.size(), geometry_.planes().size());
}

TEST_F(CaloGeometryTest, ACellHasItsPointAndItsCenterItsCell) {
  for (Plane const& p : geometry_.planes()) {
    double const half_u = p.half_u > 0 ? p.half_u : p.r_max;
    double const half_v = p.half_u > 0 ? p.half_v : p.r_max;
    for (int i = 0; i < 20; ++i) {
      double const u = uniform(-half_u, half_u);
      double const v = uniform(-half_v, half_v);
      std::uint64_t const id = geometry_.cell(p, u, v);
      if (id == 0) continue;  // in the hole of an endcap
      EXPECT_EQ(&geometry_.plane_of(id), &p);
      Vector3 const center = geometry_.center(id) - p.origin;
      EXPECT_NEAR(dot(center, p.normal), 0, 1e-9);
      double const cu = dot(center, p.u);
      double const cv = dot(center, p.v);
      EXPECT_LE(std::abs(cu - u), 0.5 * p.cell_size + 1e-9);
      EXPECT_LE(std::abs(cv - v), 0.5 * p.cell_size + 1e-9);
      // The centre of a cell that the edge cuts may be outside.
      std::uint64_t const again = geometry_.cell(p, cu, cv);
      EXPECT_TRUE(again == id || again == 0);
    }
  }
}

TEST_F(CaloGeometryTest, PlanesEndAtTheirEdges) {
  for (Plane const& p : geometry_.planes()) {
    Calorimeter const& c = description().calorimeters[static_cast<std::size_t>(p.calorimeter)];
    if (p.half_u > 0) {
      EXPECT_NE(geometry_.cell(p, p.half_u - 0.01, 0.01 - p.half_v), 0U);
      EXPECT_EQ(geometry_.cell(p, p.half_u + 0.01, 0), 0U);
      EXPECT_EQ(geometry_.cell(p, 0, p.half_v + 0.01), 0U);
    } else if (c.sides > 0) {
      // A corner of the polygon lies on the u axis, the middle of a face at 15 degrees.
      double const corner = c.r_max / std::cos(pi / 12);
      EXPECT_NE(geometry_.cell(p, corner - 0.01, 0), 0U);
      EXPECT_EQ(geometry_.cell(p, corner + 0.01, 0), 0U);
      EXPECT_NE(geometry_.cell(p, (c.r_max - 0.01) * std::cos(pi / 12), (c.r_max - 0.01) * std::sin(pi / 12)),
                0U);
      EXPECT_EQ(geometry_.cell(p, (c.r_max + 0.01) * std::cos(pi / 12), (c.r_max + 0.01) * std::sin(pi / 12)),
                0U);
      EXPECT_EQ(geometry_.cell(p, 0, c.r_min - 0.01), 0U);
    }
    EXPECT_EQ(geometry_.cell(p, std::numeric_limits<double>::quiet_NaN(), 0), 0U);
    EXPECT_EQ(geometry_.cell(p, 0, std::numeric_limits<double>::infinity()), 0U);
  }
}

TEST_F(CaloGeometryTest, ALineFromTheOriginCrossesEveryLayerOfTheBarrelOnce) {
  for (double const phi : {0.0, 0.1, -2.5, 14.9 * pi / 180, 3.0}) {
    auto const crossings = trace({}, direction(pi / 2, phi));
    ASSERT_EQ(crossings.size(), 40 + 60 + 1 + 7U);
    for (std::size_t i = 0; i < crossings.size(); ++i) {
      if (i > 0) {
        EXPECT_GT(crossings[i].path, crossings[i - 1].path);
      }
      if (i == 100) {
        EXPECT_EQ(crossings[i].plane, -1);
        continue;
      }
      EXPECT_TRUE(crossings[i].hits_plane);
      EXPECT_EQ(plane(crossings[i]).layer, i < 40 ? i : i < 100 ? i - 40 : i - 101);
    }
    // detector.md 1.4: 21.8 and 69 X0, 8.5 lambda, on the normal of the face.
    double const slant = 1 / std::cos(std::remainder(phi, pi / 6));
    EXPECT_NEAR(crossings[39].x0_to, 21.8 * slant, 0.01 * 21.8 * slant);
    EXPECT_NEAR(crossings[99].x0_to, 90.8 * slant, 0.01 * 90.8 * slant);
    EXPECT_NEAR(crossings[99].lambda_to, 8.55 * slant, 0.01 * 8.55 * slant);
    // The coil is round.
    EXPECT_NEAR(crossings[100].lambda_to - crossings[100].lambda_from, description().coil.lambda, 1e-5);
    EXPECT_NEAR(crossings[0].path, 1502.4 * slant, 1e-3);
  }
}

TEST_F(CaloGeometryTest, ALineIntoTheEndcapCrossesEachOfItsLayersOnce) {
  for (double const z : {1.0, -1.0}) {
    double const theta = 20 * pi / 180;
    Vector3 const along{std::sin(theta), 0, z * std::cos(theta)};
    auto const crossings = trace({}, along);
    ASSERT_GE(crossings.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(calorimeter(crossings[i]).collection, i < 40 ? "ECALEndcap" : "HCALEndcap");
      EXPECT_EQ(plane(crossings[i]).layer, i < 40 ? i : i - 40);
      EXPECT_EQ(plane(crossings[i]).normal.z, z);
    }
    EXPECT_NEAR(crossings[39].x0_to, 40 * 0.5445 / std::cos(theta), 1e-4);
    EXPECT_NEAR(crossings[99].lambda_to, (40 * 0.02639 + 60 * 0.1248) / std::cos(theta), 1e-4);
  }
}

TEST_F(CaloGeometryTest, ATurnByOneSidePermutesTheStaves) {
  double const c = std::cos(pi / 6);
  double const s = std::sin(pi / 6);
  auto const turn = [&](Vector3 a) { return Vector3{c * a.x - s * a.y, s * a.x + c * a.y, a.z}; };
  for (int i = 0; i < 200; ++i) {
    Vector3 const start = any_point();
    Vector3 const along = any_direction();
    auto const one = trace(start, along);
    auto const other = trace(turn(start), turn(along));
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t k = 0; k < one.size(); ++k) {
      // 10^4 mm and 10^2 radiation lengths as floats.
      EXPECT_NEAR(one[k].path, other[k].path, 2e-3);
      EXPECT_NEAR(one[k].x0_to, other[k].x0_to, 1e-4);
      EXPECT_EQ(one[k].hits_plane, other[k].hits_plane);
      ASSERT_EQ(one[k].plane < 0, other[k].plane < 0);
      if (one[k].plane < 0) continue;
      EXPECT_NEAR(length(turn(plane(one[k]).normal) - plane(other[k]).normal), 0, 1e-12);
      EXPECT_EQ(plane(one[k]).layer, plane(other[k]).layer);
      EXPECT_EQ(plane(one[k]).calorimeter, plane(other[k]).calorimeter);
    }
  }
}

TEST_F(CaloGeometryTest, TheWayBackIsTheWayOut) {
  for (int i = 0; i < 200; ++i) {
    Vector3 const start = any_point();
    Vector3 const along = any_direction();
    double const reach = uniform(10, 8000);
    auto const out = trace(start, along, reach);
    auto const back = trace(start + reach * along, -1 * along, reach);
    ASSERT_EQ(out.size(), back.size());
    if (out.empty()) continue;
    float const x0 = out.back().x0_to;
    EXPECT_NEAR(x0, back.back().x0_to, 1e-4);
    for (std::size_t k = 0; k < out.size(); ++k) {
      Crossing const& there = out[k];
      Crossing const& here = back[back.size() - 1 - k];
      EXPECT_EQ(there.plane, here.plane);
      EXPECT_EQ(there.hits_plane, here.hits_plane);
      EXPECT_NEAR(there.path, reach - here.path, 3e-3);
      EXPECT_NEAR(there.x0_from, x0 - here.x0_to, 2e-4);
    }
  }
}

TEST_F(CaloGeometryTest, TwoHalvesOfALineAreTheWhole) {
  for (int i = 0; i < 200; ++i) {
    Vector3 const start = any_point();
    Vector3 const along = any_direction();
    double const first = uniform(1, 4000);
    double const second = uniform(1, 4000);
    auto const whole = trace(start, along, first + second);
    auto const one = trace(start, along, first);
    auto const two = trace(start + first * along, along, second);
    double x0 = 0;
    std::vector<int> planes;
    for (auto const* part : {&one, &two}) {
      if (!part->empty()) x0 += part->back().x0_to;
      for (Crossing const& c : *part)
        if (c.hits_plane) planes.push_back(c.plane);
    }
    std::vector<int> expected;
    for (Crossing const& c : whole)
      if (c.hits_plane) expected.push_back(c.plane);
    EXPECT_EQ(planes, expected);
    EXPECT_NEAR(x0, whole.empty() ? 0 : whole.back().x0_to, 2e-4);
  }
}

TEST_F(CaloGeometryTest, DepthsJoinAndPathsGrow) {
  for (int i = 0; i < 500; ++i) {
    auto const crossings = trace(any_point(), any_direction());
    float x0 = 0;
    float lambda = 0;
    float path = 0;
    for (Crossing const& c : crossings) {
      EXPECT_EQ(c.x0_from, x0);
      EXPECT_EQ(c.lambda_from, lambda);
      EXPECT_GE(c.x0_to, c.x0_from);
      EXPECT_GE(c.path, path);
      x0 = c.x0_to;
      lambda = c.lambda_to;
      path = c.path;
    }
  }
}

/// Walks along the line in small steps and looks where each of them is.
TEST_F(CaloGeometryTest, TracesFindWhatSmallStepsFind) {
  constexpr double step = 0.5;  // [mm]
  for (int i = 0; i < 60; ++i) {
    Vector3 start = any_point();
    if (i % 3 == 0) start = {};
    Vector3 along = any_direction();
    if (i % 6 == 0) along = direction(uniform(0.03, 0.2), uniform(-pi, pi));  // to the LumiCal and around it
    std::map<int, double> walked;
    std::map<int, int> visits;
    int last = -1;
    int const n = 12000;
    for (int k = 0; k < n; ++k) {
      int const at = locate(start + (k + 0.5) * step * along);
      if (at != -1) {
        walked[at] += step;
        if (at != last) ++visits[at];
      }
      last = at;
    }
    std::map<int, double> traced;
    for (Crossing const& c : trace(start, along, n * step)) {
      bool const is_coil = c.plane < 0;
      double const per_mm =
          is_coil ? description().coil.x0 / (description().coil.r_max - description().coil.r_min)
                  : description().stacks[static_cast<std::size_t>(plane(c).stack)].x0 /
                        description().stacks[static_cast<std::size_t>(plane(c).stack)].pitch;
      traced[is_coil ? -2 : c.plane] += (static_cast<double>(c.x0_to) - c.x0_from) / per_mm;
      if (c.hits_plane) {
        EXPECT_NEAR(dot(start + static_cast<double>(c.path) * along, plane(c).normal), plane(c).distance,
                    1e-3);
      }
    }
    // Each visit begins and ends within half a step of where the walk sees it; floats of 100 X0 add 0.3 mm in
    // iron.
    for (auto const& [at, distance] : walked) EXPECT_NEAR(distance, traced[at], step * visits[at] + 0.3);
    for (auto const& [at, distance] : traced)
      EXPECT_NEAR(distance, walked[at], step * std::max(1, visits[at]) + 0.3);
  }
}

TEST_F(CaloGeometryTest, CellNearFindsTheLayerOfAPoint) {
  int found = 0;
  int missed = 0;
  for (int i = 0; i < 200000; ++i) {
    Vector3 const point = any_point();
    int const at = locate(point);
    std::uint64_t const id = geometry_.cell_near(point);
    if (at < 0) {
      EXPECT_EQ(id, 0U);
      continue;
    }
    Plane const& p = geometry_.planes()[static_cast<std::size_t>(at)];
    if (id == 0) {
      // Between two staves: beside the box, but no further than the layer lets the wedge widen.
      ++missed;
      EXPECT_GT(std::abs(dot(point, p.u)), p.half_u);
      continue;
    }
    ++found;
    EXPECT_EQ(&geometry_.plane_of(id), &p);
    Vector3 const off = geometry_.center(id) - point;
    EXPECT_LE(std::abs(dot(off, p.u)), 0.5 * p.cell_size + 1e-9);
    EXPECT_LE(std::abs(dot(off, p.v)), 0.5 * p.cell_size + 1e-9);
  }
  EXPECT_GT(found, 10000);
  EXPECT_GT(missed, 0);
  EXPECT_LT(missed, found / 20);
}

TEST_F(CaloGeometryTest, DegenerateLinesEndAndStayFinite) {
  double const gap = pi / 12;  // between staves 0 and 11
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const infinity = std::numeric_limits<double>::infinity();
  std::vector<std::pair<Vector3, Vector3>> const lines = {
      {{}, {0, 0, 1}},  // along the beam
      {{}, {0, 0, -1}},
      {{300, 0, 0}, {0, 0, 1}},   // parallel to it, in the HCAL endcap
      {{1600, 0, 0}, {0, 0, 1}},  // along the layers of a barrel
      {{1600, 0, 0}, {0, 1, 0}},
      {{1502.4, 0, 0}, {0, 1, 0}},   // in the sensitive plane
      {{1500, 0, 0}, {0, 1, 0}},     // in the front face
      {{0, 0, 2309.4}, {1, 0, 0}},   // in an endcap's sensitive plane
      {{0, 0, 2307}, {0, 1, 0}},     // in its face
      {{}, direction(pi / 2, gap)},  // between two staves
      {{}, direction(1, gap)},
      {-5000 * direction(pi / 2, gap), direction(pi / 2, gap)},  // all the way through
      {-5000 * direction(pi / 2, 0), direction(pi / 2, 0)},
      {{1e7, 1e7, 1e7}, direction(2, -2)},  // from far away
      {{1600, 0, 0}, {1, 1e-300, 0}},
      {{1600, 0, 0}, {1e-14, 0, 1}},
  };
  for (auto const& [start, along] : lines) {
    for (double const reach : {0.0, 1e-9, 0.1, 100.0, 1e4, infinity}) {
      for (Crossing const& c : trace(start, along, reach)) {
        EXPECT_TRUE(std::isfinite(c.path));
        EXPECT_TRUE(std::isfinite(c.x0_to));
        EXPECT_TRUE(std::isfinite(c.lambda_to));
        EXPECT_GE(c.path, 0);
        EXPECT_LE(c.path, reach);
      }
    }
    EXPECT_TRUE(trace(start, along, nan).empty());
    EXPECT_TRUE(trace(start, along, -1).empty());
  }
  EXPECT_TRUE(trace({}, {0, 0, 1}).empty());
}

TEST_F(CaloGeometryTest, AGapBetweenStavesIsFullOfMaterial) {
  double const slant = 1 / std::cos(pi / 12);
  for (double const aside : {-1e-13, 0.0, 1e-13}) {
    auto const crossings = trace({}, direction(pi / 2, pi / 12 + aside), 3470);  // short of the coil
    ASSERT_FALSE(crossings.empty());
    EXPECT_NEAR(crossings.back().x0_to, (40 * 0.5445 + 60 * 1.151) * slant, 1e-3);
  }
}

TEST_F(CaloGeometryTest, ALineAlongALayerHasItsMaterialInPieces) {
  // 2 m in the first layer of the HCAL, behind the scintillator, along z: 2000 / 26.5 layers of material.
  auto const crossings = trace({1764, 0, -1000}, {0, 0, 1}, 2000);
  EXPECT_GE(crossings.size(), 20U);
  for (Crossing const& c : crossings) {
    EXPECT_EQ(calorimeter(c).collection, "HCALBarrel");
    EXPECT_FALSE(c.hits_plane);
    EXPECT_LE(c.x0_to - c.x0_from, 3 * 1.151 + 1e-4);
  }
  EXPECT_NEAR(crossings.back().x0_to, 2000 / 26.5 * 1.151, 1e-3);
}

TEST_F(CaloGeometryTest, AStartInsideALayerCountsItsRest) {
  // 1 mm behind the front of layer 3 of the ECAL, and 1 mm before its end.
  auto const early = trace({1500 + 3 * 5.05 + 1, 0, 0}, {1, 0, 0}, 50);
  ASSERT_FALSE(early.empty());
  EXPECT_EQ(plane(early[0]).layer, 3);
  EXPECT_TRUE(early[0].hits_plane);
  EXPECT_NEAR(early[0].path, 1.4, 1e-4);
  EXPECT_NEAR(early[0].x0_to, 0.5445 * 4.05 / 5.05, 1e-5);
  auto const late = trace({1500 + 4 * 5.05 - 1, 0, 0}, {1, 0, 0}, 50);
  ASSERT_GE(late.size(), 2U);
  EXPECT_EQ(plane(late[0]).layer, 3);
  EXPECT_FALSE(late[0].hits_plane);
  EXPECT_NEAR(late[0].x0_to, 0.5445 * 1 / 5.05, 1e-5);
  EXPECT_EQ(plane(late[1]).layer, 4);
  EXPECT_TRUE(late[1].hits_plane);
}

TEST_F(CaloGeometryTest, EnclosesWhatTheYokeEncloses) {
  EXPECT_TRUE(geometry_.encloses({}));
  EXPECT_TRUE(geometry_.encloses({6400, 0, 4000}));
  EXPECT_TRUE(geometry_.encloses({0, 0, -5500}));
  EXPECT_FALSE(geometry_.encloses({6460, 0, 0}));
  EXPECT_FALSE(geometry_.encloses({0, 0, 5700}));
  // Corners at 15 degrees reach out to 6449 / cos(15 deg).
  EXPECT_TRUE(geometry_.encloses(6600 * direction(pi / 2, pi / 12)));
  EXPECT_FALSE(geometry_.encloses(6600 * direction(pi / 2, 0)));
  EXPECT_FALSE(geometry_.encloses({0, std::numeric_limits<double>::quiet_NaN(), 0}));
  for (int i = 0; i < 20000; ++i) {
    Vector3 const point = any_point();
    EXPECT_TRUE(locate(point) == -1 || geometry_.encloses(point));
  }
}

TEST_F(CaloGeometryTest, TheEndcapMakesRoomForTheLumiCal) {
  // 293 mm from the axis where both begin: detector.md 1.3 has the HCAL from 250 mm, the LumiCal to 340 mm.
  auto const crossings = trace({}, direction(0.115, 1));
  std::map<std::string, int> layers;
  for (Crossing const& c : crossings) {
    if (c.plane < 0 || !c.hits_plane) continue;
    ++layers[calorimeter(c).collection];
    if (calorimeter(c).collection == "HCALEndcap") {
      EXPECT_GE(plane(c).distance, 2539 + 40 * 4.32);
    }
  }
  EXPECT_EQ(layers["LumiCal_Hits"], 40);
  EXPECT_EQ(layers["HCALEndcap"], 54);  // sensitive planes at 2560 + 26.5 k: six of them are in the LumiCal
  std::uint64_t const id = geometry_.cell_near(2600 / std::cos(0.115) * direction(0.115, 1));
  ASSERT_NE(id, 0U);
  EXPECT_EQ(
      description().calorimeters[static_cast<std::size_t>(geometry_.plane_of(id).calorimeter)].collection,
      "LumiCal_Hits");
}

TEST_F(CldGeometryTest, ALineFromTheOriginCrossesEveryLayerOfTheBarrelOnce) {
  // 40 and 44 layers (detector.md 1.5).
  auto const crossings = trace({}, direction(pi / 2, 0.2), 3640);
  ASSERT_EQ(crossings.size(), 84U);
  for (Crossing const& c : crossings) EXPECT_TRUE(c.hits_plane);
}

/// Changes one thing and says what the geometry thinks of it.
std::string complaint(void (*change)(detector::Detector&)) {
  detector::Detector detector = config::find_detector("clic");
  change(detector);
  try {
    CaloGeometry const geometry(detector);
  } catch (core::ConfigError const& error) {
    return error.what();
  }
  return {};
}

TEST(CaloGeometry, RefusesWhatCannotBeBuilt) {
  auto const says = [](std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos ? testing::AssertionSuccess()
                                                : testing::AssertionFailure() << "'" << text << "'";
  };
  using D = detector::Detector;
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation = {}; }), "no `simulation` section"));
  EXPECT_TRUE(
      says(complaint([](D& d) { d.calorimeter_cell_id = "system:5,side:-2,layer:9"; }), "no field 'module'"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].layers = 41; }),
                   "'ECALBarrel': its layers do not fit"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].layers = 0; }), "number of layers"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].sides = 2; }), "at least 3 sides"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].stack = 17; }), "no such stack"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].system = 32; }), "system"));
  EXPECT_TRUE(
      says(complaint([](D& d) { d.simulation.calorimeters[0].system = d.simulation.calorimeters[1].system; }),
           "same system"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].r_min = 1e9; }), "r_min must be less"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.calorimeters[0].r_min = 1000; }), "inside the tracker"));
  EXPECT_TRUE(
      says(complaint([](D& d) { d.simulation.calorimeters[1].r_max = std::nan(""); }), "r_min must be less"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.stacks[0].pitch = 0; }), "pitch"));
  EXPECT_TRUE(
      says(complaint([](D& d) { d.simulation.stacks[0].cell_size = 1e-3; }), "do not fit into the bits"));
  EXPECT_TRUE(
      says(complaint([](D& d) { d.simulation.calorimeters[0].z_max = 2400; }), "overlaps with 'ECALEndcap'"));
  EXPECT_TRUE(says(complaint([](D& d) { d.simulation.coil.r_min = 3000; }), "overlaps with the coil"));
}

}  // namespace
}  // namespace corpuscle::sim
