#pragma once

#include <span>
#include <string>
#include <vector>

namespace corpuscle::generate {

enum class Beams {
  electron_positron,  ///< e- along +z, e+ along -z
  photon_photon       ///< a stand-in for the photons that beams of e+ and e- radiate
};

/// How the rates of a process follow the polarisation of the beams.
enum class PolarisationEffect {
  unsupported,   ///< not known here: only unpolarised beams
  rate_only,     ///< a factor common to all events (e+e- -> Z* -> ZH): events stay as they are
  fermion_pair,  ///< s-channel photon and Z (helicity.hpp): flavours and angles change
};

/// Collisions as data: a file of processes/, or one of yours.
struct Process {
  std::string name;  ///< of the file, without ".yaml"
  std::string description;
  Beams beams = Beams::electron_positron;
  double energy = 0;  ///< of the collision, in its rest frame [GeV]
  PolarisationEffect polarisation = PolarisationEffect::unsupported;
  std::vector<std::string> pythia;  ///< settings, as Pythia's readString takes them
};

/// Reads one process file.
/// @throws core::ConfigError `file:line:column: message` for anything unknown, missing, of the wrong type
///         or out of range.
/// @throws core::EnvironmentError if the file cannot be read.
Process load_process(std::string const& path);

/// The processes that come with the library, by name. Read at the first call; thread-safe.
std::span<Process const> built_in_processes();

/// A process by its name, or by the path of a file (anything with a `/` or ending in .yaml).
/// @throws core::ConfigError with the nearest name and all that exist, or as load_process.
Process find_process(std::string const& name_or_path);

}  // namespace corpuscle::generate
