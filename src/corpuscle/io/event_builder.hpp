#pragma once

#include <memory>
#include <span>
#include <string>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/io/source.hpp"

namespace corpuscle::io {

/// Makes the typed tables of an event out of a frame, and puts particles back into one.
///
/// Tables are filled from the collections that the detector file names: tracks, clusters, particles,
/// generated particles and links from the first of the listed collections that is there, hits from all of
/// them. If the file has none of the names of a table, all collections of the right type serve (for
/// particles the first called like particle-flow objects, for generated particles the first). Relations to
/// objects that are not in the frame are dropped, and truth links may point either way. Not thread-safe: one
/// builder per thread.
class EventBuilder {
 public:
  EventBuilder(FileInfo const& info, detector::Detector const& detector);
  ~EventBuilder();
  EventBuilder(EventBuilder&&) noexcept;

  [[nodiscard]] detector::Detector const& detector() const noexcept;

  /// The collections that are looked at, for `Source::read`.
  [[nodiscard]] Wanted wanted() const;

  /// The result has passed event::check.
  /// @throws core::DataError naming file, table, column and row of a value that cannot be: NaN, a
  ///         negative energy, a range or reference beyond the end of its collection.
  [[nodiscard]] event::Event operator()(Frame const& frame, std::size_t entry) const;

  /// Adds reconstructed particles to the frame they were made from, as a collection of
  /// edm4hep::ReconstructedParticle with relations to its tracks and clusters.
  void add_particles(Frame& frame, event::Particles const& particles, std::string const& name) const;
  /// That collection without contents, for the schema of a file to be written.
  [[nodiscard]] static Collection particle_collection(std::string const& name);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The detector among `candidates` that a file belongs to: by the name the file gives, else by its
/// collections; null if none fits.
detector::Detector const* recognise(FileInfo const& info, Frame const& first,
                                    std::span<detector::Detector const> candidates);

}  // namespace corpuscle::io
