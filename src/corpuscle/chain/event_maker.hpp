#pragma once

#include <cstdint>
#include <memory>

#include "corpuscle/cluster/cone_clustering.hpp"
#include "corpuscle/generate/generator.hpp"
#include "corpuscle/sim/simulator.hpp"

namespace corpuscle::chain {

/// Collision number i, from the generator to clusters, in memory: what `corpuscle simulate` writes to a file
/// and what training can take without one. Not thread-safe: one per thread.
class EventMaker {
 public:
  EventMaker(std::unique_ptr<generate::Generator> generator, detector::Detector const& detector,
             std::uint64_t seed);

  /// The same event for the same number, whatever was asked before. The result has passed event::check.
  event::Event operator()(std::int64_t number);

  [[nodiscard]] sim::EnergyAccount const& account() const noexcept { return simulate_.account(); }
  [[nodiscard]] generate::Generator const& generator() const noexcept { return *generate_; }

 private:
  std::unique_ptr<generate::Generator> generate_;
  sim::Simulator simulate_;
  cluster::ConeClustering cluster_;
};

}  // namespace corpuscle::chain
