#pragma once

#include <cstdint>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/dataset/make_example.hpp"
#include "simulate/events.hpp"

/// Simulated events as examples to learn from; what one thread needs. Must stay where it was made: the parts
/// of a simulator point at each other.
class SimulatedExamples {
 public:
  SimulatedExamples(EventPlan const& plan, corpuscle::detector::Detector const& detector, std::uint64_t seed,
                    corpuscle::encoding::Schema const& schema, corpuscle::truth::Rule rule)
      : make_event_(plan.make_generator(), detector, seed), encode_(schema, rule, detector) {}

  [[nodiscard]] corpuscle::dataset::Examples none() const { return encode_.none(); }
  /// Appends event `number`.
  void append(std::uint64_t number, corpuscle::dataset::Examples& to) {
    encode_.append(make_event_(static_cast<std::int64_t>(number)), to);
  }

 private:
  corpuscle::chain::EventMaker make_event_;
  corpuscle::dataset::ExampleEncoder encode_;
};
