#pragma once

#include <optional>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/geometry.hpp"
#include "corpuscle/event/tracks.hpp"

namespace corpuscle::encoding {

/// What the columns of a track are computed from. Unknown is NaN.
struct MeasuredTrack {
  double p = 0, pt = 0;       ///< [GeV]
  Angles at_origin;           ///< of the momentum, at the point nearest to the beam
  double charge = 0;          ///< [e]
  double momentum_error = 0;  ///< sigma(p) / p
  double d0 = 0, z0 = 0;      ///< [mm]
  double d0_error = 0, z0_error = 0;
  double chi2_per_ndf = 0, ndf = 0;
  double innermost_radius = 0;         ///< [mm]
  double last_radius = 0, last_z = 0;  ///< of the last hit [mm]
  bool reaches_calorimeter = false;    ///< what follows is known
  Angles entry;                        ///< of the point where it enters the ECAL
  Angles centre;                       ///< of the point where it leaves the ECAL, if it bends on and on
  core::Vector3 direction{unknown, unknown, unknown};  ///< at the entry, a unit vector

  Reference reference;
  Named broken;  ///< the first input that is not a finite number
};

/// Nothing for a track without a state at the interaction point.
///
/// The way into the calorimeter starts at the last hit, which knows of the energy lost before, else at the
/// interaction point. Where the helix misses the calorimeter, the state there serves, if the file has one.
std::optional<MeasuredTrack> measure_track(event::Tracks const& tracks, std::size_t row,
                                           detector::Detector const& detector);

}  // namespace corpuscle::encoding
