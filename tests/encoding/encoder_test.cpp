#include "corpuscle/encoding/encoder.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numbers>

#include "corpuscle/core/error.hpp"
#include "corpuscle/encoding/hit_groups.hpp"
#include "encoding/sketch.hpp"

namespace corpuscle::encoding {
namespace {

using event::TrackPoint;
using test::feature;

constexpr double pi = std::numbers::pi;

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

Elements encode(std::string_view schema, event::Observed const& event,
                detector::Detector const& detector = clic()) {
  return Encoder(find_schema(schema), detector)(event);
}

void expect_lawful(Elements const& elements, Schema const& schema) {
  ASSERT_EQ(elements.width, schema.width());
  ASSERT_EQ(elements.features.size(), elements.size() * elements.width);
  ASSERT_EQ(elements.rows.size(), elements.size());
  ASSERT_EQ(elements.references.size(), elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    auto const& columns = *schema.columns(elements.types[i]);
    for (std::size_t k = 0; k < elements.width; ++k) {
      float const x = elements.row(i)[k];
      ASSERT_TRUE(std::isfinite(x)) << schema.name << " element " << i << " column " << k;
      if (k >= columns.size()) {
        EXPECT_EQ(x, 0) << "padding";
        continue;
      }
      Column const& c = columns[k];
      auto const transformed = [&](double quantity) {
        double const y = quantity / c.scale;
        return c.transform == Transform::log     ? std::log(y)
               : c.transform == Transform::asinh ? std::asinh(y)
                                                 : y;
      };
      // A float of the end of the range may be one rounding beyond it; 0 stands for what is unknown.
      double const slack = 1e-6 * (1 + std::abs(x));
      EXPECT_TRUE(x == 0 || (x >= transformed(c.low) - slack && x <= transformed(c.high) + slack))
          << schema.name << " column " << c.name << " is " << x;
    }
    Reference const& r = elements.references[i];
    for (float const x : {r.energy, r.pt, r.eta, r.sin_phi, r.cos_phi, r.charge, r.x, r.y, r.z})
      EXPECT_TRUE(std::isfinite(x));
    EXPECT_GE(r.energy, 0);
  }
}

void expect_row(Elements const& elements, std::size_t element, std::vector<double> const& expected) {
  auto const row = elements.row(element);
  ASSERT_EQ(row.size(), expected.size());
  for (std::size_t k = 0; k < row.size(); ++k)
    EXPECT_NEAR(row[k], expected[k], 1e-6 * (1 + std::abs(expected[k]))) << "column " << k;
}

/// A track with something in every column.
event::Observed one_track(double omega = 1e-3, double tan_lambda = 0.75) {
  event::Observed event;
  test::add_track(event, clic(), 1, 0.5, tan_lambda, 1,
                  {.d0 = 0.03, .z0 = -0.2, .innermost_hit_radius = 31.1});
  event.tracks.at(TrackPoint::at_ip).omega[0] = static_cast<float>(omega);
  event.tracks.at(TrackPoint::at_ip).covariance[0][0] = 1e-4F;
  event.tracks.at(TrackPoint::at_ip).covariance[0][9] = 4e-4F;
  event.tracks.at(TrackPoint::at_ip).covariance[0][5] = 1e-12F;
  event.tracks.chi2[0] = 38;
  event.tracks.dedx[0] = 2e-4F;
  event.tracks.dedx_error[0] = 1e-5F;
  event.tracks.time[0] = 0.25F;
  return event;
}

/// Two hits in the ECAL, one in the HCAL and one in the muon system, in a cluster of 10 GeV.
event::Observed one_cluster() {
  event::Observed event;
  std::vector<event::CaloHitId> const hits{
      test::add_hit(event, {1600, 0, 0}, 1),
      test::add_hit(event, {1600, 30, 0}, 1),
      test::add_hit(event, {1800, 0, 40}, 2, event::Subdetector::hcal),
      test::add_hit(event, {4500, 0, 0}, 0.5, event::Subdetector::muon),
  };
  test::add_cluster(event, {1500, 200, 300}, 10, 1);
  event.clusters.hits = {};
  event.clusters.hits.push_back(hits);
  event.clusters.theta[0] = 1.2F;
  event.clusters.phi[0] = -0.3F;
  return event;
}

// ------------------------------------------------------------------------------------- as published

TEST(MlpfEncoding, TrackPtIsThreeTenThousandthsOfFieldOverCurvature) {
  // mlpf.md 10.3
  for (double const omega : {1e-3, -1e-3})
    for (auto const& [field, pt] : {std::pair{4., 1.2}, {2., 0.6}}) {
      detector::Detector detector = clic();
      detector.field = field;
      Elements const elements = encode("mlpf-2023-clusters", one_track(omega), detector);
      EXPECT_NEAR(elements.row(0)[1], pt, 1e-6);
      EXPECT_NEAR(elements.references[0].pt, pt, 1e-6);
      EXPECT_EQ(elements.references[0].charge, omega > 0 ? 1 : -1);
    }
}

TEST(MlpfEncoding, RowOfATrackIsAsCalculatedByHand) {
  // tan lambda = 3/4, so p = 1.25 pt and eta = asinh(3/4) = ln 2.
  Elements const clusters = encode("mlpf-2023-clusters", one_track());
  expect_row(clusters, 0,
             {1, 1.2, std::log(2.), std::sin(0.5), std::cos(0.5), 1.5, 38, 19, 2e-4, 1e-5, 31.1, 0.75, 0.03,
              1e-3, -0.2, 0.25, 0});
  EXPECT_EQ(encode("mlpf-2026-clusters", one_track()).features, clusters.features);
  expect_row(encode("mlpf-2023-hits", one_track()), 0,
             {1, 1.2, std::log(2.), std::sin(0.5), std::cos(0.5), 1.5, 38, 19, 31.1, 0.75, 0.03, 1e-3, -0.2,
              0.25, 0});
}

TEST(MlpfEncoding, RowOfAClusterIsAsCalculatedByHand) {
  // Unweighted: x = 1600, 1600, 1800, 4500, mean 2375, squares 600625, 600625, 330625, 4515625, variance
  // 1511875; y = 0, 30, 0, 0: mean 7.5, variance 168.75; z = 0, 0, 40, 0: mean 10, variance 300.
  double const eta = -std::log(std::tan(0.6));
  std::vector<double> row{2,
                          10 * std::sin(1.2),
                          eta,
                          std::sin(-0.3),
                          std::cos(-0.3),
                          10,
                          1500,
                          200,
                          300,
                          1.2,
                          2,
                          2,
                          0.5,
                          4,
                          std::sqrt(1511875.),
                          std::sqrt(168.75),
                          std::sqrt(300.)};
  expect_row(encode("mlpf-2023-clusters", one_cluster()), 0, row);
  // Weighted by 1, 1, 2, 0.5 of 4.5: means 2011.11, 6.6667, 17.7778; mean squares less those squared.
  auto const weighted = [](double a, double b, double c, double d) {
    double const mean = (a + b + 2 * c + 0.5 * d) / 4.5;
    return std::sqrt((a * a + b * b + 2 * c * c + 0.5 * d * d) / 4.5 - mean * mean);
  };
  row[14] = weighted(1600, 1600, 1800, 4500);
  row[15] = weighted(0, 30, 0, 0);
  row[16] = weighted(0, 0, 40, 0);
  expect_row(encode("mlpf-2026-clusters", one_cluster()), 0, row);
}

TEST(MlpfEncoding, HitsHaveTheQuirkOfTheirAzimuth) {
  event::Observed event;
  test::add_hit(event, {300, 400, 1200}, 2.6, event::Subdetector::forward, 5);  // r = 1300
  // et = 2.6 * 500/1300 = 1; eta = 1/2 ln((2.6 + 2.4)/(2.6 - 2.4)) = 1/2 ln 25; "sin" = 400/1300.
  std::vector<double> row{2, 1, std::log(5.), 4 / 13., 3 / 13., 2.6, 300, 400, 1200, 5, 2, 0};
  expect_row(encode("mlpf-2026-hits", event), 0, row);
  row.insert(row.end(), {0, 0, 0});  // as wide as its tracks
  expect_row(encode("mlpf-2023-hits", event), 0, row);
}

TEST(MlpfEncoding, TrackerHitsOf2026ComeFirstAndThereAreNoTracks) {
  event::Observed event = one_track();
  test::add_hit(event, {1600, 0, 0}, 1);
  event.tracker_hits.resize(1);
  event.tracker_hits.x[0] = 30;
  event.tracker_hits.y[0] = 40;
  event.tracker_hits.energy_deposit[0] = 1e-4F;
  Elements const elements = encode("mlpf-2026-hits", event);
  ASSERT_EQ(elements.size(), 2U);
  EXPECT_EQ(elements.types[0], ElementType::tracker_hit);
  EXPECT_EQ(elements.types[1], ElementType::hit);
  EXPECT_FALSE(elements.has_tracks);
  expect_row(elements, 0, {2, 1e-4, 0, 0.8, 0.6, 1e-4, 30, 40, 0, 0, 3, 0});
}

TEST(MlpfEncoding, AHitOnTheBeamAxisIsFinite) {
  event::Observed event;
  test::add_hit(event, {0, 0, 1000}, 1);
  test::add_hit(event, {0, 0, 0}, 1);
  test::add_hit(event, {100, 0, 0}, 0);
  for (char const* name : {"mlpf-2023-hits", "mlpf-2026-hits", "corpuscle-hits-1"})
    expect_lawful(encode(name, event), find_schema(name));
}

// -------------------------------------------------------------------------------------------- ours

TEST(Encoder, TrackIsAsCalculatedByHand) {
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const elements = encode(schema.name, one_track());
  auto const column = [&](char const* name) { return feature(elements, schema, 0, name); };
  double const pt = units::bending * 4 / 1e-3;
  EXPECT_NEAR(column("pt"), std::log(pt), 1e-6);
  EXPECT_NEAR(column("energy"), std::log(1.25 * pt), 1e-6);
  EXPECT_NEAR(column("eta"), std::log(2.), 1e-6);
  EXPECT_NEAR(column("sin_phi"), std::sin(0.5), 1e-6);
  EXPECT_EQ(column("charge"), 1);
  EXPECT_NEAR(column("momentum_error"), std::log(1.), 1e-5);  // sigma(omega)/omega = 1e-3, the scale
  EXPECT_NEAR(column("d0"), std::asinh(3.), 1e-6);
  EXPECT_NEAR(column("z0"), std::asinh(-20.), 1e-6);
  EXPECT_NEAR(column("d0_significance"), std::asinh(3.), 1e-6);
  EXPECT_NEAR(column("z0_significance"), std::asinh(-10.), 1e-6);
  EXPECT_NEAR(column("chi2_per_ndf"), std::log(2.), 1e-6);
  EXPECT_NEAR(column("ndf"), 1.9, 1e-6);
  EXPECT_NEAR(column("innermost_radius"), std::log(0.311), 1e-6);
  EXPECT_EQ(column("last_radius"), 0);  // no state at the last hit
  auto const& r = elements.references[0];
  EXPECT_NEAR(r.energy, 1.25 * pt, 1e-6);
  EXPECT_NEAR(r.x, -0.03 * std::sin(0.5), 1e-7);
  EXPECT_NEAR(r.z, -0.2, 1e-7);
}

TEST(Encoder, ATrackPointsToTheClusterItMakes) {
  event::Observed event;
  auto const helix = test::add_track(event, clic(), 3, 1.1, 0.4, -1);
  auto const entry = detector::extrapolate(helix, clic().ecal);
  ASSERT_TRUE(entry);
  double const depth = clic().ecal.barrel_r_max - clic().ecal.barrel_r_min;
  double const s = entry->s + depth * core::transverse_length(entry->direction);
  std::vector<event::CaloHitId> hits;
  // Most of the energy at the end of the path in the ECAL, 15 % where it enters.
  hits.push_back(test::add_hit(event, entry->position, 0.45));
  hits.push_back(test::add_hit(event, helix.position(s), 2.55));
  test::add_cluster_of(event, hits, 3, std::acos(entry->direction.z),
                       std::atan2(entry->direction.y, entry->direction.x));
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const elements = encode(schema.name, event);
  ASSERT_EQ(elements.size(), 2U);
  for (char const* name : {"entry_eta", "entry_sin_phi", "entry_cos_phi", "direction_x", "direction_y",
                           "direction_z", "has_entry"})
    EXPECT_NEAR(feature(elements, schema, 0, name), feature(elements, schema, 1, name), 1e-6) << name;
  // The centroid is 30 mm in front of the end of the path, which is 1600 mm from the origin.
  for (char const* name : {"centre_eta", "centre_sin_phi", "centre_cos_phi"})
    EXPECT_NEAR(feature(elements, schema, 0, name), feature(elements, schema, 1, name), 0.02) << name;
}

TEST(Encoder, ATrackThatMissesTheCalorimeterSaysSo) {
  event::Observed event;
  test::add_track(event, clic(), 1, 0.2, 60, 1);  // through the beam hole
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const elements = encode(schema.name, event);
  for (char const* name : {"has_entry", "entry_eta", "centre_cos_phi", "direction_z"})
    EXPECT_EQ(feature(elements, schema, 0, name), 0) << name;
  EXPECT_EQ(elements.n_broken, 0U);
}

TEST(Encoder, ShapeOfAClusterIsAsCalculatedByHand) {
  // A rod along x through a barrel face at 1500 mm: 10 hits of 0.1 GeV, 10 mm apart, 1505 to 1595; and two
  // hits of 0.5 GeV at its middle, 40 mm to the sides.
  event::Observed event;
  detector::Detector detector = clic();
  detector.ecal.normal_phi = 0;
  std::vector<event::CaloHitId> hits;
  for (int k = 0; k < 10; ++k)
    hits.push_back(test::add_hit(event, {1505. + 10 * k, 0, 0}, 0.1, event::Subdetector::ecal, 2));
  hits.push_back(test::add_hit(event, {1550, 0, 40}, 0.5, event::Subdetector::hcal, 4));
  hits.push_back(test::add_hit(event, {1550, 0, -40}, 0.5, event::Subdetector::hcal, 4));
  test::add_cluster_of(event, hits, 3, pi / 2, 0.2);
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const elements = encode(schema.name, event, detector);
  auto const column = [&](char const* name) { return feature(elements, schema, 0, name); };
  EXPECT_NEAR(column("energy"), std::log(3.), 1e-6);
  EXPECT_NEAR(column("raw_energy"), std::log(2.), 1e-6);
  EXPECT_NEAR(column("ecal_fraction"), 0.5, 1e-6);
  EXPECT_NEAR(column("hcal_fraction"), 0.5, 1e-6);
  EXPECT_NEAR(column("other_fraction"), 0, 1e-6);
  EXPECT_NEAR(column("n_hits"), std::log(1.2), 1e-6);
  EXPECT_NEAR(column("max_hit_energy"), std::log(5.), 1e-6);
  EXPECT_NEAR(column("distance"), 1.55, 1e-6);
  EXPECT_NEAR(column("depth"), 0.5, 1e-6);
  // A tenth of 2 GeV is in the first two hits: the bins of 10 mm end there, at 1520.
  EXPECT_NEAR(column("begin_depth"), 0.2, 1e-6);
  EXPECT_NEAR(column("end_depth"), 0.8, 1e-6);
  // rms of 5, 15, ..., 45 mm is sqrt(825); half of the energy is there, half at 0.
  EXPECT_NEAR(column("length"), std::asinh(std::sqrt(825 / 2.) / 10), 1e-6);
  EXPECT_NEAR(column("width"), std::asinh(std::sqrt(1600 / 2.) / 10), 1e-6);
  EXPECT_NEAR(column("core_fraction"), 0.5, 1e-6);
  EXPECT_NEAR(column("pointing"), 0.2, 1e-6);
  EXPECT_NEAR(column("time"), std::asinh(3.), 1e-6);
  // Densities: 0.1 GeV in 5.1 x 5.1 x 5.05 mm, 0.5 GeV in 30 x 30 x 26.5 mm.
  double const ecal = 0.1 / (5.1 * 5.1 * 5.05e-6);
  double const hcal = 0.5 / (30 * 30 * 26.5e-6);
  EXPECT_NEAR(column("sparse_ecal"), 0.5 / (1 + ecal / 200), 1e-6);
  EXPECT_NEAR(column("sparse_hcal"), 0.5 / (1 + hcal / 12), 1e-6);
  EXPECT_NEAR(column("sparsest_hcal"), 0.5 / (1 + hcal / 3), 1e-6);
}

TEST(Encoder, AClusterWithoutHitsHasWhatItSaysItself) {
  event::Observed event;
  test::add_cluster(event, {1600, 0, 0}, 5, 0.75, 1);  // 3 GeV in the ECAL, 1 in the HCAL, 1 elsewhere
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const elements = encode(schema.name, event);
  auto const column = [&](char const* name) { return feature(elements, schema, 0, name); };
  EXPECT_NEAR(column("ecal_fraction"), 0.6, 1e-6);
  EXPECT_NEAR(column("other_fraction"), 0.2, 1e-6);
  EXPECT_NEAR(column("raw_energy"), std::log(5.), 1e-6);
  for (char const* name :
       {"has_entry", "entry_cos_phi", "n_hits", "length", "width", "core_fraction", "time"})
    EXPECT_EQ(column(name), 0) << name;
  EXPECT_NEAR(column("centre_cos_phi"), 1, 1e-6);
  EXPECT_EQ(elements.n_broken, 0U);
}

// ------------------------------------------------------------------------------------------- laws

TEST(Encoder, EverySchemaIsFiniteAndInRange) {
  for (Schema const& schema : built_in_schemas())
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Elements const elements = encode(schema.name, test::random_event_with_hits(clic(), 100, seed));
      EXPECT_GT(elements.size(), 50U);
      EXPECT_EQ(elements.n_broken, 0U);
      EXPECT_EQ(elements.n_limited, 0U) << schema.name;
      expect_lawful(elements, schema);
    }
}

TEST(Encoder, OrderOfRowsChangesNothing) {
  core::Random random({5});
  for (Schema const& schema : built_in_schemas())
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      event::Observed const event = test::random_event_with_hits(clic(), 100, seed);
      Elements const a = encode(schema.name, event);
      Elements const b = encode(schema.name, test::shuffled(event, random));
      EXPECT_EQ(a.features, b.features) << schema.name;  // to the bit
      EXPECT_EQ(a.types, b.types);
      EXPECT_EQ(a.references, b.references);
      EXPECT_NE(a.rows, b.rows);
    }
}

