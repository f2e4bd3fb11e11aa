#include "corpuscle/sim/tracker_geometry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/detector/cell_id.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::sim {
namespace {

using Met = Walk::Met;
constexpr double pi = std::numbers::pi;

HelixPoint point_at(core::Vector3 position, double phi, double tan_lambda, double omega) {
  return {position, std::cos(phi), std::sin(phi), tan_lambda, omega};
}

class TrackerGeometryTest : public ::testing::Test {
 protected:
  detector::Detector detector_ = config::find_detector("clic");
  TrackerGeometry geometry_{detector_};
};

TEST(HelixPoint, AdvancesAsTheHelixDoes) {
  for (double omega : {0., 1e-6, -2e-4, 3e-3, -0.02})
    for (double s : {1e-3, 5., 300., -40., 2000.}) {
      detector::Helix const helix{{3, -7, 20}, 0.7, omega, -1.3};
      HelixPoint point = point_at(helix.origin, 0.7, -1.3, omega);
      point.advance(HelixPoint::chord(s, omega));
      core::Vector3 const expected = helix.position(s);
      // The normalisation of the direction is linear: its error is the square of rounding.
      EXPECT_NEAR(core::length(point.position - expected), 0, 1e-9) << omega << " " << s;
      EXPECT_NEAR(core::length(point.direction() - helix.direction(s)), 0, 1e-10) << omega << " " << s;
    }
}

TEST(HelixPoint, HalfTangentAndArcLengthMakeTheSameChord) {
  for (double omega : {0., 1e-5, -5e-4, 4e-3})
    for (double s : {0.1, 30., 700.}) {
      double const w = omega == 0 ? s / 2 : std::tan(omega * s / 2) / omega;
      if (w < 0) continue;  // more than half a turn: checked by the walks
      auto const a = HelixPoint::chord(s, omega);
      auto const b = HelixPoint::chord_of_half_tangent(w, omega);
      EXPECT_NEAR(a.s, b.s, 1e-9);
      EXPECT_NEAR(a.along, b.along, 1e-9);
      EXPECT_NEAR(a.aside, b.aside, 1e-9);
    }
}

TEST_F(TrackerGeometryTest, AStraightLineMeetsEveryShellOnItsWayOut) {
  HelixPoint point = point_at({}, 0.1, 0.01, 0);
  Walk walk(geometry_, point);
  for (std::size_t shell = 0; shell < geometry_.shells().size(); ++shell) {
    Walk::Step const step = walk.next(point);
    ASSERT_EQ(step.what, Met::shell);
    EXPECT_EQ(step.sheet, shell);
    point.advance(step.chord);
    EXPECT_NEAR(core::transverse_length(point.position), geometry_.shells()[shell].position, 1e-9);
    walk.pass(step, point, false);
  }
  EXPECT_EQ(walk.next(point).what, Met::barrel_face);
}

TEST_F(TrackerGeometryTest, ALineAlongTheBeamMeetsEveryPlane) {
  for (double slope : {200., -200.}) {
    HelixPoint point = point_at({}, 1, slope, 0);
    Walk walk(geometry_, point);
    std::size_t planes = 0;
    Walk::Step step = walk.next(point);
    for (; step.what == Met::plane; step = walk.next(point)) {
      point.advance(step.chord);
      walk.pass(step, point, false);
      ++planes;
    }
    EXPECT_EQ(planes, geometry_.planes().size() / 2 - 1);
    EXPECT_EQ(step.what, Met::endcap_face);
  }
}

TEST_F(TrackerGeometryTest, AWalkMeetsTheSurfacesThatAFineSearchMeets) {
  // Whatever the curl: counts of shell and plane crossings over the first metres, against small steps.
  for (double omega : {2e-4, -9e-4, 1.3e-3, -3e-3, 0.012})
    for (core::Vector3 start : {core::Vector3{0, 0, 0}, {100, 30, -400}, {-700, 500, 100}}) {
      HelixPoint const begin = point_at(start, 2.1, 0.23, omega);
      int searched = 0;
      double const length = 3000;
      bool is_inside = true;
      double end = 0;
      HelixPoint fine = begin;
      constexpr double ds = 0.02;
      for (; end < length && is_inside; end += ds) {
        HelixPoint const before = fine;
        fine.advance(HelixPoint::chord(ds, omega));
        is_inside = geometry_.encloses(fine.position);
        double const r0 = core::transverse_length(before.position);
        double const r1 = core::transverse_length(fine.position);
        for (auto const& shell : geometry_.shells())
          searched += (r0 < shell.position) != (r1 < shell.position) ? 1 : 0;
        for (auto const& plane : geometry_.planes())
          searched += (before.position.z < plane.position) != (fine.position.z < plane.position) ? 1 : 0;
      }
      HelixPoint point = begin;
      Walk walk(geometry_, point);
      int walked = 0;
      double s = 0;
      while (true) {
        Walk::Step const step = walk.next(point);
        s += step.chord.s;
        if (step.what != Met::shell && step.what != Met::plane) break;
        if (s > end) break;
        point.advance(step.chord);
        walk.pass(step, point, false);
        ++walked;
      }
      EXPECT_EQ(walked, searched) << omega << " from " << start.x;
      if (!is_inside) {
        EXPECT_NEAR(s, end, 2 * ds);
      }
    }
}

TEST_F(TrackerGeometryTest, AParticleBornOnASurfaceDoesNotMeetItAgain) {
  double const r = geometry_.shells()[3].position;
  HelixPoint const outwards = point_at({r, 0, 0}, 0.2, 0.1, 1e-4);
  EXPECT_EQ(Walk(geometry_, outwards).next(outwards).sheet, 4U);
  HelixPoint const inwards = point_at({r, 0, 0}, 3.1, 0.1, 1e-4);
  EXPECT_EQ(Walk(geometry_, inwards).next(inwards).sheet, 2U);
}

TEST_F(TrackerGeometryTest, CellIdsSayWhereTheHitIs) {
  detector::CellIdDecoder const decoder(detector_.tracker_cell_id);
  auto const system = *decoder.field("system");
  auto const side = *decoder.field("side");
  auto const layer = *decoder.field("layer");
  auto const module = *decoder.field("module");
  for (auto const& surface : geometry_.surfaces()) {
    if (surface.sigma_u == 0) continue;
    bool const is_disc = surface.shape == detector::TrackerSurface::Shape::disc;
    for (double z : {100., -100.})
      for (double phi : {-3.1, 0.1, 3.1}) {
        std::uint64_t const id = geometry_.cell_id(surface, {std::cos(phi), std::sin(phi), z});
        EXPECT_EQ(system(id), surface.system);
        EXPECT_EQ(layer(id), surface.layer);
        EXPECT_EQ(side(id), !is_disc ? 0 : z > 0 ? 1 : -1);
        EXPECT_EQ(module(id), static_cast<int>((phi + pi) / (2 * pi) * 48));
      }
  }
}

TEST_F(TrackerGeometryTest, LayersThatCellIdsCannotHoldAreRefused) {
  auto& surfaces = detector_.simulation.tracking.surfaces;
  auto const sensor =
      std::find_if(surfaces.begin(), surfaces.end(), [](auto const& s) { return s.sigma_u > 0; });
  sensor->layer = 63;
  EXPECT_NO_THROW(TrackerGeometry{detector_});
  sensor->layer = 64;  // of 6 bits
  EXPECT_THROW(TrackerGeometry{detector_}, core::ConfigError);
}

TEST_F(TrackerGeometryTest, SurfacesOutsideTheCalorimeterAreRefused) {
  detector_.simulation.tracking.surfaces[0].position = 1e4;
  EXPECT_THROW(TrackerGeometry{detector_}, core::ConfigError);
  detector_.simulation.tracking.surfaces[0].position = 30;
  detector_.simulation.tracking.surfaces[0].to = detector_.simulation.tracking.surfaces[0].from;
  EXPECT_THROW(TrackerGeometry{detector_}, core::ConfigError);
  detector_.simulation.tracking.surfaces.clear();
  EXPECT_NO_THROW(TrackerGeometry{detector_});
  detector_.ecal.sides = 0;
  EXPECT_THROW(TrackerGeometry{detector_}, core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::sim
