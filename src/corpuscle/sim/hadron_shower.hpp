#pragma once

#include <vector>

#include "corpuscle/sim/em_shower.hpp"
#include "corpuscle/sim/flight.hpp"
#include "corpuscle/sim/track_walk.hpp"

namespace corpuscle::sim {

/// A hadron, or a muon, in the calorimeters, from their surface on.
///
/// Charged particles leave the trace of a minimum ionising particle along their helix until they interact,
/// stop or leave. Hadrons shower as a cascade: every interaction leaves some energy in the nucleus that was
/// hit and shares the rest among a leading particle and a Poisson number of others, 29 % of them pi0. Those
/// start electromagnetic sub-showers, as if of one photon; the rest fly on and interact again after their own
/// interaction length. So the electromagnetic fraction and its fluctuations, track segments, detached neutral
/// showers and the lateral size come out by themselves; the numbers are tuned to what detector.md 2.3, 3.4
/// and 3.7 say of them. The nucleus gives most of its energy back as spots around: protons nearby, neutrons
/// farther and later; the rest, its binding energy, is invisible.
///
/// Pions and kaons release their total energy, protons and neutrons the kinetic, their antiparticles two
/// masses more. Muons lose energy along their way, with hard bremsstrahlung as electromagnetic sub-showers.
/// Not modelled: decays in flight, nuclear fragments, cross-sections that vary with energy (but for
/// antibaryons). Not thread-safe: one per thread.
class HadronShower {
 public:
  HadronShower(CaloGeometry const& geometry, double inner_field);

  /// Follows one particle to its end. All of its energy is booked in `account` (but not in `account.in`).
  /// Costs about 3 us per GeV. Allocates nothing once the largest shower has been seen.
  /// @return bits for GenParticles::simulator_status, and where it ended
  struct End {
    std::int32_t status = 0;
    core::Vector3 position;
  };
  End operator()(Flight const& flight, core::Random& random, HitMap& hits, EnergyAccount& account);

 private:
  /// Takes a particle to its end, muons with their bursts.
  TrackWalk::End follow(Traveller& particle, Deposits const& out);
  void come_to_rest(Traveller const& particle, Deposits const& out);
  void interact(Traveller const& particle, Deposits const& out);
  void excite_nucleus(Traveller const& at, double energy, Deposits const& out);
  void start_em_shower(Traveller const& at, core::Vector3 direction, double energy, EmShower::Kind kind,
                       Deposits const& out);
  /// Slow charged particles around a point, at distances that are exponential with a mean of `radius` [mm]
  /// and with delays that are exponential with a mean of `delay` [ns].
  void scatter_spots(Traveller const& at, double energy, double radius, double delay, Deposits const& out);

  CaloGeometry const* geometry_;
  TrackWalk walk_;
  EmShower em_shower_;
  std::vector<Traveller> waiting_;  ///< particles of the shower that have not been followed yet
};

}  // namespace corpuscle::sim
