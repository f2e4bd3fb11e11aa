#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/event/ids.hpp"

namespace corpuscle::sim {

/// The deposits of one event, summed by cell and, within a cell, by particle. Reused from event to event
/// without allocation.
class HitMap {
 public:
  struct Deposit {
    event::GenParticleId particle;
    float energy = 0;        ///< in the sensitive slice [GeV]
    float share = 0;         ///< shower energy that it stands for (energy_account.hpp) [GeV]
    float time = 0;          ///< of the earliest [ns]
    std::int32_t next = -1;  ///< further deposit of the same cell
  };
  struct Cell {
    std::uint64_t id = 0;
    std::int32_t first = -1;  ///< row in deposits(), most recent particle first
  };

  HitMap();
  void clear() noexcept;

  /// Adds a deposit to a cell. Deposits of one particle in one cell are summed if they fall into the same
  /// slice of time, from one multiple of `time_slice` to the next (the two around 0 are one), and keep the
  /// earliest time: the window of the readout tells late ones to within a slice. What is summed does not
  /// depend on the order of the calls. Constant cost; runs once per shower spot.
  void add(std::uint64_t cell_id, event::GenParticleId particle, float energy, float share, float time) {
    if (cells_.empty() || cells_[last_].id != cell_id) last_ = row_of(cell_id);
    int const slice = slice_of(time);
    for (std::int32_t row = cells_[last_].first; row >= 0;
         row = deposits_[static_cast<std::size_t>(row)].next) {
      Deposit& deposit = deposits_[static_cast<std::size_t>(row)];
      if (deposit.particle != particle || slice_of(deposit.time) != slice) continue;
      deposit.energy += energy;
      deposit.share += share;
      if (time < deposit.time) deposit.time = time;
      return;
    }
    deposits_.push_back({particle, energy, share, time, cells_[last_].first});
    cells_[last_].first = static_cast<std::int32_t>(deposits_.size() - 1);
  }

  /// In order of first deposit.
  [[nodiscard]] std::span<Cell const> cells() const noexcept { return cells_; }
  [[nodiscard]] std::span<Deposit const> deposits() const noexcept { return deposits_; }

  static constexpr float time_slice = 5;  ///< [ns]

 private:
  static int slice_of(float time) noexcept {
    constexpr float extreme = 1e6F;  // [ns]: what is beyond shares a slice, and the number fits into an int
    return static_cast<int>(std::clamp(time, -extreme, extreme) * (1 / time_slice));
  }

  [[nodiscard]] std::size_t slot_of(std::uint64_t cell_id) const noexcept;
  std::size_t row_of(std::uint64_t cell_id);
  void grow();

  std::vector<Cell> cells_;
  std::vector<Deposit> deposits_;
  std::vector<std::uint32_t> slots_;  ///< open addressing: 1 + row of cells_, or 0
  int shift_ = 0;                     ///< 64 - log2(number of slots)
  std::size_t last_ = 0;              ///< row of the cell used last
};

}  // namespace corpuscle::sim
