#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/generate/generator.hpp"

/// HepMC3 ASCII files ("Asciiv3"), plain or gzip: how other generators plug in.
///
/// Format: Buckley et al., Comput. Phys. Commun. 260 (2021) 107310. Read and written without the HepMC3
/// library, whose reader takes damaged files for good ones. Energies are ours in GeV and positions in mm
/// whatever the unit line says.
namespace corpuscle::generate {

/// Events of one or several files, numbered through from 0 in the order of the files.
///
/// Going forward skips over text; going back starts the file again, so ask in ascending order where you can.
/// `size()` reads all files once. Momentum, mass and ancestry are kept; weights and attributes are not. A
/// vertex without position is where its incoming particles were made, as in the HepMC3 library. Charges come
/// from event::charge_of; a particle of the history that it does not know has charge 0.
///
/// The generator and `size()` throw core::DataError, naming file and line, for anything that is not an
/// event of HepMC3: a cut or damaged file, another version, a particle that is its own ancestor, numbers that
/// are not finite, a final particle (status 1) with a PDG code of no known charge or less energy than
/// momentum. They throw it too for a number beyond the last event.
///
/// @throws core::EnvironmentError if a file cannot be opened.
/// @throws core::DataError if it is of another format; names it if it is a known one.
std::unique_ptr<Generator> open_hepmc(std::vector<std::string> paths,
                                      GeneratorFrame frame = GeneratorFrame::collision);

/// Writes events to a file, gzip if the name ends in .gz, which appears when `close` has been called.
///
/// HepMC joins particles by vertices, of which a particle has one to end at. What our tables say beyond that,
/// as Pythia does for the partons of overlapping strings, is simplified: a particle goes to the vertex where
/// its first parent ends. Files that were read are written back as they were. Bytes depend on nothing but the
/// events.
class HepMCWriter {
 public:
  /// @throws core::EnvironmentError if the file cannot be made.
  explicit HepMCWriter(std::string const& path);
  ~HepMCWriter();

  /// @throws core::EnvironmentError if the disk is full.
  void write(std::int64_t number, event::GenParticles const& particles);
  /// @throws core::EnvironmentError, and then there is no file.
  void close();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace corpuscle::generate
