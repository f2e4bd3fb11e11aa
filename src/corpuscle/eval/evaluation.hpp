#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "corpuscle/eval/measure.hpp"
#include "corpuscle/eval/result.hpp"

namespace corpuscle::eval {

struct EvaluationConfig {
  MeasureConfig measure = {};
  std::size_t n_replicas = 100;  ///< of the bootstrap: errors are good to 1 / sqrt(2 * 100) = 7 %; at least 2
  std::uint64_t seed = 1;        ///< of the bootstrap; the same for evaluations that are to be compared

  /// Edges of curves; momenta as published (mlpf.md 6), the others are ours.
  std::vector<double> momentum_edges{10, 20, 40, 60, 80, 100, 200};         ///< of jets and sums [GeV]
  std::vector<double> energy_edges{0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200};  ///< of particles [GeV]
  std::vector<double> cos_theta_edges{0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1};  ///< absolute
  std::vector<double> nearest_edges{0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 3.2};    ///< [rad]

  double min_energy = 1;             ///< of particles in the figures called `..._hard` [GeV]
  double min_momentum = 10;          ///< of the reference, below which a ratio of sums says little [GeV]
  double max_dijet_cos_theta = 0.7;  ///< the barrel, of the figures `dijet/...` (detector.md 2.4)

  friend bool operator==(EvaluationConfig const&, EvaluationConfig const&) = default;
};

/// How good a reconstruction is: collects events, then says.
///
/// Which figures there are, and what each is, is said by the result itself; figures.cpp lists them. One
/// Evaluation per thread, merged at the end: results are the same, to the last bit, for any number of threads
/// and any order of events, since measurements are kept per event and put in the order of their ids before
/// anything is summed. Memory: about 36 bytes per reference particle, 12 per test particle and 16 per jet, 6
/// kB for a ttbar event; so medians and quantiles are exact. Cost: 0.5 to 1.1 ms per ttbar event
/// (EventMeasurer), then `result()`, 0.4 ms per event more (bench/eval).
class Evaluation {
 public:
  Evaluation();
  /// @throws core::ConfigError if edges do not ascend or there are fewer than 2 replicas.
  explicit Evaluation(EvaluationConfig config);

  void add(EventId const& id, EventView const& event) { events_.emplace_back(id, measure_(event)); }
  /// An event that was measured elsewhere, as the configuration says.
  void add(EventId const& id, Measurement measurement) { events_.emplace_back(id, std::move(measurement)); }
  /// An event that could not be reconstructed: counted, and nothing else.
  void add_failure(EventId const& id) { failures_.push_back(id); }

  /// Takes over the events of another one.
  /// @throws core::ConfigError if it was configured otherwise.
  void merge(Evaluation&& other);

  /// Ascending.
  [[nodiscard]] std::vector<EventId> events() const;

  /// @throws core::DataError if there are no events, or one was added twice.
  [[nodiscard]] Result result() const;
  /// Of these events alone, ascending: those that another evaluation has too, say.
  /// @throws core::DataError also if one of them was not added.
  [[nodiscard]] Result result(std::span<EventId const> only) const;

 private:
  EvaluationConfig config_;
  EventMeasurer measure_;
  std::vector<std::pair<EventId, Measurement>> events_;
  std::vector<EventId> failures_;
};

/// Those in both, ascending.
std::vector<EventId> common_events(Evaluation const& a, Evaluation const& b);

}  // namespace corpuscle::eval
