#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/event/event.hpp"

/// Which particle belongs to which element (track, cluster or calorimeter hit): what a model is to learn, and
/// what a reconstruction is measured against.
namespace corpuscle::truth {

/// How targets are made. docs/guide/truth.md sets the three side by side.
enum class Rule : std::uint8_t {
  mlpf_2023,  ///< arXiv:2309.06782, mlpf.md 2.1, without its bug in merging (see below)
  mlpf_2026,  ///< jpata/particleflow in 2026, mlpf.md 2.2
  standard,   ///< ours
};

/// "2023", "2026" and "standard".
std::string_view name(Rule rule);
std::optional<Rule> find_rule(std::string_view name);

/// What is an element beside the tracks.
enum class Mode : std::uint8_t {
  cluster,
  hit,  ///< calorimeter hits
};

struct TargetConfig {
  Rule rule = Rule::standard;
  Mode mode = Mode::cluster;
};

struct Tally {
  std::size_t particles = 0;
  double energy = 0;  ///< [GeV]

  void add(double particle_energy) {
    ++particles;
    energy += particle_energy;
  }
  Tally& operator+=(Tally const& other);
};

/// What became of the visible particles of one true class: visible = on_tracks + on_cells + merged + lost.
struct ClassAccount {
  Tally visible;
  Tally on_tracks;
  Tally on_cells;  ///< on clusters, or on hits in hit mode
  Tally merged;    ///< into the target of another
  Tally lost;      ///< visible, but not on any element

  ClassAccount& operator+=(ClassAccount const& other);
};

/// Where the energy of the generator's final state went [GeV]. Two equations hold to rounding:
///
///   generated = invisible + unseen + exchanged + visible,   visible = target + lost.
struct Account {
  double generated = 0;
  double invisible = 0;  ///< neutrinos, those of decays in flight included
  double unseen = 0;     ///< of particles that left too little to be seen: in the beam hole, mostly
  /// Given to the material of the detector (negative: taken from it) by particles that are represented by the
  /// products of their interactions, and by long-lived particles that stand for their decay products.
  double exchanged = 0;
  double visible = 0;
  double target = 0;
  double lost = 0;
  std::array<ClassAccount, event::n_particle_classes> by_class{};  ///< indexed by the true ParticleClass

  Account& operator+=(Account const& other);
};

/// What one target left on one element.
struct Share {
  event::ParticleId target;
  float weight = 0;  ///< of a track: fraction of its hits; of a cluster or hit: energy [GeV]

  friend bool operator==(Share const&, Share const&) = default;
};

/// The targets on the elements of one kind; one row per element.
struct ElementTargets {
  std::vector<event::ParticleId> target;  ///< that lives here: at most one; not valid: none
  core::Ragged<Share> shares;             ///< of all targets that left something here, the largest first

  [[nodiscard]] std::size_t size() const noexcept { return target.size(); }
  /// The target that left most here, wherever it lives; not valid if no target left anything.
  [[nodiscard]] event::ParticleId largest(std::size_t element) const;
};

/// The target particles of one event, in descending order of energy.
struct Targets {
  /// Each lives on exactly one element. `tracks` or `clusters` names it; both are empty if it is a hit.
  /// Class, PDG code and charge are what can be told on that element: a photon or an electron on a cluster is
  /// a photon, all else there is a neutral hadron. Momentum and vertex are true ones; those merged are
  /// summed.
  event::Particles particles;
  /// Hit mode only, else empty: the hit that a target lives on, or (2026) represents it beside its track or
  /// cluster; not valid if there is none.
  std::vector<event::CaloHitId> hits;
  /// Per target: the generated particle that gives it its class, then those merged into it, by energy. What
  /// they did in the detector (conversions, decays, interactions) is theirs and not listed.
  core::Ragged<event::GenParticleId> members;
  std::vector<float> deposit;  ///< per target: energy that its members left in the calorimeters [GeV]
  ElementTargets on_tracks, on_clusters, on_hits;  ///< one row per track, cluster, hit of the event
  Account account;
};

/// Makes targets from the links between what was observed and what was generated.
///
/// Links from tracks and from calorimeter hits are used where the file has them; instead of links from hits,
/// links from clusters (fractions of the cluster's energy; ILD's DST). If there is neither but a link from
/// each stored particle-flow object to its particle (fast simulation), its track or, without one, its cluster
/// is linked like it; packed weights (above 1, RecoMCTruthLink) are not used. Absolute energies of links
/// differ between the subdetectors of some files, so that (but for rule 2023) a particle's share of a hit is
/// its share of the weights there.
///
/// The result does not depend on the order of rows in any table: ties are broken by energy, then by the other
/// columns. n log n in the links: 2 ms for a ttbar event of 9000 hits. Immutable, thread-safe.
///
/// **2023.** Visible: status 1, no neutrino (12, 14, 16; not their antiparticles), E > 0.01 GeV and a track
/// with weight >= 0.6 or more than 0.1 E in clusters. In descending order of energy each takes the free track
/// with its largest weight, else the free cluster; else it is merged into the owner of its best cluster, else
/// lost. The published program kept only the last of several particles merged into one owner: here all are.
///
/// **2026.** Shares in GeV. Descendants count for their status-1 ancestor. Visible: more than 0.1 E in hits,
/// or charged with more than 0.5 GeV, or a track weight >= 0.2. A long-lived particle that the detector
/// simulation tracked itself (K0S, Lambda) stands for its decay products if none of them left anything. Then
/// as 2023. In hit mode each target gets, beside its track or cluster, the free hit with its largest share.
///
/// **standard.** A track belongs to the particle that made at least 0.6 of its hits, or to nobody. A particle
/// with a track of its own is measured there in full, whatever happens to it later; one without is replaced
/// by its products if it has decayed, and by those of its conversion or interaction if any of them has a
/// track, and else seen as one.
/// Backscatter never counts. Visible, and hence in the account, is what could have been seen: a track, or 0.1
/// of the energy in the calorimeters; with less nobody could tell its energy (beam hole, late neutrons, the
/// muon without a track). Each track-less particle goes to the cluster with most of it, and all that meet
/// there are one target. In hit mode it takes, in descending order of energy, the free hit with most of it.
class TargetBuilder {
 public:
  explicit TargetBuilder(TargetConfig config = {}) : config_(config) {}

  /// @param event  has passed event::check
  [[nodiscard]] Targets operator()(event::Event const& event) const;

  [[nodiscard]] TargetConfig const& config() const noexcept { return config_; }

 private:
  TargetConfig config_;
};

}  // namespace corpuscle::truth
