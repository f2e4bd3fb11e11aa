#pragma once

#include <span>
#include <string>

#include "corpuscle/detector/detector.hpp"

/// Detector descriptions from YAML files. The files under detectors/ are part of the library; a further
/// detector needs a file, and no C++.
namespace corpuscle::config {

/// Reads one detector file.
/// @throws core::ConfigError `file:line:column: message` for anything unknown, missing, of the wrong type
///         or out of range.
/// @throws core::EnvironmentError if the file cannot be read.
detector::Detector load_detector(std::string const& path);

/// The detectors that come with the library, ordered by the name of their file. Read at the first call;
/// thread-safe.
std::span<detector::Detector const> built_in_detectors();

/// A detector by the name of its built-in file ("clic"), by its own name ("CLIC_o3_v14"), or by the path
/// of a file (anything with a `/` or a `.`).
/// @throws core::ConfigError with the nearest name and all that exist, or as load_detector.
detector::Detector find_detector(std::string const& name_or_path);

/// The section `hit_particle_flow` of a detector file with these constants, as load_detector reads it.
std::string calibration_section(detector::HitParticleFlow::Calibration const& calibration);

}  // namespace corpuscle::config
