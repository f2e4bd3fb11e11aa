// From the generator to clusters in memory: events per second of whole collisions, and what a hit costs as
// events grow.
#include <benchmark/benchmark.h>

#include <cmath>
#include <stdexcept>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/generate/gun.hpp"
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"

namespace corpuscle {
namespace {

constexpr std::uint64_t seed = 1;

void run(benchmark::State& state, chain::EventMaker& maker) {
  // The answer first: all energy is accounted for, and the detector saw something.
  event::Event const first = maker(0);
  if (std::abs(maker.account().out() / maker.account().in - 1) > 1e-6 ||
      first.observed.calo_hits.size() == 0) {
    state.SkipWithError("energy is not accounted for, or there are no hits");
    return;
  }
  double hits = 0, clusters = 0;
  std::int64_t number = 0;
  for (auto _ : state) {
    event::Event const event = maker(number++);
    hits += static_cast<double>(event.observed.calo_hits.size());
    clusters += static_cast<double>(event.observed.clusters.size());
  }
  using benchmark::Counter;
  state.counters["events"] = Counter(static_cast<double>(state.iterations()), Counter::kIsRate);
  state.counters["hits"] = Counter(hits, Counter::kAvgIterations);
  state.counters["clusters"] = Counter(clusters, Counter::kAvgIterations);
  state.counters["time_per_hit"] = Counter(hits, Counter::kIsRate | Counter::kInvert);
}

void simulate_collisions(benchmark::State& state, char const* process) {
  chain::EventMaker maker(generate::make_pythia(generate::find_process(process), seed),
                          config::find_detector("clic"), seed);
  run(state, maker);
}

/// The generator's part of the above.
void generate_collisions(benchmark::State& state, char const* process) {
  auto const generate = generate::make_pythia(generate::find_process(process), seed);
  std::int64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize((*generate)(number++));
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// Pions of 1 to 100 GeV, as many as `state.range(0)`: the scaling study of the MLPF paper.
void simulate_pions(benchmark::State& state) {
  generate::GunConfig config;
  config.pdg = -211;
  config.energy_min = 1;
  config.energy_max = 100;
  config.multiplicity_min = config.multiplicity_max = static_cast<int>(state.range(0));
  chain::EventMaker maker(generate::make_gun(config, seed), config::find_detector("clic"), seed);
  run(state, maker);
}

BENCHMARK_CAPTURE(generate_collisions, ttbar, "ttbar")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulate_collisions, ttbar, "ttbar")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulate_collisions, z_qq, "z_qq")->Unit(benchmark::kMillisecond);
BENCHMARK(simulate_pions)->RangeMultiplier(2)->Range(25, 400)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace corpuscle

BENCHMARK_MAIN();
