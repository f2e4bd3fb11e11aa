// Numbers that no detector should write, in some elements of some events: what becomes of those, and that
// nothing becomes of all others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"

namespace corpuscle::runtime {
namespace {

using encoding::ElementType;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float subnormal = 1e-40F;

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

struct Bad {
  ElementType type;
  std::size_t row;
  friend bool operator<(Bad const& a, Bad const& b) {
    return std::tie(a.type, a.row) < std::tie(b.type, b.row);
  }
};

/// Puts such numbers into `n` elements; the curvature of tracks, the energy of the others.
std::set<Bad> spoil(event::Observed& event, bool has_hits, std::size_t n, core::Random& random) {
  std::set<Bad> bad;
  while (bad.size() < n) {
    bool const is_track = random.uniform() < 0.5;
    std::vector<float>& column = is_track   ? event.tracks.at(event::TrackPoint::at_ip).omega
                                 : has_hits ? event.calo_hits.energy
                                            : event.clusters.energy;
    std::size_t const row = random.bits() % column.size();
    if (!bad.insert({is_track   ? ElementType::track
                     : has_hits ? ElementType::hit
                                : ElementType::cluster,
                     row})
             .second)
      continue;
    // Of a track, a subnormal curvature is a momentum of 10^37 GeV.
    float const values[] = {nan, infinity, -infinity, 1e30F, is_track ? subnormal : -1e30F};
    column[row] = values[random.bits() % 5];
  }
  return bad;
}

/// The event as it would be if these had never been measured.
event::Observed without(event::Observed event, std::set<Bad> const& bad) {
  std::vector<std::size_t> clusters, hits;
  for (std::size_t row = 0; row < event.tracks.size(); ++row)
    if (bad.contains({ElementType::track, row}))
      event.tracks.at(event::TrackPoint::at_ip).is_present[row] = 0;
  for (std::size_t row = 0; row < event.clusters.size(); ++row)
    if (!bad.contains({ElementType::cluster, row})) clusters.push_back(row);
  for (std::size_t row = 0; row < event.calo_hits.size(); ++row)
    if (!bad.contains({ElementType::hit, row})) hits.push_back(row);
  if (event::Clusters& c = event.clusters; clusters.size() < c.size()) {
    test::reorder(clusters, c.energy, c.x, c.y, c.z, c.theta, c.phi, c.energy_ecal, c.energy_hcal,
                  c.energy_other);
    test::reorder_lists(clusters, c.hits);
    c.resize(clusters.size());
  }
  if (event::CaloHits& h = event.calo_hits; hits.size() < h.size()) {
    test::reorder(hits, h.energy, h.time, h.x, h.y, h.z, h.layer, h.subdetector, h.region);
    h.resize(hits.size());
    event.clusters = {};  // which no network on hits looks at
  }
  return event;
}

void expect_same(event::Particles const& a, event::Particles const& b) {
  EXPECT_EQ(a.pdg, b.pdg);
  EXPECT_EQ(a.energy, b.energy);
  EXPECT_EQ(a.px, b.px);
  EXPECT_EQ(a.py, b.py);
  EXPECT_EQ(a.pz, b.pz);
  EXPECT_EQ(a.charge, b.charge);
}

class BadInputs : public ::testing::TestWithParam<test::SketchModel> {
 protected:
  BadInputs() {
    test::WholeModel(GetParam()).write(file_.path());
    core::Random random({11});
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      clean_.push_back(test::random_event_with_hits(clic(), 20 + seed, seed));
      spoilt_.push_back(clean_.back());
      if (seed % 2 == 1)
        bad_.push_back(spoil(spoilt_.back(), has_hits_, 1 + seed / 2, random));
      else
        bad_.emplace_back();
    }
  }

  [[nodiscard]] Reconstructor load(BadInput bad_input) const {
    return Reconstructor::load(file_.path(), clic(), {}, bad_input);
  }
  static std::set<Bad> told(Reconstructed const& found) {
    std::set<Bad> result;
    for (encoding::Flaw const& flaw : found.flaws) result.insert({flaw.type, flaw.row});
    EXPECT_EQ(result.size(), found.flaws.size()) << "each element once";
    return result;
  }
  static bool are_same(std::set<Bad> const& a, std::set<Bad> const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](Bad const& x, Bad const& y) { return x.type == y.type && x.row == y.row; });
  }

  bool has_hits_ = encoding::find_schema(GetParam().schema).columns(ElementType::cluster) == nullptr;
  test::TemporaryFile file_{core::cat("bad_input_", GetParam().name)};
  std::vector<event::Observed> clean_, spoilt_;
  std::vector<std::set<Bad>> bad_;  ///< of each event
};
INSTANTIATE_TEST_SUITE_P(Architecture, BadInputs, ::testing::ValuesIn(test::sketch_models()),
                         [](auto const& each) { return each.param.name; });