TEST(Encoder, ElementsComeByTypeAndFallingEnergy) {
  for (Schema const& schema : built_in_schemas()) {
    Elements const elements = encode(schema.name, test::random_event_with_hits(clic(), 100, 1));
    std::size_t changes = 0;
    for (std::size_t i = 1; i < elements.size(); ++i) {
      if (elements.types[i] == elements.types[i - 1])
        EXPECT_GE(elements.references[i - 1].energy, elements.references[i].energy);
      else
        ++changes;
    }
    EXPECT_EQ(changes, 1U) << schema.name;
    EXPECT_EQ(elements.types.front(), schema.elements.front().type);
  }
}

TEST(Encoder, RowsLeadBackToTheEvent) {
  event::Observed const event = test::random_event_with_hits(clic(), 60, 3);
  Elements const elements = encode("corpuscle-clusters-1", event);
  ASSERT_EQ(elements.size(), event.n_elements());
  std::vector<int> seen(event.clusters.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    std::size_t const row = elements.rows[i];
    if (elements.types[i] == ElementType::cluster) {
      ++seen[row];
      EXPECT_EQ(elements.references[i].energy, event.clusters.energy[row]);
    } else {
      EXPECT_NEAR(elements.references[i].pt * std::abs(event.tracks.at(TrackPoint::at_ip).omega[row]),
                  units::bending * 4, 1e-9);
    }
  }
  EXPECT_EQ(seen, std::vector<int>(event.clusters.size(), 1));
}

