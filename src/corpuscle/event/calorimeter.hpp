#pragma once

#include <cstdint>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/event/ids.hpp"

namespace corpuscle::event {

/// What kind of calorimeter a hit was seen in.
enum class Subdetector : std::uint8_t { ecal, hcal, muon, forward, other };

/// Which part of it.
enum class Region : std::uint8_t { barrel, endcap, other };

/// Calibrated calorimeter hits of one event.
struct CaloHits {
  std::vector<std::uint64_t> cell_id;  ///< as encoded by the file (detector/cell_id.hpp decodes)
  std::vector<float> energy;           ///< calibrated [GeV]
  std::vector<float> energy_error;     ///< [GeV]; 0 if unknown
  std::vector<float> time;             ///< [ns]
  std::vector<float> x, y, z;          ///< cell centre [mm]
  std::vector<std::int16_t> layer;     ///< counted outwards from 0; -1 if unknown
  std::vector<Subdetector> subdetector;
  std::vector<Region> region;

  [[nodiscard]] std::size_t size() const noexcept { return energy.size(); }
  void resize(std::size_t rows);
};

/// Calorimeter clusters of one event.
///
/// `energy` is what the clustering program stored, usually calibrated for the particle it took the
/// cluster for; the energies per sub-detector are before that and need not add up to it.
struct Clusters {
  std::vector<float> energy;                                  ///< [GeV]
  std::vector<float> energy_error;                            ///< [GeV]; 0 if unknown
  std::vector<float> x, y, z;                                 ///< energy-weighted centroid [mm]
  std::vector<float> theta, phi;                              ///< intrinsic direction [rad]
  std::vector<float> energy_ecal, energy_hcal, energy_other;  ///< of its hits, uncorrected [GeV]
  core::Ragged<CaloHitId> hits;                               ///< those present in the file

  [[nodiscard]] std::size_t size() const noexcept { return energy.size(); }
  void resize(std::size_t rows);  ///< all columns but `hits`, which rows are appended to in order
};

/// Hits of the tracking detectors of one event.
struct TrackerHits {
  std::vector<std::uint64_t> cell_id;
  std::vector<double> x, y, z;        ///< measured position [mm]
  std::vector<float> energy_deposit;  ///< [GeV]
  std::vector<float> time;            ///< [ns]

  [[nodiscard]] std::size_t size() const noexcept { return cell_id.size(); }
  void resize(std::size_t rows);
};

}  // namespace corpuscle::event
