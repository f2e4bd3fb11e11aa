#pragma once

#include "corpuscle/train/data.hpp"

/// Events that the simulator makes while the network learns, as `data.source: simulate` asks for.
/// @throws core::ConfigError for unknown processes and detectors
/// @throws core::EnvironmentError if a process needs Pythia and the program was built without
corpuscle::train::Data open_simulated(corpuscle::train::TrainConfig const& config);
