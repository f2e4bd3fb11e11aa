#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/eval/jets.hpp"
#include "corpuscle/eval/matching.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::eval {

/// What is measured in an event, and how.
struct MeasureConfig {
  std::vector<JetConfig> jets = {{}, {.radius = 0.7}};  ///< R = 0.4 and 0.7: mlpf.md 6
  JetMatching jet_matching = {};
  DirectionMatching direction_matching = {};

  friend bool operator==(MeasureConfig const&, MeasureConfig const&) = default;
};

/// One event to be evaluated: two lists of particles, and what is known of where the second comes from.
///
/// With `observed`, `truth` and `sources`, and if the event has links, particles are matched by truth, else
/// by direction and energy. Clusters are judged where there are links of calorimeter hits.
struct EventView {
  event::Particles const& reference;          ///< what there is to be found
  event::Particles const& test;               ///< what was found
  event::Observed const* observed = nullptr;  ///< the tracks and clusters that `test` refers to
  event::Truth const* truth = nullptr;
  /// Of each row of `reference` the generated particles that it stands for.
  core::Ragged<event::GenParticleId> const* sources = nullptr;
  /// Links of the rows of `test`, if they came with a file: `truth.particle_links`.
  std::span<event::Link<event::ParticleId> const> test_links = {};
};

/// What one event says, a row per jet or particle, small enough to keep for all events. NaN: not measured,
/// since the jet or particle was not found.
struct Measurement {
  struct Jet {
    float pt = 0, abs_cos_theta = 0;  ///< of the reference jet
    float response = 0;               ///< pT of the test jet over that of the reference jet
    float distance = 0;               ///< between them, as JetMatching says
  };
  struct JetCollection {
    std::vector<Jet> reference;
    std::vector<float> test_pt;  ///< of all test jets
    std::uint32_t unmatched_test = 0;
  };
  struct Found {  ///< or lost: one per reference particle
    event::ParticleClass particle_class = {};
    event::ParticleClass found_as = {};
    bool is_found = false;
    bool has_wrong_charge = false;  ///< both are charged, with different signs
    float energy = 0, abs_cos_theta = 0;
    float nearest = 0;   ///< angle to the nearest other reference particle [rad]; pi if there is none
    float response = 0;  ///< energy over that of the reference particle
    float angle = 0;     ///< between them [rad]
    float d_theta = 0, d_phi = 0;  ///< test minus reference; d_phi times sin(theta) [rad]
  };
  enum class Role : std::uint8_t {
    partner,   ///< stands for a reference particle
    fragment,  ///< belongs to a reference particle for which another stands
    orphan     ///< belongs to none
  };
  struct Made {  ///< one per test particle
    event::ParticleClass particle_class = {};
    Role role = Role::partner;
    float energy = 0, abs_cos_theta = 0;
  };
  struct Sums {
    FourVector p;
    double charge = 0;
  };
  struct ClusterSums {           ///< all [GeV], uncalibrated energies of hits
    double in_clusters = 0;      ///< of hits in clusters
    double of_main = 0;          ///< that of it which the main particle of each cluster left
    double linked = 0;           ///< of all hits, left by a known particle
    double in_best_cluster = 0;  ///< that of it which is in the cluster that has most of the particle
    std::uint32_t n_clusters = 0;
  };

  std::vector<JetCollection> jets;  ///< as configured
  std::vector<Found> reference;
  std::vector<Made> test;
  Sums reference_sum, test_sum;
  /// Largest |cos(theta)| of the two Durham jets that the reference is made into; 1 if there are none.
  float dijet_abs_cos_theta = 1;
  ClusterSums clusters;
  std::uint32_t reference_dropped = 0, test_dropped = 0;  ///< not usable (four_vector.hpp)
  std::uint32_t n_by_direction = 0;  ///< test particles that could not be matched by truth
};

/// Compares two lists of particles of one event. Depends on nothing but its configuration and the event, and
/// not on the order of particles. Thread-safe. About 0.5 ms for a ttbar event, nearly all of it FastJet's,
/// and as much again if its hits are linked (bench/eval).
class EventMeasurer {
 public:
  /// @throws core::ConfigError as JetFinder does.
  explicit EventMeasurer(MeasureConfig config);

  [[nodiscard]] Measurement operator()(EventView const& event) const;
  [[nodiscard]] MeasureConfig const& config() const noexcept { return config_; }

 private:
  MeasureConfig config_;
  std::vector<JetFinder> find_jets_;
  JetFinder find_dijets_;
};

}  // namespace corpuscle::eval
