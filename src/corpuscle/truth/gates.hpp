#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::truth {

enum class Verdict : std::uint8_t { pass, fail, no_data };
std::string_view name(Verdict verdict);

/// One check of the consistency of a file with its truth.
struct Gate {
  std::string name;         ///< "T4 clusters"
  std::string quantity;     ///< what was measured, in words
  std::string measured;     ///< "median 0.998, 97.1 % in [0.5, 2] (n = 4938)"
  std::string requirement;  ///< "median 0.5 to 2, at least 80 % in [0.5, 2]"
  Verdict verdict = Verdict::no_data;
};

/// What a sample of numbers must fulfil.
struct Requirement {
  double median_min = -std::numeric_limits<double>::infinity();
  double median_max = std::numeric_limits<double>::infinity();
  double range_low = 0;  ///< at least `min_in_range` of the sample lies in [range_low, range_high]
  double range_high = 0;
  double min_in_range = 0;
  double percentile = 0;  ///< which (0 to 100) must be below `percentile_max`; 0: none
  double percentile_max = 0;
};

/// Holds a sample against a requirement. Percentiles are interpolated linearly.
Gate judge(std::string name, std::string quantity, std::vector<double> sample,
           Requirement const& requirement);

/// The checks by which the authors of MLPF accept a converted sample (mlpf.md 2.3), summed over events. Those
/// that need jets (R1, G) are for `eval`, which can add its rows with `judge`.
///
/// What each of them is a sample of:
/// - H2: calorimeter hits per GeV of target energy, and tracker hits per track; one entry per event.
/// - H3: pT from a circle through the tracker hits of a charged target that lives on a track, over its true
/// pT.
/// - H4: energy of the hits of a target that left any, over its energy.
/// - T4: momentum of the track, or energy of the cluster, that a target lives on, over its energy.
/// - R2: the same as H4, of all targets, and from clusters where there are no links of hits.
/// - P: |sum of reconstructed - sum of target energies| / sum of target energies; one entry per event.
class ConsistencyGates {
 public:
  explicit ConsistencyGates(detector::Detector const& detector) : field_(detector.field) {}

  /// @param candidates  reconstructed particles; P has no entry if there are none
  void add(event::Event const& event, Targets const& targets, event::Particles const& candidates);
  void add(event::Event const& event, Targets const& targets) { add(event, targets, event.stored); }

  [[nodiscard]] std::vector<Gate> judge() const;

 private:
  void add_circles(event::Event const& event, Targets const& targets);

  double field_;  ///< [T]
  std::vector<double> calo_hits_, tracker_hits_, circle_pt_, hit_energy_, track_energy_, cluster_energy_,
      deposit_, sum_;
};

/// Radius [mm] of the circle through points, by linear least squares in x^2 + y^2 + D x + E y + F (I. Kasa,
/// IEEE Trans. Instrum. Meas. 25 (1976) 8); 0 if they do not determine one. It is too small for points whose
/// errors are not small beside the sagitta.
double circle_radius(std::vector<double> const& x, std::vector<double> const& y);

}  // namespace corpuscle::truth
