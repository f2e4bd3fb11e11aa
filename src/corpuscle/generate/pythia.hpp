#pragma once

#include <cstdint>
#include <memory>

#include "corpuscle/generate/generator.hpp"
#include "corpuscle/generate/helicity.hpp"
#include "corpuscle/generate/process.hpp"

/// The target corpuscle::generate_pythia, the only one that links Pythia, which is under the GPL.
namespace corpuscle::generate {

struct PythiaOptions {
  bool initial_state_radiation = true;  ///< photons that the beams radiate
  BeamPolarisation polarisation;
};

/// Events of a process by Pythia 8, with their whole history.
///
/// Each event has a random stream of its own, keyed by (seed, number), and Pythia is initialised with a fixed
/// one: nothing depends on the events before. Particles with c tau above 10 mm (pi+-, K+-, K0S, K0L, Lambda,
/// Sigma+-, Xi, Omega, muons) are left for the simulation to decay. An event that Pythia gives up is tried
/// again with further numbers.
///
/// Pythia knows no polarised beams. For `PolarisationEffect::fermion_pair` events are accepted with the
/// weight of helicity.hpp; the polarisation of the fermions and what it does to their decays is not followed.
///
/// Takes 0.2 s and some 25 MB. The generator throws core::EnvironmentError if an event fails ten times.
/// @throws core::ConfigError if Pythia refuses a setting or the process, with what it says, and for polarised
///         beams where the process does not support them.
std::unique_ptr<Generator> make_pythia(Process const& process, std::uint64_t seed,
                                       PythiaOptions const& options = {});

}  // namespace corpuscle::generate