TEST(Encoder, ADetectorTurnedByOneFaceSeesTheSame) {
  event::Observed const event = test::random_event_with_hits(clic(), 80, 9);
  event::Observed turned = event;
  double const angle = 2 * pi / clic().ecal.sides;
  auto const turn = [&](auto& x, auto& y) {
    for (std::size_t k = 0; k < x.size(); ++k) {
      double const old = x[k];
      using Number = std::remove_reference_t<decltype(x[k])>;
      x[k] = static_cast<Number>(std::cos(angle) * old - std::sin(angle) * y[k]);
      y[k] = static_cast<Number>(std::sin(angle) * old + std::cos(angle) * y[k]);
    }
  };
  auto const turn_phi = [&](std::vector<float>& phi) {
    for (float& value : phi) value = static_cast<float>(core::wrap_phi(value + angle));
  };
  turn(turned.calo_hits.x, turned.calo_hits.y);
  turn(turned.clusters.x, turned.clusters.y);
  turn_phi(turned.clusters.phi);
  turn_phi(turned.tracks.at(TrackPoint::at_ip).phi);
  Schema const& schema = find_schema("corpuscle-clusters-1");
  Elements const a = encode(schema.name, event);
  Elements const b = encode(schema.name, turned);
  ASSERT_EQ(a.types, b.types);
  ASSERT_EQ(a.rows, b.rows);
  for (std::size_t i = 0; i < a.size(); ++i)
    for (Column const& c : *schema.columns(a.types[i])) {
      double const x = feature(a, schema, i, c.name);
      double const y = feature(b, schema, i, c.name);
      // Positions are rounded to floats, to 1e-4 mm at 2 m. A hit may change its bin in depth or the core
      // with that: not compared.
      if (c.name == "begin_depth" || c.name == "end_depth" || c.name == "core_fraction") continue;
      auto const ends_with = [&](std::string const& end) {
        return c.name.size() >= end.size() && c.name.substr(c.name.size() - end.size()) == end;
      };
      if (c.name.rfind("entry", 0) == 0 && a.types[i] == ElementType::cluster) continue;  // as begin_depth
      double expected = x;
      if (ends_with("sin_phi")) {
        std::string const partner = c.name.substr(0, c.name.size() - 7) + "cos_phi";
        expected = std::cos(angle) * x + std::sin(angle) * feature(a, schema, i, partner);
      } else if (ends_with("cos_phi")) {
        std::string const partner = c.name.substr(0, c.name.size() - 7) + "sin_phi";
        expected = std::cos(angle) * x - std::sin(angle) * feature(a, schema, i, partner);
      } else if (c.name == "direction_x") {
        expected = std::cos(angle) * x - std::sin(angle) * feature(a, schema, i, "direction_y");
      } else if (c.name == "direction_y") {
        expected = std::sin(angle) * feature(a, schema, i, "direction_x") + std::cos(angle) * x;
      }
      EXPECT_NEAR(y, expected, 1e-4) << c.name << " of " << name(a.types[i]);
    }
}

