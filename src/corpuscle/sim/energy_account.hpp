#pragma once

namespace corpuscle::sim {

/// Where the energy of an event went, all in true energy [GeV]: what comes in is the sum of all else, up to
/// rounding.
///
/// A calorimeter deposit has two faces: its *share*, the energy of the shower that it stands for, which is
/// booked here, and its *deposit* in the sensitive slice, which fluctuates and makes the signal.
struct EnergyAccount {
  double in = 0;               ///< total energy of the generator's final state, after crossing angle
  double visible = 0;          ///< shares of hits that were read out
  double below_threshold = 0;  ///< shares of cells whose signal was too small
  double late = 0;             ///< shares outside the time window
  double invisible = 0;        ///< neutrinos and other weakly interacting particles; nuclear binding
  double tracker = 0;          ///< left in the material of the tracker
  double dead = 0;             ///< in the coil and in the gaps between calorimeters
  double leaked = 0;           ///< out of the back of the calorimeters, or through the beam hole
  /// Mass of particles that came to rest and stay what they are (protons, neutrons), less what antibaryons
  /// took from the nuclei they annihilated with; may be negative.
  double rest_mass = 0;

  [[nodiscard]] double out() const {
    return visible + below_threshold + late + invisible + tracker + dead + leaked + rest_mass;
  }
};

}  // namespace corpuscle::sim
