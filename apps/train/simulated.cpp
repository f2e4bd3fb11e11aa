#include "train/simulated.hpp"

#include <memory>
#include <utility>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "simulate/simulated_examples.hpp"

using namespace corpuscle;

constexpr std::uint64_t stream = 0x73747265616d;  // "stream"

train::Data open_simulated(train::TrainConfig const& config) {
  EventOptions options;
  options.inputs = {config.data.process};
  // Other events than those of `corpuscle simulate` and `prepare` with the same seed, on which it may be
  // measured.
  options.seed = core::key_of({static_cast<std::uint64_t>(config.data.seed), stream});
  options.pileup = config.data.pileup;
  EventPlan const plan = plan_events(options);
  detector::Detector const detector = config::find_detector(config.data.detector);
  encoding::Schema const& schema = encoding::find_schema(config.data.schema);
  truth::Rule const rule = *truth::find_rule(config.data.rule);

  auto const make_maker = [plan, detector, schema, rule, seed = options.seed]() -> dataset::ExampleMaker {
    auto const maker = std::make_shared<SimulatedExamples>(plan, detector, seed, schema, rule);
    return [maker](std::uint64_t number) {
      dataset::Examples examples = maker->none();
      maker->append(number, examples);
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
