#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/event/particles.hpp"

/// What the outputs of a network mean: from targets to outputs, and from outputs to particles.
namespace corpuscle::encoding {

/// What a network says about each element. Labels are 0: no particle, then 1 + event::ParticleClass.
enum class Layout : std::uint8_t {
  /// Ours, 9 outputs: 6 logits, then ln(p / p_el), eta - eta_el, phi - phi_el. p_el is the momentum of a
  /// track,
  /// the energy of a cluster or hit, and the direction is that of the element at the origin. The energy
  /// follows from p and the mass of the class, so that it is never below p. Clusters and hits beside tracks
  /// are
  /// weighed: see `decode`.
  standard,
  /// arXiv:2309.06782, 14 outputs (mlpf.md 3.1): 6 logits, 3 of charge -1, 0, +1, then pt, eta, sin phi,
  /// cos phi, energy as they are [GeV].
  mlpf_2023,
  /// jpata/particleflow in 2026, 13 outputs (mlpf.md 3.4): 2 logits no/yes, 6 logits, then ln(pt / pt_el),
  /// eta,
  /// sin phi, cos phi, ln(E / E_el), with the pt and the momentum or energy of the element.
  mlpf_2026,
};

/// "standard", "mlpf-2023" and "mlpf-2026".
std::string_view name(Layout layout);
std::optional<Layout> find_layout(std::string_view name);

/// The outputs in their order, "logit_none", "logit_charged_hadron", ..., "eta", ....
std::span<std::string_view const> output_names(Layout layout);
/// Those that are regressed: the last of the outputs.
std::span<std::string_view const> regression_names(Layout layout);

inline constexpr std::size_t n_labels = 1 + event::n_particle_classes;
inline constexpr std::size_t max_regressions = 5;

/// What a network should say about one element.
struct Target {
  std::uint8_t label = 0;
  std::int8_t charge = 0;                           ///< [e]; learned in mlpf_2023 only
  std::array<float, max_regressions> regression{};  ///< as in regression_names; the rest is 0

  friend bool operator==(Target const&, Target const&) = default;
};

/// A particle as plain numbers.
struct Kinematics {
  event::ParticleClass particle_class = event::ParticleClass::photon;
  double charge = 0;              ///< [e]
  double energy = 0;              ///< [GeV]
  double px = 0, py = 0, pz = 0;  ///< [GeV]

  static Kinematics of(event::Particles const& particles, std::size_t row);
};

/// Mass that `standard` gives to a class [GeV]: that of pi+, K0L, photon, electron and muon.
double mass(event::ParticleClass particle_class);

/// Whether a particle of this class can come out of an element: charged ones of tracks, neutral ones of
/// clusters and hits; of a schema without tracks, all.
bool can_be(ElementType type, bool has_tracks, event::ParticleClass particle_class);

/// The target of an element on which this particle lives; `Target{}` is that of the others. The particle
/// should be what can_be allows (truth::Targets sees to that), or decoding cannot give it back.
///
/// A particle without momentum, or on an element without energy, is no particle. Pseudorapidities are limited
/// to +-10. `standard` keeps the momentum, and not the energy of a particle whose mass is not that of its
/// class.
Target encode_target(Layout layout, Reference const& reference, Kinematics const& particle);

/// Outputs that say what the target says: logits 0 and 1, or 30 where probabilities count.
/// @param outputs  [output_names(layout).size()]
void ideal_outputs(Layout layout, Target const& target, std::span<float> outputs);

struct Decoded {
  event::Particles particles;           ///< by falling energy
  std::vector<std::uint32_t> elements;  ///< of each particle: position in Elements
  std::size_t n_broken =
      0;  ///< elements with outputs, or a four-momentum, that are no finite numbers: no particle
};

/// Particles from the outputs of a network.
///
/// The label is that of the largest logit, the first of equal ones, among no particle and the classes that
/// the element can be (`can_be`); the logits of the others are not looked at. mlpf_2026 asks the two logits
/// first.
///
/// In `standard`, clusters and hits of a schema with tracks are weighed instead, with the softmax P of the
/// same logits: the label is that of the largest logit but "none" unless P(none) is above 0.72 (photon) or
/// 0.82 (neutral hadron), of hits and groups of them 0.60 and 0.70, and the four-momentum, mass included, is
/// multiplied with (1 - P(none))^1.5. What is doubtful thus adds to a jet about what is to be expected of it,
/// instead of all or nothing: jets become 6 to 17 % narrower, and more particles are found.
///
/// No particle comes out for label 0, for an element without energy (Reference) and for an energy that
/// is not above 0. The charge is the track's, that of neutral classes 0; mlpf_2023 takes the one that the
/// network says, and without tracks (mlpf-2026-hits) it is unknown and 0. Energies below the momentum are
/// raised to it. A particle starts at the origin of its track, else at 0, and names its track or cluster; for
/// hits the event has no place. Its class decides the PDG code, 211, 130, 22, 11 or 13, and the charge the
/// sign.
///
/// O(n log n) in the particles. Thread-safe; which elements are beside an element changes nothing for it.
/// @param outputs  [elements.size(), output_names(layout).size()], row by row
Decoded decode(Layout layout, std::span<float const> outputs, Elements const& elements);

}  // namespace corpuscle::encoding