TEST(Encoder, EventsWithNothingOrLittleInThem) {
  event::Observed const full = test::random_event_with_hits(clic(), 30, 2);
  event::Observed tracks_only;
  tracks_only.tracks = full.tracks;
  event::Observed clusters_only;
  clusters_only.clusters = full.clusters;
  clusters_only.calo_hits = full.calo_hits;
  for (Schema const& schema : built_in_schemas()) {
    Elements const none = encode(schema.name, {});
    EXPECT_EQ(none.size(), 0U);
    EXPECT_EQ(none.width, schema.width());
    EXPECT_EQ(encode(schema.name, tracks_only).size(),
              schema.columns(ElementType::track) != nullptr ? full.tracks.size() : 0);
    EXPECT_EQ(encode(schema.name, clusters_only).size(),
              schema.columns(ElementType::cluster) != nullptr ? full.clusters.size()
              : schema.columns(ElementType::hit) != nullptr   ? full.calo_hits.size()
                                                              : group_hits(full.calo_hits, clic()).size());
  }
}

TEST(Encoder, ATrackWithoutStateAtTheInteractionPointIsNoElement) {
  event::Observed event = test::random_event_with_hits(clic(), 30, 2);
  event.tracks.at(TrackPoint::at_ip).is_present[1] = 0;
  for (char const* name : {"corpuscle-clusters-1", "mlpf-2023-clusters"})
    EXPECT_EQ(encode(name, event).size(), event.n_elements() - 1);
}

