#pragma once

#include <memory>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/event/sim_hits.hpp"
#include "corpuscle/io/frame.hpp"

namespace corpuscle::io {

/// Puts whole events into frames, under the collection names of the detector's data set (mlpf.md 1.2-1.3,
/// detector.md 8): MCParticles, SiTracks_Refitted with states 1-4, tracker hits with their simulated
/// counterparts, ECALBarrel ... MUON, PandoraClusters with their hits, and the truth links.
///
/// What EventBuilder reads back from such a frame is the event that went in, but for this. Hits are grouped
/// by collection, in the order of the detector file, and keep their order inside one. EDM4hep has no radius
/// of the innermost hit: it comes back as that of the track state there. A simulated tracker hit lies where
/// the measured one does and has no momentum, as the event keeps neither. `stored` particles are left out.
class EventFramer {
 public:
  /// @throws core::ConfigError if the detector file does not describe the simulation.
  explicit EventFramer(detector::Detector const& detector);
  ~EventFramer();
  EventFramer(EventFramer&&) noexcept;

  /// The collections that every frame has, without contents, and the metadata of a file of such frames
  /// (cell-id encodings, name of the detector).
  [[nodiscard]] std::vector<Collection> schema() const;
  [[nodiscard]] Parameters metadata() const;

  /// O(size of the event).
  /// @throws core::DataError naming the row of a hit whose cell id is of none of the detector's systems.
  [[nodiscard]] Frame operator()(event::Event const& event) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Reads the SimCalorimeterHits of a frame of a full simulation, all such collections together. Particles are
/// rows of the frame's first MCParticle collection. A hit without contributions has one, of no particle.
/// @throws core::DataError naming collection and row of a reference beyond its collection.
event::SimCaloHits read_sim_calo_hits(Frame const& frame);

}  // namespace corpuscle::io
