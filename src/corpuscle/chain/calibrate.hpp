#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "corpuscle/detector/detector.hpp"

namespace corpuscle::chain {

struct CalibrationConfig {
  std::size_t n_photons = 40000;
  std::size_t n_hadrons = 200000;  ///< K0L
  double min_energy = 0.5;         ///< of the particles [GeV]; flat in its logarithm ...
  double max_energy = 150;         ///< ... up to this
  double max_cos_theta = 0.95;     ///< all directions up to here, flat in cos(theta)
  std::uint64_t seed = 1;
  unsigned threads = 1;                                                  ///< the result does not depend on it
  std::function<void(std::size_t done, std::size_t total)> on_progress;  ///< called by the calling thread
  std::function<bool()> should_stop;                                     ///< so is this; true ends the work
};

/// Thrown when `CalibrationConfig::should_stop` said so.
struct Interrupted {};

/// How a calibration does in one interval of energy.
struct CalibrationPoint {
  double energy = 0;            ///< mean of the particles' [GeV]
  double response = 0;          ///< mean of shower energy / particle energy
  double response_error = 0;    ///< statistical
  double resolution = 0;        ///< rms of it over the mean
  double plain_resolution = 0;  ///< the same without calibration
  std::size_t n = 0;
};

struct CalibrationResult {
  detector::HitParticleFlow::Calibration calibration;
  std::vector<CalibrationPoint> photons, hadrons;  ///< on particles that were not used in the fit
};

/// Finds the constants of pf::ShowerEnergy from single particles that reach the calorimeter of a simulated
/// detector.
///
/// Linear least squares: the sum over particles of (shower energy - E)^2 / sigma(E)^2, sigma as in the
/// detector's `clustering`, with the mean response in each of some intervals of energy pulled to 1. Half of
/// the particles are for the fit, half for the result's points. The same seed gives the same constants. Some
/// 0.2 ms per particle and core.
///
/// @throws core::ConfigError for a detector whose file says nothing of its simulation, for fewer than 100
///         photons or 1000 hadrons, and if the calorimeters see none of them.
/// @throws Interrupted
CalibrationResult calibrate(detector::Detector const& detector, CalibrationConfig const& config);

}  // namespace corpuscle::chain