TEST(Encoder, BrokenNumbersDoNotGetThroughAndAreCounted) {
  event::Observed const good = test::random_event_with_hits(clic(), 40, 4);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  using Event = event::Observed;
  using Column = std::vector<float>;
  using Pick = Column& (*)(Event&);
  Pick const track_columns[] = {
      [](Event& e) -> Column& { return e.tracks.at(TrackPoint::at_ip).omega; },
      [](Event& e) -> Column& { return e.tracks.at(TrackPoint::at_ip).phi; },
      [](Event& e) -> Column& { return e.tracks.at(TrackPoint::at_ip).tan_lambda; },
      [](Event& e) -> Column& { return e.tracks.at(TrackPoint::at_ip).d0; },
      [](Event& e) -> Column& { return e.tracks.at(TrackPoint::at_ip).z0; },
      [](Event& e) -> Column& { return e.tracks.chi2; },
      [](Event& e) -> Column& { return e.tracks.innermost_hit_radius; },
  };
  Pick const cluster_columns[] = {
      [](Event& e) -> Column& { return e.clusters.energy; },
      [](Event& e) -> Column& { return e.clusters.x; },
      [](Event& e) -> Column& { return e.clusters.z; },
      [](Event& e) -> Column& { return e.clusters.theta; },
      [](Event& e) -> Column& { return e.clusters.phi; },
      [](Event& e) -> Column& { return e.calo_hits.energy; },
      [](Event& e) -> Column& { return e.calo_hits.x; },
      [](Event& e) -> Column& { return e.calo_hits.z; },
  };
  for (Schema const& schema : built_in_schemas()) {
    Elements const before = encode(schema.name, good);
    auto const expect_contained = [&](event::Observed const& event, ElementType type) {
      Elements const elements = encode(schema.name, event);
      expect_lawful(elements, schema);
      EXPECT_EQ(elements.size(), before.size());
      EXPECT_EQ(elements.n_broken, schema.columns(type) != nullptr ? 1U : 0U) << schema.name;
      // All but the broken row are as they were.
      for (std::size_t i = 0; i < before.size(); ++i)
        for (std::size_t j = 0; j < elements.size(); ++j) {
          if (before.types[i] != elements.types[j] || before.rows[i] != elements.rows[j]) continue;
          if (before.types[i] == type && before.rows[i] == 0) continue;
          EXPECT_TRUE(std::equal(before.row(i).begin(), before.row(i).end(), elements.row(j).begin()));
        }
    };
    for (float const bad : {nan, infinity, -infinity}) {
      for (Pick const pick : track_columns) {
        event::Observed event = good;
        pick(event)[0] = bad;
        expect_contained(event, ElementType::track);
      }
      if (schema.columns(ElementType::cluster) == nullptr) continue;
      for (Pick const pick : cluster_columns) {  // hit 0 is in cluster 0
        event::Observed event = good;
        pick(event)[0] = bad;
        expect_contained(event, ElementType::cluster);
      }
    }
  }
}

