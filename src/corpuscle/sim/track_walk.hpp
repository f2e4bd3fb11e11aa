#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/sim/calo_geometry.hpp"
#include "corpuscle/sim/energy_account.hpp"
#include "corpuscle/sim/hit_map.hpp"

namespace corpuscle::sim {

/// What a particle is to the matter it flies through; `exotic` ones (staus and the like) only ionise.
enum class Matter { muon, pion, kaon, nucleon, antibaryon, nucleus, exotic };

/// A particle inside the calorimeters: one that came in, or one made in its shower.
struct Traveller {
  core::Vector3 position;   ///< [mm]
  core::Vector3 direction;  ///< unit vector
  double kinetic = 0;       ///< kinetic energy [GeV]
  double mass = 0;          ///< [GeV]
  double charge = 0;        ///< [e]
  double time = 0;          ///< [ns]
  Matter matter = Matter::pion;
  double locked = 0;     ///< energy that it sets free, beyond the kinetic, when it interacts or stops [GeV]
  double rest_mass = 0;  ///< energy that nothing sets free [GeV]: EnergyAccount::rest_mass

  [[nodiscard]] double momentum() const { return std::sqrt(kinetic * (kinetic + 2 * mass)); }
};

/// Where the deposits of one incoming particle go, and the dice for them.
struct Deposits {
  event::GenParticleId owner;
  core::Random& random;
  HitMap& hits;
  EnergyAccount& account;
};

/// Takes particles through the layers of the calorimeters, along a helix of straight pieces.
///
/// Charged particles lose in each layer what a minimum ionising particle loses, times relative_loss(), and
/// leave a Moyal-distributed deposit in each sensitive plane (detector.md 2.5), shared by two cells if the
/// track changes cell inside; they scatter (Highland). A deposit's share is the energy lost since the one
/// before. Neutral particles only fly. Neglected: fluctuations of the
/// energy loss in the absorbers. Not thread-safe: one per thread.
class TrackWalk {
 public:
  TrackWalk(CaloGeometry const& geometry, double inner_field);

  enum class End {
    interacted,  ///< after the given depth
    stopped,     ///< has no kinetic energy left
    left         ///< is out of the calorimeters, or caught in the field between them
  };

  /// Moves the particle to its end and takes the energy it loses off it; what is then left of it is the
  /// caller's. Costs some 40 ns per layer.
  /// @param depth  after which it interacts: in its own interaction lengths, for muons in radiation lengths
  End operator()(Traveller& particle, double depth, Deposits const& out);

 private:
  /// Where a particle passes the sensitive plane of a layer.
  struct Passage {
    Plane const* plane = nullptr;
    core::Vector3 point;      ///< [mm]
    core::Vector3 direction;  ///< unit vector
    double density = 1;       ///< of ionisation, relative to a minimum ionising particle
    double time = 0;          ///< [ns]
  };
  End fly(Traveller& particle, double depth, Deposits const& out);
  void leave_signal(Passage const& at, Deposits const& out);
  /// Books what was lost since the last signal with that signal; without one, near the particle.
  void book_rest(Traveller const& particle, Deposits const& out);

  CaloGeometry const* geometry_;
  double inner_field_;
  std::vector<Crossing> trace_;
  double pending_ = 0;           ///< energy lost since the last signal [GeV]
  std::uint64_t last_cell_ = 0;  ///< of that signal; 0 for none
  double last_time_ = 0;         ///< [ns]
};

/// Energy loss relative to that of a minimum ionising particle, at this beta gamma > 0.
///
/// Falls as beta^(-5/3) (PDG review, "Passage of particles through matter") to 1 at beta gamma = 3, then
/// rises as for muons in iron (Groom, Mokhov, Striganov, At. Data Nucl. Data Tables 78 (2001) 183): 1.34 at
/// 10 GeV, 1.5 at 100 GeV, within 5 %.
double relative_loss(double beta_gamma);

}  // namespace corpuscle::sim
