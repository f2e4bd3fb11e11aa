#include "corpuscle/dataset/examples.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

Examples first_toys(std::uint64_t n) {
  Examples all(toy_schema().width());
  for (std::uint64_t i = 0; i < n; ++i) append(all, view(toy_example(i)), 0, 1);
  return all;
}

TEST(PackedExamples, EventsComeOutAsTheyWentIn) {
  Examples const all = first_toys(50);
  EXPECT_EQ(all.size(), 50U);
  for (std::uint64_t i = 0; i < 50; ++i) {
    Examples one(all.width);
    append(one, view(all), i, i + 1);
    EXPECT_TRUE(same(one, toy_example(i))) << i;
  }
}

TEST(PackedExamples, ManyAtOnceAreAsOneByOne) {
  Examples const all = first_toys(20);
  Examples parts(all.width);
  append(parts, view(all), 0, 7);
  append(parts, view(all), 7, 7);
  append(parts, view(all), 7, 20);
  EXPECT_TRUE(same(parts, all));
}

TEST(PackedExamples, EveryColumnHasARowPerEventElementOrParticle) {
  Examples const all = first_toys(20);
  for_each_column(
      [&](std::string_view name, Per per, auto const& column) {
        std::size_t const rows = per == Per::event     ? all.size()
                                 : per == Per::element ? all.n_elements()
                                                       : all.n_particles();
        EXPECT_EQ(column.size(), rows * (name == "features" ? all.width : 1)) << name;
      },
      all);
}

TEST(PackedExamples, GiveBackElementsAndParticlesOfOneEvent) {
  Examples const all = first_toys(20);
  for (std::uint64_t i = 0; i < 20; ++i) {
    Examples const toy = toy_example(i);
    encoding::Elements const found = elements(view(all), i, true);
    EXPECT_EQ(found.features, toy.features);
    EXPECT_EQ(found.types, toy.type);
    EXPECT_EQ(found.rows, toy.row);
    EXPECT_EQ(found.references, toy.reference);
    event::Particles const truth = particles(view(all), i);
    ASSERT_EQ(truth.size(), toy.n_particles());
    EXPECT_EQ(truth.tracks.size(), truth.size());
    EXPECT_EQ(truth.clusters.size(), truth.size());
    for (std::size_t k = 0; k < truth.size(); ++k) {
      EXPECT_EQ(truth.energy[k], toy.particle[k].energy);
      EXPECT_EQ(truth.particle_class[k], toy.particle_class[k]);
      EXPECT_EQ(truth.pdg[k], toy.particle_pdg[k]);
      EXPECT_EQ(truth.z[k], 3);
    }
  }
}

TEST(PackedExamples, TargetsAreThoseOfEveryElement) {
  Examples const all = first_toys(20);
  for (auto const layout :
       {encoding::Layout::standard, encoding::Layout::mlpf_2023, encoding::Layout::mlpf_2026}) {
    TargetMatrix const targets = encode_targets(layout, view(all));
    std::size_t const width = encoding::regression_names(layout).size();
    ASSERT_EQ(targets.regression.size(), all.n_elements() * width);
    for (std::size_t i = 0; i < all.n_elements(); ++i) {
      encoding::Target wanted;
      if (all.label[i] != 0) {
        TargetParticle const& p = all.target[i];
        wanted = encoding::encode_target(
            layout, all.reference[i],
            {static_cast<event::ParticleClass>(all.label[i] - 1), p.charge, p.energy, p.px, p.py, p.pz});
      }
      EXPECT_EQ(targets.label[i], wanted.label);
      EXPECT_EQ(targets.charge[i], wanted.charge);
      for (std::size_t k = 0; k < width; ++k)
        EXPECT_EQ(targets.regression[i * width + k], wanted.regression[k]);
    }
  }
}

TEST(PackedExamples, SurviveTheWayThroughBytes) {
  Examples const all = first_toys(5);
  auto bytes = to_bytes(all);
  EXPECT_TRUE(same(from_bytes(bytes), all));
  EXPECT_TRUE(same(from_bytes(to_bytes(Examples(3))), Examples(3)));
  for (std::size_t n = 0; n < bytes.size(); n += 5)
    EXPECT_THROW(from_bytes(std::span(bytes).first(n)), core::DataError) << n;
  bytes.push_back({});
  EXPECT_THROW(from_bytes(bytes), core::DataError);
}

}  // namespace
}  // namespace corpuscle::dataset