TEST(Encoder, ABrokenHitIsInNoGroupAndIsNamed) {
  event::Observed event = test::random_event_with_hits(clic(), 40, 4);
  Elements const before = encode("corpuscle-hit-groups-1", event);
  EXPECT_EQ(before.flaws.size(), 0U);
  event.calo_hits.time[3] = std::numeric_limits<float>::quiet_NaN();
  Elements const after = encode("corpuscle-hit-groups-1", event);
  expect_lawful(after, find_schema("corpuscle-hit-groups-1"));
  EXPECT_EQ(after.n_broken, 1U);
  ASSERT_EQ(after.flaws.size(), 1U);
  EXPECT_EQ(describe(after.flaws[0], find_schema("corpuscle-hit-groups-1")),
            "hit 3: its 'time' is nan, which is no finite number");
  EXPECT_EQ(after.groups->hits.values.size() + 1, before.groups->hits.values.size());
}

TEST(Encoder, RowsOfGroupsLeadToTheGroups) {
  event::Observed const event = test::random_event_with_hits(clic(), 40, 4);
  Elements const elements = encode("corpuscle-hit-groups-1", event);
  std::size_t n = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (elements.types[i] != ElementType::hit_group) continue;
    EXPECT_EQ(elements.references[i].energy, elements.groups->energy[elements.rows[i]]);
    ++n;
  }
  EXPECT_EQ(n, elements.groups->size());
}

