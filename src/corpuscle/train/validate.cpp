#include "corpuscle/train/validate.hpp"

#include <algorithm>
#include <string>

#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/evaluation.hpp"

namespace corpuscle::train {
namespace {

bool has_tracks(encoding::Schema const& schema) {
  return schema.columns(encoding::ElementType::track) != nullptr;
}

/// What is watched while training, out of the hundreds of figures of `eval`; errors are not needed.
Scalars summary(eval::Result const& result) {
  Scalars figures;
  auto const add = [&](std::string const& name, std::string const& path) {
    figures.emplace_back(name, result.figure(path).value);
  };
  std::string const jets = "jets/" + eval::name(eval::JetConfig{});
  for (char const* what :
       {"response_median", "response_iqr_over_median", "matched_fraction", "fake_fraction"})
    add(core::cat("jets/", what), core::cat(jets, '/', what));
  add("energy/response_median", "event/energy/response_median");
  add("energy/response_iqr_over_median", "event/energy/response_iqr_over_median");
  for (std::size_t i = 0; i < event::n_particle_classes; ++i) {
    std::string particle(event::name(static_cast<event::ParticleClass>(i)));
    std::replace(particle.begin(), particle.end(), ' ', '_');
    for (char const* what : {"efficiency", "fake_rate"})
      add(core::cat(particle, '/', what), core::cat("particles/", particle, '/', what));
  }
  return figures;
}

}  // namespace

Scalars physics(encoding::Layout layout, Data const& data, OutputsOf const& outputs) {
  eval::EvaluationConfig config;
  config.measure.jets = {eval::JetConfig{}};
  config.n_replicas = 2;  // the fewest: errors are not shown
  eval::Evaluation evaluation(config);
  std::size_t const n_outputs = encoding::output_names(layout).size();
  std::int64_t number = 0;  // in the order of validation: directories may share numbers
  for (dataset::Examples const& batch : data.validation) {
    std::vector<float> const answers = outputs(batch);
    dataset::ExamplesView const examples = dataset::view(batch);
    for (std::size_t event = 0; event < batch.size(); ++event) {
      encoding::Elements const elements =
          dataset::elements(examples, event, has_tracks(data.description.schema));
      auto const rows = std::span(answers).subspan(static_cast<std::size_t>(batch.offsets[event]) * n_outputs,
                                                   elements.size() * n_outputs);
      evaluation.add({0, 0, number++}, {.reference = dataset::particles(examples, event),
                                        .test = encoding::decode(layout, rows, elements).particles});
    }
  }
  return summary(evaluation.result());
}

OutputsOf ideal_outputs(encoding::Layout layout) {
  return [layout](dataset::Examples const& batch) {
    std::size_t const n_outputs = encoding::output_names(layout).size();
    std::size_t const n_regressed = encoding::regression_names(layout).size();
    dataset::TargetMatrix const targets = dataset::encode_targets(layout, dataset::view(batch));
    std::vector<float> outputs(batch.n_elements() * n_outputs);
    for (std::size_t i = 0; i < batch.n_elements(); ++i) {
      encoding::Target target{targets.label[i], targets.charge[i], {}};
      for (std::size_t k = 0; k < n_regressed; ++k)
        target.regression[k] = targets.regression[i * n_regressed + k];
      encoding::ideal_outputs(layout, target, std::span(outputs).subspan(i * n_outputs, n_outputs));
    }
    return outputs;
  };
}

}  // namespace corpuscle::train
