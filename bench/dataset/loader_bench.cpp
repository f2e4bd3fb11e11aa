// How fast batches come from shards on disk, shards are written, and checksums are compared: one thread each.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "corpuscle/core/random.hpp"
#include "corpuscle/dataset/loader.hpp"
#include "corpuscle/dataset/shard_writer.hpp"

namespace {

using namespace corpuscle;

constexpr std::uint64_t n_events = 10'000;
constexpr std::size_t n_elements = 110;  // of a ttbar event: 40 tracks and 70 clusters
constexpr std::size_t n_particles = 75;

dataset::Examples const& event() {
  static dataset::Examples const made = [] {
    auto const& schema = encoding::find_schema("corpuscle-clusters-1");
    dataset::Examples e(schema.width());
    core::Random random({1});
    e.features.resize(n_elements * e.width);
    for (float& x : e.features) x = static_cast<float>(random.normal());
    e.type.resize(n_elements, encoding::ElementType::cluster);
    e.row.resize(n_elements);
    e.reference.resize(n_elements, {5, 4, 0.5, 0, 1, 0, 0, 0, 0});
    e.label.resize(n_elements);
    e.target.resize(n_elements);
    for (std::size_t i = 0; i < n_particles; ++i) {
      e.label[i] = 3;
      e.target[i] = {5, 4, 0, 2, 0};
    }
    e.particle_class.resize(n_particles);
    e.particle_pdg.resize(n_particles);
    e.particle.resize(n_particles);
    e.run = {1};
    e.number = {0};
    e.offsets = {0, n_elements};
    e.particle_offsets = {0, n_particles};
    return e;
  }();
  return made;
}

void write_events(std::string const& directory) {
  dataset::ShardWriter writer(
      {directory, {encoding::find_schema("corpuscle-clusters-1"), {}, "", {}}, {1, 0}});
  dataset::Examples one = event();
  for (std::uint64_t i = 0; i < n_events; ++i) {
    one.number[0] = static_cast<std::int64_t>(i);
    writer.add(dataset::view(one), 0, i);
  }
  writer.finish(n_events);
}

/// A dataset that goes away when the program ends.
struct Folder {
  std::string path =
      (std::filesystem::temp_directory_path() / ("corpuscle_bench_" + std::to_string(::getpid()))).string();
  Folder() { write_events(path); }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
};

dataset::Dataset const& events() {
  static Folder const folder;
  static dataset::Dataset const opened(folder.path);
  return opened;
}

void load(benchmark::State& state) {
  dataset::LoaderConfig config;
  config.threads = 0;
  dataset::Loader loader(events(), dataset::Split::train, config);
  std::vector<int> seen(n_events);
  for (std::size_t n = loader.batch_starts(0).size(); n > 0; --n)
    for (std::int64_t number : loader.next().examples.number) ++seen[static_cast<std::size_t>(number)];
  for (int count : seen)
    if (count != 1) return state.SkipWithError("not every event came once");

  std::size_t loaded = 0;
  for (auto _ : state) loaded += loader.next().examples.size();
  state.SetItemsProcessed(static_cast<std::int64_t>(loaded));
}
BENCHMARK(load)->Unit(benchmark::kMillisecond);

void encode_targets(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(dataset::encode_targets(encoding::Layout::standard, dataset::view(event())));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_targets)->Unit(benchmark::kMicrosecond);

void verify(benchmark::State& state) {
  std::size_t size = 0;
  for (auto const& shard : events().shards()) size += shard.file().n_bytes();
  for (auto _ : state) events().verify();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(verify)->Unit(benchmark::kMillisecond);

void write(benchmark::State& state) {
  std::string const directory = events().shards()[0].file().path() + "-again";
  for (auto _ : state) {
    write_events(directory);
    state.PauseTiming();
    std::filesystem::remove_all(directory);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n_events));
}
BENCHMARK(write)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
