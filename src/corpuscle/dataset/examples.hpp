#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/event/particles.hpp"

/// Encoded events with what a network is to answer: shards of them on disk, batches of them in memory.
namespace corpuscle::dataset {

/// The target particle that lives on an element; zeros where there is none.
struct TargetParticle {
  float energy = 0, px = 0, py = 0, pz = 0;  ///< [GeV]
  float charge = 0;                          ///< [e]

  friend bool operator==(TargetParticle const&, TargetParticle const&) = default;
};

/// One particle of the truth of an event, whether or not an element carries it.
struct TrueParticle {
  float energy = 0, px = 0, py = 0, pz = 0;  ///< [GeV]
  float mass = 0;                            ///< [GeV]
  float charge = 0;                          ///< [e]
  float x = 0, y = 0, z = 0;                 ///< vertex [mm]

  friend bool operator==(TrueParticle const&, TrueParticle const&) = default;
};

/// Events packed end to end, without padding: columns that are owned (`Examples`) or looked at
/// (`ExamplesView`). A shard, a batch and a single event are all of this kind.
///
/// Elements of event i are the rows [offsets[i], offsets[i + 1]) of all columns per element, particles
/// those [particle_offsets[i], particle_offsets[i + 1]). Both start with 0.
template <template <class> class Array>
struct Columns {
  std::size_t width = 0;  ///< of `features`

  Array<std::int64_t> run, number;                // [events] as in event::Event
  Array<std::int64_t> offsets, particle_offsets;  // [events + 1]

  Array<float> features;              ///< [elements, width], as encoding::Elements has them: not normalised
  Array<encoding::ElementType> type;  ///< [elements]
  Array<std::uint32_t> row;           ///< [elements] in the table of its type in the event
  Array<encoding::Reference> reference;  ///< [elements]
  Array<std::uint8_t> label;             ///< [elements] 0: no particle, else 1 + ParticleClass of the target
  Array<TargetParticle> target;          ///< [elements]

  Array<event::ParticleClass> particle_class;  ///< [particles]
  Array<std::int32_t> particle_pdg;            ///< [particles]
  Array<TrueParticle> particle;                ///< [particles] in descending order of energy within an event

  [[nodiscard]] std::size_t size() const noexcept { return run.size(); }  ///< events
  [[nodiscard]] std::size_t n_elements() const noexcept { return type.size(); }
  [[nodiscard]] std::size_t n_elements(std::size_t event) const noexcept {
    return static_cast<std::size_t>(offsets[event + 1] - offsets[event]);
  }
  [[nodiscard]] std::size_t n_particles() const noexcept { return particle.size(); }
};

template <class T>
using Owned = std::vector<T>;
template <class T>
using Viewed = std::span<T const>;

using ExamplesView = Columns<Viewed>;

struct Examples : Columns<Owned> {
  explicit Examples(std::size_t width_of_features = 0) {
    width = width_of_features;
    offsets.push_back(0);
    particle_offsets.push_back(0);
  }
};

/// What a column has one row for.
enum class Per : std::uint8_t { event, element, particle };

/// Calls `visit(name, per, column...)` for every column but the offsets, with that column of each argument:
/// the one list of columns, which files, copies and messages follow.
template <class Visit, class... C>
void for_each_column(Visit&& visit, C&... c) {
  visit("run", Per::event, c.run...);
  visit("event", Per::event, c.number...);
  visit("features", Per::element, c.features...);
  visit("type", Per::element, c.type...);
  visit("row", Per::element, c.row...);
  visit("reference", Per::element, c.reference...);
  visit("label", Per::element, c.label...);
  visit("target", Per::element, c.target...);
  visit("particle_class", Per::particle, c.particle_class...);
  visit("particle_pdg", Per::particle, c.particle_pdg...);
  visit("particle", Per::particle, c.particle...);
}

ExamplesView view(Examples const& examples);

/// Appends the events [first, last) of another of the same width.
void append(Examples& to, ExamplesView const& from, std::size_t first, std::size_t last);

/// What a network of this layout should say about each element.
struct TargetMatrix {
  std::vector<std::uint8_t> label;  ///< [elements]
  std::vector<std::int8_t> charge;  ///< [elements] [e]; learned in mlpf_2023 only
  std::vector<float> regression;    ///< [elements, regression_names(layout).size()], row by row
};
/// About 50 ns per element that has a particle. A label becomes 0 where encoding::encode_target says so.
TargetMatrix encode_targets(encoding::Layout layout, ExamplesView const& examples);

/// One event, for decoding.
/// @param has_tracks  whether the schema has
encoding::Elements elements(ExamplesView const& examples, std::size_t event, bool has_tracks);
/// All target particles of one event, for evaluation; without the tracks and clusters they were made of.
event::Particles particles(ExamplesView const& examples, std::size_t event);

/// All columns in one string of bytes, to hand to another process of the same program; and back.
/// @throws core::DataError if the bytes are not what `to_bytes` made
std::vector<std::byte> to_bytes(Examples const& examples);
Examples from_bytes(std::span<std::byte const> bytes);

}  // namespace corpuscle::dataset
