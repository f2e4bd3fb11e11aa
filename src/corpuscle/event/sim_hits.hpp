#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/event/ids.hpp"

namespace corpuscle::event {

/// One share of the energy left in a cell.
struct Contribution {
  GenParticleId particle;  ///< the one that entered the calorimeter; not valid for noise
  float energy = 0;        ///< in the sensitive material [GeV]
  float time = 0;          ///< [ns]
};

/// Raw calorimeter hits of one event, before digitisation: of a full simulation's file, or of our own.
struct SimCaloHits {
  std::vector<std::uint64_t> cell_id;
  std::vector<float> x, y, z;                ///< cell centre [mm]
  core::Ragged<Contribution> contributions;  ///< at least one each

  [[nodiscard]] std::size_t size() const noexcept { return cell_id.size(); }
};

}  // namespace corpuscle::event
