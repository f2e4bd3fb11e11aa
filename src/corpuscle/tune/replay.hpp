#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/tune/scheduler.hpp"

namespace corpuscle::tune {

/// Trainings of the past: one row per configuration.
struct CurveTable {
  std::vector<std::string> parameters;        ///< names of the settings
  std::vector<std::vector<double>> settings;  ///< [row][parameter]
  std::vector<std::vector<double>> losses;    ///< [row][epoch - 1], all rows of one length; NaN: diverged

  [[nodiscard]] std::size_t rows() const noexcept { return losses.size(); }
};

/// Reads comma-separated values with a header: columns `loss_0`, `loss_1`, ... are the losses after epochs 1,
/// 2,
/// ..., in this order; the others, before them, are settings. `nan` and `inf` are read as such.
/// @param name  what messages call the file
/// @throws core::DataError naming line and column.
CurveTable read_curve_table(std::istream& in, std::string const& name);
/// @throws core::EnvironmentError if the file cannot be read.
CurveTable load_curve_table(std::string const& path);

struct ReplayResult {
  long epochs = 0;           ///< trained, over all trials
  long time = 0;             ///< in epochs, with all workers side by side
  std::size_t row = 0;       ///< of the best trial; rows() if no trial was trained to the end
  double loss = 0;           ///< of the best trial; infinite if there is none
  std::size_t complete = 0;  ///< trials trained to the end
};

/// Lets a scheduler run over trainings of the past, exactly as over new ones: trial k is row order[k],
/// beginning again at the end. All epochs last equally long; at each tick idle workers ask for a job and busy
/// ones report a loss, always in the order of their numbers.
///
/// @param order  rows, one or more
/// @param table  with as many epochs as the scheduler may ask for
ReplayResult replay(CurveTable const& table, Scheduler& scheduler, std::span<std::size_t const> order,
                    std::size_t workers = 1);

}  // namespace corpuscle::tune
