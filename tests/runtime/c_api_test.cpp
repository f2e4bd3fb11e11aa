#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <thread>

#include "corpuscle/runtime/corpuscle.h"
#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"

namespace corpuscle::runtime {
namespace {

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

corpuscle_detector c_detector() {
  detector::Detector const& d = clic();
  return {
      d.field,           d.ecal.barrel_r_min, d.ecal.barrel_r_max, d.ecal.endcap_z_min, d.ecal.endcap_r_min,
      d.ecal.normal_phi, d.ecal.sides,        d.ecal.layer_pitch,  d.ecal.cell_size,    d.hcal.layer_pitch,
      d.hcal.cell_size};
}

corpuscle_track_states view(event::TrackStates const& s) {
  return {s.omega.data(),     s.phi.data(), s.tan_lambda.data(),
          s.d0.data(),        s.z0.data(),  s.x.data(),
          s.y.data(),         s.z.data(),   s.covariance.empty() ? nullptr : s.covariance.front().data(),
          s.is_present.data()};
}

/// An event as C sees it, pointing into the tables of ours.
struct View {
  explicit View(event::Observed const& observed) {
    event::Tracks const& t = observed.tracks;
    event.tracks = {t.size(),          view(t.states[0]),   view(t.states[1]), view(t.states[2]),
                    view(t.states[3]), t.chi2.data(),       t.ndf.data(),      t.innermost_hit_radius.data(),
                    t.dedx.data(),     t.dedx_error.data(), t.time.data()};
    event::CaloHits const& h = observed.calo_hits;
    for (std::size_t i = 0; i < h.size(); ++i) {
      subdetector.push_back(static_cast<std::uint8_t>(h.subdetector[i]));
      region.push_back(static_cast<std::uint8_t>(h.region[i]));
    }
    event.calo_hits = {h.size(),           h.energy.data(), h.x.data(),     h.y.data(),   h.z.data(),
                       subdetector.data(), h.time.data(),   h.layer.data(), region.data()};
    event::Clusters const& c = observed.clusters;
    for (event::CaloHitId const id : c.hits.values) hits.push_back(static_cast<std::uint32_t>(id.row()));
    event.clusters = {c.size(),    c.energy.data(),      c.x.data(),           c.y.data(),
                      c.z.data(),  c.theta.data(),       c.phi.data(),         c.hits.offsets.data(),
                      hits.data(), c.energy_ecal.data(), c.energy_hcal.data(), c.energy_other.data()};
    event::TrackerHits const& r = observed.tracker_hits;
    event.tracker_hits = {r.size(),     r.x.data(), r.y.data(), r.z.data(), r.energy_deposit.data(),
                          r.time.data()};
  }

  std::vector<std::uint8_t> subdetector, region;
  std::vector<std::uint32_t> hits;
  corpuscle_event event{};
};

struct Free {
  void operator()(corpuscle_particles* particles) const { corpuscle_free(particles); }
  void operator()(corpuscle_model* model) const { corpuscle_close(model); }
};
using Particles = std::unique_ptr<corpuscle_particles, Free>;
using Model = std::unique_ptr<corpuscle_model, Free>;

struct Answer {
  int status = -1;
  std::string message;
};

Answer load(std::string const& path, corpuscle_detector const& detector, corpuscle_options const& options,
            Model& model) {
  char text[1000];
  corpuscle_model* raw = nullptr;
  int const status = corpuscle_load(path.c_str(), &detector, &options, &raw, text, sizeof text);
  model.reset(raw);
  return {status, text};
}

Model loaded(std::string const& path, corpuscle_options const& options = {}) {
  Model model;
  Answer const answer = load(path, c_detector(), options, model);
  EXPECT_EQ(answer.status, corpuscle_success) << answer.message;
  return model;
}

Answer reconstruct(corpuscle_model const* model, corpuscle_event const& event, Particles& particles) {
  char text[1000];
  corpuscle_particles* raw = particles.release();
  int const status = corpuscle_reconstruct(model, &event, &raw, text, sizeof text);
  particles.reset(raw);
  return {status, text};
}

void expect_same(corpuscle_particles const& found, event::Particles const& expected) {
  ASSERT_EQ(found.n, expected.size());
  for (std::size_t i = 0; i < found.n; ++i) {
    EXPECT_EQ(found.pdg[i], expected.pdg[i]);
    EXPECT_EQ(found.charge[i], expected.charge[i]);
    EXPECT_EQ(found.energy[i], expected.energy[i]);
    EXPECT_EQ(found.px[i], expected.px[i]);
    EXPECT_EQ(found.py[i], expected.py[i]);
    EXPECT_EQ(found.pz[i], expected.pz[i]);
    EXPECT_EQ(found.mass[i], expected.mass[i]);
    EXPECT_EQ(found.x[i], expected.x[i]);
    EXPECT_EQ(found.y[i], expected.y[i]);
    EXPECT_EQ(found.z[i], expected.z[i]);
    auto const row_of = [&](auto const& rows) {
      return rows[i].empty() ? -1 : static_cast<std::int32_t>(rows[i][0].row());
    };
    EXPECT_EQ(found.track[i], row_of(expected.tracks));
    EXPECT_EQ(found.cluster[i], row_of(expected.clusters));
  }
}

/// A model file for the features of clusters, and it loaded.
class CApi : public ::testing::Test {
 protected:
  CApi() : file_("c_api.safetensors") {
    test::WholeModel(test::sketch_models().front()).write(file_.path());
    model_ = loaded(file_.path());
  }