TEST_P(BadInputs, AreToldOneByOneAndOtherEventsKeepTheirBits) {
  for (BadInput const policy : {BadInput::flag, BadInput::drop}) {
    Reconstructor const reconstruct = load(policy);
    Arena arena;  // which must not carry anything from one event to the next
    for (std::size_t i = 0; i < clean_.size(); ++i) {
      Arena fresh;
      Reconstructed const before = reconstruct(clean_[i], fresh);
      EXPECT_TRUE(before.flaws.empty());
      Reconstructed const after = reconstruct(spoilt_[i], arena);
      EXPECT_TRUE(are_same(told(after), bad_[i])) << "event " << i;
      EXPECT_EQ(after.n_broken, 0U);
      if (bad_[i].empty()) expect_same(after.particles, before.particles);
      for (std::size_t k = 0; k < after.particles.size(); ++k)
        EXPECT_TRUE(std::isfinite(after.particles.energy[k]));
    }
  }
}

TEST_P(BadInputs, WhenDroppedTheEventIsWhatItWouldBeWithoutThem) {
  Reconstructor const reconstruct = load(BadInput::drop);
  for (std::size_t i = 0; i < clean_.size(); ++i) {
    Arena arena;
    Reconstructed const found = reconstruct(spoilt_[i], arena);
    expect_same(found.particles, reconstruct(without(clean_[i], bad_[i])));
    for (Bad const& bad : bad_[i]) {
      auto const is_it = [&](auto id) { return id.row() == bad.row; };
      auto const& tracks = found.particles.tracks.values;
      auto const& clusters = found.particles.clusters.values;
      bool const is_named = bad.type == ElementType::track ? std::any_of(tracks.begin(), tracks.end(), is_it)
                            : bad.type == ElementType::cluster
                                ? std::any_of(clusters.begin(), clusters.end(), is_it)
                                : false;
      EXPECT_FALSE(is_named);
    }
  }
}

TEST_P(BadInputs, WhenRejectedTheEventIsAnErrorAndTheNextIsNot) {
  Reconstructor const reconstruct = load(BadInput::reject);
  Reconstructor const flagging = load(BadInput::flag);
  for (std::size_t i = 0; i < clean_.size(); ++i) {
    if (bad_[i].empty())
      expect_same(reconstruct(spoilt_[i]), flagging(clean_[i]));
    else
      EXPECT_THROW((void)reconstruct(spoilt_[i]), core::DataError) << "event " << i;
  }
}

std::string complaint(Reconstructor const& reconstruct, event::Observed const& event) {
  try {
    (void)reconstruct(event);
  } catch (core::DataError const& error) {
    return error.what();
  }
  return "no error";
}

TEST(BadInput, RejectionNamesTableRowColumnAndValue) {
  test::TemporaryFile const file("bad_input_names");
  test::WholeModel(test::sketch_models()[0]).write(file.path());
  auto const reconstruct = Reconstructor::load(file.path(), clic(), {}, BadInput::reject);
  event::Observed const good = test::random_event_with_hits(clic(), 20, 3);
  EXPECT_EQ(complaint(reconstruct, good), "no error");

  event::Observed event = good;
  event.clusters.theta[2] = nan;
  EXPECT_EQ(complaint(reconstruct, event), "cluster 2: its 'theta' is nan, which is no finite number");
  event = good;
  event.calo_hits.x[event.clusters.hits[4][1].row()] = -infinity;
  EXPECT_EQ(complaint(reconstruct, event), "cluster 4: its 'hits' is -inf, which is no finite number");
  event = good;
  event.tracks.at(event::TrackPoint::at_ip).covariance[1][0] = nan;
  EXPECT_EQ(complaint(reconstruct, event), "track 1: its 'covariance' is nan, which is no finite number");
  event = good;
  event.clusters.energy[3] = 2e30F;
  EXPECT_EQ(complaint(reconstruct, event),
            "cluster 3: its 'energy' is 2e+30 GeV; corpuscle-clusters-1 has the range 1e-05 to 10000");
  event = good;
  event.clusters.energy[5] = subnormal;
  EXPECT_EQ(complaint(reconstruct, event).find("cluster 5: its 'energy' is 9.99995e-41 GeV"), 0U);
}

TEST(BadInput, ASubnormalNumberWithinItsRangeIsANumber) {
  test::TemporaryFile const file("bad_input_subnormal");
  test::WholeModel(test::sketch_models()[0]).write(file.path());
  auto const reconstruct = Reconstructor::load(file.path(), clic(), {}, BadInput::reject);
  event::Observed event = test::random_event_with_hits(clic(), 20, 3);
  event::Observed zero = event;
  event.tracks.at(event::TrackPoint::at_ip).d0[0] = subnormal;
  zero.tracks.at(event::TrackPoint::at_ip).d0[0] = 0;
  expect_same(reconstruct(event), reconstruct(zero));
}

TEST(BadInput, WhatIsUnknownIsNoFlaw) {
  test::TemporaryFile const file("bad_input_unknown");
  test::WholeModel(test::sketch_models()[0]).write(file.path());
  auto const reconstruct = Reconstructor::load(file.path(), clic(), {}, BadInput::reject);
  event::Observed event = test::random_event_with_hits(clic(), 20, 3);
  event.tracks.chi2.assign(event.tracks.size(), 0);
  event.tracks.ndf.assign(event.tracks.size(), 0);
  for (auto& covariance : event.tracks.at(event::TrackPoint::at_ip).covariance) covariance = {};
  event.clusters.hits = {};
  for (std::size_t row = 0; row < event.clusters.size(); ++row) event.clusters.hits.end_row();
  event.calo_hits = {};
  EXPECT_EQ(complaint(reconstruct, event), "no error");
}

}  // namespace
}  // namespace corpuscle::runtime
