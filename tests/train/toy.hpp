#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "corpuscle/train/config.hpp"
#include "corpuscle/train/data.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::train {

/// Event `number` of run 3, of 10 to 30 elements, with something to be learned: a track is a charged hadron
/// and right as it is; a cluster is a photon if column 6 is above 0, and then exp(0.5 x column 7) times its
/// energy, else nothing.
inline dataset::Examples learnable_example(std::uint64_t number) {
  core::Random random({3, number});
  dataset::Examples event(dataset::toy_schema().width());
  event.run.push_back(3);
  event.number.push_back(static_cast<std::int64_t>(number));
  std::size_t const n = 10 + random.bits() % 21;
  for (std::uint32_t i = 0; i < n; ++i) {
    bool const is_track = i < n / 2;
    auto const type = is_track ? encoding::ElementType::track : encoding::ElementType::cluster;
    std::size_t const n_columns = dataset::toy_schema().columns(type)->size();
    std::vector<float> row(event.width);
    for (std::size_t k = 0; k < n_columns; ++k) row[k] = static_cast<float>(random.normal());
    double const energy = std::exp(random.normal() + 1);
    double const eta = random.uniform(-2, 2);
    double const phi = random.uniform(-3, 3);
    row[0] = static_cast<float>(std::log(energy));
    row[2] = static_cast<float>(eta);
    row[3] = static_cast<float>(std::sin(phi));
    row[4] = static_cast<float>(std::cos(phi));
    double const pt = energy / std::cosh(eta);
    event.features.insert(event.features.end(), row.begin(), row.end());
    event.type.push_back(type);
    event.row.push_back(i);
    event.reference.push_back({static_cast<float>(energy), static_cast<float>(pt), row[2], row[3], row[4],
                               is_track ? 1.F : 0.F, 0, 0, 0});
    bool const is_particle = is_track || row[6] > 0;
    auto const kind = is_track ? event::ParticleClass::charged_hadron : event::ParticleClass::photon;
    event.label.push_back(is_particle ? static_cast<std::uint8_t>(1 + static_cast<int>(kind)) : 0);
    double const scale = is_track ? 1 : std::exp(0.5 * static_cast<double>(row[7]));
    double const p = energy * scale;
    double const mass = is_track ? 0.13957 : 0;
    auto const px = static_cast<float>(scale * pt * std::cos(phi));
    auto const py = static_cast<float>(scale * pt * std::sin(phi));
    auto const pz = static_cast<float>(p * std::tanh(eta));
    auto const e = static_cast<float>(std::hypot(p, mass));
    event.target.push_back(is_particle ? dataset::TargetParticle{e, px, py, pz, is_track ? 1.F : 0.F}
                                       : dataset::TargetParticle{});
    if (!is_particle) continue;
    event.particle_class.push_back(kind);
    event.particle_pdg.push_back(is_track ? 211 : 22);
    event.particle.push_back({e, px, py, pz, static_cast<float>(mass), is_track ? 1.F : 0.F, 0, 0, 0});
  }
  event.offsets.push_back(static_cast<std::int64_t>(n));
  event.particle_offsets.push_back(static_cast<std::int64_t>(event.n_particles()));
  return event;
}

/// A dataset of such events in a folder.
inline void write_learnable(dataset::Folder const& folder, std::uint64_t n,
                            dataset::Fractions fractions = {0.7, 0.2}) {
  dataset::ShardWriter writer({folder.path(), dataset::toy_description(), fractions, 100});
  for (std::uint64_t i = writer.next_input(); i < n; ++i)
    writer.add(dataset::view(learnable_example(i)), 0, i);
  writer.finish(n);
}

/// A network of 10,000 weights that takes 5 ms for a step.
inline TrainConfig small_config(std::vector<std::string> const& directories,
                                std::vector<std::string> const& overrides = {}) {
  std::string list;
  for (std::string const& each : directories) list += (list.empty() ? "\"" : ", \"") + each + "\"";
  return parse_config("data: {directories: [" + list + R"(], threads: 0}
model: {architecture: window-transformer, width: 16, heads: 2, layers: 1, hidden: 32, window: 32, frequencies: 2,
        head_hidden: 32}
optimiser: {learning_rate: 3e-3, weight_decay: 0.01, average_decay: 0.95}
elements_per_batch: 400
steps: 20
validation_every: 10
validation_events: 40
checkpoint_every: 10
log_every: 5
)",
                      "small.yaml", overrides);
}

inline TrainConfig fitted(TrainConfig config) {
  fit(config, dataset::toy_schema());
  return config;
}

}  // namespace corpuscle::train