  void expect_failure(corpuscle_event const& event, int status, std::string_view word) {
    Particles particles;
    Answer const answer = reconstruct(model_.get(), event, particles);
    EXPECT_EQ(answer.status, status) << word;
    EXPECT_NE(answer.message.find(word), std::string::npos) << answer.message << " does not say " << word;
    EXPECT_EQ(particles, nullptr);
  }

  test::TemporaryFile file_;
  Model model_;
  event::Observed const observed_ = test::random_event_with_hits(clic(), 20, 5);
};

TEST_F(CApi, GivesTheParticlesOfTheReconstructorForEveryNetwork) {
  for (test::SketchModel const& sketch : test::sketch_models()) {
    test::TemporaryFile const file(core::cat(sketch.name, ".safetensors"));
    test::WholeModel(sketch).write(file.path());
    Reconstructor const expected = Reconstructor::load(file.path(), clic());
    Model const model = loaded(file.path());
    Particles particles;
    std::size_t n_particles = 0;
    for (std::size_t const n : {40U, 3U, 25U}) {  // the second in the memory of the first
      event::Observed const observed = test::random_event_with_hits(clic(), n, n);
      Answer const answer = reconstruct(model.get(), View(observed).event, particles);
      ASSERT_EQ(answer.status, corpuscle_success) << answer.message;
      EXPECT_EQ(answer.message, "");
      expect_same(*particles, expected(observed));
      n_particles += particles->n;
    }
    EXPECT_GT(n_particles, 0U) << sketch.name;
  }
}

TEST_F(CApi, AnEventWithNothingInItHasNoParticles) {
  Particles particles;
  EXPECT_EQ(reconstruct(model_.get(), {}, particles).status, corpuscle_success);
  ASSERT_NE(particles, nullptr);
  EXPECT_EQ(particles->n, 0U);
}

TEST_F(CApi, WhatIsLeftOutIsAsIfItWereNotKnown) {
  event::Observed bare = observed_;
  bare.calo_hits = {};
  bare.tracker_hits = {};
  bare.clusters.hits = {};
  bare.clusters.hits.offsets.assign(bare.clusters.size() + 1, 0);
  std::size_t const n = bare.tracks.size();
  for (event::TrackStates& states : bare.tracks.states) {
    states.covariance.assign(n, {});
    states.x.assign(n, 0);
    states.y.assign(n, 0);
    states.z.assign(n, 0);
    states.is_present.assign(n, &states == &bare.tracks.at(event::TrackPoint::at_ip));
  }
  bare.tracks.chi2.assign(n, 0);
  bare.tracks.ndf.assign(n, 0);
  bare.tracks.innermost_hit_radius.assign(n, 0);
  bare.tracks.time.assign(n, 0);
  View const view(bare);

  corpuscle_event short_event{};
  short_event.tracks.n = n;
  short_event.tracks.at_ip.omega = view.event.tracks.at_ip.omega;
  short_event.tracks.at_ip.phi = view.event.tracks.at_ip.phi;
  short_event.tracks.at_ip.tan_lambda = view.event.tracks.at_ip.tan_lambda;
  short_event.tracks.at_ip.d0 = view.event.tracks.at_ip.d0;
  short_event.tracks.at_ip.z0 = view.event.tracks.at_ip.z0;
  short_event.clusters = view.event.clusters;
  short_event.clusters.hits = short_event.clusters.hit_offsets = nullptr;

  // In memory where all of it was known, so that nothing of the event before may stay.
  Particles particles;
  ASSERT_EQ(reconstruct(model_.get(), View(observed_).event, particles).status, corpuscle_success);
  ASSERT_EQ(reconstruct(model_.get(), short_event, particles).status, corpuscle_success);
  expect_same(*particles, Reconstructor::load(file_.path(), clic())(bare));
}

TEST_F(CApi, EveryMissingColumnIsNamed) {
  using Change = std::function<void(corpuscle_event&)>;
  std::pair<char const*, Change> const changes[] = {
      {"'omega'", [](corpuscle_event& e) { e.tracks.at_ip.omega = nullptr; }},
      {"'phi'", [](corpuscle_event& e) { e.tracks.at_ip.phi = nullptr; }},
      {"'tan_lambda'", [](corpuscle_event& e) { e.tracks.at_last_hit.tan_lambda = nullptr; }},
      {"'d0'", [](corpuscle_event& e) { e.tracks.at_ip.d0 = nullptr; }},
      {"'z0'", [](corpuscle_event& e) { e.tracks.at_first_hit.z0 = nullptr; }},
      {"'y'", [](corpuscle_event& e) { e.tracks.at_ip.y = nullptr; }},
      {"'energy'", [](corpuscle_event& e) { e.clusters.energy = nullptr; }},
      {"'theta'", [](corpuscle_event& e) { e.clusters.theta = nullptr; }},
      {"'hit_offsets'", [](corpuscle_event& e) { e.clusters.hit_offsets = nullptr; }},
      {"'calorimeter hits'", [](corpuscle_event& e) { e.calo_hits.z = nullptr; }},
      {"'subdetector'", [](corpuscle_event& e) { e.calo_hits.subdetector = nullptr; }},
      {"'tracker hits'", [](corpuscle_event& e) { e.tracker_hits.x = nullptr; }},
  };
  View const view(observed_);
  ASSERT_GT(view.event.tracker_hits.n, 0U);
  for (auto const& [word, change] : changes) {
    corpuscle_event event = view.event;
    change(event);
    expect_failure(event, corpuscle_usage, word);
  }
}

TEST_F(CApi, MoreRowsThanCanBeNumberedAreRefused) {
  corpuscle_event event = View(observed_).event;
  event.clusters.n = std::numeric_limits<std::size_t>::max();
  expect_failure(event, corpuscle_usage, "'clusters' has 18446744073709551615 rows");
}

TEST_F(CApi, RowsAndKindsThatAreNotThereAreNamed) {
  View view(observed_);
  std::vector<std::uint32_t> offsets(observed_.clusters.hits.offsets);
  view.event.clusters.hit_offsets = offsets.data();
  ASSERT_GT(offsets[1], 0U);

  view.hits[3] = static_cast<std::uint32_t>(observed_.calo_hits.size());
  expect_failure(view.event, corpuscle_data, core::cat("entry 3: row ", view.hits[3]));
  view.hits[3] = 0;
  offsets[0] = 1;
  expect_failure(view.event, corpuscle_data, "begins with 1, not 0");
  offsets[0] = 0;
  offsets[1] = offsets.back() + 1;
  expect_failure(view.event, corpuscle_data, "falls from");
  view.event.clusters.hits = nullptr;
  view.subdetector[2] = 5;
  expect_failure(view.event, corpuscle_data, "'subdetector', row 2: 5 is none of 0 to 4");
  view.subdetector[2] = 0;
  view.region[1] = 3;
  expect_failure(view.event, corpuscle_data, "'region', row 1: 3 is none of 0 to 2");
}

TEST_F(CApi, AFailedEventLeavesTheMemoryForTheNext) {
  Particles particles;
  ASSERT_EQ(reconstruct(model_.get(), View(observed_).event, particles).status, corpuscle_success);
  ASSERT_GT(particles->n, 0U);
  corpuscle_particles const* const before = particles.get();
  corpuscle_event broken = View(observed_).event;
  broken.clusters.x = nullptr;
  EXPECT_EQ(reconstruct(model_.get(), broken, particles).status, corpuscle_usage);
  EXPECT_EQ(particles.get(), before);
  EXPECT_EQ(particles->n, 0U);
  EXPECT_EQ(reconstruct(model_.get(), View(observed_).event, particles).status, corpuscle_success);
  expect_same(*particles, Reconstructor::load(file_.path(), clic())(observed_));
}

TEST_F(CApi, ParticlesOutliveTheirModel) {
  Particles particles;
  ASSERT_EQ(reconstruct(model_.get(), View(observed_).event, particles).status, corpuscle_success);
  model_.reset();
  expect_same(*particles, Reconstructor::load(file_.path(), clic())(observed_));
}

TEST_F(CApi, ADetectorThatCannotBeIsRefusedByName) {
  using Change = std::function<void(corpuscle_detector&)>;
  double const nan = std::nan("");
  std::pair<char const*, Change> const changes[] = {
      {"field", [](corpuscle_detector& d) { d.field = 0; }},
      {"field", [=](corpuscle_detector& d) { d.field = nan; }},
      {"ecal_barrel_r_min", [](corpuscle_detector& d) { d.ecal_barrel_r_min = 0; }},
      {"ecal_endcap_z_min", [](corpuscle_detector& d) { d.ecal_endcap_z_min = -1; }},
      {"ecal_sides", [](corpuscle_detector& d) { d.ecal_sides = 2; }},
      {"ecal_normal_phi", [=](corpuscle_detector& d) { d.ecal_normal_phi = nan; }},
      {"hcal_cell_size", [](corpuscle_detector& d) { d.hcal_cell_size = HUGE_VAL; }},
  };
  for (auto const& [word, change] : changes) {
    corpuscle_detector detector = c_detector();
    change(detector);
    Model model;
    Answer const answer = load(file_.path(), detector, {}, model);
    EXPECT_EQ(answer.status, corpuscle_usage) << word;
    EXPECT_NE(answer.message.find(word), std::string::npos) << answer.message;
    EXPECT_EQ(model, nullptr);
  }
}

TEST_F(CApi, TheFieldMayPointEitherWay) {
  corpuscle_detector detector = c_detector();
  detector.field = -detector.field;
  Model model;
  EXPECT_EQ(load(file_.path(), detector, {}, model).status, corpuscle_success);
}

TEST_F(CApi, FilesThatAreNoModelsHaveTheCodesOfTheProgram) {
  Model model;
  EXPECT_EQ(load("/no/such/model", c_detector(), {}, model).status, corpuscle_environment);
  test::TemporaryFile const text("text");
  text.write("Dear diary,\n");
  Answer const answer = load(text.path(), c_detector(), {}, model);
  EXPECT_EQ(answer.status, corpuscle_data);
  EXPECT_NE(answer.message.find(text.path()), std::string::npos) << answer.message;
  EXPECT_EQ(model, nullptr);
}

TEST_F(CApi, OptionsThatAreNoneAreRefused) {
  Model model;
  EXPECT_EQ(load(file_.path(), c_detector(), {7, corpuscle_flag}, model).status, corpuscle_usage);
  EXPECT_EQ(load(file_.path(), c_detector(), {corpuscle_fp32, -1}, model).status, corpuscle_usage);
}

TEST_F(CApi, NullIsAWrongCallAndNoCrash) {
  corpuscle_detector const detector = c_detector();
  corpuscle_event const event{};
  corpuscle_model* model = nullptr;
  corpuscle_particles* particles = nullptr;
  EXPECT_EQ(corpuscle_load(nullptr, &detector, nullptr, &model, nullptr, 0), corpuscle_usage);
  EXPECT_EQ(corpuscle_load(file_.path().c_str(), nullptr, nullptr, &model, nullptr, 0), corpuscle_usage);
  EXPECT_EQ(corpuscle_load(file_.path().c_str(), &detector, nullptr, nullptr, nullptr, 0), corpuscle_usage);
  EXPECT_EQ(corpuscle_reconstruct(nullptr, &event, &particles, nullptr, 0), corpuscle_usage);
  EXPECT_EQ(corpuscle_reconstruct(model_.get(), nullptr, &particles, nullptr, 0), corpuscle_usage);
  EXPECT_EQ(corpuscle_reconstruct(model_.get(), &event, nullptr, nullptr, 0), corpuscle_usage);
  corpuscle_free(nullptr);
  corpuscle_close(nullptr);
}

TEST_F(CApi, AMessageIsCutToItsRoom) {
  corpuscle_detector const detector = c_detector();
  corpuscle_model* model = nullptr;
  char text[12];
  std::memset(text, 'x', sizeof text);
  EXPECT_EQ(corpuscle_load("/no/such/model", &detector, nullptr, &model, text, 9), corpuscle_environment);
  EXPECT_STREQ(text, "/no/such");
  EXPECT_EQ(text[9], 'x');
}

TEST_F(CApi, PrecisionIsThatOfTheOptions) {
  Model const bf16 = loaded(file_.path(), {corpuscle_bf16, corpuscle_flag});
  Particles single, half;
  ASSERT_EQ(reconstruct(model_.get(), View(observed_).event, single).status, corpuscle_success);
  ASSERT_EQ(reconstruct(bf16.get(), View(observed_).event, half).status, corpuscle_success);
  expect_same(
      *half, Reconstructor::load(file_.path(), clic(), {best_instruction_set(), Precision::bf16})(observed_));
  bool const is_other =
      half->n != single->n || !std::equal(half->energy, half->energy + half->n, single->energy);
  EXPECT_TRUE(is_other);
}

TEST_F(CApi, BadInputIsFlaggedDroppedOrRejected) {
  event::Observed bad;
  bad.clusters = observed_.clusters;
  bad.calo_hits = observed_.calo_hits;
  Particles sound, flagged, dropped, rejected;
  ASSERT_EQ(reconstruct(model_.get(), View(bad).event, sound).status, corpuscle_success);
  ASSERT_EQ(sound->n_flaws, 0U);
  bad.clusters.energy.at(1) = std::nanf("");
  View const view(bad);

  ASSERT_EQ(reconstruct(model_.get(), view.event, flagged).status, corpuscle_success);
  EXPECT_EQ(flagged->n_flaws, 1U);
  Model const dropping = loaded(file_.path(), {corpuscle_fp32, corpuscle_drop});
  ASSERT_EQ(reconstruct(dropping.get(), view.event, dropped).status, corpuscle_success);
  EXPECT_EQ(dropped->n_flaws, 1U);
  for (std::size_t i = 0; i < dropped->n; ++i) EXPECT_NE(dropped->cluster[i], 1);
  Model const strict = loaded(file_.path(), {corpuscle_fp32, corpuscle_reject});
  Answer const answer = reconstruct(strict.get(), view.event, rejected);
  EXPECT_EQ(answer.status, corpuscle_data);
  EXPECT_NE(answer.message.find("cluster 1: its 'energy' is nan"), std::string::npos) << answer.message;
  EXPECT_EQ(rejected, nullptr);
}

TEST_F(CApi, SixteenThreadsShareAModel) {
  constexpr std::size_t n_threads = 16;
  Reconstructor const expected = Reconstructor::load(file_.path(), clic());
  std::vector<event::Observed> events;
  for (std::size_t i = 0; i < n_threads; ++i)
    events.push_back(test::random_event_with_hits(clic(), 3 + 4 * i, i));
  std::vector<Particles> found(n_threads);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < n_threads; ++i)
    threads.emplace_back([&, i] {
      for (std::size_t k = 0; k <= n_threads; ++k)  // the last is event i again
        (void)reconstruct(model_.get(), View(events[(i + k) % n_threads]).event, found[i]);
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < n_threads; ++i) expect_same(*found[i], expected(events[i]));
}

}  // namespace
}  // namespace corpuscle::runtime
