#pragma once

#include <limits>
#include <string>

#include "corpuscle/train/data.hpp"
#include "corpuscle/train/optimiser.hpp"

namespace corpuscle::train {

/// How far training has come, beside what the optimiser remembers.
struct Progress {
  dataset::Position next;                                      ///< the first event of the next batch
  double best_loss = std::numeric_limits<double>::infinity();  ///< of all validations so far
};

/// A file from which training goes on as if it had not stopped, to the bit: the arrays of the optimiser per
/// parameter
/// ("weight/NAME", "average/NAME", "moment1/NAME", "moment2/NAME") and, as metadata, step, position, best
/// loss, configuration and the checksum of the data. There is no state of random generators: the order of
/// events follows from the position, and the numbers of a step from seed and step.
///
/// Replaces the file when the new one is whole. @throws core::EnvironmentError, and the old one is still
/// there
void save_checkpoint(std::string const& path, TrainConfig const& config, Data const& data,
                     Optimiser const& optimiser, Progress const& progress);

/// Puts the state into the optimiser, and so into its network.
/// @throws core::DataError    the file is damaged, no checkpoint or of another network
/// @throws core::ConfigError  the configuration (but for how often is logged, saved and validated, and the
/// threads that
///                            load) or the data are others: names the first line that differs
/// @throws core::EnvironmentError if it cannot be opened
Progress load_checkpoint(std::string const& path, TrainConfig const& config, Data const& data,
                         Optimiser& optimiser);

}  // namespace corpuscle::train
