// Cost per hit of the clustering against the number of hits, which come in showers of 150.
//
//   cmake --preset perf && cmake --build --preset perf && build/perf/bin/bench_cluster
//
// constant_density: more hits are more showers on a wider patch of the barrel, up to all of it. A patch
// of 10^3 hits is hardly wider than a shower, whose tails thin out beyond it; measured, a hit costs twice as
// much among 10^6.
// rising_density: showers on all of the barrel, which begin to lie on top of each other at some 10^5 hits.
// one_cell: hits that have all the same position.
#include <benchmark/benchmark.h>

#include "cluster/synthetic_hits.hpp"
#include "corpuscle/cluster/cone_clustering.hpp"

namespace {

using namespace corpuscle;

/// Most hits are in clusters, each in one only, and with their energy.
bool is_sound(event::Observed const& observed, event::Clusters const& clusters) {
  std::vector<bool> is_used(observed.calo_hits.size());
  double in_hits = 0, in_clusters = 0;
  for (event::CaloHitId hit : clusters.hits.values) {
    if (is_used[hit.row()]) return false;
    is_used[hit.row()] = true;
    in_hits += observed.calo_hits.energy[hit.row()];
  }
  for (std::size_t k = 0; k < clusters.size(); ++k)
    in_clusters += clusters.energy_ecal[k] + clusters.energy_hcal[k] + clusters.energy_other[k];
  return clusters.hits.values.size() > observed.calo_hits.size() / 2 &&
         std::abs(in_hits - in_clusters) < 1e-5 * in_hits;
}

template <class MakeEvent>
void run(benchmark::State& state, MakeEvent make_event) {
  auto const n_hits = static_cast<std::size_t>(state.range(0));
  cluster::ConeClustering clustering(test::detector_with_muons());
  std::vector<event::Observed> events;
  for (std::uint64_t seed = 0; seed < (n_hits > 100000 ? 2 : 8); ++seed) {
    events.push_back(make_event(n_hits, seed));
    if (!is_sound(events.back(), clustering(events.back()))) {
      state.SkipWithError("hits are lost or used twice");
      return;
    }
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(clustering(events[next]));
    next = (next + 1) % events.size();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["s/hit"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                                               benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

constexpr int most_hits = 1000000;

void constant_density(benchmark::State& state) {
  run(state, [](std::size_t n_hits, std::uint64_t seed) {
    return test::random_showers(n_hits, seed, std::sqrt(static_cast<double>(n_hits) / most_hits));
  });
}
BENCHMARK(constant_density)->RangeMultiplier(10)->Range(1000, most_hits)->Unit(benchmark::kMillisecond);

void rising_density(benchmark::State& state) {
  run(state, [](std::size_t n_hits, std::uint64_t seed) { return test::random_showers(n_hits, seed); });
}
BENCHMARK(rising_density)->RangeMultiplier(10)->Range(100, most_hits)->Unit(benchmark::kMillisecond);

void one_cell(benchmark::State& state) {
  run(state, [](std::size_t n_hits, std::uint64_t) {
    event::Observed event;
    for (std::size_t n = 0; n < n_hits; ++n)
      test::add_hit(event, event::Subdetector::ecal, 3, {test::ecal_x(3), 0, 0}, 0.1);
    return event;
  });
}
BENCHMARK(one_cell)->RangeMultiplier(10)->Range(1000, most_hits)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
