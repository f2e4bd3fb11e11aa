// Events per second of the rule-based particle flow against the number of tracks and clusters.
//
//   cmake --preset perf && cmake --build --preset perf && build/perf/bin/bench_pf
//
// The figure to reach is 20,000 events/s on one core with 100 elements (docs/benchmarks.md).
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "corpuscle/pf/cluster_particle_flow.hpp"
#include "pf/random_event.hpp"

namespace {

using namespace corpuscle;

/// Charged particles must carry the momenta of their tracks, and neutral ones no more than the clusters.
bool is_sound(event::Observed const& observed, event::Particles const& particles, double field) {
  auto const& at_ip = observed.tracks.at(event::TrackPoint::at_ip);
  double neutral_energy = 0, cluster_energy = 0;
  for (float energy : observed.clusters.energy) cluster_energy += energy;
  for (std::size_t k = 0; k < particles.size(); ++k) {
    if (particles.charge[k] == 0) {
      neutral_energy += particles.energy[k];
      continue;
    }
    std::size_t const row = particles.tracks[k].front().row();
    double const pt = units::bending * field / std::abs(at_ip.omega[row]);
    if (std::abs(std::hypot(particles.px[k], particles.py[k]) / pt - 1) > 1e-4) return false;
  }
  return particles.size() > 0 && neutral_energy < cluster_energy;
}

void reconstruct_events(benchmark::State& state) {
  auto const detector = test::simple_detector();
  pf::ClusterParticleFlow const reconstruct(detector);
  auto const n_elements = static_cast<std::size_t>(state.range(0));
  std::vector<event::Observed> events;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    events.push_back(test::random_event(detector, n_elements, seed));
    if (!is_sound(events.back(), reconstruct(events.back()), detector.field)) {
      state.SkipWithError("the particles do not follow from the tracks and clusters");
      return;
    }
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(reconstruct(events[next]));
    next = (next + 1) % events.size();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(reconstruct_events)->Arg(10)->Arg(50)->Arg(100)->Arg(200)->Arg(500)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
