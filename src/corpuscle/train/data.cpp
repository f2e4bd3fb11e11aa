#include "corpuscle/train/data.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/artifact/checksum.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/dataset/dataset.hpp"
#include "corpuscle/dataset/make_example.hpp"

namespace corpuscle::train {
namespace {

constexpr std::uint64_t first_validation_event = std::uint64_t{1} << 40;

dataset::LoaderConfig loader_config(TrainConfig const& config, dataset::Order order) {
  return {.seed = static_cast<std::uint64_t>(config.data.seed),
          .elements_per_batch = static_cast<std::size_t>(config.elements_per_batch),
          .order = order,
          .threads = static_cast<unsigned>(config.data.threads),
          // The jobs of a stream are single events, of which a batch needs many.
          .ahead = config.data.source == Source::files ? std::size_t{4} : std::size_t{256}};
}

/// Whole batches from a source until there are `n` events, the last batch cut to that.
std::vector<dataset::Examples> take(dataset::BatchSource& source, std::size_t n) {
  std::vector<dataset::Examples> batches;
  while (n > 0) {
    dataset::Examples batch = source.next().examples;
    std::size_t const wanted = std::min(n, batch.size());
    n -= wanted;
    if (wanted == batch.size()) {
      batches.push_back(std::move(batch));
    } else {
      batches.emplace_back(batch.width);
      dataset::append(batches.back(), dataset::view(batch), 0, wanted);
    }
  }
  return batches;
}

std::string checksum_of(dataset::Description const& description, std::string text) {
  for (auto const& [key, value] : dataset::to_metadata(description)) text += core::cat('\n', key, '=', value);
  return artifact::checksum_of(text);
}

void require_elements(Data const& data, std::string const& where) {
  if (std::all_of(data.validation.begin(), data.validation.end(),
                  [](dataset::Examples const& batch) { return batch.n_elements() == 0; }))
    throw core::DataError(core::cat(where,
                                    ": none of the events for validation has anything that the schema '",
                                    data.description.schema.name, "' looks at"));
}

}  // namespace

Data open_files(TrainConfig const& config) {
  auto const set = std::make_shared<dataset::Dataset const>(config.data.directories);
  set->verify();

  Data data;
  data.description = set->description();
  data.normalisation = set->normalisation();
  std::string events = to_json(data.normalisation);
  for (dataset::Shard const& shard : set->shards()) events += shard.file().metadata("header_checksum");
  for (dataset::Split const split : {dataset::Split::train, dataset::Split::valid})
    events += core::cat(' ', set->events(split).size());
  data.checksum = checksum_of(data.description, events);
  data.open = [set, loader = loader_config(config, dataset::Order::shuffled)](dataset::Position start) {
    return std::make_unique<dataset::Loader>(*set, dataset::Split::train, loader, start);
  };
  data.open({});  // an empty split is found now
  dataset::Loader valid(*set, dataset::Split::valid, loader_config(config, dataset::Order::as_stored));
  data.validation = take(valid, std::min(static_cast<std::size_t>(config.validation_events),
                                         set->events(dataset::Split::valid).size()));
  require_elements(data, config.data.directories.front());
  return data;
}

Data open_stream(TrainConfig const& config, dataset::Description description,
                 std::function<dataset::ExampleMaker()> const& make_maker) {
  dataset::require_places(description.schema, description.rule);
  dataset::LoaderConfig const loader = loader_config(config, dataset::Order::as_stored);
  Data data;
  data.description = std::move(description);
  data.checksum = checksum_of(data.description, core::cat("stream ", config.data.seed));
  data.open = [make_maker, loader](dataset::Position start) {
    return std::make_unique<dataset::StreamLoader>(make_maker, loader, start);
  };

  encoding::NormalisationSums sums(data.description.schema);
  auto const first = data.open({});
  for (dataset::Examples const& batch :
       take(*first, static_cast<std::size_t>(config.data.normalisation_events)))
    sums.add(batch.features, batch.type);
  data.normalisation = sums.result();
  auto const valid = data.open({.epoch = 0, .example = first_validation_event});
  data.validation = take(*valid, static_cast<std::size_t>(config.validation_events));
  require_elements(data, "simulated events");
  return data;
}

}  // namespace corpuscle::train
