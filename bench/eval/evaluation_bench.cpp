// Time to evaluate events of the size of ttbar at 380 GeV (108 particles): to look at one, and to make
// figures of all.
//
//   cmake --preset perf && cmake --build --preset perf && build/perf/bin/bench_eval
//
// The figure to reach is 10,000 events in 60 s on one core (docs/benchmarks.md).
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "corpuscle/eval/evaluation.hpp"
#include "eval/toy_event.hpp"

namespace {

using namespace corpuscle;
namespace toy = eval::toy;

struct Pair {
  event::Particles truth, found;
};

std::vector<Pair> make_pairs() {
  std::vector<Pair> pairs;
  for (std::uint64_t number = 0; number < 200; ++number) {
    event::Particles truth = toy::generate(number);
    event::Particles found = toy::reconstruct(truth, number, {.scale = 1.01, .loss = 0.02});
    pairs.push_back({std::move(truth), std::move(found)});
  }
  return pairs;
}

eval::Evaluation evaluate(std::vector<Pair> const& pairs, std::int64_t n_events) {
  eval::Evaluation evaluation;
  for (std::int64_t number = 0; number < n_events; ++number) {
    Pair const& pair = pairs[static_cast<std::size_t>(number) % pairs.size()];
    evaluation.add({0, 0, number}, {pair.truth, pair.found});
  }
  return evaluation;
}

/// The shift and the loss that were put in must come out.
bool is_sound(eval::Result const& result) {
  eval::Figure const response = result.figure("particles/photon/response_median");
  eval::Figure const efficiency = result.figure("particles/all/efficiency");
  return std::abs(response.value - 1.01) < 0.01 && std::abs(efficiency.value - 0.98) < 0.01;
}

void add_events(benchmark::State& state) {
  auto const pairs = make_pairs();
  if (!is_sound(evaluate(pairs, 200).result())) {
    state.SkipWithError("the figures do not say what was done to the events");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(pairs, 200));
  state.SetItemsProcessed(200 * state.iterations());
}
BENCHMARK(add_events)->Unit(benchmark::kMillisecond);

void make_figures(benchmark::State& state) {
  auto const evaluation = evaluate(make_pairs(), state.range(0));
  for (auto _ : state) {
    auto const result = evaluation.result();
    if (!is_sound(result)) {
      state.SkipWithError("the figures do not say what was done to the events");
      return;
    }
  }
  state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(make_figures)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond)->Iterations(1);

void find_jets(benchmark::State& state) {
  auto const pairs = make_pairs();
  eval::JetFinder const find({});
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(find(pairs[next++ % pairs.size()].truth));
}
BENCHMARK(find_jets)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
