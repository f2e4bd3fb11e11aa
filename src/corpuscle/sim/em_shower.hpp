#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/sim/calo_geometry.hpp"
#include "corpuscle/sim/energy_account.hpp"
#include "corpuscle/sim/flight.hpp"
#include "corpuscle/sim/hit_map.hpp"

namespace corpuscle::sim {

/// An electromagnetic shower in a sampling calorimeter, cell by cell.
///
/// Longitudinal and lateral profiles with their correlated fluctuations after Grindhammer and Peters
/// (hep-ex/0001020, sampling media; detector.md 3.1-3.2). Starts where the particle is: in front of a
/// calorimeter or inside it; a photon first travels to its conversion, and showers as the pair does.
///
/// The signal is made of *tracklets*: pieces of track of the shower's electrons, which cross one layer, or a
/// few in a row. Their number per GeV makes the resolution, their crossings make the hits. The energy of the
/// shower is laid out along its axis by the longitudinal profile, and tracklets follow each other on it at
/// exponential distances in energy. Each stands for the energy since the one before: so the shares add up to
/// the energy of the shower, whatever the dice say.
///
/// Neglected: the profile is that of the stack where the shower starts, in radiation lengths, also where it
/// runs on into the next stack; slow neutrons; and the dependence of the sampling fraction on depth.
/// Not thread-safe: one per thread.
class EmShower {
 public:
  /// @param geometry  its stacks have positive x0, z_effective, critical_energy, em_sampling, em_stochastic
  explicit EmShower(CaloGeometry const& geometry);

  enum class Kind { electron, photon };

  /// Books all of `energy`: in `hits`; and in `account` as dead (coil, gaps), as leaked (what the profile has
  /// behind the last layer), or as below threshold, for the soft shower that leaves no signal at all.
  /// Cost: about 1 us, and 40 ns for each of about 80 crossings per GeV.
  /// @param start   position, direction of the momentum, time and particle count; the energy is `energy`
  /// @param energy  to be deposited [GeV], > 0
  void operator()(Flight const& start, double energy, Kind kind, core::Random& random, HitMap& hits,
                  EnergyAccount& account);

 private:
  /// A calorimeter as showers see it.
  struct Medium {
    double tracklets_per_gev = 0;
    double energy_per_tracklet = 0;     ///< [GeV]
    float crossing_deposit = 0;         ///< mean, in the sensitive slice [GeV]
    double continuation = 0;            ///< probability that a tracklet crosses one more layer
    std::uint32_t continues_below = 0;  ///< the same times 2^16
    float moliere_radius = 0;           ///< [mm]
    float z = 0;                        ///< effective atomic number
    float layer_x0 = 0;                 ///< thickness of a layer in radiation lengths: 1/F_s of the paper
    float transition = 0;               ///< 1 - e-hat of the paper
    double critical_energy = 0;         ///< [GeV]
  };

  /// The longitudinal profile of one shower: a gamma distribution of the depth.
  struct Profile {
    double alpha = 0, beta = 0;
    double depth_of_tau =
        0;  ///< depth over tau, the scaled depth of the lateral formulae [radiation lengths]
  };

  /// Scales of the lateral distribution at one depth.
  struct Lateral {
    float core = 0, tail = 0;  ///< [mm]
    float core_weight = 0;
  };

  /// Where and when the shower axis crosses a layer, and what moves along it at an offset a, b [mm] across:
  /// u = u0 + a ua + b ub, and so on.
  struct Target {
    Plane const* plane = nullptr;  ///< none for dead material
    float path = 0;                ///< from the start [mm]
    float u0 = 0, ua = 0, ub = 0;
    float v0 = 0, va = 0, vb = 0;
    float t0 = 0, ta = 0, tb = 0;  ///< [ns]
  };

  class ShortRandoms;

  [[nodiscard]] static Profile draw_profile(Medium const& medium, double energy, core::Random& random);
  [[nodiscard]] static Lateral lateral_at(Medium const& medium, float tau, float log_energy);

  void set_axis(Flight const& start);
  [[nodiscard]] Medium const& medium_of(Crossing const& crossing) const;
  void extend_targets(std::size_t layer);
  [[nodiscard]] Target const& target(std::size_t layer) {
    if (targets_.size() <= layer) extend_targets(layer);
    return targets_[layer];
  }
  void send_tracklet(std::size_t first, Lateral const& lateral, float share, core::Random& random,
                     ShortRandoms& short_random, HitMap& hits, EnergyAccount& account);

  CaloGeometry const* geometry_;
  std::vector<Medium> media_;  ///< one per calorimeter
  double longest_x0_ = 0;      ///< of all stacks [mm]

  // The shower being made.
  event::GenParticleId particle_;
  core::Vector3 origin_, direction_, across_a_, across_b_;
  double start_time_ = 0;
  float response_ = 1;  ///< its deposits over those of the average shower
  std::vector<Crossing> trace_;
  std::vector<Target> targets_;  ///< of the first layers of trace_, as far as they were needed
  std::uint64_t last_cell_ = 0;  ///< that got a deposit; 0: none yet
  float last_time_ = 0;
};

}  // namespace corpuscle::sim
