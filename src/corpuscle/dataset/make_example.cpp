#include "corpuscle/dataset/make_example.hpp"

#include <array>
#include <limits>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::dataset {
namespace {

using encoding::ElementType;

/// From rows of the event's tables to elements.
class ElementFinder {
 public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  explicit ElementFinder(encoding::Elements const& elements) {
    for (std::uint32_t i = 0; i < elements.size(); ++i) {
      auto& of_type = element_[static_cast<std::size_t>(elements.types[i])];
      if (elements.rows[i] >= of_type.size()) of_type.resize(elements.rows[i] + 1, none);
      of_type[elements.rows[i]] = i;
    }
  }

  /// `none` if that row is no element.
  [[nodiscard]] std::uint32_t operator()(ElementType type, std::size_t row) const {
    auto const& of_type = element_[static_cast<std::size_t>(type)];
    return row < of_type.size() ? of_type[row] : none;
  }

 private:
  std::array<std::vector<std::uint32_t>, encoding::n_element_types> element_;
};

/// @param cells  on which particles without a track live
std::uint32_t home(truth::Targets const& targets, std::size_t t, ElementType cells, bool has_tracks,
                   ElementFinder const& find) {
  auto const tracks = targets.particles.tracks[t];
  if (has_tracks && !tracks.empty()) return find(ElementType::track, tracks[0].row());
  if (cells == ElementType::hit)
    return targets.hits[t].is_valid() ? find(ElementType::hit, targets.hits[t].row()) : ElementFinder::none;
  auto const clusters = targets.particles.clusters[t];
  return clusters.empty() ? ElementFinder::none : find(cells, clusters[0].row());
}

/// The elements on which particles without a track live.
ElementType cells_of(encoding::Schema const& schema) {
  for (ElementType const type : {ElementType::hit, ElementType::hit_group})
    if (schema.columns(type) != nullptr) return type;
  return ElementType::cluster;
}

event::Event with_clusters(event::Event event, event::Clusters&& clusters) {
  event.observed.clusters = std::move(clusters);
  event.truth.cluster_links.clear();
  return event;
}

}  // namespace

truth::Mode mode_of(encoding::Schema const& schema) noexcept {
  return cells_of(schema) == ElementType::hit ? truth::Mode::hit : truth::Mode::cluster;
}

bool can_place_targets(encoding::Schema const& schema, truth::Rule rule) noexcept {
  return schema.columns(ElementType::track) != nullptr || rule == truth::Rule::mlpf_2026;
}

void require_places(encoding::Schema const& schema, truth::Rule rule) {
  if (!can_place_targets(schema, rule))
    throw core::ConfigError(core::cat("the schema '", schema.name, "' has no tracks, and the truth rule '",
                                      truth::name(rule), "' puts particles on them. Choose the rule '",
                                      truth::name(truth::Rule::mlpf_2026), "' or another schema"));
}

void append_example(event::Event const& event, encoding::Encoder const& encode,
                    truth::TargetBuilder const& make_targets, Examples& examples) {
  CORPUSCLE_EXPECT(make_targets.config().mode == mode_of(encode.schema()));
  encoding::Elements elements = encode(event.observed);
  CORPUSCLE_EXPECT(elements.width == examples.width);
  ElementType const cells = cells_of(encode.schema());
  truth::Targets const targets = cells == ElementType::hit_group
                                     ? make_targets(with_clusters(event, std::move(*elements.groups)))
                                     : make_targets(event);
  event::Particles const& particles = targets.particles;

  auto const append_all = [](auto& to, auto const& from) { to.insert(to.end(), from.begin(), from.end()); };
  examples.run.push_back(event.run);
  examples.number.push_back(event.number);
  append_all(examples.features, elements.features);
  append_all(examples.type, elements.types);
  append_all(examples.row, elements.rows);
  append_all(examples.reference, elements.references);

  std::size_t const first = examples.target.size();
  examples.target.resize(first + elements.size());
  examples.label.resize(first + elements.size());
  ElementFinder const find(elements);
  for (std::size_t t = 0; t < particles.size(); ++t) {
    examples.particle_class.push_back(particles.particle_class[t]);
    examples.particle_pdg.push_back(particles.pdg[t]);
    examples.particle.push_back({particles.energy[t], particles.px[t], particles.py[t], particles.pz[t],
                                 particles.mass[t], particles.charge[t], particles.x[t], particles.y[t],
                                 particles.z[t]});
    std::uint32_t const element = home(targets, t, cells, elements.has_tracks, find);
    if (element == ElementFinder::none) continue;
    examples.label[first + element] =
        static_cast<std::uint8_t>(1 + static_cast<int>(particles.particle_class[t]));
    examples.target[first + element] = {particles.energy[t], particles.px[t], particles.py[t],
                                        particles.pz[t], particles.charge[t]};
  }
  examples.offsets.push_back(static_cast<std::int64_t>(examples.n_elements()));
  examples.particle_offsets.push_back(static_cast<std::int64_t>(examples.n_particles()));
}

ExampleEncoder::ExampleEncoder(encoding::Schema const& schema, truth::Rule rule,
                               detector::Detector const& detector)
    : encode_(schema, detector), make_targets_({rule, mode_of(schema)}) {}

}  // namespace corpuscle::dataset
