#include "train/simulated.hpp"

#include <memory>
#include <utility>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/dataset/make_example.hpp"
#include "simulate/events.hpp"

using namespace corpuscle;

namespace {

/// What one thread needs. Made in its place: a simulator must not be moved, its parts point at each other.
struct Maker {
  Maker(std::unique_ptr<generate::Generator> generator, detector::Detector const& detector,
        std::uint64_t seed, encoding::Schema const& schema, truth::Rule rule)
      : make_event(std::move(generator), detector, seed), encode(schema, rule, detector) {}

  chain::EventMaker make_event;
  dataset::ExampleEncoder encode;
};

}  // namespace

train::Data open_simulated(train::TrainConfig const& config) {
  EventOptions options;
  options.inputs = {config.data.process};
  options.seed = static_cast<std::uint64_t>(config.data.seed);
  options.pileup = config.data.pileup;
  EventPlan const plan = plan_events(options);
  detector::Detector const detector = config::find_detector(config.data.detector);
  encoding::Schema const& schema = encoding::find_schema(config.data.schema);
  truth::Rule const rule = *truth::find_rule(config.data.rule);

  auto const make_maker = [plan, detector, schema, rule, seed = options.seed]() -> dataset::ExampleMaker {
    auto const maker = std::make_shared<Maker>(plan.make_generator(), detector, seed, schema, rule);
    return [maker](std::uint64_t number) {
      dataset::Examples examples = maker->encode.none();
      maker->encode.append(maker->make_event(static_cast<std::int64_t>(number)), examples);
      return examples;
    };
  };
  dataset::Description description{schema,
                                   rule,
                                   detector.name,
                                   {{"events", config.data.process},
                                    {"seed", core::cat(config.data.seed)},
                                    {"pileup", core::cat(config.data.pileup)},
                                    {"version", CORPUSCLE_VERSION}}};
  return train::open_stream(config, std::move(description), make_maker);
}