TEST(Encoder, AbsurdValuesAreLimitedAndCounted) {
  event::Observed event;
  test::add_track(event, clic(), 1e-6, 0, 0, 1);
  test::add_cluster(event, {1e6, 0, 0}, 1e30, 1);
  for (Schema const& schema : built_in_schemas()) {
    Elements const elements = encode(schema.name, event);
    expect_lawful(elements, schema);
    EXPECT_EQ(elements.n_broken, 0U);
  }
  Elements const ours = encode("corpuscle-clusters-1", event);
  // p and pt of the track; energy, pt, raw energy, distance and depth of the cluster.
  EXPECT_EQ(ours.n_limited, 7U);
  EXPECT_EQ(ours.references[1].energy, 0) << "1e30 GeV is no measurement";
}

TEST(Encoder, AClusterOfNothingNowhereIsNotBroken) {
  event::Observed event;  // fast simulations write such
  std::vector<event::CaloHitId> const hits{test::add_hit(event, {}, 0)};
  test::add_cluster(event, {}, 0, 1);
  event.clusters.hits = {};
  event.clusters.hits.push_back(hits);
  for (Schema const& schema : built_in_schemas()) {
    Elements const elements = encode(schema.name, event);
    expect_lawful(elements, schema);
    EXPECT_EQ(elements.n_broken, 0U) << schema.name;
    for (Reference const& reference : elements.references) EXPECT_EQ(reference.energy, 0);
  }
}

TEST(Encoder, AStraightTrackIsAnElementAndNoParticle) {
  Elements const elements = encode("corpuscle-clusters-1", one_track(0));
  ASSERT_EQ(elements.size(), 1U);
  EXPECT_EQ(elements.references[0].energy, 0);
  EXPECT_EQ(feature(elements, find_schema("corpuscle-clusters-1"), 0, "energy"), 0);
}

TEST(Encoder, ASchemaThatItDoesNotKnowIsRefused) {
  Schema schema = find_schema("corpuscle-clusters-1");
  schema.elements[0].columns[2].name = "rapidity";
  EXPECT_THROW(Encoder(schema, clic()), core::ConfigError);
  schema.name = "corpuscle-clusters-2";
  EXPECT_THROW(Encoder(schema, clic()), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::encoding
