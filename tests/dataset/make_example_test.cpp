#include "corpuscle/dataset/make_example.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dataset/toy_examples.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::dataset {
namespace {

using truth::Mode;
using truth::Rule;
using truth::Sketch;

/// A pion on a track, a photon and a K0L on clusters of their own, a soft photon merged into the first.
event::Event sketch() {
  Sketch sketch;
  auto const pion = sketch.particle({211, 5});
  auto const photon = sketch.particle({22, 3, Sketch::no_row, 1, 0, 1.F});
  auto const kaon = sketch.particle({130, 8, Sketch::no_row, 1, 0, 2.F});
  auto const soft = sketch.particle({22, 1, Sketch::no_row, 1, 0, 1.F});
  sketch.track({{pion, 1}});
  sketch.track({}, 2, 1e-2F);
  sketch.cluster({{pion, 4}});
  sketch.cluster({{photon, 2.5}, {soft, 0.8}});
  sketch.cluster({{kaon, 6}});
  return sketch.event();
}

detector::Detector detector() {
  detector::Detector detector;
  detector.name = "sketch";
  detector.field = 4;
  detector.ecal.barrel_r_min = 1500;
  detector.ecal.barrel_r_max = 1700;
  detector.ecal.barrel_z_max = 2200;
  detector.ecal.endcap_z_min = 2300;
  detector.ecal.endcap_z_max = 2500;
  detector.ecal.endcap_r_max = 1700;
  detector.ecal.sides = 12;
  return detector;
}

Examples make_example(event::Event const& event, encoding::Encoder const& encode,
                      truth::TargetBuilder const& make_targets) {
  Examples examples(encode.schema().width());
  append_example(event, encode, make_targets, examples);
  return examples;
}

Examples make(event::Event const& event, char const* schema, Rule rule) {
  encoding::Encoder const encode(encoding::find_schema(schema), detector());
  return make_example(event, encode, truth::TargetBuilder({rule, mode_of(encode.schema())}));
}

TEST(MakeExample, ATargetSitsOnItsElement) {
  Examples const example = make(sketch(), "corpuscle-clusters-1", Rule::standard);
  ASSERT_EQ(example.size(), 1U);
  ASSERT_EQ(example.n_elements(), 5U);
  ASSERT_EQ(example.n_particles(), 3U);
  for (std::size_t i = 0; i < 5; ++i) {
    bool const is_track = example.type[i] == encoding::ElementType::track;
    std::uint32_t const row = example.row[i];
    float const energy = example.target[i].energy;
    if (is_track && row == 0) {
      EXPECT_EQ(example.label[i], 1);
      EXPECT_FLOAT_EQ(energy, 5);
      EXPECT_EQ(example.target[i].charge, 1);
    } else if (!is_track && row == 1) {
      EXPECT_EQ(example.label[i], 3);
      EXPECT_FLOAT_EQ(energy, 4);  // 3 + 1
    } else if (!is_track && row == 2) {
      EXPECT_EQ(example.label[i], 2);
      EXPECT_FLOAT_EQ(energy, 8);
    } else {
      EXPECT_EQ(example.label[i], 0);
      EXPECT_EQ(example.target[i], TargetParticle{});
    }
  }
}

TEST(MakeExample, EveryTargetSitsOnOneElementAtMost) {
  for (char const* schema : {"corpuscle-clusters-1", "corpuscle-hits-1", "corpuscle-hit-groups-1",
                             "mlpf-2023-clusters", "mlpf-2023-hits", "mlpf-2026-clusters", "mlpf-2026-hits"})
    for (Rule rule : {Rule::mlpf_2023, Rule::mlpf_2026, Rule::standard}) {
      if (!can_place_targets(encoding::find_schema(schema), rule)) continue;
      Examples const example = make(sketch(), schema, rule);
      float on_elements = 0;
      float all = 0;
      std::size_t n_labels = 0;
      for (std::size_t i = 0; i < example.n_elements(); ++i) {
        on_elements += example.target[i].energy;
        n_labels += example.label[i] != 0;
      }
      for (TrueParticle const& particle : example.particle) all += particle.energy;
      EXPECT_EQ(n_labels, example.n_particles()) << schema << " " << truth::name(rule);
      EXPECT_FLOAT_EQ(on_elements, all) << schema << " " << truth::name(rule);
    }
}

TEST(MakeExample, OrderOfRowsInTheFileChangesNothing) {
  core::Random random({11});
  for (char const* schema : {"corpuscle-clusters-1", "corpuscle-hits-1", "corpuscle-hit-groups-1"}) {
    Examples wanted = make(sketch(), schema, Rule::standard);
    std::fill(wanted.row.begin(), wanted.row.end(), 0U);  // that is where a row was
    for (int trial = 0; trial < 20; ++trial) {
      Examples found = make(truth::Shuffled(sketch(), random).event, schema, Rule::standard);
      std::fill(found.row.begin(), found.row.end(), 0U);
      EXPECT_TRUE(same(found, wanted)) << schema;
    }
  }
}

TEST(MakeExample, ATargetWithoutAnElementIsAmongTheParticlesOnly) {
  event::Event event = sketch();
  event.observed.tracks.at(event::TrackPoint::at_ip).is_present[0] = 0;  // not encoded
  event.observed.tracks.at(event::TrackPoint::at_ip).omega[0] = 0;
  Examples const example = make(event, "corpuscle-clusters-1", Rule::standard);
  EXPECT_EQ(example.n_elements(), 4U);
  EXPECT_EQ(example.n_particles(), 3U);
  EXPECT_EQ(std::count(example.label.begin(), example.label.end(), 1), 0);
}

TEST(MakeExample, AnEmptyEventIsAnEvent) {
  Examples const example = make({}, "corpuscle-clusters-1", Rule::standard);
  EXPECT_EQ(example.size(), 1U);
  EXPECT_EQ(example.n_elements(), 0U);
  EXPECT_EQ(example.n_particles(), 0U);
}

TEST(MakeExample, AppendingIsMakingInPlace) {
  encoding::Encoder const encode(toy_schema(), detector());
  truth::TargetBuilder const targets;
  Examples both(toy_schema().width());
  append_example(sketch(), encode, targets, both);
  append_example({}, encode, targets, both);
  append_example(sketch(), encode, targets, both);
  Examples one_by_one(toy_schema().width());
  append(one_by_one, view(make_example(sketch(), encode, targets)), 0, 1);
  append(one_by_one, view(make_example({}, encode, targets)), 0, 1);
  append(one_by_one, view(make_example(sketch(), encode, targets)), 0, 1);
  EXPECT_TRUE(same(both, one_by_one));
}

TEST(MakeExample, WithoutTracksOnlyOneRulePutsChargedParticlesOnHits) {
  auto const& trackless = encoding::find_schema("mlpf-2026-hits");
  EXPECT_TRUE(can_place_targets(trackless, Rule::mlpf_2026));
  for (Rule rule : {Rule::mlpf_2023, Rule::standard}) {
    EXPECT_FALSE(can_place_targets(trackless, rule));
    Examples const example = make(sketch(), "mlpf-2026-hits", rule);
    EXPECT_LT(
        std::count_if(example.label.begin(), example.label.end(), [](auto label) { return label != 0; }),
        static_cast<std::ptrdiff_t>(example.n_particles()));
    EXPECT_TRUE(can_place_targets(toy_schema(), rule));
  }
}

TEST(MakeExample, TheModeIsThatOfTheSchema) {
  EXPECT_EQ(mode_of(encoding::find_schema("corpuscle-clusters-1")), Mode::cluster);
  EXPECT_EQ(mode_of(encoding::find_schema("mlpf-2023-clusters")), Mode::cluster);
  EXPECT_EQ(mode_of(encoding::find_schema("corpuscle-hit-groups-1")), Mode::cluster);
  EXPECT_EQ(mode_of(encoding::find_schema("corpuscle-hits-1")), Mode::hit);
  EXPECT_EQ(mode_of(encoding::find_schema("mlpf-2026-hits")), Mode::hit);
}

}  // namespace
}  // namespace corpuscle::dataset
