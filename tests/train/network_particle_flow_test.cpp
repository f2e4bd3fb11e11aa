#include "corpuscle/train/network_particle_flow.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/train/network_file.hpp"
#include "support/events.hpp"
#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

detector::Detector const& clic() {
  static detector::Detector const detector = config::find_detector("clic");
  return detector;
}

/// A model file for real events with first weights: it has learned nothing, and says something.
artifact::ModelFile const& untrained() {
  static dataset::Folder const folder("network_particle_flow");
  static artifact::ModelFile const file = [] {
    encoding::Schema const& schema = encoding::find_schema("corpuscle-clusters-1");
    TrainConfig config = small_config({"a"});
    fit(config, schema);
    encoding::Elements const elements =
        encoding::Encoder(schema, clic())(testing::random_event(40, 1).observed);
    encoding::NormalisationSums sums(schema);
    sums.add(elements.features, elements.types);
    dataset::Examples examples(schema.width());
    examples.run = {0};
    examples.number = {0};
    examples.features = elements.features;
    examples.type = elements.types;
    examples.row = elements.rows;
    examples.reference = elements.references;
    examples.label.resize(elements.size());
    examples.target.resize(elements.size());
    examples.offsets.push_back(static_cast<std::int64_t>(elements.size()));
    examples.particle_offsets.push_back(0);
    std::filesystem::create_directories(folder.path());
    write_network(folder / "model.safetensors", *model::make_network(config.model, 3),
                  {config.model, schema, sums.result(), config.loss.layout, "standard", clic().name, {}},
                  examples);
    return artifact::ModelFile(folder / "model.safetensors");
  }();
  return file;
}

TEST(NetworkParticleFlow, AnEventWithNothingInItHasNoParticles) {
  EXPECT_EQ(NetworkParticleFlow(untrained(), clic())({}).size(), 0U);
}

TEST(NetworkParticleFlow, ParticlesReferToTheirElementAndAreLawful) {
  event::Observed const observed = testing::random_event(40, 2).observed;
  event::Particles const particles = NetworkParticleFlow(untrained(), clic())(observed);
  ASSERT_GT(particles.size(), 0U);
  EXPECT_LE(particles.size(), observed.n_elements());
  for (std::size_t i = 0; i < particles.size(); ++i) {
    bool const is_charged = particles.charge[i] != 0;
    EXPECT_EQ(particles.tracks[i].size(), is_charged ? 1U : 0U);
    EXPECT_EQ(particles.clusters[i].size(), is_charged ? 0U : 1U);
    EXPECT_GE(particles.energy[i],
              std::hypot(particles.px[i], particles.py[i], particles.pz[i]) * (1 - 1e-6));
  }
}

TEST(NetworkParticleFlow, EventsBeforeDoNotMatter) {
  event::Observed const observed = testing::random_event(30, 2).observed;
  NetworkParticleFlow reconstruct(untrained(), clic());
  event::Particles const first = reconstruct(observed);
  static_cast<void>(reconstruct(testing::random_event(200, 3).observed));
  EXPECT_EQ(reconstruct(observed).energy, first.energy);
}

}  // namespace
}  // namespace corpuscle::train
